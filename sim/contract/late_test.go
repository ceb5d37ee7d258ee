package contract

import (
	"testing"
	"time"

	"pursuit/sim/harness"
)

// lateScenarios: docs/protocol.md, section 6, attempts after a reassignment.
func lateScenarios() []scenario {
	return []scenario{
		{"an attempt from the time of holding is accepted late", lateAccepted},
		{"an attempt from outside the time of holding is quarantined", lateOutside},
		{"each time of holding counts", lateIntervals},
		{"a wrong clock is corrected before the time is judged", lateSkewed},
		{"other writes after a reassignment are quarantined", lateOthers},
		{"a case never held stays unknown", lateNever},
		{"a live holder may record any time", liveAnyTime},
	}
}

// hold gives the worker a case for a moment and answers times before, in and after.
func (w *town) hold(crew team) (made matter, before, inside, after time.Time) {
	w.t.Helper()
	const apart = 60 * time.Millisecond
	before = time.Now()
	time.Sleep(apart)
	made = w.open(crew, crew.worker)
	time.Sleep(apart)
	inside = time.Now()
	time.Sleep(apart)
	crew.manager.end(made.assignment)
	time.Sleep(apart)
	return made, before, inside, time.Now()
}

func lateAccepted(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, _, inside, _ := w.hold(crew)
	visit := attemptAt(made.service, inside)
	got := crew.worker.one(visit)
	outcome(t, got, "applied", "", "")
	row := crew.manager.must("contact_attempts", visit.Row)
	if row["late"] != true || row.Text("worker_id") != crew.worker.Tokens.User.ID || row.Text("occurred_at") != visit.Set["occurred_at"] || row.V() != got.V {
		t.Errorf("the late attempt is %v, its result %+v", row, got)
	}
	crew.worker.sees(false, "contact_attempts", visit.Row)
	if replay := crew.worker.one(visit); replay.Status != "applied" || !replay.Duplicate {
		t.Errorf("its replay: %+v", replay)
	}
}

func lateOutside(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made, before, _, after := w.hold(crew)
	for _, moment := range []time.Time{before, after, before.Add(-48 * time.Hour)} {
		visit := attemptAt(made.service, moment)
		outcome(t, crew.worker.one(visit), "quarantined", "", "")
		crew.manager.sees(false, "contact_attempts", visit.Row)
		if held := crew.supervisor.quarantined(visit.ID); held == nil {
			t.Errorf("the supervisor does not have the attempt of %s", harness.At(moment))
		}
	}
}

func lateIntervals(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made, _, first, between := w.hold(crew)
	time.Sleep(60 * time.Millisecond)
	again := assign(made.service, crew.worker)
	crew.manager.applied(again)
	time.Sleep(60 * time.Millisecond)
	second := time.Now()
	time.Sleep(60 * time.Millisecond)
	crew.manager.end(again.Row)
	outcome(t, crew.worker.one(attemptAt(made.service, first)), "applied", "", "")
	outcome(t, crew.worker.one(attemptAt(made.service, second)), "applied", "", "")
	outcome(t, crew.worker.one(attemptAt(made.service, between)), "quarantined", "", "")
}

func lateSkewed(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	time.Sleep(1500 * time.Millisecond)
	inside := time.Now()
	time.Sleep(1500 * time.Millisecond)
	crew.manager.end(made.assignment)
	crew.worker.Skew = 3 * time.Hour
	visit := attemptAt(made.service, inside.Add(crew.worker.Skew))
	outcome(t, crew.worker.one(visit), "applied", "", "")
	if row := crew.manager.must("contact_attempts", visit.Row); row["late"] != true || row["clock_suspect"] != true {
		t.Errorf("the late attempt of a wrong clock is %v", row)
	}
}

func lateOthers(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	visit, aunt := attempt(made.service), contact(made.person)
	v := crew.worker.applied(visit, aunt)
	crew.manager.end(made.assignment)
	for _, mutation := range []harness.Mutation{
		harness.Patch("people", made.person, v, map[string]any{"first_name": "Late"}),
		harness.Patch("services", made.service, v, map[string]any{"status": "refused"}),
		harness.Patch("contact_attempts", visit.Row, v, map[string]any{"outcome": "spoke"}),
		harness.Delete("contact_attempts", visit.Row, v), harness.Delete("known_contacts", aunt.Row, v), contact(made.person),
	} {
		got := crew.worker.one(mutation)
		outcome(t, got, "quarantined", "", "")
		if got.Row != nil {
			t.Errorf("a quarantined write shows the row: %v", got.Row)
		}
	}
	if person := crew.manager.must("people", made.person); person.Text("first_name") != "Ada" {
		t.Errorf("a quarantined write changed %v", person)
	}
	bad := crew.worker.one(harness.Patch("people", made.person, v, map[string]any{"supervision": "x"}))
	outcome(t, bad, "rejected", "invalid_value", "supervision")
	if bad.Row != nil {
		t.Errorf("a rejection shows a row that is not visible any more: %v", bad.Row)
	}
}

func lateNever(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, nil)
	outcome(t, crew.worker.one(harness.Patch("people", made.person, 5, map[string]any{"first_name": "X"})), "rejected", "row_gone", "")
	outcome(t, crew.worker.one(attempt(made.service)), "deferred", "", "")
}

func liveAnyTime(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	visit := attemptAt(made.service, time.Now().Add(-72*time.Hour))
	crew.worker.applied(visit)
	if row := crew.worker.must("contact_attempts", visit.Row); row["late"] != false {
		t.Errorf("an attempt of a live holder is late: %v", row)
	}
}
