package merge_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/sync/merge"
)

var roles = []models.Role{models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor}

// scene draws a row and two devices that edited it without knowing of each other.
func scene(t *rapid.T, f drawn) (*models.Row, merge.Edit, merge.Edit) {
	base := row(f.table, map[string]json.RawMessage{f.name: f.value.Draw(t, "base")})
	at := rapid.Int64Range(20, 23)
	role := rapid.SampledFrom(roles)
	a := edit(base, by("ann", role.Draw(t, "role"), 11, at.Draw(t, "at")), map[string]json.RawMessage{f.name: f.value.Draw(t, "a")})
	b := edit(base, by("bob", role.Draw(t, "role"), 12, at.Draw(t, "at")), map[string]json.RawMessage{f.name: f.value.Draw(t, "b")})
	return base, a, b
}

func eachPolicy(t *testing.T, check func(t *rapid.T, f drawn)) {
	for _, f := range policies() {
		t.Run(f.name, rapid.MakeCheck(func(t *rapid.T) { check(t, f) }))
	}
}

// Invariant 1: a repeated edit changes nothing.
func TestRepeatedEditChangesNothing(t *testing.T) {
	eachPolicy(t, func(t *rapid.T, f drawn) {
		base, a, b := scene(t, f)
		once := must(t, must(t, base, a).Row, b)
		twice := must(t, once.Row, b)
		if string(once.Row.Doc()) != string(twice.Row.Doc()) {
			t.Fatalf("once %s, twice %s", once.Row.Doc(), twice.Row.Doc())
		}
	})
}

// Invariant 2: a field that nobody else changed after the edit's base takes the
// edit's value, with no conflict: also when the same device wrote it before.
func TestUncontestedValueStands(t *testing.T) {
	eachPolicy(t, func(t *rapid.T, f drawn) {
		base, a, b := scene(t, f)
		b.By.Device, b.By.User, b.By.At = a.By.Device, a.By.User, a.By.At-1
		for _, r := range []*models.Row{base, must(t, base, a).Row} {
			out := must(t, r, b)
			if !models.Equal(out.Row.Get(f.name), b.Values[f.table.Field(f.name)]) || len(out.Conflicts) > 0 || out.Merged {
				t.Fatalf("sent %s, stands %s, conflicts %v", b.Values[f.table.Field(f.name)], out.Row.Get(f.name), out.Conflicts)
			}
		}
	})
}

// Invariant 3: whenever a value loses, it stands in a conflict with its author. For
// texts: every line that either side added stands in the text or in a conflict.
func TestLosersAreKept(t *testing.T) {
	eachPolicy(t, func(t *rapid.T, f drawn) {
		base, a, b := scene(t, f)
		first := must(t, base, a)
		out := must(t, first.Row, b)
		var kept []string
		for _, c := range out.Conflicts {
			kept = append(kept, c.LostBy+" "+string(c.Lost))
			if !models.Equal(c.Kept, out.Row.Get(f.name)) || c.Field != f.name || c.LostBy != "ann" && c.LostBy != "bob" && c.LostBy != "maker" {
				t.Fatalf("conflict %+v beside %s", c, out.Row.Get(f.name))
			}
		}
		stands, i := out.Row.Get(f.name), f.table.Field(f.name)
		for who, e := range map[string]merge.Edit{"ann": a, "bob": b} {
			sent := e.Values[i]
			if models.Equal(sent, base.Get(f.name)) || models.Equal(sent, stands) || f.name == "phones" {
				continue
			}
			if f.name == "notes" && holdsLines(models.Text(stands), added(models.Text(base.Get(f.name)), models.Text(sent))) {
				continue
			}
			if !strings.Contains(strings.Join(kept, "\n"), who+" "+string(sent)) {
				t.Fatalf("%s sent %s; it stands neither in %s nor in %v", who, sent, stands, kept)
			}
		}
	})
}

// added gives the lines that are more often in after than in before.
func added(before, after string) []string {
	have := map[string]int{}
	for _, l := range strings.Split(before, "\n") {
		have[l]++
	}
	var out []string
	for _, l := range strings.Split(after, "\n") {
		if have[l]--; have[l] < 0 {
			out = append(out, l)
		}
	}
	return out
}

func holdsLines(text string, lines []string) bool {
	all := strings.Split(text, "\n")
	for _, l := range lines {
		found := false
		for _, have := range all {
			found = found || have == l
		}
		if !found && l != "" {
			return false
		}
	}
	return true
}

// Invariant 4: two edits of one base that change the field end alike in both orders
// of arrival.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	eachPolicy(t, func(t *rapid.T, f drawn) {
		if f.name == "notes" {
			return // lines that both added stand in the order of arrival
		}
		base, a, b := scene(t, f)
		i := f.table.Field(f.name)
		if models.Equal(a.Values[i], base.Values[i]) || models.Equal(b.Values[i], base.Values[i]) {
			return // what arrives before anybody changed anything leaves no writer
		}
		ab := must(t, must(t, base, a).Row, b).Row
		a.By.V, b.By.V = 12, 11
		ba := must(t, must(t, base, b).Row, a).Row
		same := models.Equal(ab.Get(f.name), ba.Get(f.name))
		if f.name == "phones" {
			same = sorted(ab.Get(f.name)) == sorted(ba.Get(f.name))
		}
		if !same {
			t.Fatalf("a, b: %s; b, a: %s", ab.Get(f.name), ba.Get(f.name))
		}
	})
}

// Status: where both changes are legal from either state, the higher role's stands
// in both orders, and the other is kept.
func TestAuthorityStandsInBothOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawn{services, "status", sampled("slo_engaged", "refused", "enrolled", "closed", "unable_to_place")}
		base, a, b := scene(t, f)
		base.PutText("status", models.Pursuing)
		i := services.Field("status")
		from, to := models.Text(a.Values[i]), models.Text(b.Values[i])
		ab := must(t, must(t, base, a).Row, b)
		switch stands := ab.Row.Text("status"); {
		case from == to:
		case !models.LegalTransition(from, to) && stands != from:
			t.Fatalf("%s became %s, which is not legal", from, stands)
		case models.LegalTransition(from, to) && a.By.Role.Authority() != b.By.Role.Authority():
			if (stands == to) != (b.By.Role.Authority() > a.By.Role.Authority()) {
				t.Fatalf("%s by %s against %s by %s: %s", from, a.By.Role, to, b.By.Role, stands)
			}
		}
		if from != to && len(ab.Conflicts) != 1 {
			t.Fatalf("%d conflicts", len(ab.Conflicts))
		}
	})
}

// An edit that its author made after seeing the state must be legal from it.
func TestSeenStateRefusesAnIllegalStep(t *testing.T) {
	base := row(services, map[string]json.RawMessage{"status": text(models.Enrolled)})
	_, rejection := merge.Fields(base, edit(base, by("ann", models.RoleSupervisor, 11, 20), map[string]json.RawMessage{"status": text(models.Refused)}))
	if rejection == nil || rejection.Code != models.CodeForbiddenTransition || rejection.Field != "status" {
		t.Fatalf("rejection %v", rejection)
	}
}

// A status comes with its own reason and date: those of the state before go.
func TestUnitMovesWhole(t *testing.T) {
	base := row(services, map[string]json.RawMessage{"status": text(models.Pursuing), "status_reason": text("again"), "status_on": text("2026-01-01")})
	out := must(t, base, edit(base, by("ann", models.RoleSupervisor, 11, 20), map[string]json.RawMessage{"status": text(models.Refused)}))
	if out.Row.Get("status_reason") != nil || out.Row.Get("status_on") != nil {
		t.Fatalf("%s kept the reason or date of the state before", out.Row.Doc())
	}
	worker := edit(base, by("bob", models.RoleOutreachWorker, 12, 30), map[string]json.RawMessage{"status": text(models.SLOEngaged), "status_on": text("2026-02-02")})
	late := must(t, out.Row, worker)
	if late.Row.Text("status") != models.Refused || len(late.Conflicts) != 2 || !late.Merged {
		t.Fatalf("%s with %d conflicts", late.Row.Doc(), len(late.Conflicts))
	}
}

// Invariant 7: a delete and an edit it had not seen end in a standing row with the
// edit, in both orders of arrival, and the delete is kept.
func TestEditOutlivesDelete(t *testing.T) {
	eachPolicy(t, func(t *rapid.T, f drawn) {
		base, a, b := scene(t, f)
		if models.Equal(a.Values[f.table.Field(f.name)], base.Get(f.name)) {
			return
		}
		edited := merge.Delete(must(t, base, a).Row, base.V, b.By)
		deleted := merge.Delete(base, base.V, b.By)
		if !deleted.Row.Deleted {
			t.Fatalf("an uncontested delete left the row")
		}
		revived, stands, rejection := merge.Revive(deleted.Row, a)
		if !stands || rejection != nil {
			t.Fatalf("the row is gone for an edit that had not seen the delete")
		}
		for order, out := range map[string]merge.Outcome{"edit first": edited, "delete first": revived} {
			if out.Row.Deleted || !models.Equal(out.Row.Get(f.name), a.Values[f.table.Field(f.name)]) || len(out.Conflicts) != 1 ||
				out.Conflicts[0].Field != models.Deletion || out.Conflicts[0].LostBy != "bob" {
				t.Fatalf("%s: %s, conflicts %v", order, out.Row.Doc(), out.Conflicts)
			}
		}
	})
}

// Who saw the delete, or made it, finds the row gone.
func TestSeenDeleteStands(t *testing.T) {
	base := row(people, map[string]json.RawMessage{"code": text("Jay")})
	deleted := merge.Delete(base, base.V, by("ann", models.RoleSupervisor, 11, 20)).Row
	own := edit(base, by("ann", models.RoleSupervisor, 12, 30), map[string]json.RawMessage{"code": text("Wren")})
	if _, stands, _ := merge.Revive(deleted, own); stands {
		t.Error("a device's own edit brought back what it deleted")
	}
	other := edit(deleted, by("bob", models.RoleSupervisor, 12, 30), map[string]json.RawMessage{"code": text("Wren")})
	if _, stands, _ := merge.Revive(deleted, other); stands {
		t.Error("an edit after the delete was seen brought the row back")
	}
}
