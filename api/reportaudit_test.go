package api

import (
	"bytes"
	"strings"
	"testing"

	"pursuit/models"
)

// Whoever reads a report or takes an export along is in the audit, by ids alone, each
// reading once; and the audit's chain holds.
func TestReadingReportsIsAudited(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for _, read := range []struct {
			role               models.Role
			path, action, told string
		}{
			{models.RoleSupervisor, "/v1/intensity/services", "report.services", ""},
			{models.RoleSupervisor, "/v1/intensity/services?format=csv&track=slo_icm", "report.services", "slo_icm"},
			{models.RoleSupervisor, "/v1/intensity/services/" + c.service, "report.service", c.service},
			{models.RoleSupervisor, "/v1/intensity/workers", "report.workers", ""},
			{models.RoleDirector, "/v1/intensity/program", "report.program", ""},
			{models.RoleDirector, "/v1/reports/summary?year=2024", "report.summary", "2024"},
			{models.RoleDirector, "/v1/reports/summary?year=2024&format=xlsx", "report.summary", "xlsx"},
			{models.RoleDirector, "/v1/reports/published-check?year=2024", "report.published", "2024"},
			{models.RoleSupervisor, "/v1/export/people", "export.people", c.person},
			{models.RoleSupervisor, "/v1/export/services?format=xlsx", "export.services", c.service},
		} {
			before := s.entries(read.action)
			c.get(read.role, read.path).into(200, nil)
			after := s.entries(read.action)
			if len(after) != len(before)+1 {
				t.Errorf("%s left %d entries of %s", read.path, len(after)-len(before), read.action)
				continue
			}
			if last := after[len(after)-1]; bytes.Contains(last, []byte("Heron")) || !strings.Contains(string(last), read.told) {
				t.Errorf("%s is told as %s", read.path, last)
			}
		}
		programs, err := s.store.Programs(t.Context())
		must(t, err)
		if v, err := s.store.VerifyAudit(t.Context(), programs[0].No); err != nil || len(v.Faults) > 0 {
			t.Errorf("the audit has faults: %v, %v", v.Faults, err)
		}
	})
}

// entries gives what the audit says of an action, oldest first.
func (s *site) entries(action string) [][]byte {
	s.t.Helper()
	must(s.t, s.server.engine.FlushAudit(s.t.Context()))
	rows, err := s.store.SQLDB().Query(`SELECT detail FROM audit WHERE action = '` + action + `' ORDER BY n`)
	must(s.t, err)
	defer rows.Close()
	var out [][]byte
	for rows.Next() {
		var detail []byte
		must(s.t, rows.Scan(&detail))
		out = append(out, detail)
	}
	must(s.t, rows.Err())
	return out
}
