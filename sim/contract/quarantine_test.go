package contract

import (
	"testing"
	"time"

	"pursuit/sim/harness"
)

// quarantineScenarios: docs/protocol.md, section 4, the quarantine table.
func quarantineScenarios() []scenario {
	return []scenario{
		{"a quarantine row tells what was held and why", quarantineRow},
		{"author and supervisors see it and nobody else", quarantineSeen},
		{"released applies it as its author's with its first time", released},
		{"a released attempt appears with its times", releasedAttempt},
		{"a released patch merges by its first time", releasedMerges},
		{"a released delete deletes", releasedDelete},
		{"dismissed closes it", dismissed},
		{"only supervisors release", whoReleases},
		{"a closed one is not released again", closedStays},
		{"a released group applies whole", releasedGroup},
		{"an author who is moved keeps sight of what was held back", movedAuthor},
	}
}

// quarantined pulls and answers the quarantine row of a mutation, or nil.
func (p *phone) quarantined(mutation string) harness.Row {
	p.town.t.Helper()
	p.pull()
	for _, row := range p.Tables["quarantine"] {
		if row.Text("mutation_id") == mutation {
			return row
		}
	}
	return nil
}

// withhold makes one quarantined patch of a person by a worker who lost the case.
func withhold(w *town, crew team) (matter, harness.Mutation, harness.Row) {
	w.t.Helper()
	made := w.open(crew, crew.worker)
	patch := lost(crew, made)
	patch.At = harness.At(time.Now().Add(-time.Hour))
	outcome(w.t, crew.worker.one(patch), "quarantined", "", "")
	row := crew.supervisor.quarantined(patch.ID)
	if row == nil {
		w.t.Fatal("the supervisor does not have the quarantined write")
	}
	return made, patch, row
}

func (p *phone) settle(row harness.Row, state string) harness.Result {
	p.town.t.Helper()
	return p.one(harness.Patch("quarantine", row.ID(), row.V(), map[string]any{"state": state}))
}

func quarantineRow(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, patch, row := withhold(w, crew)
	set, _ := row["set"].(map[string]any)
	if row.Text("table") != "people" || row.Text("row") != made.person || row.Text("op") != "patch" || row.Text("reason") == "" ||
		row.Text("by") != crew.worker.Tokens.User.ID || row.Text("state") != "open" || set["first_name"] != "Afterwards" || row.Bucket() != row.ID() {
		t.Errorf("quarantine row %v", row)
	}
	if !near(stamp(t, row, "at"), time.Now().Add(-time.Hour)) {
		t.Errorf("at %v, sent %s", row["at"], patch.At)
	}
}

func quarantineSeen(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.team()
	colleague, second := w.user("outreach_worker", crew.org), w.user("supervisor", crew.org)
	_, patch, _ := withhold(w, crew)
	for who, want := range map[*phone]bool{crew.worker: true, crew.supervisor: true, second: true, crew.manager: false, colleague: false, others.supervisor: false} {
		if have := who.quarantined(patch.ID) != nil; have != want {
			t.Errorf("%s has the quarantine row: %v, want %v", who.Tokens.User.Role, have, want)
		}
	}
}

func released(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, patch, row := withhold(w, crew)
	outcome(t, crew.supervisor.settle(row, "released"), "applied", "", "")
	person := crew.manager.must("people", made.person)
	if person.Text("first_name") != "Afterwards" || person.Text("updated_by") != crew.worker.Tokens.User.ID {
		t.Errorf("the person after a release: %v", person)
	}
	for _, who := range []*phone{crew.supervisor, crew.worker} {
		if got := who.quarantined(patch.ID).Text("state"); got != "released" {
			t.Errorf("%s has state %q", who.Tokens.User.Role, got)
		}
	}
	if again := crew.worker.one(patch); again.Status != "quarantined" || !again.Duplicate {
		t.Errorf("the replay of a released write: %+v", again)
	}
	crew.worker.sees(false, "people", made.person)
}

func releasedAttempt(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, before, _, _ := w.hold(crew)
	visit := attemptAt(made.service, before)
	visit.At = harness.At(before.Add(time.Millisecond))
	outcome(t, crew.worker.one(visit), "quarantined", "", "")
	outcome(t, crew.supervisor.settle(crew.supervisor.quarantined(visit.ID), "released"), "applied", "", "")
	row := crew.manager.must("contact_attempts", visit.Row)
	if row.Text("worker_id") != crew.worker.Tokens.User.ID || row.Text("occurred_at") != visit.Set["occurred_at"] || row.Text("recorded_at") != visit.At {
		t.Errorf("the released attempt is %v", row)
	}
}

func releasedMerges(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, patch, row := withhold(w, crew)
	outcome(t, crew.manager.one(harness.Patch("people", made.person, patch.Base, map[string]any{"first_name": "Newer"})), "applied", "", "")
	if got := crew.supervisor.settle(row, "released"); got.Status != "applied" && got.Status != "merged" {
		t.Fatalf("release: %+v", got)
	}
	if person := crew.manager.must("people", made.person); person.Text("first_name") != "Newer" {
		t.Errorf("a release won over a later edit: %v", person)
	}
	found := false
	for _, conflict := range crew.manager.Tables["conflicts"] {
		found = found || conflict["lost_value"] == "Afterwards" && conflict.Text("lost_by") == crew.worker.Tokens.User.ID
	}
	if !found {
		t.Error("the value that lost at its release is kept nowhere")
	}
}

func releasedDelete(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	aunt := contact(made.person)
	base := crew.worker.applied(aunt)
	crew.manager.end(made.assignment)
	erase := harness.Delete("known_contacts", aunt.Row, base)
	outcome(t, crew.worker.one(erase), "quarantined", "", "")
	crew.manager.sees(true, "known_contacts", aunt.Row)
	outcome(t, crew.supervisor.settle(crew.supervisor.quarantined(erase.ID), "released"), "applied", "", "")
	crew.manager.sees(false, "known_contacts", aunt.Row)
}

func dismissed(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, patch, row := withhold(w, crew)
	outcome(t, crew.supervisor.settle(row, "dismissed"), "applied", "", "")
	if person := crew.manager.must("people", made.person); person.Text("first_name") != "Ada" {
		t.Errorf("a dismissed write changed %v", person)
	}
	if got := crew.worker.quarantined(patch.ID).Text("state"); got != "dismissed" {
		t.Errorf("the author has state %q", got)
	}
}

func whoReleases(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.team()
	made, _, row := withhold(w, crew)
	outcome(t, crew.worker.settle(row, "released"), "rejected", "forbidden", "")
	if got := crew.manager.settle(row, "released"); got.Status != "rejected" {
		t.Errorf("a case manager released: %+v", got)
	}
	outcome(t, others.supervisor.settle(row, "released"), "rejected", "row_gone", "")
	outcome(t, crew.supervisor.one(harness.Patch("quarantine", row.ID(), row.V(), map[string]any{"reason": "x"})), "rejected", "read_only_field", "reason")
	outcome(t, crew.supervisor.settle(row, "forgiven"), "rejected", "invalid_value", "state")
	if person := crew.manager.must("people", made.person); person.Text("first_name") != "Ada" {
		t.Errorf("somebody released: %v", person)
	}
}

func closedStays(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, patch, row := withhold(w, crew)
	outcome(t, crew.supervisor.settle(row, "dismissed"), "applied", "", "")
	crew.supervisor.settle(crew.supervisor.quarantined(patch.ID), "released")
	second := w.second(crew.supervisor)
	second.settle(row, "released")
	if person := crew.manager.must("people", made.person); person.Text("first_name") != "Ada" {
		t.Errorf("a dismissed write was released afterwards: %v", person)
	}
}

func releasedGroup(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	patch := lost(crew, made)
	own := harness.Insert("people", map[string]any{"code": "Mine"})
	for _, result := range crew.worker.results(grouped(own, patch)...) {
		outcome(t, result, "quarantined", "", "")
	}
	for _, mutation := range []harness.Mutation{own, patch} {
		row := crew.supervisor.quarantined(mutation.ID)
		if row == nil {
			t.Fatalf("no quarantine row of %s", mutation.Table)
		}
		if row.Text("state") == "open" {
			crew.supervisor.settle(row, "released")
		}
	}
	crew.supervisor.sees(true, "people", own.Row)
	if person := crew.supervisor.must("people", made.person); person.Text("first_name") != "Afterwards" {
		t.Errorf("the released group left %v", person)
	}
}

func movedAuthor(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.team()
	made := w.open(crew, nil)
	base := crew.supervisor.must("people", made.person).V()
	w.patchUser(crew.supervisor, map[string]any{"org_id": others.org})
	patch := harness.Patch("people", made.person, base, map[string]any{"first_name": "X"})
	outcome(t, crew.supervisor.one(patch), "quarantined", "", "")
	row := crew.supervisor.quarantined(patch.ID)
	if row == nil {
		t.Fatal("the author does not have the quarantine row")
	}
	w.patchUser(crew.supervisor, map[string]any{"org_id": crew.org, "role": "outreach_worker"})
	for _, page := range crew.supervisor.pull() {
		for _, bucket := range page.Drop {
			if bucket == row.Bucket() {
				t.Error("the author's quarantine row was dropped with the organisation")
			}
		}
	}
	if crew.supervisor.quarantined(patch.ID) == nil {
		t.Error("the author lost sight of the quarantine row")
	}
}
