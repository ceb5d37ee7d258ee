package sync

import (
	"context"
	"fmt"
	"strings"
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

// An edit that was made with another in view stands after it, though its clock says
// before; so does a phone's second edit after its first.
func TestNotesStandAfterWhatTheySaw(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		at := func(minute int, base int64, notes string) Item {
			it := item(models.OpPatch, "people", p.person, base, map[string]any{"notes": notes})
			it.At = fmt.Sprintf("2026-01-02T04:%02d:00.000Z", minute)
			return it
		}
		base := c.push(c.keeper, at(0, 1<<40, "one\ntwo"))
		seen := c.push(c.keeper, at(30, base, "one\nfirst"))
		c.push(c.supervisor, at(20, seen, "one\nsecond"))
		c.result(c.worker, at(25, base, "ONE\ntwo"))
		if got := c.stands(p.person).Text("notes"); got != "ONE\nsecond" {
			t.Errorf("the notes are %q", got)
		}
		c.result(c.worker, at(10, base, "Uno\ntwo"))
		if got := c.stands(p.person).Text("notes"); got != "Uno\nsecond" {
			t.Errorf("after the worker's second edit they are %q", got)
		}
		c.result(c.supervisor, at(15, base, "one\nsecond\nthree"))
		if got := c.stands(p.person).Text("notes"); got != "Uno\nsecond\nthree" {
			t.Errorf("after a line below they are %q", got)
		}
	})
}

// What stands and is not remembered as an edit is not lost: two people were made one.
func TestNotesOfTwoPeopleMadeOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		keep, gone := c.open(c.worker), c.open(c.worker)
		base := c.push(c.keeper, item(models.OpPatch, "people", keep.person, 1<<40, map[string]any{"notes": "one\ntwo"}))
		c.push(c.keeper, item(models.OpPatch, "people", gone.person, 1<<40, map[string]any{"notes": "of the other"}))
		c.push(c.keeper, item(models.OpPatch, "people", keep.person, base, map[string]any{"notes": "one\nTWO"}))
		_, err := c.e.MergePeople(context.Background(), c.supervisor, PeopleMerge{ID: models.NewID(), Keep: keep.person, Merge: gone.person})
		c.must(err)
		c.result(c.worker, item(models.OpPatch, "people", keep.person, base, map[string]any{"notes": "ONE\ntwo"}))
		if got := c.stands(keep.person).Text("notes"); got != "ONE\nTWO\nof the other" {
			t.Errorf("the notes are %q", got)
		}
	})
}

// A phone's earlier edit of a text is known for its own, whatever else it edited since.
func TestNotesAfterAnEditOfAnotherField(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		edit := func(base int64, set map[string]any) Item { return item(models.OpPatch, "people", p.person, base, set) }
		base := c.push(c.keeper, edit(1<<40, map[string]any{"notes": "one"}))
		c.push(c.worker, edit(base, map[string]any{"notes": "one\ntpyo"}))
		c.result(c.keeper, edit(base, map[string]any{"notes": "zero\none"}))
		c.push(c.worker, edit(base, map[string]any{"first_name": "Sam"}))
		c.result(c.worker, edit(base, map[string]any{"notes": "one\ntypo"}))
		if got := c.stands(p.person).Text("notes"); got != "zero\none\ntypo" {
			t.Errorf("the notes are %q", got)
		}
	})
}

// Whatever a text lost is kept, also where a third edit decides against two.
func TestNotesLoseNoLine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for _, story := range [][4]string{
			{"Met at home.", "Met at home.\nCall his aunt.", "", "Met at the clinic."},
			{"one\ntwo\nthree", "one\ntwo\nthree\nfour", "rewritten\nall\nof it", "ONE\ntwo\nthree"},
		} {
			for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
				p := c.open(c.worker)
				base := c.push(c.keeper, item(models.OpPatch, "people", p.person, 1<<40, map[string]any{"notes": story[0]}))
				kept := ""
				for _, n := range order {
					it := item(models.OpPatch, "people", p.person, base, map[string]any{"notes": story[n+1]})
					it.At = fmt.Sprintf("2026-01-02T04:%02d:00.000Z", n+1)
					r := c.result([]models.Actor{c.worker, c.keeper, c.supervisor}[n], it)
					for _, id := range r.Conflicts {
						kept += "\n" + c.stands(id).Text("lost_value")
						if got := c.stands(id).Text("lost_value"); got == c.stands(p.person).Text("notes") {
							t.Errorf("%q, in the order %v: %q is filed as lost, and stands", story[0], order, got)
						}
					}
				}
				kept = "\n" + c.stands(p.person).Text("notes") + kept + "\n"
				for _, sent := range story[1:] {
					for line := range strings.SplitSeq(sent, "\n") {
						if !strings.Contains("\n"+story[0]+"\n", "\n"+line+"\n") && !strings.Contains(kept, "\n"+line+"\n") {
							t.Errorf("%q, in the order %v: %q is gone: %q", story[0], order, line, kept)
						}
					}
				}
			}
		}
	})
}
