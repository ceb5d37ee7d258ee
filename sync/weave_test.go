package sync

import (
	"fmt"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// Three people edit one note offline. In whatever order their phones come back, the note
// ends the same: of a line the latest stands, and lines added below stand by their times.
func TestNotesOfThreeInAnyOrder(t *testing.T) {
	type edit struct {
		who     int
		minutes int
		notes   string
	}
	stories := map[string]struct {
		edits []edit
		want  string
	}{
		"two of one line, one of another": {[]edit{{0, 30, "ONE\ntwo"}, {1, 10, "one\nTWO"}, {2, 20, "Uno\ntwo"}}, "ONE\nTWO"},
		"all below":                       {[]edit{{0, 30, "one\ntwo\nlast"}, {1, 10, "one\ntwo\nfirst"}, {2, 20, "one\ntwo\nmiddle"}}, "one\ntwo\nfirst\nmiddle\nlast"},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for name, story := range stories {
			for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
				p := c.open(c.worker)
				base := c.push(c.keeper, item(models.OpPatch, "people", p.person, 1<<40, map[string]any{"notes": "one\ntwo"}))
				for _, n := range order {
					e := story.edits[n]
					it := item(models.OpPatch, "people", p.person, base, map[string]any{"notes": e.notes})
					it.At = fmt.Sprintf("2026-01-02T04:%02d:00.000Z", e.minutes)
					r := c.result([]models.Actor{c.worker, c.keeper, c.supervisor}[e.who], it)
					if r.Status != models.StatusApplied && r.Status != models.StatusMerged {
						t.Fatalf("%s: an edit is %s %s", name, r.Status, r.Code)
					}
				}
				if got := c.stands(p.person).Text("notes"); got != story.want {
					t.Errorf("%s, in the order %v: %q, want %q", name, order, got, story.want)
				}
			}
		}
	})
}
