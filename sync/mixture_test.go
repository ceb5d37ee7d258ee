package sync

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// A worker edits a case twice offline, while somebody else edits it too: both sides'
// phones and lines stand, whether the two edits come in one push or in two.
func TestSecondOfflineEditKeepsOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for _, together := range []bool{true, false} {
			p := c.open(c.worker)
			base := c.push(c.worker, item(models.OpPatch, "people", p.person, 1<<40, map[string]any{"phones": []string{"1"}, "notes": "seen"}))
			c.push(c.keeper, item(models.OpPatch, "people", p.person, base, map[string]any{"phones": []string{"1", "2"}, "notes": "above\nseen"}))
			first := item(models.OpPatch, "people", p.person, base, map[string]any{"phones": []string{"1", "3"}, "notes": "seen\nthree"})
			second := item(models.OpPatch, "people", p.person, base, map[string]any{"phones": []string{"1", "4"}, "notes": "seen\nthree\nfour"})
			pushes := [][]Item{{first, second}}
			if !together {
				pushes = [][]Item{{first}, {second}}
			}
			var last models.Result
			for _, items := range pushes {
				results, err := c.e.Push(context.Background(), c.worker, time.Time{}, items)
				c.must(err)
				last = results[len(results)-1]
			}
			var row struct {
				Phones []string `json:"phones"`
				Notes  string   `json:"notes"`
			}
			if last.Status != models.StatusMerged || json.Unmarshal(last.Row, &row) != nil {
				t.Fatalf("the second edit is %s, %s", last.Status, last.Row)
			}
			if got, _ := json.Marshal(row); string(got) != `{"phones":["1","2","4"],"notes":"above\nseen\nthree\nfour"}` {
				t.Errorf("together %v: the case holds %s", together, got)
			}
		}
	})
}

// The same where the other edit comes between the two, in pushes of their own, after
// which the phone did not pull: what the second edit takes back of the first is gone, and
// what others put in stands, also where the first changed nothing but the name beside.
func TestSecondOfflineEditAcrossAnothers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for n, first := range []map[string]any{
			{"phones": []string{"1", "3"}, "notes": "seen\nthree"},
			{"phones": []string{"1", "3"}, "notes": "seen\nthree", "first_name": "Sam"},
		} {
			p := c.open(c.worker)
			edit := func(base int64, set map[string]any) Item { return item(models.OpPatch, "people", p.person, base, set) }
			base := c.push(c.keeper, edit(1<<40, map[string]any{"phones": []string{"1"}, "notes": "seen"}))
			c.push(c.worker, edit(base, first))
			c.pushFor(models.StatusMerged, c.keeper, edit(base, map[string]any{"phones": []string{"1", "2"}, "notes": "above\nseen"}))
			c.pushFor(models.StatusMerged, c.worker, edit(base, map[string]any{"phones": []string{"1", "4"}, "notes": "seen\nfour"}))
			row := c.stands(p.person)
			if got := string(row.Get("phones")); got != `["1","2","4"]` {
				t.Errorf("%d: phones are %s", n, got)
			}
			if got := row.Text("notes"); got != "above\nseen\nfour" {
				t.Errorf("%d: notes are %q", n, got)
			}
			c.pushFor(models.StatusMerged, c.worker, edit(base, map[string]any{"phones": []string{"1"}}))
			if got := string(c.stands(p.person).Get("phones")); got != `["1","2"]` {
				t.Errorf("%d: after a third edit phones are %s", n, got)
			}
		}
	})
}

// What the phone's first edit was of another field only, it has not sent anything of
// the set: there its base speaks.
func TestAnEditOfAnotherFieldIsNoBase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		edit := func(base int64, set map[string]any) Item { return item(models.OpPatch, "people", p.person, base, set) }
		base := c.push(c.keeper, edit(1<<40, map[string]any{"phones": []string{"1"}}))
		c.push(c.keeper, edit(base, map[string]any{"phones": []string{"1", "2"}}))
		c.push(c.worker, edit(base, map[string]any{"aliases": []string{"Bo"}}))
		c.pushFor(models.StatusMerged, c.worker, edit(base, map[string]any{"phones": []string{"1", "3"}}))
		if got := string(c.stands(p.person).Get("phones")); got != `["1","2","3"]` {
			t.Errorf("phones are %s", got)
		}
	})
}

// A merged result always lists the conflicts, a replay's too, though there are none: two
// sets that became one. An applied one has the list only when something lost.
func TestMergedListsItsConflicts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		phones := func(list ...string) Item {
			return item(models.OpPatch, "people", p.person, 1, map[string]any{"phones": list})
		}
		first, second := phones("503-1"), phones("503-2")
		for n, say := range []struct {
			who    models.Actor
			it     Item
			status models.Status
			listed bool
		}{{c.worker, first, models.StatusApplied, false}, {c.keeper, second, models.StatusMerged, true}, {c.keeper, second, models.StatusMerged, true}} {
			r := c.result(say.who, say.it)
			text, err := json.Marshal(r)
			c.must(err)
			if r.Status != say.status || strings.Contains(string(text), `"conflicts":[]`) != say.listed || strings.Contains(string(text), "conflicts") != say.listed {
				t.Errorf("answer %d: %s", n, text)
			}
		}
	})
}
