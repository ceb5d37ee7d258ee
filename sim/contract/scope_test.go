package contract

import (
	"slices"
	"testing"

	"pursuit/sim/harness"
)

// scopeScenarios: docs/protocol.md, section 6, grants.
func scopeScenarios() []scenario {
	return []scenario{
		{"an assignment brings service and person and its end takes them", assignEnd},
		{"a reassignment moves the case", reassign},
		{"a second service keeps the person", secondService},
		{"revoke and grant again between two pulls is no drop", revokeRegrant},
		{"a delete while the case was away comes as a removal", deletedWhileAway},
		{"an assignment backfills old rows", assignBackfills},
		{"a creator keeps a person without assignments", creatorKeeps},
		{"a worker's grant as creator ends with the last assignment", creatorEnds},
		{"a case manager holds what they manage", managerHolds},
		{"supervisors hold everything of their organisation", supervisorHolds},
		{"an assessment never reaches a worker", assessmentsWithheld},
		{"everyone holds staff and settings of their own", directory},
		{"a deleted assignment ends its grants", assignmentDeleted},
		{"two assignments of one worker end one by one", twoAssignments},
		{"reassigning costs what changes hands", reassignCost},
	}
}

func assignEnd(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	visit := attempt(made.service)
	crew.worker.applied(visit)
	crew.worker.sees(true, "people", made.person)
	crew.worker.sees(true, "services", made.service)
	crew.manager.end(made.assignment)
	pages := crew.worker.pull()
	if !slices.Contains(pages[0].Drop, made.person) || !slices.Contains(pages[0].Drop, made.service) {
		t.Errorf("drop %v, want the person's and the service's bucket", pages[0].Drop)
	}
	for table, rows := range crew.worker.Tables {
		if len(rows) > 0 && table != "staff" && table != "settings" {
			t.Errorf("%d rows of %s are left", len(rows), table)
		}
	}
	crew.manager.sees(true, "contact_attempts", visit.Row)
}

func reassign(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	next := w.user("outreach_worker", crew.org)
	made := w.open(crew, crew.worker)
	visit := attempt(made.service)
	crew.worker.applied(visit)
	next.sees(false, "people", made.person)
	base := crew.manager.must("assignments", made.assignment).V()
	crew.manager.applied(harness.Patch("assignments", made.assignment, base, map[string]any{"ended_at": "2026-01-01T00:00:00Z"}), assign(made.service, next))
	next.sees(true, "contact_attempts", visit.Row)
	next.sees(true, "people", made.person)
	crew.worker.sees(false, "contact_attempts", visit.Row)
	next.applied(attempt(made.service))
}

func secondService(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	other := harness.Insert("services", map[string]any{"referral_id": made.referral, "person_id": made.person, "track": "hhp", "org_id": crew.org})
	crew.manager.applied(other, assign(other.Row, crew.worker))
	crew.worker.sees(true, "services", made.service, other.Row)
	crew.manager.end(made.assignment)
	crew.worker.sees(false, "services", made.service)
	crew.worker.sees(true, "services", other.Row)
	crew.worker.sees(true, "people", made.person)
}

func revokeRegrant(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	aunt, uncle := contact(made.person), contact(made.person)
	base := crew.manager.applied(aunt, uncle)
	crew.worker.sees(true, "known_contacts", aunt.Row, uncle.Row)
	crew.manager.end(made.assignment)
	crew.manager.applied(harness.Patch("known_contacts", aunt.Row, base, map[string]any{"name": "Meanwhile"}),
		harness.Delete("known_contacts", uncle.Row, base), assign(made.service, crew.worker))
	for _, page := range crew.worker.pull() {
		if len(page.Drop) != 0 {
			t.Errorf("drop %v after a grant again", page.Drop)
		}
	}
	if row := crew.worker.Row("known_contacts", aunt.Row); row.Text("name") != "Meanwhile" {
		t.Errorf("the contact edited meanwhile is %v", row)
	}
	if crew.worker.Row("known_contacts", uncle.Row) != nil {
		t.Error("the contact deleted meanwhile is still there")
	}
}

func deletedWhileAway(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	aunt := contact(made.person)
	base := crew.manager.applied(aunt)
	crew.worker.sees(true, "known_contacts", aunt.Row)
	crew.manager.end(made.assignment)
	crew.worker.sees(false, "known_contacts", aunt.Row)
	crew.manager.applied(harness.Delete("known_contacts", aunt.Row, base), assign(made.service, crew.worker))
	crew.worker.sees(true, "people", made.person)
	crew.worker.sees(false, "known_contacts", aunt.Row)
}

func assignBackfills(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	var visits []string
	for range 25 {
		visit := attempt(made.service)
		crew.manager.applied(visit)
		visits = append(visits, visit.Row)
	}
	crew.worker.pull()
	crew.manager.applied(assign(made.service, crew.worker))
	crew.worker.Limit = 4
	pages := crew.worker.pull()
	if len(pages) < 6 {
		t.Errorf("a backfill of 28 rows came in %d pages of 4", len(pages))
	}
	crew.worker.sees(true, "contact_attempts", visits...)
}

func creatorKeeps(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	person := harness.Insert("people", map[string]any{"code": "Mine"})
	crew.worker.applied(person)
	crew.worker.sees(true, "people", person.Row)
	crew.supervisor.sees(true, "people", person.Row)
	crew.manager.sees(false, "people", person.Row)
	w.user("outreach_worker", crew.org).sees(false, "people", person.Row)
}

func creatorEnds(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	person, referral, service := caseOf(crew.org)
	crew.worker.applied(person, referral, service)
	crew.worker.sees(true, "people", person.Row)
	crew.supervisor.pull()
	for _, row := range crew.supervisor.Tables["assignments"] {
		if row.Text("service_id") == service.Row {
			crew.supervisor.end(row.ID())
		}
	}
	crew.worker.sees(false, "people", person.Row)
	crew.worker.sees(false, "services", service.Row)
	crew.supervisor.sees(true, "people", person.Row)
}

func managerHolds(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	other := w.user("case_manager", crew.org)
	made := w.open(crew, nil)
	other.sees(false, "services", made.service)
	manage := harness.Insert("assignments", map[string]any{"service_id": made.service, "user_id": other.Tokens.User.ID, "role": "case_manager"})
	crew.supervisor.pull()
	crew.supervisor.applied(manage)
	other.sees(true, "services", made.service)
	other.sees(true, "people", made.person)
	crew.supervisor.end(manage.Row)
	other.sees(false, "services", made.service)
	crew.manager.sees(true, "services", made.service)
}

func supervisorHolds(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.team()
	made, foreign := w.open(crew, crew.worker), w.open(others, nil)
	visit := attempt(made.service)
	crew.worker.applied(visit)
	crew.supervisor.sees(true, "services", made.service)
	crew.supervisor.sees(true, "people", made.person)
	crew.supervisor.sees(true, "contact_attempts", visit.Row)
	crew.supervisor.sees(false, "services", foreign.service)
	others.supervisor.sees(true, "services", foreign.service)
	others.supervisor.sees(false, "people", made.person)
	w.user("supervisor", crew.org).sees(true, "contact_attempts", visit.Row)
}

func assessmentsWithheld(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	assessment := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred"})
	event := harness.Insert("program_events", map[string]any{"person_id": made.person, "kind": "call_in", "on": "2026-03-09"})
	crew.manager.applied(assessment, event)
	crew.manager.sees(true, "assessments", assessment.Row)
	crew.worker.sees(false, "assessments", assessment.Row)
	crew.worker.sees(false, "program_events", event.Row)
	crew.worker.Only = []string{"assessments"}
	crew.worker.Cursor = nil
	crew.worker.sees(false, "assessments", assessment.Row)
	crew.worker.alike("patch of a withheld row", harness.Patch("assessments", assessment.Row, 1, map[string]any{"arrest_count": 1}),
		harness.Patch("assessments", harness.NewID(), 1, map[string]any{"arrest_count": 1}))
}

func directory(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	others := w.crew()
	for _, who := range []*phone{crew.worker, crew.manager, crew.supervisor, w.user("director", crew.org), w.user("referral_partner", crew.org)} {
		who.pull()
		roles := map[string]string{}
		for _, row := range who.Tables["staff"] {
			roles[row.Text("user_id")] = row.Text("role")
			if row.Bucket() != crew.org || row["active"] != true || row.Text("name") == "" {
				t.Errorf("%s has staff row %v", who.Tokens.User.Role, row)
			}
		}
		if roles[crew.worker.Tokens.User.ID] != "outreach_worker" || roles[who.Tokens.User.ID] != who.Tokens.User.Role || roles[others.worker.Tokens.User.ID] != "" {
			t.Errorf("%s has the directory %v", who.Tokens.User.Role, roles)
		}
	}
	if err := w.PatchUser(w.ctx, crew.worker.Tokens.User.ID, map[string]any{"name": "Renamed"}); err != nil {
		t.Fatal(err)
	}
	crew.manager.pull()
	found := false
	for _, row := range crew.manager.Tables["staff"] {
		found = found || row.Text("name") == "Renamed" && row.Text("user_id") == crew.worker.Tokens.User.ID
	}
	if !found {
		t.Error("a new name did not reach the directory")
	}
}

func assignmentDeleted(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	crew.worker.sees(true, "services", made.service)
	base := crew.manager.must("assignments", made.assignment).V()
	crew.manager.applied(harness.Delete("assignments", made.assignment, base))
	crew.worker.sees(false, "services", made.service)
	crew.worker.sees(false, "people", made.person)
}

func twoAssignments(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	again := assign(made.service, crew.worker)
	crew.manager.applied(again)
	crew.manager.end(made.assignment)
	crew.worker.sees(true, "services", made.service)
	crew.worker.sees(true, "people", made.person)
	crew.manager.end(again.Row)
	crew.worker.sees(false, "services", made.service)
}

func reassignCost(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	next := w.user("outreach_worker", crew.org)
	for range 5 {
		other := w.open(crew, next)
		next.pull()
		for range 5 {
			next.applied(attempt(other.service))
		}
	}
	made := w.open(crew, crew.worker)
	crew.worker.applied(attempt(made.service))
	next.pull()
	crew.manager.end(made.assignment)
	crew.manager.applied(assign(made.service, next))
	for _, page := range next.pull() {
		for table, change := range page.Changes {
			for _, row := range append(change.Upsert, change.Remove...) {
				if bucket := row.Bucket(); bucket != made.service && bucket != made.person {
					t.Errorf("a reassignment sent row %v of %s in another bucket", row.ID(), table)
				}
			}
		}
	}
}
