package contract

import (
	"testing"
	"time"

	"pursuit/sim/harness"
)

// laterScenarios: docs/protocol.md, sections 4 and 9, what time alone brings.
func laterScenarios() []scenario {
	return []scenario{
		{"after 24 h a deferred mutation is quarantined", deferredDay},
		{"mutation ids are remembered as long as tombstones", remembered},
		{"tombstones live 400 days", tombstonesLive},
		{"a cursor below the floor gets reconcile", belowFloor},
	}
}

// again signs the phone's user in anew, with the local store and cursor kept.
func (p *phone) again() {
	p.town.t.Helper()
	session, err := harness.Login(p.town.ctx, p.Base, nil, p.Tokens.User.Email, p.Password)
	if err != nil {
		p.town.t.Fatal(err)
	}
	p.Session = session
}

// days moves the place's clock and signs the phones in again.
func (p *place) days(t *testing.T, days int, phones ...*phone) {
	t.Helper()
	p.shift(t, (time.Duration(days) * 24 * time.Hour).String())
	for _, one := range phones {
		one.again()
		one.Skew = time.Duration(days) * 24 * time.Hour
	}
}

func deferredDay(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	crew := w.team()
	child := contact(harness.NewID())
	outcome(t, crew.worker.one(child), "deferred", "", "")
	mine.shift(t, "23h")
	crew.worker.again()
	crew.supervisor.again()
	if crew.supervisor.quarantined(child.ID) != nil {
		t.Error("a deferred mutation is quarantined before its 24 h")
	}
	mine.shift(t, "25h")
	crew.worker.again()
	crew.supervisor.again()
	eventually(t, schedulerLimit, "the deferred mutation is quarantined", func() bool { return crew.supervisor.quarantined(child.ID) != nil })
	if row := crew.worker.quarantined(child.ID); row.Text("table") != "known_contacts" || row.Text("row") != child.Row || row.Text("by") != crew.worker.Tokens.User.ID || row.Text("state") != "open" {
		t.Errorf("quarantine row %v", row)
	}
	if replay := crew.worker.one(child); replay.Status != "deferred" || !replay.Duplicate {
		t.Errorf("the replay: %+v", replay)
	}
}

func remembered(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Old"})
	v := crew.manager.applied(person)
	erase := harness.Delete("people", person.Row, v)
	crew.manager.applied(erase)
	mine.days(t, 399, crew.manager)
	time.Sleep(2 * time.Second) // the purge at the start
	for _, mutation := range []harness.Mutation{person, erase} {
		if got := crew.manager.one(mutation); got.Status != "applied" || !got.Duplicate {
			t.Errorf("a replay after 399 days: %+v", got)
		}
	}
	crew.manager.sees(false, "people", person.Row)
}

func tombstonesLive(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Old"})
	v := crew.manager.applied(person)
	crew.manager.sees(true, "people", person.Row)
	tablet := w.second(crew.manager)
	tablet.applied(harness.Delete("people", person.Row, v))
	mine.days(t, 399, crew.manager)
	time.Sleep(2 * time.Second) // the purge at the start
	crew.manager.sees(false, "people", person.Row)
}

func belowFloor(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	crew := w.crew()
	person, kept := harness.Insert("people", map[string]any{"code": "Old"}), harness.Insert("people", map[string]any{"code": "Kept"})
	v := crew.manager.applied(kept, person)
	crew.manager.sees(true, "people", person.Row, kept.Row)
	w.second(crew.manager).applied(harness.Delete("people", person.Row, v))
	mine.days(t, 402, crew.manager)
	eventually(t, schedulerLimit, "a cursor below the floor is told to reconcile", func() bool {
		page, err := crew.manager.Sync(w.ctx, crew.manager.Request(nil, crew.manager.NextPull()))
		if err != nil {
			t.Fatal(err)
		}
		if page.Directive == nil {
			return false
		}
		crew.manager.Apply(page)
		return page.Directive.Kind == "reconcile"
	})
	crew.manager.heal()
	crew.manager.sees(true, "people", kept.Row)
	crew.manager.sees(false, "people", person.Row)
	fresh := harness.Insert("people", map[string]any{"code": "New"})
	crew.manager.applied(fresh)
	crew.manager.sees(true, "people", fresh.Row)
}
