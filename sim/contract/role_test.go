package contract

import (
	"testing"
	"time"

	"pursuit/sim/harness"
)

// roleScenarios: docs/protocol.md, section 6, changes of role and organisation.
func roleScenarios() []scenario {
	return []scenario{
		{"a worker who becomes a case manager gets the withheld tables", workerToManager},
		{"a case manager who becomes a worker loses the withheld tables", managerToWorker},
		{"a worker who becomes a supervisor gets the organisation", workerToSupervisor},
		{"a supervisor who becomes a worker loses the organisation", supervisorToWorker},
		{"a supervisor who moves sees the other organisation", supervisorMoves},
		{"moving away and back between two pulls is no drop", movesBack},
		{"a field user who becomes a director loses all case content", toDirector},
		{"a role change holds for open sessions at once", roleAtOnce},
		{"a backfill after a role change resumes at any cut", roleBackfillCut},
		{"a moved user appears in the other directory", movedDirectory},
	}
}

func (w *town) patchUser(who *phone, set map[string]any) {
	w.t.Helper()
	if err := w.PatchUser(w.ctx, who.Tokens.User.ID, set); err != nil {
		w.t.Fatal(err)
	}
}

func workerToManager(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	assessment := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred"})
	crew.manager.applied(assessment)
	crew.worker.sees(false, "assessments", assessment.Row)
	w.patchUser(crew.worker, map[string]any{"role": "case_manager"})
	crew.worker.sees(true, "assessments", assessment.Row)
	crew.worker.sees(true, "people", made.person)
}

func managerToWorker(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	other := w.user("case_manager", crew.org)
	made := w.open(crew, nil)
	assessment := harness.Insert("assessments", map[string]any{"person_id": made.person, "shooting_review_on": "2026-03-02", "disposition": "referred"})
	crew.manager.applied(assessment, harness.Insert("assignments", map[string]any{"service_id": made.service, "user_id": other.Tokens.User.ID, "role": "case_manager"}))
	other.sees(true, "assessments", assessment.Row)
	w.patchUser(other, map[string]any{"role": "outreach_worker"})
	other.sees(false, "assessments", assessment.Row)
	other.Rewind()
	other.sees(false, "assessments", assessment.Row)
}

func workerToSupervisor(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made, hers := w.open(crew, nil), w.open(crew, crew.worker)
	crew.worker.sees(false, "people", made.person)
	w.patchUser(crew.worker, map[string]any{"role": "supervisor"})
	crew.worker.sees(true, "people", made.person, hers.person)
	crew.worker.sees(true, "services", made.service, hers.service)
}

func supervisorToWorker(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, nil)
	crew.supervisor.sees(true, "people", made.person)
	w.patchUser(crew.supervisor, map[string]any{"role": "outreach_worker"})
	crew.supervisor.sees(false, "people", made.person)
	crew.supervisor.sees(false, "services", made.service)
	outcome(t, crew.supervisor.one(harness.Insert("settings", map[string]any{"key": "push_cap", "value": map[string]any{"n": 1}})), "rejected", "forbidden", "")
}

func supervisorMoves(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.crew()
	made, there := w.open(crew, nil), w.open(others, nil)
	crew.supervisor.sees(true, "people", made.person)
	w.patchUser(crew.supervisor, map[string]any{"org_id": others.org})
	crew.supervisor.sees(false, "people", made.person)
	crew.supervisor.sees(true, "people", there.person)
	late := w.open(crew, nil)
	crew.supervisor.sees(false, "people", late.person)
}

func movesBack(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.team(), w.crew()
	made := w.open(crew, nil)
	aunt := contact(made.person)
	base := crew.manager.applied(aunt)
	crew.supervisor.sees(true, "known_contacts", aunt.Row)
	w.patchUser(crew.supervisor, map[string]any{"org_id": others.org})
	crew.manager.applied(harness.Delete("known_contacts", aunt.Row, base))
	fresh := w.open(crew, nil)
	w.patchUser(crew.supervisor, map[string]any{"org_id": crew.org})
	for _, page := range crew.supervisor.pull() {
		for _, bucket := range page.Drop {
			if bucket == made.person || bucket == made.service {
				t.Errorf("a bucket held again was dropped")
			}
		}
	}
	crew.supervisor.sees(true, "people", made.person, fresh.person)
	crew.supervisor.sees(false, "known_contacts", aunt.Row)
}

func toDirector(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	w.open(crew, crew.worker)
	for _, who := range []*phone{crew.worker, crew.supervisor} {
		who.pull()
		w.patchUser(who, map[string]any{"role": "director"})
		who.pull()
		for table, rows := range who.Tables {
			if len(rows) > 0 && table != "staff" && table != "settings" {
				t.Errorf("a director still has %d rows of %s", len(rows), table)
			}
		}
	}
}

func roleAtOnce(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "K"})
	crew.worker.applied(person)
	assessment := harness.Insert("assessments", map[string]any{"person_id": person.Row, "shooting_review_on": "2026-03-02", "disposition": "referred"})
	outcome(t, crew.worker.one(assessment), "rejected", "forbidden", "")
	w.patchUser(crew.worker, map[string]any{"role": "case_manager"})
	assessment.ID = harness.NewID()
	outcome(t, crew.worker.one(assessment), "applied", "", "")
	w.patchUser(crew.worker, map[string]any{"role": "director"})
	outcome(t, crew.worker.one(contact(person.Row)), "quarantined", "", "")
	outcome(t, w.user("director", crew.org).one(contact(person.Row)), "rejected", "forbidden", "")
}

func roleBackfillCut(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	var people []string
	for range 12 {
		people = append(people, w.open(crew, nil).person)
	}
	crew.worker.pull()
	w.patchUser(crew.worker, map[string]any{"role": "supervisor"})
	crew.worker.Limit = 3
	for cut := range 100 {
		page, err := crew.worker.Sync(w.ctx, crew.worker.Request(nil, crew.worker.NextPull()))
		if err != nil {
			t.Fatal(err)
		}
		crew.worker.Apply(page)
		if cut%3 == 0 { // rows that change while the backfill runs come later
			who := crew.manager
			row := who.must("people", people[cut%12])
			who.applied(harness.Patch("people", row.ID(), row.V(), map[string]any{"first_name": harness.At(time.Now())}))
		}
		if page.Complete && cut > 12 {
			break
		}
	}
	for _, id := range people {
		want := crew.manager.must("people", id)
		if got := crew.worker.pulled("people", id); got.V() != want.V() {
			t.Errorf("person %s is at v %d, want %d", id, got.V(), want.V())
		}
	}
}

func movedDirectory(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.crew(), w.crew()
	holds := func(who *phone, user string) bool {
		who.pull()
		for _, row := range who.Tables["staff"] {
			if row.Text("user_id") == user && row["active"] == true {
				return true
			}
		}
		return false
	}
	moved := crew.worker.Tokens.User.ID
	w.patchUser(crew.worker, map[string]any{"org_id": others.org})
	if holds(crew.manager, moved) || !holds(others.manager, moved) || !holds(crew.worker, moved) {
		t.Errorf("old directory %v, new directory %v, own %v", holds(crew.manager, moved), holds(others.manager, moved), holds(crew.worker, moved))
	}
	if holds(crew.worker, crew.manager.Tokens.User.ID) {
		t.Error("the moved worker still has the old directory")
	}
}
