package matrix

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// writes is what docs/domain.md, "Who writes, who receives", says each role may do to
// each table: i inserts, p patches, d deletes. What is not said is denied. A table or
// a role that the server has and this does not, fails the test.
func writes() map[string]map[string]string {
	leads := func(ops string) map[string]string { return map[string]string{manager: ops, supervisor: ops} }
	and := func(base map[string]string, role, ops string) map[string]string { base[role] = ops; return base }
	return map[string]map[string]string{
		"people":           and(and(leads("ipd"), worker, "ipd"), partner, "i"),
		"known_contacts":   and(leads("ipd"), worker, "ipd"),
		"assessments":      leads("ipd"),
		"program_events":   leads("ipd"),
		"referrals":        and(and(leads("ipd"), worker, "i"), partner, "i"),
		"services":         and(leads("ipd"), worker, "ip"), // a worker: the status, and one on an outreach referral of their own
		"assignments":      leads("ipd"),
		"consents":         leads("ipd"),
		"transfers":        leads("ip"), // withdrawn, not deleted: the other side has seen it
		"contact_attempts": and(leads("ipd"), worker, "ipd"),
		"reminders":        and(leads("ipd"), worker, "p"), // a worker: the one that is for them
		"action_items":     and(leads("ipd"), worker, "p"),
		"conflicts":        leads("p"),
		"quarantine":       {supervisor: "p"},
		"settings":         {admin: "ipd", supervisor: "ipd"},
		"status_events":    {},
		"disclosures":      {},
		"staff":            {},
	}
}

// letters are the operations by their letter in writes.
var letters = map[string]string{"insert": "i", "patch": "p", "delete": "d"}

// schema asks the server for its tables and the fields of each.
func schema(t *testing.T, s *scene) map[string]map[string]declared {
	t.Helper()
	answer, err := s.home.Admin.JSON(ctx(t), http.MethodGet, "/v1/sync/schema", nil)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("read the schema: %v, status %d", err, answer.Status)
	}
	var listed struct {
		Tables map[string]struct{ Fields map[string]declared }
	}
	if err := answer.Decode(&listed); err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]declared{}
	for name, table := range listed.Tables {
		found[name] = table.Fields
	}
	return found
}

type declared struct {
	Type     string
	ReadOnly bool `json:"read_only"`
}

// tables asks every operation on every table as every role: of a row of the caller's
// own organisation, of another organisation's, of another program's and of none.
func tables(t *testing.T, s *scene) {
	expected := writes()
	for table := range schema(t, s) {
		may, ok := expected[table]
		delete(expected, table)
		if !ok {
			t.Errorf("the server has a table %s and nothing says here who writes it", table)
			continue
		}
		for _, role := range roles() {
			for _, op := range []string{"insert", "patch", "delete"} {
				t.Run(table+"/"+role+"/"+op, func(t *testing.T) {
					c := tableCell{s: s, who: s.home.at(ours, role), role: role, table: table, op: op}
					c.run(t, strings.Contains(may[role], letters[op]))
				})
			}
		}
	}
	for table := range expected {
		t.Errorf("an expectation speaks of the table %s, which the server does not have", table)
	}
}

// tableCell is one table, role and operation.
type tableCell struct {
	s               *scene
	who             *harness.Device
	role, table, op string
}

func (c tableCell) run(t *testing.T, may bool) {
	mine, want := c.mine(t), "applied"
	if !may {
		want = "forbidden"
	}
	for _, part := range mine.before {
		must(t, c.who, "applied", part)
	}
	if got := c.push(t, mine.mutation); end(got) != want && !(may && got.Status == "merged") {
		t.Errorf("%s of a row of their own organisation: %+v, want %s", c.op, got, want)
	}
	faces := map[string]string{}
	for _, at := range []where{other, foreign, random} {
		mutation, possible := c.theirs(at)
		if !possible {
			continue
		}
		got := c.push(t, mutation)
		if c.table == "settings" && c.role == admin && at == other {
			continue // an admin's are the settings of the whole program
		}
		if got.Row != nil {
			t.Errorf("%s of a row %s: the answer shows a row", c.op, at)
		}
		if ends := c.hidden(may); !contains(ends, end(got)) {
			t.Errorf("%s of a row %s: %+v, want %s", c.op, at, got, ends)
		}
		got.ID, got.V = "", 0
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		faces[string(text)] += " " + string(at)
	}
	if len(faces) > 1 {
		t.Errorf("%s of what may not be seen is answered in %d ways: %v", c.op, len(faces), faces)
	}
}

// hidden lists how a mutation of somebody else's row may end.
func (c tableCell) hidden(may bool) string {
	switch {
	case !may:
		return "forbidden"
	case c.op == "insert":
		return "deferred" // its parent is not there, as far as the caller can know
	}
	return "row_gone"
}

// end is the code of a rejection, else the status.
func end(got harness.Result) string {
	if got.Code != "" {
		return got.Code
	}
	return got.Status
}

func (c tableCell) push(t *testing.T, mutation harness.Mutation) harness.Result {
	t.Helper()
	answer, err := c.who.JSON(ctx(t), http.MethodPost, "/v1/sync", c.who.Request([]harness.Mutation{mutation}, nil))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, c.op+" "+c.table, answer)
	var page harness.Page
	if err := answer.Decode(&page); err != nil || len(page.Results) != 1 {
		t.Fatalf("status %d: %.300s", answer.Status, answer.Body)
	}
	return page.Results[0]
}
