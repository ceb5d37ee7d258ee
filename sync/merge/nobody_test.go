package merge_test

import (
	"encoding/json"
	"testing"

	"pursuit/models"
	"pursuit/sync/merge"
)

// What an insert left empty, or to the server, nobody wrote: an edit that has not seen the
// row is not up against it, whatever its time. What somebody emptied they wrote.
func TestNobodyWroteWhatTheInsertLeft(t *testing.T) {
	type set = map[string]json.RawMessage
	person := row(people, set{"code": text("Jay")})
	emptied := must(t, person, edit(person, by("ann", models.RoleCaseManager, 11, 50), set{"first_name": text("Al")})).Row
	emptied = must(t, emptied, edit(emptied, by("ann", models.RoleCaseManager, 12, 60), set{"first_name": nil})).Row
	for name, c := range map[string]struct {
		stands    *models.Row
		field     string
		value     string
		at        int64
		wins      bool
		conflicts int
	}{
		"older, of an empty field":     {person, "first_name", "Q", -1, true, 0},
		"newer, of an empty field":     {person, "first_name", "Q", 99, true, 0},
		"older, of a field with value": {person, "code", "Q", -1, false, 1},
		"older, of an emptied field":   {emptied, "first_name", "Q", 1, false, 1},
		"older, of a service at first": {row(services, set{"status": text(models.Pursuing)}), "status", models.SLOEngaged, -1, true, 0},
	} {
		e := edit(c.stands, by("bob", models.RoleOutreachWorker, 20, c.at), set{c.field: text(c.value)})
		e.Base, e.Before = 0, nil
		out := must(t, c.stands, e)
		if won := out.Row.Text(c.field) == c.value; won != c.wins || len(out.Conflicts) != c.conflicts || out.Merged == c.wins {
			t.Errorf("%s: %q, merged %v, %d conflicts", name, out.Row.Text(c.field), out.Merged, len(out.Conflicts))
		}
	}
}

// The mark of a suspect clock stands and falls with the time that it is about.
func TestTheMarkFollowsItsTime(t *testing.T) {
	attempts := models.Tables.Table("contact_attempts")
	at := func(time, suspect string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"occurred_at": text(time), "occurred_at_device": text(time), "clock_suspect": json.RawMessage(suspect)}
	}
	const first, good, bad = "2026-01-02T03:00:00.000Z", "2026-01-02T11:00:00.000Z", "2026-01-02T13:30:00.000Z"
	base := row(attempts, at(first, "false"))
	edits := map[string]merge.Edit{
		"good": edit(base, by("ann", models.RoleCaseManager, 11, 60), at(good, "false")),
		"bad":  edit(base, by("bob", models.RoleCaseManager, 12, 50), at(bad, "true")),
	}
	for _, order := range [][]string{{"good", "bad"}, {"bad", "good"}} {
		stands := base
		for _, name := range order {
			stands = must(t, stands, edits[name]).Row
		}
		if stands.Text("occurred_at") != good || stands.Text("occurred_at_device") != good || string(stands.Get("clock_suspect")) != "false" {
			t.Errorf("%v: %s", order, stands.Doc())
		}
	}
	marked := must(t, base, edit(base, by("ann", models.RoleCaseManager, 11, 60), at(bad, "true"))).Row
	lifted := must(t, marked, edit(marked, by("cy", models.RoleCaseManager, 12, 70), at(bad, "false"))).Row
	if string(lifted.Get("clock_suspect")) != "false" {
		t.Error("who knows the time and says it again by a good clock does not lift the mark")
	}
}

// A unit wins or loses whole, in both orders, also where the edits name different fields
// of it. Where both say the same status, what one says of the reason is kept.
func TestUnitsAreWhole(t *testing.T) {
	type set = map[string]json.RawMessage
	base := row(services, set{"status": text(models.Pursuing), "status_on": text("2026-01-01")})
	base.Meta.Wrote(by("eve", models.RoleCaseManager, 10, 5), "status", "status_reason", "status_on")
	base.V = 10
	worker, lead, boss := models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor
	for name, c := range map[string]struct {
		first, second merge.Edit
		want          [3]string
	}{
		"a reason against a status": {
			edit(base, by("ann", worker, 11, 20), set{"status": text(models.Refused), "status_reason": text("R"), "status_on": text("2026-01-03")}),
			edit(base, by("bob", lead, 12, 30), set{"status_reason": text("typo fixed")}), [3]string{models.Pursuing, "typo fixed", "2026-01-01"}},
		"a date against a status": {
			edit(base, by("bob", lead, 11, 20), set{"status": text(models.SLOEngaged), "status_on": text("2026-01-05")}),
			edit(base, by("cy", boss, 12, 10), set{"status_on": text("2026-01-02")}), [3]string{models.Pursuing, "", "2026-01-02"}},
		"the same status with and without a reason": {
			edit(base, by("ann", worker, 11, 20), set{"status": text(models.Refused), "status_reason": text("R"), "status_on": text("2026-01-03")}),
			edit(base, by("dan", worker, 12, 30), set{"status": text(models.Refused), "status_on": text("2026-01-03")}), [3]string{models.Refused, "R", "2026-01-03"}},
	} {
		for n, order := range [][]merge.Edit{{c.first, c.second}, {c.second, c.first}} {
			stands := base
			for i, e := range order {
				e.By.V = int64(11 + i)
				stands = must(t, stands, e).Row
			}
			if got := [3]string{stands.Text("status"), stands.Text("status_reason"), stands.Text("status_on")}; got != c.want {
				t.Errorf("%s, order %d: %v, want %v", name, n, got, c.want)
			}
		}
	}
}
