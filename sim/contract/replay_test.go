package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"pursuit/sim/harness"
)

// replayScenarios: docs/protocol.md, section 4, idempotency.
func replayScenarios() []scenario {
	return []scenario{
		{"a replay answers the first result as duplicate", replaySame},
		{"a replay of each status answers the first result", replayStatuses},
		{"concurrent replays apply once", replayConcurrent},
		{"concurrent replays of a whole push apply once", replayBatches},
		{"the same id with other content is refused", idReused},
		{"the same id twice in one push", idTwice},
		{"another user's id tells nothing", idOfAnother},
		{"the same id in another program is another mutation", idElsewhere},
		{"a replay after later edits changes nothing", replayOld},
	}
}

// raw pushes mutations and answers the results as they were on the wire.
func (p *phone) raw(push ...harness.Mutation) []string {
	p.town.t.Helper()
	answer := p.call(http.MethodPost, "/v1/sync", p.Request(push, nil))
	expect(p.town.t, answer, http.StatusOK, "")
	var body struct{ Results []json.RawMessage }
	if err := answer.Decode(&body); err != nil {
		p.town.t.Fatal(err)
	}
	var results []string
	for _, result := range body.Results {
		results = append(results, string(result))
	}
	return results
}

// sameBut compares results on the wire apart from the duplicate flag.
func sameBut(t *testing.T, first, again string) {
	t.Helper()
	if strings.Contains(first, `"duplicate":true`) || !strings.Contains(again, `"duplicate":true`) ||
		strings.ReplaceAll(again, `"duplicate":true`, `"duplicate":false`) != first {
		t.Errorf("first %s, replay %s", first, again)
	}
}

func replaySame(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "Once"})
	first := crew.manager.raw(person)[0]
	for range 2 {
		sameBut(t, first, crew.manager.raw(person)[0])
	}
	crew.manager.pull()
	if got := crew.manager.Count("people"); got != 1 {
		t.Errorf("%d people after replays of one insert", got)
	}
	fresh := w.second(crew.manager)
	sameBut(t, first, fresh.raw(person)[0])
}

func replayStatuses(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	base := crew.worker.must("people", made.person).V()
	crew.manager.applied(harness.Patch("people", made.person, base, map[string]any{"first_name": "New"}))
	early := harness.Patch("people", made.person, base, map[string]any{"first_name": "Old"})
	early.At = "2026-01-01T00:00:00.000Z"
	quarantined := lost(crew, w.open(crew, crew.worker))
	for want, mutation := range map[string]harness.Mutation{"merged": early, "deferred": contact(harness.NewID()),
		"rejected": harness.Insert("people", map[string]any{"first_name": "No code"}), "quarantined": quarantined} {
		first := crew.worker.raw(mutation)[0]
		if !strings.Contains(first, `"status":"`+want+`"`) {
			t.Errorf("want %s: %s", want, first)
		}
		sameBut(t, first, crew.worker.raw(mutation)[0])
	}
}

// lost ends the worker's assignment and answers a patch of the person then lost.
func lost(crew team, made matter) harness.Mutation {
	base := crew.worker.must("people", made.person).V()
	crew.manager.end(made.assignment)
	return harness.Patch("people", made.person, base, map[string]any{"first_name": "Afterwards"})
}

// end ends an assignment.
func (p *phone) end(assignment string) {
	p.town.t.Helper()
	base := p.must("assignments", assignment).V()
	p.applied(harness.Patch("assignments", assignment, base, map[string]any{"ended_at": "2026-01-01T00:00:00.000Z"}))
}

func replayConcurrent(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	for range 5 {
		visit := attempt(made.service)
		const calls = 8
		got := make([]harness.Result, calls)
		var group sync.WaitGroup
		for i := range calls {
			group.Go(func() {
				if results, err := crew.worker.Push(w.ctx, visit); err == nil {
					got[i] = results[0]
				}
			})
		}
		group.Wait()
		firsts := 0
		for _, result := range got {
			if result.Status != "applied" || result.V != got[0].V {
				t.Errorf("a concurrent replay got %+v, another %+v", result, got[0])
			}
			if !result.Duplicate {
				firsts++
			}
		}
		if firsts != 1 {
			t.Errorf("%d of %d concurrent replays were told to be the first", firsts, calls)
		}
	}
	crew.worker.pull()
	if got := crew.worker.Count("contact_attempts"); got != 5 {
		t.Errorf("%d attempts, want 5", got)
	}
}

func replayBatches(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	var push []harness.Mutation
	for range 40 {
		push = append(push, attempt(made.service), contact(made.person))
	}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			if _, err := crew.worker.Push(w.ctx, push[i*10:]...); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	crew.worker.pull()
	if a, c := crew.worker.Count("contact_attempts"), crew.worker.Count("known_contacts"); a != 40 || c != 40 {
		t.Errorf("%d attempts and %d contacts, want 40 of each", a, c)
	}
}

func idReused(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "First"})
	v := crew.manager.applied(person)
	for _, change := range []func(*harness.Mutation){
		func(m *harness.Mutation) { m.Set = map[string]any{"code": "Second"} },
		func(m *harness.Mutation) { m.Row = harness.NewID() },
		func(m *harness.Mutation) { m.Op, m.Base = "patch", v },
		func(m *harness.Mutation) { m.Table = "known_contacts" },
	} {
		outcome(t, crew.manager.one(with(person, change)), "rejected", "mutation_id_reused", "")
	}
	crew.manager.pull()
	if row := crew.manager.must("people", person.Row); row.Text("code") != "First" || crew.manager.Count("people") != 1 {
		t.Errorf("person %v of %d", row, crew.manager.Count("people"))
	}
	if got := crew.manager.one(person); got.Status != "applied" || !got.Duplicate {
		t.Errorf("the true replay afterwards: %+v", got)
	}
}

func idTwice(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "First"})
	other := with(person, func(m *harness.Mutation) { m.Set = map[string]any{"code": "Second"} })
	results := crew.manager.results(person, person, other)
	if results[0].Status != "applied" || results[0].Duplicate || results[1].Status != "applied" || !results[1].Duplicate || results[1].V != results[0].V {
		t.Errorf("one mutation twice in a push: %+v", results)
	}
	outcome(t, results[2], "rejected", "mutation_id_reused", "")
}

func idOfAnother(t *testing.T, at *place) {
	w := at.program(t)
	crew, strangers := w.crew(), w.crew()
	made := w.open(crew, crew.worker)
	visit := attempt(made.service)
	crew.worker.applied(visit)
	got := strangers.worker.one(visit)
	if got.Status == "applied" || got.Row != nil || got.V != 0 {
		t.Errorf("another user's mutation replayed by a stranger: %+v", got)
	}
}

func idElsewhere(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	person := harness.Insert("people", map[string]any{"code": "Both"})
	w.crew().manager.applied(person)
	if got := other.crew().manager.one(person); got.Status != "applied" || got.Duplicate {
		t.Errorf("the same mutation in another program: %+v", got)
	}
}

func replayOld(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "K", "first_name": "One"})
	v := crew.manager.applied(person)
	patch := harness.Patch("people", person.Row, v, map[string]any{"first_name": "Two"})
	v2 := crew.manager.applied(patch)
	v3 := crew.manager.applied(harness.Patch("people", person.Row, v2, map[string]any{"first_name": "Three"}))
	for _, old := range []harness.Mutation{person, patch} {
		if got := crew.manager.one(old); !got.Duplicate || got.Status != "applied" || got.V == v3 {
			t.Errorf("a replay after later edits: %+v", got)
		}
	}
	if row := crew.manager.must("people", person.Row); row.Text("first_name") != "Three" || row.V() != v3 {
		t.Errorf("person %v", row)
	}
	gone := crew.manager.applied(harness.Delete("people", person.Row, v3))
	if got := crew.manager.one(person); !got.Duplicate || got.Status != "applied" {
		t.Errorf("a replay of the insert after a delete of v %d: %+v", gone, got)
	}
	crew.manager.sees(false, "people", person.Row)
}
