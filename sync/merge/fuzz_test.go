package merge_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pursuit/models"
	"pursuit/sync/merge"
)

// setOf reads a fuzzer's text as the set that the server would store: one element a
// line.
func setOf(s string) (json.RawMessage, bool) {
	var elements []string
	if s != "" {
		elements = strings.Split(s, "\n")
	}
	v, fault := models.Canon(&people.Fields[people.Field("phones")], models.TextsValue(elements))
	return v, fault == "" && len(elements) <= models.ListMax/2 // a union of both sides stays within the limit
}

// FuzzUnion: of three sets each element is in or out by itself, nothing is lost, and
// the same edit again changes nothing.
func FuzzUnion(f *testing.F) {
	f.Add("1\n2", "2\n3", "")
	f.Add("", "a", "a\nb")
	f.Add("x", "x", "X")
	f.Fuzz(func(t *testing.T, o, a, b string) {
		base, okO := setOf(o)
		ann, okA := setOf(a)
		bob, okB := setOf(b)
		if !okO || !okA || !okB {
			return
		}
		start := row(people, map[string]json.RawMessage{"phones": base})
		one := must(t, start, edit(start, by("ann", models.RoleCaseManager, 11, 20), map[string]json.RawMessage{"phones": ann}))
		e := edit(start, by("bob", models.RoleCaseManager, 12, 30), map[string]json.RawMessage{"phones": bob})
		out := must(t, one.Row, e)
		want := slowUnion(models.Texts(base), models.Texts(ann), models.Texts(bob))
		got := models.Texts(out.Row.Get("phones"))
		slices.Sort(got)
		if !slices.Equal(got, want) || len(out.Conflicts) > 0 {
			t.Fatalf("%q + %q + %q = %q, want %q; %d conflicts", o, a, b, got, want, len(out.Conflicts))
		}
		if again := must(t, out.Row, e); !models.Equal(again.Row.Get("phones"), out.Row.Get("phones")) {
			t.Fatalf("the set changed when the edit came again")
		}
	})
}

// duel lets two devices write one field from the same base and checks what holds for
// every policy that lets one value win: the one that should stands, the other is in a
// conflict, and the order of arrival does not matter.
func duel(t *testing.T, table *models.Table, field string, base json.RawMessage, first, second models.Writer, a, b json.RawMessage, firstWins bool) {
	t.Helper()
	if models.Equal(a, b) || models.Equal(a, base) || models.Equal(b, base) {
		return
	}
	won, lost := b, a
	if firstWins {
		won, lost = a, b
	}
	start := row(table, map[string]json.RawMessage{field: base})
	play := func(x, y models.Writer, vx, vy json.RawMessage) merge.Outcome {
		x.V, y.V = 11, 12
		once := must(t, start, edit(start, x, map[string]json.RawMessage{field: vx}))
		return must(t, once.Row, edit(start, y, map[string]json.RawMessage{field: vy}))
	}
	for _, out := range []merge.Outcome{play(first, second, a, b), play(second, first, b, a)} {
		if !models.Equal(out.Row.Get(field), won) {
			t.Fatalf("%s stands, want %s", out.Row.Get(field), won)
		}
		if len(out.Conflicts) != 1 || !models.Equal(out.Conflicts[0].Lost, lost) || !models.Equal(out.Conflicts[0].Kept, won) {
			t.Fatalf("%s lost and the conflicts are %+v", lost, out.Conflicts)
		}
	}
}

// FuzzLatest: the later corrected time wins, and of equal times the larger mutation
// id; what lost is kept, in either order of arrival.
func FuzzLatest(f *testing.F) {
	f.Add("a", "b", "c", int64(1), int64(2), "x", "y")
	f.Add("", "b", "c", int64(5), int64(5), "x", "y")
	f.Add("a", "é", "\u2028", int64(-1), int64(9), "", "")
	f.Fuzz(func(t *testing.T, o, a, b string, annAt, bobAt int64, annID, bobID string) {
		field := &people.Fields[people.Field("first_name")]
		values := make([]json.RawMessage, 3)
		for i, s := range []string{o, a, b} {
			v, fault := models.Canon(field, text(s))
			if fault != "" {
				return
			}
			values[i] = v
		}
		if annID == bobID {
			return // ids are unique
		}
		ann, bob := by("ann", models.RoleCaseManager, 11, annAt), by("bob", models.RoleOutreachWorker, 12, bobAt)
		ann.Mutation, bob.Mutation = annID, bobID
		annWins := annAt > bobAt || annAt == bobAt && annID > bobID
		duel(t, people, field.Name, values[0], ann, bob, values[1], values[2], annWins)
	})
}

// FuzzMax: of two states of a reminder the further along wins, whatever the clocks
// say.
func FuzzMax(f *testing.F) {
	f.Add(uint8(0), uint8(1), uint8(2), int64(1), int64(2))
	f.Add(uint8(1), uint8(3), uint8(2), int64(9), int64(1))
	f.Fuzz(func(t *testing.T, o, a, b uint8, annAt, bobAt int64) {
		states := []string{"pending", "snoozed", "cancelled", "done"}
		base, ann, bob := int(o)%4, int(a)%4, int(b)%4
		duel(t, reminders, "state", text(states[base]), by("ann", models.RoleCaseManager, 11, annAt), by("bob", models.RoleOutreachWorker, 12, bobAt),
			text(states[ann]), text(states[bob]), ann > bob)
	})
}

// FuzzAuthority: of two status changes that know nothing of each other the one that
// stands is legal from where the service was or from the other, a status that lost is
// kept, the higher role wins where both ways are legal, and the same edit again
// changes nothing.
func FuzzAuthority(f *testing.F) {
	f.Add(uint8(0), uint8(1), uint8(2), uint8(0), uint8(2), int64(1), int64(2), "moved", "")
	f.Add(uint8(4), uint8(0), uint8(0), uint8(1), uint8(1), int64(1), int64(1), "back", "again")
	statuses := []string{"pursuing", "slo_engaged", "enrolled", "short_term", "refused", "unable_to_place", "closed"}
	f.Fuzz(func(t *testing.T, o, a, b, annRole, bobRole uint8, annAt, bobAt int64, annReason, bobReason string) {
		from, ann, bob := statuses[int(o)%7], statuses[int(a)%7], statuses[int(b)%7]
		x, y := by("ann", roles[int(annRole)%3], 11, annAt), by("bob", roles[int(bobRole)%3], 12, bobAt)
		start := row(services, map[string]json.RawMessage{"status": text(from)})
		first, rejection := merge.Fields(start, edit(start, x, unitOf(ann, annReason)))
		if rejection != nil {
			if models.LegalTransition(from, ann) {
				t.Fatalf("%s to %s was rejected: %s", from, ann, rejection.Code)
			}
			return
		}
		e := edit(start, y, unitOf(bob, bobReason))
		out, rejection := merge.Fields(first.Row, e)
		if rejection != nil {
			if len(first.Changed) > 0 {
				t.Fatalf("an edit that had not seen another was rejected: %s", rejection.Code)
			}
			return
		}
		stands := out.Row.Text("status")
		if stands != ann && stands != bob || stands == bob && !models.LegalTransition(ann, bob) && !models.LegalTransition(from, bob) {
			t.Fatalf("%s stands after %s, %s and %s", stands, from, ann, bob)
		}
		higher := y.Role.Authority() > x.Role.Authority()
		if ann != from && ann != bob && models.LegalTransition(ann, bob) && !models.Reopens(ann, bob) && higher && stands != bob {
			t.Fatalf("%s of the higher role lost to %s", bob, ann)
		}
		if lost := map[bool]string{true: ann, false: bob}[stands == bob]; lost != stands && lost != from && !keeps(out, lost) && !keeps(first, lost) {
			t.Fatalf("%s is lost; %s stands", lost, stands)
		}
		if again, rejection := merge.Fields(out.Row, e); rejection == nil && again.Row.Text("status") != stands {
			t.Fatalf("the status became %s when the edit came again", again.Row.Text("status"))
		}
	})
}

func unitOf(status, reason string) map[string]json.RawMessage {
	set := map[string]json.RawMessage{"status": text(status)}
	if v, fault := models.Canon(&services.Fields[services.Field("status_reason")], text(reason)); fault == "" && reason != "" {
		set["status_reason"] = v
	}
	return set
}

// keeps tells whether a conflict holds a status that lost.
func keeps(out merge.Outcome, status string) bool {
	return slices.ContainsFunc(out.Conflicts, func(c merge.Conflict) bool { return c.Field == "status" && models.Equal(c.Lost, text(status)) })
}
