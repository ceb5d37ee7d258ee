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
