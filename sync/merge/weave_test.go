package merge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/sync/merge"
)

// note is one device's edit of the same text.
type note struct {
	who  string
	at   int64
	sent string
}

// arrive merges notes of devices that all saw the same text, as they come in. It gives
// what the text became, everything that was kept of what lost, and whether some note
// found itself standing already, so that nothing happened.
func arrive(t failer, before string, notes []note) (became string, lost []string, idle bool) {
	base := row(people, map[string]json.RawMessage{"notes": text(before)})
	now := base
	var woven []merge.Woven
	for i, n := range notes {
		e := edit(base, by(n.who, models.RoleCaseManager, int64(11+i), n.at), map[string]json.RawMessage{"notes": text(n.sent)})
		e.By.Mutation = n.who // not that of its arrival
		e.Woven = map[int][]merge.Woven{people.Field("notes"): slices.Clone(woven)}
		out := must(t, now, e)
		for _, c := range out.Conflicts {
			lost = append(lost, models.Text(c.Lost))
		}
		if len(out.Row.Meta.Texts["notes"]) > len(now.Meta.Texts["notes"]) {
			woven = append(woven, merge.Woven{By: e.By, Base: base.V, Before: before, Sent: n.sent})
		} else {
			idle = true
		}
		now = out.Row
	}
	return now.Text("notes"), lost, idle
}

func orders(notes []note) [][]note {
	if len(notes) < 2 {
		return [][]note{notes}
	}
	var out [][]note
	for i := range notes {
		rest := slices.Delete(slices.Clone(notes), i, i+1)
		for _, tail := range orders(rest) {
			out = append(out, append([]note{notes[i]}, tail...))
		}
	}
	return out
}

// Invariant 6: whatever order edits of one text come in, it ends the same, by their times, and each
// line that somebody wrote is in it or kept. A note that finds itself standing leaves no
// trace, and so no time.
func TestTextInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 4).Draw(t, "lines")
		var before []string
		for i := range n {
			before = append(before, fmt.Sprintf("line%d", i))
		}
		var notes []note
		for _, who := range []string{"ann", "bob", "cee", "dan"}[:rapid.IntRange(2, 4).Draw(t, "devices")] {
			edits, add := changes(t, n, who)
			lines := applied(before, edits, add)
			if rapid.Bool().Draw(t, who+" goes on") {
				lines = append(lines, who+" below")
			}
			notes = append(notes, note{who, rapid.Int64Range(20, 23).Draw(t, who+" at"), strings.Join(lines, "\n")})
		}
		first := ""
		for _, order := range orders(notes) {
			got, lost, idle := arrive(t, strings.Join(before, "\n"), order)
			if first == "" && !idle {
				first = got
			}
			if got != first && !idle {
				t.Fatalf("%v ends as %q, and in another order as %q", order, got, first)
			}
			all := strings.Split(strings.Join(append(lost, got), "\n"), "\n")
			for _, n := range order {
				for _, line := range strings.Split(n.sent, "\n") {
					if line != "" && !slices.Contains(before, line) && !slices.Contains(all, line) {
						t.Fatalf("%v: %q is gone: %q, kept %q", order, line, got, lost)
					}
				}
			}
		}
	})
}

func TestThreeTexts(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		notes  []note
		want   string
	}{
		"two of one line, one of another": {"a\nb", []note{{"ann", 30, "A\nb"}, {"bob", 10, "a\nB"}, {"cee", 20, "C\nb"}}, "A\nB"},
		"three below":                     {"a", []note{{"ann", 30, "a\nann"}, {"bob", 10, "a\nbob"}, {"cee", 20, "a\ncee"}}, "a\nbob\ncee\nann"},
		"each its line":                   {"a\nb\nc", []note{{"ann", 30, "A\nb\nc"}, {"bob", 10, "a\nB\nc"}, {"cee", 20, "a\nb\nC"}}, "A\nB\nC"},
		"one drops what another alters":   {"a\nb", []note{{"ann", 30, "b"}, {"bob", 10, "a\nB"}, {"cee", 20, "C\nb"}}, "B"},
		"into nothing":                    {"", []note{{"ann", 30, "ann"}, {"bob", 10, "bob"}, {"cee", 20, "cee"}}, "ann"},
		"a tie goes to the larger id":     {"a\nb", []note{{"ann", 20, "A\nb"}, {"bob", 10, "a\nB"}, {"cee", 20, "C\nb"}}, "C\nB"},
	} {
		for _, order := range orders(c.notes) {
			if got, _, _ := arrive(t, c.before, order); got != c.want {
				t.Errorf("%s, as %v: %q, want %q", name, order, got, c.want)
			}
		}
	}
}
