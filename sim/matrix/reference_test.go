package matrix

import (
	"encoding/json"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// references asks whether a row may take the id of somebody else's, and for every field of every table that takes an id, whether a row may
// name somebody else's thing there. Another program's must be answered like a random
// id in every case; another organisation's too where the caller cannot know of it.
func references(t *testing.T, s *scene) {
	for table, fields := range schema(t, s) {
		for role, ops := range writes()[table] {
			if strings.Contains(ops, "i") && table != "settings" { // of a setting there is one a key
				c := tableCell{s: s, who: s.home.at(ours, role), role: role, table: table, op: "insert"}
				t.Run(table+"/id/"+role, c.taken)
			}
		}
		for field, declared := range fields {
			if declared.Type != "id" || declared.ReadOnly {
				continue
			}
			for role, ops := range writes()[table] {
				if strings.Contains(ops, "i") {
					c := tableCell{s: s, who: s.home.at(ours, role), role: role, table: table, op: "insert"}
					t.Run(table+"/"+field+"/"+role, func(t *testing.T) { c.names(t, field) })
				}
			}
		}
	}
}

// taken inserts into an own case under the id of a row that another organisation has:
// it is refused, and nothing of that row is shown.
func (c tableCell) taken(t *testing.T) {
	mine := c.mine(t)
	for _, part := range mine.before {
		must(t, c.who, "applied", part)
	}
	mine.mutation.Row = c.s.home.cases[theirs].one(c.table).ID()
	if got := c.push(t, mine.mutation); end(got) != "row_exists" || got.Row != nil || got.V != 0 {
		t.Errorf("an insert under the id of another organisation's row: %+v, want row_exists without the row", got)
	}
}

// known are the fields whose other organisations and people everybody of the program
// knows, from GET /v1/orgs: a row may say which it is about.
var known = map[string]bool{"org_id": true, "recipient_org_id": true, "to_org_id": true, "user_id": true, "owner_id": true, "meeting_id": true}

// names inserts a row of the caller's own case that names a thing of each kind.
func (c tableCell) names(t *testing.T, field string) {
	faces := map[string]string{}
	asked := []where{other, foreign, random}
	if known[field] {
		asked = asked[1:]
	}
	for _, at := range asked {
		mine := c.mine(t)
		for _, part := range mine.before {
			must(t, c.who, "applied", part)
		}
		id := c.named(field, at)
		mine.mutation.Set[field] = id
		got := c.push(t, mine.mutation)
		got.ID, got.V = "", 0
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		faces[strings.ReplaceAll(string(text), id, "ID")] += " " + string(at)
	}
	if len(faces) > 1 {
		t.Errorf("%s.%s naming what may not be seen is answered in %d ways: %v", c.table, field, len(faces), faces)
	}
}

// named answers the id of what a field may name, at a place.
func (c tableCell) named(field string, at where) string {
	s := c.s
	switch field {
	case "org_id", "recipient_org_id", "to_org_id":
		return organisation(s, c.who, at)
	case "user_id", "owner_id":
		return user(s, c.who, at)
	}
	d := s.caseOf(s.home.at(ours, worker), at)
	table := map[string]string{"person_id": "people", "referral_id": "referrals", "service_id": "services", "assessment_id": "assessments",
		"known_contact_id": "known_contacts", "meeting_id": "program_events"}[field]
	if d == nil || table == "" {
		return harness.NewID()
	}
	return d.one(table).ID()
}
