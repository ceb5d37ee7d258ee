package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// pushScenarios: docs/protocol.md, section 4, mutations and groups.
func pushScenarios() []scenario {
	return []scenario{
		{"one round trip pushes and then pulls", roundTrip},
		{"the answer has the shape of the contract", answerShape},
		{"a row on the wire has all its fields", rowShape},
		{"one bad mutation among 500 leaves 499 applied", oneBad},
		{"an edit inside one push builds on the mutation before it", editInsidePush},
		{"a patch changes only the fields in set", patchKeeps},
		{"a field is emptied by null", patchNull},
		{"rows are keyed by program, table and id", rowKeys},
		{"a delete removes the row everywhere", deleteRemoves},
		{"a group applies all or nothing", groupRejected},
		{"a group with a deferred member waits together", groupDeferred},
		{"a group with a quarantined member is held together", groupQuarantined},
		{"a group that is whole applies", groupApplied},
		{"either half may be absent", halves},
	}
}

func roundTrip(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	mutation := attempt(made.service)
	page, err := crew.worker.Sync(w.ctx, crew.worker.Request([]harness.Mutation{mutation}, &harness.Pull{}))
	if err != nil {
		t.Fatal(err)
	}
	crew.worker.Apply(page)
	row := crew.worker.Row("contact_attempts", mutation.Row)
	if row == nil || row.V() != page.Results[0].V || page.Seq < row.V() {
		t.Errorf("the page after a push holds %v, the result %+v, seq %d", row, page.Results[0], page.Seq)
	}
	if got := page.Results[0]; got.Status != "applied" || got.Duplicate || len(got.Conflicts) != 0 {
		t.Errorf("result %+v", got)
	}
}

var (
	stampForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	dayForm   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)

func answerShape(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	answer := crew.manager.call(http.MethodPost, "/v1/sync", crew.manager.Request([]harness.Mutation{harness.Insert("people", map[string]any{"code": "K"})}, &harness.Pull{}))
	expect(t, answer, http.StatusOK, "")
	var body map[string]json.RawMessage
	if err := answer.Decode(&body); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"protocol", "epoch", "server_time", "seq", "results", "changes", "drop", "cursor", "complete", "directive"} {
		if _, ok := body[name]; !ok {
			t.Errorf("the answer has no %s", name)
		}
	}
	if string(body["protocol"]) != "1" || string(body["directive"]) != "null" || string(body["complete"]) != "true" || string(body["drop"]) != "[]" {
		t.Errorf("protocol %s, directive %s, complete %s, drop %s", body["protocol"], body["directive"], body["complete"], body["drop"])
	}
	var stamp string
	if err := json.Unmarshal(body["server_time"], &stamp); err != nil || !stampForm.MatchString(stamp) {
		t.Errorf("server_time %s", body["server_time"])
	}
	var result []map[string]json.RawMessage
	if err := json.Unmarshal(body["results"], &result); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "status", "v", "duplicate"} {
		if _, ok := result[0][name]; !ok {
			t.Errorf("a result has no %s: %s", name, body["results"])
		}
	}
}

func rowShape(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	crew.worker.applied(attempt(made.service), contact(made.person))
	crew.supervisor.pull()
	schema := w.schema()
	for table, rows := range crew.supervisor.Tables {
		for _, row := range rows {
			for field := range schema.Tables[table].Fields {
				value, ok := row[field]
				if !ok {
					t.Errorf("a row of %s has no %s", table, field)
				}
				text, isText := value.(string)
				moment, day := strings.HasSuffix(field, "_at") || field == "at", strings.HasSuffix(field, "_on") || field == "on"
				if isText && moment && !stampForm.MatchString(text) || isText && day && !dayForm.MatchString(text) {
					t.Errorf("%s.%s is %q", table, field, text)
				}
			}
			for _, field := range []string{"id", "_v", "_b"} {
				if row[field] == nil {
					t.Errorf("a row of %s has no %s", table, field)
				}
			}
		}
	}
	service := crew.supervisor.Row("services", made.service)
	if service.Text("status") != "pursuing" || service.Bucket() != made.service || service.Text("created_by") != crew.manager.Tokens.User.ID {
		t.Errorf("service %v", service)
	}
	if moment, err := time.Parse(harness.Stamp, service.Text("created_at")); err != nil || time.Since(moment) > time.Minute || time.Until(moment) > time.Second {
		t.Errorf("created_at %q", service.Text("created_at"))
	}
	person := crew.supervisor.Row("people", made.person)
	attempts := crew.supervisor.Tables["contact_attempts"]
	for _, row := range attempts {
		if row.Bucket() != made.service || row.Text("worker_id") != crew.worker.Tokens.User.ID {
			t.Errorf("attempt %v", row)
		}
	}
	if person.Bucket() != made.person || len(attempts) != 1 {
		t.Errorf("person %v, %d attempts", person, len(attempts))
	}
}

func oneBad(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	var push []harness.Mutation
	for i := range 500 {
		push = append(push, harness.Insert("people", map[string]any{"code": fmt.Sprintf("Bird %d", i)}))
	}
	push[250].Set = map[string]any{"code": "K", "supervision": "sometimes"}
	for i, result := range crew.manager.results(push...) {
		want := map[bool]string{true: "rejected", false: "applied"}[i == 250]
		if result.Status != want {
			t.Errorf("mutation %d: %+v, want %s", i, result, want)
		}
	}
	crew.manager.pull()
	if got := crew.manager.Count("people"); got != 499 {
		t.Errorf("%d people, want 499", got)
	}
}

func editInsidePush(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	insert := harness.Insert("people", map[string]any{"code": "K", "first_name": "Ada"})
	patch := harness.Patch("people", insert.Row, 0, map[string]any{"first_name": "Grace"})
	remove := contact(insert.Row)
	crew.manager.applied(insert, patch, remove, harness.Delete("known_contacts", remove.Row, 0))
	row := crew.manager.must("people", insert.Row)
	if row.Text("first_name") != "Grace" || row.Text("code") != "K" {
		t.Errorf("person %v", row)
	}
	crew.manager.sees(false, "known_contacts", remove.Row)
}

func patchKeeps(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	insert := harness.Insert("people", map[string]any{"code": "K", "first_name": "Ada", "phones": []string{"+15035550100"}, "notes": "line"})
	v := crew.manager.applied(insert)
	next := crew.manager.applied(harness.Patch("people", insert.Row, v, map[string]any{"last_name": "Byron"}))
	row := crew.manager.must("people", insert.Row)
	if next <= v || row.V() != next || row.Text("first_name") != "Ada" || row.Text("last_name") != "Byron" || row.Text("notes") != "line" || len(row.Texts("phones")) != 1 {
		t.Errorf("person %v, v %d after %d", row, next, v)
	}
}

func patchNull(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	insert := harness.Insert("people", map[string]any{"code": "K", "first_name": "Ada", "address": nil})
	v := crew.manager.applied(insert)
	crew.manager.applied(harness.Patch("people", insert.Row, v, map[string]any{"first_name": nil}))
	if row := crew.manager.must("people", insert.Row); row["first_name"] != nil || row["address"] != nil {
		t.Errorf("person %v", row)
	}
	outcome(t, crew.manager.one(harness.Patch("people", insert.Row, v, map[string]any{"code": nil})), "rejected", "", "code")
}

func rowKeys(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	here, there := w.crew(), other.crew()
	person := harness.Insert("people", map[string]any{"code": "Here"})
	contact := contact(person.Row)
	contact.Row = person.Row
	here.manager.applied(person, contact)
	twin := person
	twin.Set = map[string]any{"code": "There"}
	there.manager.applied(twin)
	if row := here.manager.must("people", person.Row); row.Text("code") != "Here" {
		t.Errorf("a person changed through another program: %v", row)
	}
	if row := there.manager.must("people", person.Row); row.Text("code") != "There" {
		t.Errorf("person %v", row)
	}
	here.manager.sees(true, "known_contacts", person.Row)
	there.manager.sees(false, "known_contacts", person.Row)
}

func deleteRemoves(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	one := attempt(made.service)
	v := crew.worker.applied(one)
	crew.manager.sees(true, "contact_attempts", one.Row)
	gone := crew.worker.applied(harness.Delete("contact_attempts", one.Row, v))
	if gone <= v {
		t.Errorf("the delete has v %d, the insert %d", gone, v)
	}
	crew.manager.sees(false, "contact_attempts", one.Row)
	fresh := w.second(crew.manager)
	fresh.sees(false, "contact_attempts", one.Row)
	outcome(t, crew.worker.one(harness.Patch("contact_attempts", one.Row, gone, map[string]any{"outcome": "spoke"})), "rejected", "row_gone", "")
	if again := crew.worker.one(harness.Delete("contact_attempts", one.Row, gone)); again.Status != "applied" && again.Code != "row_gone" {
		t.Errorf("a second delete: %+v", again)
	}
}

// grouped gives mutations one group.
func grouped(push ...harness.Mutation) []harness.Mutation {
	for i := range push {
		push[i].Group = "g1"
	}
	return push
}

func groupRejected(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	good, bad, alone := harness.Insert("people", map[string]any{"code": "A"}), harness.Insert("people", map[string]any{"last_name": "B"}), harness.Insert("people", map[string]any{"code": "C"})
	results := crew.manager.results(append(grouped(good, bad), alone)...)
	outcome(t, results[0], "rejected", "group_failed", "")
	outcome(t, results[1], "rejected", "missing_field", "code")
	outcome(t, results[2], "applied", "", "")
	crew.manager.sees(false, "people", good.Row, bad.Row)
	crew.manager.sees(true, "people", alone.Row)
	again := crew.manager.results(grouped(good, bad)...)
	if !again[0].Duplicate || again[0].Code != "group_failed" {
		t.Errorf("a replayed group: %+v", again)
	}
}

func groupDeferred(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Late"})
	child, other := contact(person.Row), harness.Insert("people", map[string]any{"code": "With"})
	for _, result := range crew.manager.results(grouped(other, child)...) {
		outcome(t, result, "deferred", "", "")
	}
	crew.manager.sees(false, "people", other.Row)
	crew.manager.applied(person)
	eventually(t, schedulerLimit, "the deferred group arrives whole", func() bool {
		crew.manager.pull()
		return crew.manager.Row("people", other.Row) != nil && crew.manager.Row("known_contacts", child.Row) != nil
	})
}

func groupQuarantined(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	crew.worker.pull()
	v := crew.worker.Row("people", made.person).V()
	crew.manager.applied(harness.Patch("assignments", made.assignment, v, map[string]any{"ended_at": harness.At(time.Now())}))
	own := harness.Insert("people", map[string]any{"code": "Mine"})
	for _, result := range crew.worker.results(grouped(own, harness.Patch("people", made.person, v, map[string]any{"first_name": "X"}))...) {
		outcome(t, result, "quarantined", "", "")
	}
	crew.worker.sees(false, "people", own.Row)
}

func groupApplied(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person, referral, service := caseOf(crew.org)
	crew.manager.applied(grouped(person, referral, service)...)
	crew.manager.sees(true, "services", service.Row)
}

func halves(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	page, err := crew.manager.Sync(w.ctx, crew.manager.Request(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if page.Rows() != 0 || len(page.Results) != 0 || page.Cursor != "" {
		t.Errorf("an empty sync answered %+v", page)
	}
	page, err = crew.manager.Sync(w.ctx, crew.manager.Request([]harness.Mutation{harness.Insert("people", map[string]any{"code": "K"})}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if page.Rows() != 0 || len(page.Results) != 1 {
		t.Errorf("a push alone answered %+v", page)
	}
}
