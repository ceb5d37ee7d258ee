package demo

import (
	"strings"

	"pursuit/models"
)

// OpenCases lists the services that a user was assigned to, that are theirs at the
// end of the plan, and that are still pursued then; the latest assignment last.
func (p Plan) OpenCases(user string) []string {
	type job struct{ id, service string }
	var jobs []job
	ended, turned := map[string]bool{}, map[string]bool{}
	for _, step := range p.Steps {
		for _, m := range step.Push {
			switch {
			case m.Table == "assignments" && m.Op == models.OpInsert && text(m, "user_id") == user:
				jobs = append(jobs, job{m.Row, text(m, "service_id")})
			case m.Table == "assignments" && m.Set["ended_at"] != nil:
				ended[m.Row] = true
			case m.Table == "services" && m.Set["status"] != nil:
				turned[m.Row] = text(m, "status") != statusPursuing
			}
		}
	}
	var open []string
	for _, j := range jobs {
		if !ended[j.id] && !turned[j.service] {
			open = append(open, j.service)
		}
	}
	return open
}

// text reads a field of a mutation that holds a string.
func text(m models.Mutation, field string) string {
	return strings.Trim(string(m.Set[field]), `"`) // ids and codes have nothing to unquote
}
