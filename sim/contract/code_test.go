package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// codeScenarios: docs/protocol.md, section 4, every code of a rejection.
func codeScenarios() []scenario {
	return []scenario{
		{"every fault of a mutation has its code and field", mutationFaults},
		{"row_exists shows the row to those who see it", rowExists},
		{"a rejection shows the visible row", rejectionRow},
		{"unknown and unseen rows are answered alike to the byte", unseenAlike},
		{"a role that may not write is forbidden", roleForbidden},
		{"text is limited in length", textLimits},
		{"rejections change nothing", rejectionsChangeNothing},
	}
}

type mutationFault struct {
	name        string
	mutation    harness.Mutation
	code, field string
}

func with(mutation harness.Mutation, change func(*harness.Mutation)) harness.Mutation {
	change(&mutation)
	return mutation
}

func mutationFaults(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	crew.manager.pull()
	base := crew.manager.Row("people", made.person).V()
	person := func(name string, value any) harness.Mutation {
		return harness.Insert("people", map[string]any{"code": "K", name: value})
	}
	visit := func(name string, value any) harness.Mutation {
		mutation := attempt(made.service)
		mutation.Set[name] = value
		return mutation
	}
	faults := []mutationFault{
		{"unknown table", harness.Insert("secrets", map[string]any{"a": 1}), "unknown_table", "table"},
		{"no table", with(person("gender", "f"), func(m *harness.Mutation) { m.Table = "" }), "unknown_table", "table"},
		{"unknown field", person("shoe_size", 9), "unknown_field", "shoe_size"},
		{"unknown field in a patch", harness.Patch("people", made.person, base, map[string]any{"shoe_size": 9}), "unknown_field", "shoe_size"},
		{"unknown code", person("supervision", "sometimes"), "invalid_value", "supervision"},
		{"number for text", person("first_name", 9), "invalid_value", "first_name"},
		{"text for a list", person("phones", "+1"), "invalid_value", "phones"},
		{"numbers in a list", person("phones", []any{1, 2}), "invalid_value", "phones"},
		{"object for text", person("notes", map[string]any{"a": "b"}), "invalid_value", "notes"},
		{"text for yes or no", person("houseless", "true"), "invalid_value", "houseless"},
		{"impossible date", person("date_of_birth", "2001-02-30"), "invalid_value", "date_of_birth"},
		{"time for a date", person("date_of_birth", "2001-02-03T00:00:00Z"), "invalid_value", "date_of_birth"},
		{"NUL in text", person("first_name", "A\x00B"), "invalid_value", "first_name"},
		{"NUL in a list", person("aliases", []any{"A\x00B"}), "invalid_value", "aliases"},
		{"date for a time", visit("occurred_at", "2026-03-02"), "invalid_value", "occurred_at"},
		{"unknown channel", visit("channel", "pigeon"), "invalid_value", "channel"},
		{"unknown outcome", visit("outcome", "vanished"), "invalid_value", "outcome"},
		{"fraction of a minute", visit("duration_minutes", 1.5), "invalid_value", "duration_minutes"},
		{"latitude off the globe", visit("latitude", 91), "invalid_value", "latitude"},
		{"longitude off the globe", visit("longitude", -181), "invalid_value", "longitude"},
		{"reference that is no id", visit("known_contact_id", "aunt"), "invalid_value", "known_contact_id"},
	}
	for _, fault := range append(faults, shapeFaults(crew, made, base)...) {
		got := crew.manager.one(fault.mutation)
		if got.Status != "rejected" || got.Code != fault.code && fault.code != "" || got.Field != fault.field && fault.field != "" || got.Message == "" {
			t.Errorf("%s: %+v, want rejected %s of field %s with a message", fault.name, got, fault.code, fault.field)
		}
	}
}

// shapeFaults are the faults of fields that are missing or not to be written, and
// of the mutation around them.
func shapeFaults(crew team, made matter, base int64) []mutationFault {
	person := func(name string, value any) harness.Mutation {
		return harness.Insert("people", map[string]any{"code": "K", name: value})
	}
	visit := func(name string, value any) harness.Mutation {
		mutation := attempt(made.service)
		mutation.Set[name] = value
		return mutation
	}
	without := func(mutation harness.Mutation, name string) harness.Mutation {
		delete(mutation.Set, name)
		return mutation
	}
	return []mutationFault{
		{"missing code", harness.Insert("people", map[string]any{"first_name": "A"}), "missing_field", "code"},
		{"null code", harness.Insert("people", map[string]any{"code": nil}), "missing_field", "code"},
		{"missing outcome", without(attempt(made.service), "outcome"), "missing_field", "outcome"},
		{"missing parent", without(contact(made.person), "person_id"), "missing_field", "person_id"},
		{"server-set field", visit("late", true), "read_only_field", "late"},
		{"server-set author", person("created_by", harness.NewID()), "read_only_field", "created_by"},
		{"server-set worker", visit("worker_id", crew.worker.Tokens.User.ID), "read_only_field", "worker_id"},
		{"the bucket", person("_b", harness.NewID()), "", "_b"},
		{"another parent", harness.Patch("services", made.service, base+9, map[string]any{"person_id": harness.NewID()}), "read_only_field", "person_id"},
		{"bad row id", with(person("gender", "f"), func(m *harness.Mutation) { m.Row = "17" }), "invalid_value", "row"},
		{"upper-case row id", with(person("gender", "f"), func(m *harness.Mutation) { m.Row = strings.ToUpper(harness.NewID()) }), "invalid_value", "row"},
		{"bad op", with(person("gender", "f"), func(m *harness.Mutation) { m.Op = "upsert" }), "invalid_value", "op"},
		{"bad at", with(person("gender", "f"), func(m *harness.Mutation) { m.At = "noon" }), "invalid_value", "at"},
		{"base below 0", with(harness.Patch("people", made.person, -1, map[string]any{"gender": "f"}), func(*harness.Mutation) {}), "invalid_value", "base"},
		{"patch of an unknown row", harness.Patch("people", harness.NewID(), 5, map[string]any{"gender": "f"}), "row_gone", ""},
		{"delete of an unknown row", harness.Delete("people", harness.NewID(), 5), "row_gone", ""},
	}
}

func rowExists(t *testing.T, at *place) {
	w := at.program(t)
	crew, strangers := w.crew(), w.crew()
	person := harness.Insert("people", map[string]any{"code": "Taken"})
	crew.manager.applied(person)
	again := harness.Insert("people", map[string]any{"code": "Other"})
	again.Row = person.Row
	seen := crew.manager.one(again)
	outcome(t, seen, "rejected", "row_exists", "")
	if seen.Row.Text("code") != "Taken" {
		t.Errorf("row_exists shows %v to one who sees the row", seen.Row)
	}
	again.ID = harness.NewID()
	unseen := strangers.manager.one(again)
	outcome(t, unseen, "rejected", "row_exists", "")
	if unseen.Row != nil || unseen.V != 0 {
		t.Errorf("row_exists shows %v, v %d to one who does not see the row", unseen.Row, unseen.V)
	}
}

func rejectionRow(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	crew.worker.pull()
	base := crew.worker.Row("people", made.person).V()
	got := crew.worker.one(harness.Patch("people", made.person, base, map[string]any{"supervision": "sometimes"}))
	outcome(t, got, "rejected", "invalid_value", "supervision")
	if got.Row.ID() != made.person || got.Row.V() != base || got.Row.Text("first_name") != "Ada" || got.Message == "" {
		t.Errorf("a rejection of a visible row's patch: %+v", got)
	}
}

// alike pushes mutations pairwise and compares the results with ids blanked.
func (p *phone) alike(what string, unseen, unknown harness.Mutation) {
	p.town.t.Helper()
	answer := p.call(http.MethodPost, "/v1/sync", p.Request([]harness.Mutation{unseen, unknown}, nil))
	var body struct{ Results []json.RawMessage }
	if err := answer.Decode(&body); err != nil {
		p.town.t.Fatal(err)
	}
	blank := func(text json.RawMessage, mutation harness.Mutation) string {
		return strings.ReplaceAll(string(text), mutation.ID, "ID")
	}
	one, two := blank(body.Results[0], unseen), blank(body.Results[1], unknown)
	if one != two {
		p.town.t.Errorf("%s: unseen %s, unknown %s", what, one, two)
	}
}

func unseenAlike(t *testing.T, at *place) {
	w := at.program(t)
	crew, strangers := w.crew(), w.crew()
	made := w.open(crew, crew.worker)
	visit, aunt := attempt(made.service), contact(made.person)
	crew.worker.applied(visit, aunt)
	for _, who := range []*phone{strangers.manager, strangers.worker} {
		for _, base := range []int64{0, 3} {
			for table, row := range map[string]string{"people": made.person, "contact_attempts": visit.Row, "known_contacts": aunt.Row} {
				set := map[string]any{map[string]string{"people": "first_name", "contact_attempts": "note", "known_contacts": "name"}[table]: "X"}
				who.alike("patch of "+table, harness.Patch(table, row, base, set), harness.Patch(table, harness.NewID(), base, set))
				who.alike("delete of "+table, harness.Delete(table, row, base), harness.Delete(table, harness.NewID(), base))
			}
		}
		who.alike("child of a person", contact(made.person), contact(harness.NewID()))
		who.alike("child of a service", attempt(made.service), attempt(harness.NewID()))
		who.alike("faulty child", with(contact(made.person), func(m *harness.Mutation) { m.Set["relation"] = "x" }),
			with(contact(harness.NewID()), func(m *harness.Mutation) { m.Set["relation"] = "x" }))
	}
	strangers.manager.alike("status of a service", harness.Patch("services", made.service, 3, map[string]any{"status": "enrolled"}),
		harness.Patch("services", harness.NewID(), 3, map[string]any{"status": "enrolled"}))
	strangers.manager.alike("an assignment", assign(made.service, strangers.worker), assign(harness.NewID(), strangers.worker))
}

func roleForbidden(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	assessment := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred"})
	partner, director := w.user("referral_partner", w.org("law_enforcement")), w.user("director", w.OrgID)
	admin := w.phone(w.Admin)
	for name, fault := range map[string]struct {
		who      *phone
		mutation harness.Mutation
	}{
		"worker assesses":              {crew.worker, assessment},
		"worker assigns":               {crew.worker, assign(made.service, crew.worker)},
		"worker consents":              {crew.worker, harness.Insert("consents", map[string]any{"person_id": made.person, "recipient_org_id": w.OrgID, "signed_on": "2026-03-02", "expires_on": "2027-03-02"})},
		"director visits":              {director, attempt(made.service)},
		"director inserts a person":    {director, harness.Insert("people", map[string]any{"code": "K"})},
		"admin inserts a person":       {admin, harness.Insert("people", map[string]any{"code": "K"})},
		"admin visits":                 {admin, attempt(made.service)},
		"partner visits":               {partner, attempt(made.service)},
		"partner patches a person":     {partner, harness.Patch("people", made.person, 1, map[string]any{"first_name": "X"})},
		"partner inserts a contact":    {partner, contact(made.person)},
		"worker writes settings":       {crew.worker, harness.Insert("settings", map[string]any{"key": "push_cap", "value": map[string]any{"n": 1}})},
		"manager writes settings":      {crew.manager, harness.Insert("settings", map[string]any{"key": "push_cap", "value": map[string]any{"n": 1}})},
		"anyone writes staff":          {crew.supervisor, harness.Insert("staff", map[string]any{"name": "X"})},
		"anyone writes events":         {crew.supervisor, harness.Insert("status_events", map[string]any{"service_id": made.service})},
		"anyone writes conflicts":      {crew.supervisor, harness.Insert("conflicts", map[string]any{"table": "people"})},
		"worker deletes a service":     {crew.worker, harness.Delete("services", made.service, 1)},
		"worker deletes an assignment": {crew.worker, harness.Delete("assignments", made.assignment, 1)},
	} {
		got := fault.who.one(fault.mutation)
		if got.Status != "rejected" || got.Code != "forbidden" && got.Code != "read_only_field" {
			t.Errorf("%s: %+v, want rejected forbidden", name, got)
		}
	}
}

func textLimits(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	for field, limit := range map[string]int{"first_name": 500, "notes": 20000} {
		crew.manager.applied(harness.Insert("people", map[string]any{"code": "K", field: strings.Repeat("é", limit)}))
		outcome(t, crew.manager.one(harness.Insert("people", map[string]any{"code": "K", field: strings.Repeat("e", limit+1)})), "rejected", "invalid_value", field)
	}
	schema := w.schema()
	if schema.Tables["people"].Fields["notes"].MaxLength != 20000 || schema.Tables["people"].Fields["first_name"].MaxLength != 500 {
		t.Errorf("the schema lists %+v", schema.Tables["people"].Fields)
	}
}

func rejectionsChangeNothing(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	crew.manager.pull()
	before := crew.manager.Row("people", made.person)
	crew.manager.results(harness.Patch("people", made.person, before.V(), map[string]any{"first_name": "New", "supervision": "x"}),
		harness.Patch("people", made.person, before.V(), map[string]any{"first_name": "New", "created_at": harness.At(time.Now())}))
	after := crew.manager.must("people", made.person)
	if after.V() != before.V() || after.Text("first_name") != "Ada" {
		t.Errorf("a rejected patch left %v", after)
	}
}
