package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"pursuit/sim/harness"
)

// pullScenarios: docs/protocol.md, section 4, pull.
func pullScenarios() []scenario {
	return []scenario{
		{"pages hold at most limit rows and lose none", pagesExact},
		{"a limit above 5000 is clamped and 1000 the default", limitClamped},
		{"a page holds about 1 MiB", pageBytes},
		{"tables restrict a stream with its own cursor", tableStreams},
		{"an idle pull advances the cursor", idleAdvances},
		{"rows that change while paging come at their newest", changesWhilePaging},
		{"a removal reaches a device once", removalOnce},
		{"a fresh device gets no removals", freshNoRemovals},
		{"nothing is skipped under concurrent writers", nothingSkipped},
		{"pages resume at any cut", anyCut},
		{"rows carry their newest v", newestV},
	}
}

// flock makes n people with one push a hundred and answers their ids.
func (p *phone) flock(n int) map[string]bool {
	p.town.t.Helper()
	ids := map[string]bool{}
	for len(ids) < n {
		var push []harness.Mutation
		for range min(100, n-len(ids)) {
			person := harness.Insert("people", map[string]any{"code": "Bird"})
			push = append(push, person)
			ids[person.Row] = true
		}
		p.applied(push...)
	}
	return ids
}

func pagesExact(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	ids := crew.manager.flock(103)
	for _, limit := range []int{1, 2, 7, 50, 103, 104, 500} {
		crew.manager.Rewind()
		crew.manager.Limit = limit
		times := map[string]int{}
		for _, page := range crew.manager.pull() {
			if page.Rows() > limit {
				t.Errorf("%d rows on a page of %d", page.Rows(), limit)
			}
			if page.Rows() == 0 && !page.Complete {
				t.Errorf("an empty page that is not complete at limit %d", limit)
			}
			for _, row := range page.Changes["people"].Upsert {
				times[row.ID()]++
			}
		}
		for id := range ids {
			if times[id] != 1 {
				t.Errorf("limit %d: person %s came %d times", limit, id, times[id])
			}
		}
	}
}

func limitClamped(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	crew.manager.flock(1100)
	for limit, want := range map[int]int{0: 1000, 5001: 1100, 1 << 40: 1100, 1099: 1099} {
		crew.manager.Rewind()
		crew.manager.Only = []string{"people"}
		crew.manager.Limit = limit
		page, err := crew.manager.Sync(w.ctx, crew.manager.Request(nil, crew.manager.NextPull()))
		if err != nil {
			t.Fatal(err)
		}
		if page.Rows() != want || page.Complete != (want == 1100) {
			t.Errorf("limit %d: %d rows, complete %v, want %d", limit, page.Rows(), page.Complete, want)
		}
	}
}

func pageBytes(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	for range 4 {
		var push []harness.Mutation
		for range 50 {
			push = append(push, harness.Insert("people", map[string]any{"code": "K", "notes": strings.Repeat("word ", 3900)}))
		}
		crew.manager.applied(push...)
	}
	for range 20 {
		answer := crew.manager.call(http.MethodPost, "/v1/sync", crew.manager.Request(nil, crew.manager.NextPull()))
		expect(t, answer, http.StatusOK, "")
		var page harness.Page
		if err := answer.Decode(&page); err != nil {
			t.Fatal(err)
		}
		if len(answer.Body) > 1200<<10 {
			t.Errorf("a page of %d bytes, want about 1 MiB", len(answer.Body))
		}
		crew.manager.Apply(page)
		if page.Complete {
			break
		}
	}
	if got := crew.manager.Count("people"); got != 200 {
		t.Errorf("%d people, want 200", got)
	}
}

func tableStreams(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	aunt := contact(made.person)
	crew.worker.applied(aunt)
	people, contacts := w.second(crew.worker), w.second(crew.worker)
	people.Only, contacts.Only = []string{"people"}, []string{"known_contacts", "contact_attempts"}
	people.sees(true, "people", made.person)
	contacts.sees(true, "known_contacts", aunt.Row)
	if people.Count("known_contacts") != 0 || contacts.Count("people") != 0 || people.Count("staff") != 0 {
		t.Errorf("a stream brought other tables: %v", people.Tables)
	}
	visit := attempt(made.service)
	crew.worker.applied(visit)
	contacts.sees(true, "contact_attempts", visit.Row)
	people.pull()
	crew.manager.end(made.assignment)
	people.sees(false, "people", made.person)
	contacts.sees(false, "contact_attempts", visit.Row)
	narrow := w.second(crew.worker)
	narrow.pull()
	narrow.Only = []string{"staff"}
	narrow.pull()
	people.Only = nil
	answer := people.call(http.MethodPost, "/v1/sync", people.Request(nil, people.NextPull()))
	expect(t, answer, http.StatusBadRequest, "bad_cursor")
}

func idleAdvances(t *testing.T, at *place) {
	w := at.program(t)
	crew, others := w.crew(), w.crew()
	crew.worker.pull()
	before := *crew.worker.Cursor
	others.manager.applied(harness.Insert("people", map[string]any{"code": "Elsewhere"}))
	pages := crew.worker.pull()
	if len(pages) != 1 || pages[0].Rows() != 0 || !pages[0].Complete || *crew.worker.Cursor == before {
		t.Errorf("an idle pull answered %+v, cursor moved %v", pages, *crew.worker.Cursor != before)
	}
}

func changesWhilePaging(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	ids := crew.manager.flock(30)
	reader := w.second(crew.manager)
	reader.Limit = 5
	gone := map[string]bool{}
	for id := range ids {
		page, err := reader.Sync(w.ctx, reader.Request(nil, reader.NextPull()))
		if err != nil {
			t.Fatal(err)
		}
		reader.Apply(page)
		base := crew.manager.must("people", id).V()
		if gone[id] = len(gone)%3 == 0; gone[id] {
			crew.manager.applied(harness.Delete("people", id, base))
		} else {
			crew.manager.applied(harness.Patch("people", id, base, map[string]any{"first_name": "Changed"}))
		}
	}
	reader.pull()
	for id := range ids {
		row := reader.Row("people", id)
		if gone[id] && row != nil || !gone[id] && row.Text("first_name") != "Changed" {
			t.Errorf("person %s gone %v: %v", id, gone[id], row)
		}
	}
}

func removalOnce(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person := harness.Insert("people", map[string]any{"code": "K"})
	v := crew.manager.applied(person)
	crew.manager.pull()
	gone := crew.manager.applied(harness.Delete("people", person.Row, v))
	pages := crew.manager.pull()
	removals := pages[0].Changes["people"].Remove
	if len(removals) != 1 || removals[0].ID() != person.Row || removals[0].V() != gone {
		t.Errorf("removals %v, want one at v %d", removals, gone)
	}
	if pages := crew.manager.pull(); pages[0].Rows() != 0 {
		t.Errorf("a removal came again: %+v", pages[0])
	}
}

func freshNoRemovals(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	person, other := harness.Insert("people", map[string]any{"code": "K"}), harness.Insert("people", map[string]any{"code": "L"})
	v := crew.manager.applied(other, person)
	crew.manager.applied(harness.Delete("people", person.Row, v))
	fresh := w.second(crew.manager)
	for _, page := range fresh.pull() {
		for table, change := range page.Changes {
			if len(change.Remove) != 0 {
				t.Errorf("a pull from nothing removes %v of %s", change.Remove, table)
			}
		}
	}
	fresh.sees(true, "people", other.Row)
}

func nothingSkipped(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	const writers, pushes = 6, 12
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	reading.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := crew.supervisor.PullAll(w.ctx); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range writers {
		device := w.second(crew.worker)
		writing.Go(func() {
			for range pushes {
				if _, err := device.Push(w.ctx, attempt(made.service), attempt(made.service)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	crew.supervisor.pull()
	if got := crew.supervisor.Count("contact_attempts"); got != writers*pushes*2 {
		t.Errorf("a reader beside %d writers has %d attempts, want %d", writers, got, writers*pushes*2)
	}
}

func anyCut(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	for range 5 {
		crew.worker.applied(attempt(made.service), contact(made.person))
	}
	full := w.second(crew.worker)
	full.pull()
	want := fmt.Sprint(full.Digest())
	for limit := 1; limit < 12; limit++ {
		cut := w.second(crew.worker)
		cut.Limit = limit
		cut.pull()
		if got := fmt.Sprint(cut.Digest()); got != want {
			t.Errorf("pages of %d end in %s, one page in %s", limit, got, want)
		}
	}
}

func newestV(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	answer := crew.manager.call(http.MethodPost, "/v1/sync", crew.manager.Request([]harness.Mutation{harness.Insert("people", map[string]any{"code": "A"}),
		harness.Insert("people", map[string]any{"code": "B"}), harness.Insert("people", map[string]any{"code": "C"})}, &harness.Pull{}))
	var page harness.Page
	if err := json.Unmarshal(answer.Body, &page); err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, result := range page.Results {
		if result.V <= 0 || seen[result.V] || result.V > page.Seq {
			t.Errorf("v %d of %+v, seq %d: want one number a changed row", result.V, page.Results, page.Seq)
		}
		seen[result.V] = true
	}
}
