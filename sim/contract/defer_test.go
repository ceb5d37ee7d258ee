package contract

import (
	"testing"

	"pursuit/sim/harness"
)

// deferScenarios: docs/protocol.md, section 4, deferral.
func deferScenarios() []scenario {
	return []scenario{
		{"a child before its parent applies by itself", childFirst},
		{"a chain of four arrives backwards", chainBackwards},
		{"a patch before its insert applies by itself", patchFirst},
		{"a replay goes on saying deferred", replayDeferred},
		{"a parent that turns visible lets the child in", turnsVisible},
		{"a faulty child is rejected at once", faultyChild},
		{"a parent in the same push is no deferral", sameRequest},
		{"a delete of a deferred insert waits", deleteDeferred},
		{"a deferred patch of a deferred insert keeps their order", patchOfDeferred},
	}
}

// arrives waits for a row to come by itself.
func (p *phone) arrives(table, row string) harness.Row {
	p.town.t.Helper()
	eventually(p.town.t, schedulerLimit, "a deferred row of "+table+" arrives", func() bool { return p.pulled(table, row) != nil })
	return p.Row(table, row)
}

func childFirst(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Late"})
	aunt := contact(person.Row)
	outcome(t, crew.worker.one(aunt), "deferred", "", "")
	crew.worker.sees(false, "known_contacts", aunt.Row)
	crew.worker.applied(person)
	if row := crew.worker.arrives("known_contacts", aunt.Row); row.Bucket() != person.Row || row.Text("created_by") != crew.worker.Tokens.User.ID {
		t.Errorf("the deferred contact is %v", row)
	}
}

func chainBackwards(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person, referral, service := caseOf(crew.org)
	visit, assignment := attempt(service.Row), assign(service.Row, crew.worker)
	for _, mutation := range []harness.Mutation{visit, assignment, service, referral} {
		outcome(t, crew.manager.one(mutation), "deferred", "", "")
	}
	crew.manager.applied(person)
	for _, mutation := range []harness.Mutation{referral, service, assignment, visit} {
		crew.manager.arrives(mutation.Table, mutation.Row)
	}
	crew.worker.sees(true, "contact_attempts", visit.Row)
}

func patchFirst(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Late", "first_name": "One"})
	patch := harness.Patch("people", person.Row, 0, map[string]any{"first_name": "Two"})
	outcome(t, crew.manager.one(patch), "deferred", "", "")
	crew.manager.applied(person)
	eventually(t, schedulerLimit, "the deferred patch applies", func() bool {
		return crew.manager.must("people", person.Row).Text("first_name") == "Two"
	})
}

func replayDeferred(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Late"})
	aunt := contact(person.Row)
	outcome(t, crew.manager.one(aunt), "deferred", "", "")
	crew.manager.applied(person)
	v := crew.manager.arrives("known_contacts", aunt.Row).V()
	if got := crew.manager.one(aunt); got.Status != "deferred" || !got.Duplicate {
		t.Errorf("the replay of a deferred mutation that has applied: %+v", got)
	}
	if row := crew.manager.must("known_contacts", aunt.Row); row.V() != v {
		t.Errorf("the replay changed the row: %v", row)
	}
}

func turnsVisible(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	visit := attempt(made.service)
	outcome(t, crew.worker.one(visit), "deferred", "", "")
	crew.manager.applied(assign(made.service, crew.worker))
	row := crew.worker.arrives("contact_attempts", visit.Row)
	if row.Text("worker_id") != crew.worker.Tokens.User.ID || row["late"] == true {
		t.Errorf("the attempt that waited is %v", row)
	}
}

func faultyChild(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	child := contact(harness.NewID())
	child.Set["relation"] = "neighbour"
	outcome(t, crew.manager.one(child), "rejected", "invalid_value", "relation")
}

func sameRequest(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Late"})
	aunt := contact(person.Row)
	results := crew.manager.results(aunt, person)
	outcome(t, results[0], "deferred", "", "")
	outcome(t, results[1], "applied", "", "")
	crew.manager.arrives("known_contacts", aunt.Row)
	other := harness.Insert("people", map[string]any{"code": "Early"})
	crew.manager.applied(other, contact(other.Row))
}

func deleteDeferred(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Late"})
	aunt, uncle := contact(person.Row), contact(person.Row)
	outcome(t, crew.manager.one(aunt), "deferred", "", "")
	outcome(t, crew.manager.one(harness.Delete("known_contacts", aunt.Row, 0)), "deferred", "", "")
	outcome(t, crew.manager.one(uncle), "deferred", "", "")
	crew.manager.applied(person)
	crew.manager.arrives("known_contacts", uncle.Row)
	eventually(t, schedulerLimit, "the deferred delete applies", func() bool { return crew.manager.pulled("known_contacts", aunt.Row) == nil })
}

func patchOfDeferred(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Late"})
	aunt := contact(person.Row)
	push := []harness.Mutation{aunt}
	for _, name := range []string{"One", "Two", "Three"} {
		push = append(push, harness.Patch("known_contacts", aunt.Row, 0, map[string]any{"name": name}))
	}
	for _, result := range crew.manager.results(push...) {
		outcome(t, result, "deferred", "", "")
	}
	crew.manager.applied(person)
	eventually(t, schedulerLimit, "the deferred patches apply in order", func() bool {
		row := crew.manager.pulled("known_contacts", aunt.Row)
		return row != nil && row.Text("name") == "Three"
	})
}
