package merge_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pursuit/models"
	"pursuit/sync/merge"
)

// twice merges ann's and then bob's value of one field into a row.
func twice(t *testing.T, table *models.Table, field string, base, ann, bob json.RawMessage) merge.Outcome {
	t.Helper()
	r := row(table, map[string]json.RawMessage{field: base})
	one := must(t, r, edit(r, by("ann", models.RoleCaseManager, 11, 20), map[string]json.RawMessage{field: ann}))
	return must(t, one.Row, edit(r, by("bob", models.RoleCaseManager, 12, 30), map[string]json.RawMessage{field: bob}))
}

// A merged set stays within the limit of a list, and what had no room is kept.
func TestUnionStaysWithinLimit(t *testing.T) {
	var ann, bob []string
	for i := range models.ListMax {
		ann, bob = append(ann, fmt.Sprint("a", i)), append(bob, fmt.Sprint("b", i))
	}
	out := twice(t, people, "phones", nil, list(ann...), list(bob...))
	if n := len(models.Texts(out.Row.Get("phones"))); n != models.ListMax || !out.Merged {
		t.Fatalf("%d entries, merged %v", n, out.Merged)
	}
	if len(out.Conflicts) != 1 || !models.Equal(out.Conflicts[0].Lost, list(bob...)) || !models.Equal(out.Conflicts[0].Kept, out.Row.Get("phones")) {
		t.Fatalf("what had no room was kept as %v", out.Conflicts)
	}
	if fits := twice(t, people, "phones", nil, list(ann[1:]...), list("b")); len(fits.Conflicts) > 0 {
		t.Fatalf("a set with room left conflicts %v", fits.Conflicts)
	}
}

// Two texts that together exceed a note, or differ in too many lines to compare:
// the later stands whole and the other is kept.
func TestTextBeyondLimits(t *testing.T) {
	half := strings.Repeat("x", models.NoteMax*2/3)
	many := func(s string) string { return strings.TrimSuffix(strings.Repeat(s+"\n", 2100), "\n") }
	for name, c := range map[string]struct{ base, ann, bob string }{
		"too long":       {"a", half + "\na", "a\n" + half},
		"too many lines": {many("o") + "\nend", many("a") + "\nend", many("o") + "\nend\nmore"},
	} {
		out := twice(t, people, "notes", text(c.base), text(c.ann), text(c.bob))
		if out.Row.Text("notes") != c.bob || len(out.Conflicts) != 1 || models.Text(out.Conflicts[0].Lost) != c.ann {
			t.Errorf("%s: %d conflicts", name, len(out.Conflicts))
		}
	}
}

// A line that both altered alike is no clash, whatever else they did.
func TestTextAlteredAlike(t *testing.T) {
	out := twice(t, people, "notes", text("one\nmid\ntwo"), text("ONE\nmid\ntwo"), text("ONE\nmid\ntwo\nthree"))
	if out.Row.Text("notes") != "ONE\nmid\ntwo\nthree" || len(out.Conflicts) > 0 {
		t.Fatalf("%q, kept %v", out.Row.Text("notes"), out.Conflicts)
	}
}

// Who sets the reason alone owns the whole status: a later change by a lower role
// that has not seen it does not pass.
func TestUnitHasOneWriter(t *testing.T) {
	base := row(services, map[string]json.RawMessage{"status": text(models.Refused)})
	set := func(s, reason string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"status": text(s), "status_reason": text(reason)}
	}
	mine := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, 20), set(models.Pursuing, "A"))).Row
	boss := must(t, mine, edit(base, by("bob", models.RoleSupervisor, 12, 30), set(models.Pursuing, "B"))).Row
	out := must(t, boss, edit(mine, by("ann", models.RoleCaseManager, 13, 40), map[string]json.RawMessage{"status": text(models.Closed)}))
	if out.Row.Text("status") != models.Pursuing || out.Row.Text("status_reason") != "B" || !out.Merged {
		t.Fatalf("%s", out.Row.Doc())
	}
	alone := must(t, mine, edit(mine, by("bob", models.RoleSupervisor, 12, 30), map[string]json.RawMessage{"status_reason": text("B")})).Row
	if out := must(t, alone, edit(mine, by("ann", models.RoleCaseManager, 13, 40), map[string]json.RawMessage{"status": text(models.Closed)})); out.Row.Text("status") != models.Pursuing {
		t.Fatalf("the supervisor's reason alone: %s", out.Row.Doc())
	}
}

// A revived row knows who revived it, and no longer who deleted it.
func TestRevivedRowAndTheNextDelete(t *testing.T) {
	base := row(people, map[string]json.RawMessage{"code": text("Jay")})
	later := must(t, base, edit(base, by("ann", models.RoleSupervisor, 11, 40), map[string]json.RawMessage{"code": text("Kite")})).Row
	deleted := merge.Delete(later, later.V, by("ann", models.RoleSupervisor, 11, 50)).Row
	for name, e := range map[string]merge.Edit{
		"with a value that wins":  edit(base, by("bob", models.RoleSupervisor, 12, 60), map[string]json.RawMessage{"code": text("Wren")}),
		"with a value that loses": edit(base, by("bob", models.RoleSupervisor, 12, 30), map[string]json.RawMessage{"code": text("Wren")}),
	} {
		out, stands, rejection := merge.Revive(deleted, e)
		if !stands || rejection != nil {
			t.Fatalf("%s: gone", name)
		}
		if _, ok := out.Row.Meta.Deleter(); ok {
			t.Errorf("%s: it still counts as deleted", name)
		}
		if again := merge.Delete(out.Row, later.V, by("bob", models.RoleSupervisor, 13, 40)); !again.Row.Deleted {
			t.Errorf("%s: who revived it cannot delete it", name)
		}
		if again := merge.Delete(out.Row, later.V, by("cy", models.RoleSupervisor, 13, 40)); again.Row.Deleted {
			t.Errorf("%s: a third deleted what they had not seen revived", name)
		}
	}
}

// An edit of which nothing stands keeps the row alive all the same, whether it comes
// before the delete that has not seen it or after; one that only says what the deleter
// saw does not, in both orders.
func TestEditThatLostAndDelete(t *testing.T) {
	base := row(people, map[string]json.RawMessage{"code": text("Jay"), "phones": list("1", "2")})
	stands := must(t, base, edit(base, by("ann", models.RoleSupervisor, 11, 40),
		map[string]json.RawMessage{"code": text("Kite"), "phones": list("1", "2", "3")})).Row
	boss := by("cy", models.RoleSupervisor, 12, 50)
	for name, c := range map[string]struct {
		set   map[string]json.RawMessage
		alive bool
	}{
		"older":              {map[string]json.RawMessage{"code": text("Wren")}, true},
		"in the set already": {map[string]json.RawMessage{"phones": list("1", "2")}, true},
		"older and equal":    {map[string]json.RawMessage{"code": text("Wren"), "phones": list("1", "2", "3")}, true},
		"equal":              {map[string]json.RawMessage{"code": text("Kite")}, false},
	} {
		merged := must(t, stands, edit(base, by("bob", models.RoleSupervisor, 13, 30), c.set)).Row
		boss.V = 14
		if first := merge.Delete(merged, stands.V, boss); first.Row.Deleted == c.alive {
			t.Errorf("%s, then the delete: deleted %v", name, first.Row.Deleted)
		}
		if c.alive && !merge.Delete(merged, merged.V, boss).Row.Deleted {
			t.Errorf("%s: who has seen its sign cannot delete", name)
		}
		deleted := merge.Delete(stands, stands.V, boss).Row
		_, alive, rejection := merge.Revive(deleted, edit(base, by("bob", models.RoleSupervisor, 15, 30), c.set))
		if alive != c.alive || rejection != nil {
			t.Errorf("the delete, then %s: stands %v", name, alive)
		}
	}
}
