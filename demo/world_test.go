package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"pursuit/models"
)

// world replays a plan by the rules of docs/protocol.md, written down here a second
// time and as plainly as possible: who may write what, who holds what, which
// references and transitions are good. It knows nothing of how the plan was made.
type world struct {
	users   map[string]User
	orgs    map[string]Org
	rows    map[string]map[string]row // table → id → fields
	holds   map[string]map[string]int // bucket → user or organisation → number of grants
	order   map[string][]string       // table → ids in order of insertion
	history map[string][]turned       // service → its statuses
	faults  []string
}

type row map[string]any

// turned is one status of a service with the user who set it and its time.
type turned struct {
	to, reason, by string
	at             time.Time
}

// replay runs the whole plan and answers the world at its end.
func replay(plan Plan) *world {
	w := &world{users: map[string]User{}, orgs: map[string]Org{}, rows: map[string]map[string]row{},
		holds: map[string]map[string]int{}, order: map[string][]string{}, history: map[string][]turned{}}
	for _, o := range plan.Orgs {
		w.orgs[o.ID] = o
	}
	for _, u := range plan.Users {
		w.users[u.ID] = u
	}
	for table := range tableFields {
		w.rows[table] = map[string]row{}
	}
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			w.apply(step, m)
		}
	}
	return w
}

func (w *world) fault(m models.Mutation, format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf("%s %s %s at %s: ", m.Op, m.Table, m.Row, m.At)+fmt.Sprintf(format, args...))
}

func (w *world) apply(step Step, m models.Mutation) {
	author, set := w.users[step.Author], row{}
	for name, raw := range m.Set {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			w.fault(m, "field %s is not JSON", name)
		}
		set[name] = value
	}
	at, err := time.Parse(models.TimeLayout, m.At)
	if err != nil || at.After(step.At) {
		w.fault(m, "made after it was pushed")
	}
	w.checkFields(m, set)
	w.checkRole(author, m, set)
	if m.Op == models.OpInsert {
		w.insert(author, m, set, at)
		return
	}
	w.patch(author, m, set, at)
}

func (w *world) checkFields(m models.Mutation, set row) {
	spec, known := tableFields[m.Table]
	if !known {
		w.fault(m, "no such table")
		return
	}
	required, _, _ := strings.Cut(spec, "|")
	for name, value := range set {
		if !slices.Contains(strings.Fields(spec), name) {
			w.fault(m, "no field %s", name)
		}
		codes, coded := fieldCodes[m.Table+"."+name]
		if text, _ := value.(string); coded && !slices.Contains(strings.Fields(codes), text) {
			w.fault(m, "%s is no code of %s", text, name)
		}
		limit := 500
		if name == "notes" || name == "note" {
			limit = 20000
		}
		if text, ok := value.(string); ok && (len(text) > limit || len(text) == 0) {
			w.fault(m, "length of %s", name)
		}
		if text, ok := value.(string); ok && strings.HasSuffix(name, "_on") || name == "on" {
			if _, err := time.Parse(models.DateLayout, text); err != nil {
				w.fault(m, "%s is no date", name)
			}
		}
	}
	for _, name := range strings.Fields(required) {
		if _, there := set[name]; m.Op == models.OpInsert && !there {
			w.fault(m, "no %s", name)
		}
	}
}

func (w *world) checkRole(author User, m models.Mutation, set row) {
	desk := author.Role == models.RoleCaseManager || author.Role == models.RoleSupervisor
	worker := author.Role == models.RoleOutreachWorker
	fine := desk
	switch m.Table {
	case "people":
		fine = desk || worker || author.Role == models.RoleReferralPartner && m.Op == models.OpInsert
	case "known_contacts", "contact_attempts":
		fine = desk || worker
	case "referrals":
		source, _ := set["source"].(string)
		partner := source == "law_enforcement" || source == "community_partner"
		fine = desk || worker && source == "outreach" || author.Role == models.RoleReferralPartner && partner
	case "services":
		fine = desk || worker
		if worker && m.Op == models.OpPatch {
			fine = set["status"] == "slo_engaged" || set["status"] == "refused"
		}
	case "reminders":
		fine = desk || worker && m.Op == models.OpPatch && w.rows[m.Table][m.Row]["user_id"] == author.ID
	case "action_items":
		fine = desk || worker && m.Op == models.OpPatch && w.rows[m.Table][m.Row]["owner_id"] == author.ID
	}
	if !fine {
		w.fault(m, "not for a %s", author.Role)
	}
}

// held tells whether a user holds a bucket: by a grant of their own, or as a
// supervisor by one of their organisation. A partner holds the person they entered.
func (w *world) held(user User, bucket string) bool {
	return w.holds[bucket][user.ID] > 0 || user.Role == models.RoleSupervisor && w.holds[bucket][user.OrgID] > 0
}

func (w *world) grant(bucket, holder string, by int) {
	if w.holds[bucket] == nil {
		w.holds[bucket] = map[string]int{}
	}
	w.holds[bucket][holder] += by
}

// bucketOf is the person or service that a row belongs to.
func bucketOf(m models.Mutation, fields row) string {
	if service, ok := fields["service_id"].(string); ok {
		return service
	}
	if m.Table == "services" || m.Table == "people" {
		return m.Row
	}
	person, _ := fields["person_id"].(string)
	return person
}

func (w *world) insert(author User, m models.Mutation, set row, at time.Time) {
	if w.rows[m.Table][m.Row] != nil || m.Base != 0 {
		w.fault(m, "inserted twice, or with a base")
	}
	parent := bucketOf(m, set)
	if m.Table == "services" {
		parent = set["person_id"].(string)
	}
	if m.Table != "people" && !w.held(author, parent) {
		w.fault(m, "the author does not hold %s", parent)
	}
	w.checkReferences(author, m, set)
	w.rows[m.Table][m.Row] = set
	w.order[m.Table] = append(w.order[m.Table], m.Row)
	switch m.Table {
	case "people":
		w.grant(m.Row, author.ID, 1)
		org := author.OrgID
		if author.Role == models.RoleReferralPartner {
			for _, o := range w.orgs {
				if o.Kind == models.OrgLead {
					org = o.ID
				}
			}
		}
		w.grant(m.Row, org, 1)
	case "services":
		w.openService(author, m, set, at)
	case "assignments":
		w.assigned(set["service_id"].(string), set["user_id"].(string), 1)
	}
}

func (w *world) openService(author User, m models.Mutation, set row, at time.Time) {
	org := w.orgs[set["org_id"].(string)]
	lead := w.orgs[author.OrgID].Kind == models.OrgLead && author.Role != models.RoleOutreachWorker
	if org.ID != author.OrgID && !lead {
		w.fault(m, "a service for another organisation")
	}
	w.grant(m.Row, org.ID, 1)
	w.grant(set["person_id"].(string), org.ID, 1)
	if author.Role == models.RoleOutreachWorker {
		if w.rows["referrals"][set["referral_id"].(string)]["source"] != "outreach" {
			w.fault(m, "a worker's service on another's referral")
		}
		w.assigned(m.Row, author.ID, 1)
	}
	w.history[m.Row] = []turned{{"pursuing", "", author.ID, at}}
}

func (w *world) assigned(service, user string, by int) {
	w.grant(service, user, by)
	w.grant(w.rows["services"][service]["person_id"].(string), user, by)
}

// checkReferences holds every reference against the rows that stand by then.
func (w *world) checkReferences(author User, m models.Mutation, set row) {
	for field, table := range map[string]string{"person_id": "people", "service_id": "services", "referral_id": "referrals",
		"assessment_id": "assessments", "known_contact_id": "known_contacts"} {
		id, there := set[field].(string)
		if there && w.rows[table][id] == nil {
			w.fault(m, "%s refers to nothing", field)
		}
	}
	same := func(table, field, person string) {
		if id, there := set[field].(string); there && w.rows[table][id]["person_id"] != person {
			w.fault(m, "%s is of another person", field)
		}
	}
	if person, ok := set["person_id"].(string); ok {
		same("referrals", "referral_id", person)
		same("assessments", "assessment_id", person)
	}
	if service, ok := set["service_id"].(string); ok {
		person, _ := w.rows["services"][service]["person_id"].(string)
		same("known_contacts", "known_contact_id", person)
	}
	for _, field := range []string{"user_id", "owner_id"} {
		id, there := set[field].(string)
		if !there {
			continue
		}
		user, known := w.users[id]
		if !known || m.Table == "assignments" && (user.OrgID != author.OrgID || set["role"] != string(user.Role) ||
			w.rows["services"][set["service_id"].(string)]["org_id"] != user.OrgID) {
			w.fault(m, "%s is not somebody of the organisation", field)
		}
		if m.Table != "assignments" && !w.held(user, bucketOf(m, set)) {
			w.fault(m, "%s does not hold the case", field)
		}
	}
	if org, ok := set["recipient_org_id"].(string); ok && w.orgs[org].ID == "" {
		w.fault(m, "no such organisation")
	}
}

func (w *world) patch(author User, m models.Mutation, set row, at time.Time) {
	standing := w.rows[m.Table][m.Row]
	if standing == nil || m.Base == 0 || m.Op != models.OpPatch {
		w.fault(m, "nothing to patch")
		return
	}
	if !w.held(author, bucketOf(m, standing)) {
		w.fault(m, "the author does not hold the row")
	}
	if m.Table == "services" {
		w.turn(author, m, set, at)
	}
	if m.Table == "assignments" {
		if standing["ended_at"] != nil {
			w.fault(m, "ended twice")
		}
		w.assigned(standing["service_id"].(string), standing["user_id"].(string), -1)
	}
	for name, value := range set {
		standing[name] = value
	}
}

// turn checks one change of status.
func (w *world) turn(author User, m models.Mutation, set row, at time.Time) {
	past := w.history[m.Row]
	from, to := past[len(past)-1], set["status"].(string)
	reason, _ := set["status_reason"].(string)
	if !slices.Contains(strings.Fields(nextStatus[from.to]), to) || !at.After(from.at) {
		w.fault(m, "from %s to %s", from.to, to)
	}
	if to == "pursuing" && reason == "" {
		w.fault(m, "reopened without a reason")
	}
	codes := "reassessed_low_risk unable_to_contact severe_behavioral_health no_culturally_relevant_services referred_out_other"
	if to == "unable_to_place" && !slices.Contains(strings.Fields(codes), reason) {
		w.fault(m, "unable to place for no reason of the list")
	}
	if on, _ := set["status_on"].(string); on != localDate(at) {
		w.fault(m, "dated another day than it was made")
	}
	w.history[m.Row] = append(past, turned{to, reason, author.ID, at})
}

func pacific() *time.Location {
	zone, err := time.LoadLocation(TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func localDate(at time.Time) string { return at.In(pacific()).Format(models.DateLayout) }
