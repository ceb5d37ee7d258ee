package contract

import (
	"slices"
	"testing"
	"time"

	"pursuit/sim/harness"
)

// mergeScenarios: docs/protocol.md, section 5, the five policies.
func mergeScenarios() []scenario {
	return []scenario{
		{"latest takes the later edit in both orders", mergeLatest},
		{"a tie goes to the larger mutation id", mergeTie},
		{"a device never conflicts with itself", mergeSelf},
		{"two devices of one user do conflict", mergeTwoDevices},
		{"the same value is no conflict", mergeSame},
		{"different fields of one row both stand", mergeFields},
		{"union keeps additions and removals of both", mergeUnion},
		{"text merges line by line", mergeText},
		{"overlapping lines keep the later", mergeTextOverlap},
		{"authority puts the higher role first in both orders", mergeAuthority},
		{"authority between equals is latest", mergeAuthorityEquals},
		{"a concurrent status must be legal from where it lands", mergeAuthorityIllegal},
		{"a unit is judged by whoever wrote any of it", mergeUnitWriter},
		{"max keeps the further along", mergeMax},
		{"an edit against a seen value replaces it without conflict", mergeSeen},
	}
}

// duel is one row that two people edit from the same base.
type duel struct {
	w          *town
	crew       team
	made       matter
	table, row string
	base       int64
}

func newDuel(at *place, t *testing.T) *duel {
	t.Helper()
	w := at.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	return &duel{w: w, crew: crew, made: made, table: "people", row: made.person}
}

// start sets fields of the duel's row and makes that the common base.
func (d *duel) start(set map[string]any) {
	d.w.t.Helper()
	d.base = d.crew.manager.must(d.table, d.row).V()
	if set != nil {
		d.base = d.crew.manager.applied(harness.Patch(d.table, d.row, d.base, set))
	}
}

// edit patches the row from the common base, as written ago.
func (d *duel) edit(who *phone, ago time.Duration, set map[string]any) harness.Result {
	d.w.t.Helper()
	patch := harness.Patch(d.table, d.row, d.base, set)
	patch.At = harness.At(time.Now().Add(-ago))
	return who.one(patch)
}

func (d *duel) now() harness.Row { return d.crew.manager.must(d.table, d.row) }

// conflicts answers the conflict rows of the duel's row and field.
func (d *duel) conflicts(field string) []harness.Row {
	d.crew.manager.pull()
	var found []harness.Row
	for _, row := range d.crew.manager.Tables["conflicts"] {
		if row.Text("table") == d.table && row.Text("row") == d.row && row.Text("field") == field {
			found = append(found, row)
		}
	}
	return found
}

// lostOnce checks that one conflict of the field keeps the losing value.
func (d *duel) lostOnce(t *testing.T, field string, lost any, by *phone, kept any) harness.Row {
	t.Helper()
	found := d.conflicts(field)
	if len(found) != 1 {
		t.Fatalf("%d conflicts of %s, want 1", len(found), field)
	}
	row := found[0]
	if row["lost_value"] != lost || row["kept_value"] != kept || row.Text("state") != "open" || row.Text("lost_by") != by.Tokens.User.ID || row.Text("lost_at") == "" || row.Text("policy") == "" {
		t.Errorf("conflict %v, want %v by %s lost to %v", row, lost, by.Tokens.User.Role, kept)
	}
	return row
}

func mergeLatest(t *testing.T, at *place) {
	for name, later := range map[string]bool{"the later arrives last": true, "the later arrives first": false} {
		d := newDuel(at, t)
		d.start(map[string]any{"first_name": "Base"})
		first, second := 20*time.Minute, 10*time.Minute
		if !later {
			first, second = second, first
		}
		outcome(t, d.edit(d.crew.worker, first, map[string]any{"first_name": "W"}), "applied", "", "")
		got := d.edit(d.crew.manager, second, map[string]any{"first_name": "M"})
		winner, loser, status := "M", d.crew.worker, "applied"
		if !later {
			winner, loser, status = "W", d.crew.manager, "merged"
		}
		lost := map[string]string{"M": "W", "W": "M"}[winner]
		outcome(t, got, status, "", "")
		if value := d.now().Text("first_name"); value != winner || len(got.Conflicts) != 1 {
			t.Errorf("%s: the name is %q, the result %+v", name, value, got)
		}
		row := d.lostOnce(t, "first_name", lost, loser, winner)
		if row.ID() != got.Conflicts[0] || row["base_value"] != "Base" || row.Text("policy") != "latest" || row.Bucket() != d.made.person {
			t.Errorf("%s: conflict %v, result %+v", name, row, got)
		}
		if status == "merged" && (got.Row.Text("first_name") != winner || got.Row.V() != got.V) {
			t.Errorf("%s: the merged result shows %v at v %d", name, got.Row, got.V)
		}
	}
}

func mergeTie(t *testing.T, at *place) {
	for _, largerLast := range []bool{true, false} {
		d := newDuel(at, t)
		d.start(nil)
		moment := harness.At(time.Now().Add(-time.Hour))
		one, two := harness.Patch("people", d.row, d.base, map[string]any{"first_name": "One"}), harness.Patch("people", d.row, d.base, map[string]any{"first_name": "Two"})
		one.At, two.At = moment, moment
		if (one.ID < two.ID) != largerLast {
			one.ID, two.ID = two.ID, one.ID
		}
		d.crew.worker.one(one)
		d.crew.manager.one(two)
		if want := map[bool]string{true: "Two", false: "One"}[largerLast]; d.now().Text("first_name") != want {
			t.Errorf("a tie left %q, want %q of the larger mutation id", d.now().Text("first_name"), want)
		}
	}
}

func mergeSelf(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.start(nil)
	outcome(t, d.edit(d.crew.worker, time.Minute, map[string]any{"first_name": "One"}), "applied", "", "")
	outcome(t, d.edit(d.crew.worker, time.Hour, map[string]any{"first_name": "Two"}), "applied", "", "")
	if got := d.now().Text("first_name"); got != "Two" || len(d.conflicts("first_name")) != 0 {
		t.Errorf("the name is %q with %d conflicts", got, len(d.conflicts("first_name")))
	}
}

func mergeTwoDevices(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.start(nil)
	other := d.w.second(d.crew.worker)
	outcome(t, d.edit(d.crew.worker, time.Minute, map[string]any{"first_name": "Phone"}), "applied", "", "")
	outcome(t, d.edit(other, time.Hour, map[string]any{"first_name": "Tablet"}), "merged", "", "")
	d.lostOnce(t, "first_name", "Tablet", d.crew.worker, "Phone")
}

func mergeSame(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.start(nil)
	outcome(t, d.edit(d.crew.worker, time.Minute, map[string]any{"first_name": "Same"}), "applied", "", "")
	outcome(t, d.edit(d.crew.manager, time.Hour, map[string]any{"first_name": "Same"}), "applied", "", "")
	if found := d.conflicts("first_name"); len(found) != 0 {
		t.Errorf("equal values left conflicts %v", found)
	}
}

func mergeFields(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.start(nil)
	outcome(t, d.edit(d.crew.worker, time.Minute, map[string]any{"first_name": "W"}), "applied", "", "")
	outcome(t, d.edit(d.crew.manager, time.Hour, map[string]any{"last_name": "M"}), "applied", "", "")
	if row := d.now(); row.Text("first_name") != "W" || row.Text("last_name") != "M" {
		t.Errorf("person %v", row)
	}
}

func mergeUnion(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.start(map[string]any{"phones": []string{"+1500", "+1501", "+1502"}})
	outcome(t, d.edit(d.crew.worker, time.Minute, map[string]any{"phones": []string{"+1501", "+1502", "+1600"}}), "applied", "", "")
	got := d.edit(d.crew.manager, time.Hour, map[string]any{"phones": []string{"+1500", "+1501", "+1700"}})
	outcome(t, got, "merged", "", "")
	phones := d.now().Texts("phones")
	slices.Sort(phones)
	if !slices.Equal(phones, []string{"+1501", "+1600", "+1700"}) || len(d.conflicts("phones")) != 0 {
		t.Errorf("phones %v with %d conflicts, want both additions and both removals", phones, len(d.conflicts("phones")))
	}
}

func mergeText(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.start(map[string]any{"notes": "a\nb\nc\nd\ne\nf\ng"})
	outcome(t, d.edit(d.crew.worker, time.Minute, map[string]any{"notes": "A\nb\nc\nd\ne\nf\ng"}), "applied", "", "")
	outcome(t, d.edit(d.crew.manager, time.Hour, map[string]any{"notes": "a\nb\nc\nd\ne\nf\nG\nh"}), "merged", "", "")
	if got := d.now().Text("notes"); got != "A\nb\nc\nd\ne\nf\nG\nh" || len(d.conflicts("notes")) != 0 {
		t.Errorf("notes %q with %d conflicts", got, len(d.conflicts("notes")))
	}
}

func mergeTextOverlap(t *testing.T, at *place) {
	for _, later := range []bool{true, false} {
		d := newDuel(at, t)
		d.start(map[string]any{"notes": "a\nb\nc\nd\ne\nf\ng"})
		ago := map[bool]time.Duration{true: time.Minute, false: 2 * time.Hour}[later]
		d.edit(d.crew.worker, time.Hour, map[string]any{"notes": "a\nb\nW\nd\ne\nf\ng"})
		d.edit(d.crew.manager, ago, map[string]any{"notes": "a\nb\nM\nd\ne\nf\nG"})
		want := map[bool]string{true: "a\nb\nM\nd\ne\nf\nG", false: "a\nb\nW\nd\ne\nf\nG"}[later]
		if got := d.now().Text("notes"); got != want {
			t.Errorf("notes %q, want %q", got, want)
		}
		if found := d.conflicts("notes"); len(found) != 1 {
			t.Errorf("%d conflicts of notes, want the losing lines in one", len(found))
		}
	}
}

func mergeAuthority(t *testing.T, at *place) {
	for name, managerFirst := range map[string]bool{"manager first": true, "worker first": false} {
		d := newDuel(at, t)
		d.table, d.row = "services", d.made.service
		d.start(nil)
		set := map[string]any{"status": "slo_engaged", "status_reason": "met"}
		var result harness.Result
		if managerFirst {
			outcome(t, d.edit(d.crew.manager, time.Hour, set), "applied", "", "")
			result = d.edit(d.crew.worker, time.Minute, map[string]any{"status": "refused", "status_reason": "no"})
			outcome(t, result, "merged", "", "")
		} else {
			outcome(t, d.edit(d.crew.worker, time.Minute, map[string]any{"status": "slo_engaged", "status_reason": "no"}), "applied", "", "")
			result = d.edit(d.crew.manager, time.Hour, map[string]any{"status": "enrolled", "status_reason": "met"})
			outcome(t, result, "applied", "", "")
		}
		row := d.now()
		want := map[bool]string{true: "slo_engaged", false: "enrolled"}[managerFirst]
		if row.Text("status") != want || row.Text("status_reason") != "met" {
			t.Errorf("%s: service %v, want %s because met", name, row, want)
		}
		for field, lost := range map[string]string{"status": map[bool]string{true: "refused", false: "slo_engaged"}[managerFirst], "status_reason": "no"} {
			conflict := d.lostOnce(t, field, lost, d.crew.worker, row[field])
			if conflict.Text("policy") != "authority" || !slices.Contains(result.Conflicts, conflict.ID()) {
				t.Errorf("%s: conflict %v, result %+v", name, conflict, result)
			}
		}
	}
}

func mergeAuthorityEquals(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.table, d.row = "services", d.made.service
	other := d.w.user("case_manager", d.crew.org)
	d.crew.supervisor.applied(harness.Insert("assignments", map[string]any{"service_id": d.row, "user_id": other.Tokens.User.ID, "role": "case_manager"}))
	d.start(nil)
	outcome(t, d.edit(d.crew.manager, time.Minute, map[string]any{"status": "slo_engaged"}), "applied", "", "")
	outcome(t, d.edit(other, time.Hour, map[string]any{"status": "refused"}), "merged", "", "")
	if got := d.now().Text("status"); got != "slo_engaged" {
		t.Errorf("status %q, want the later of two equals", got)
	}
}

func mergeAuthorityIllegal(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.table, d.row = "services", d.made.service
	d.start(nil)
	outcome(t, d.edit(d.crew.manager, time.Hour, map[string]any{"status": "enrolled"}), "applied", "", "")
	got := d.edit(d.crew.supervisor, time.Minute, map[string]any{"status": "refused"})
	outcome(t, got, "merged", "", "")
	if row := d.now(); row.Text("status") != "enrolled" {
		t.Errorf("status %q, want enrolled: refused is not legal from it", row.Text("status"))
	}
	d.lostOnce(t, "status", "refused", d.crew.supervisor, "enrolled")
}

func mergeUnitWriter(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.table, d.row = "services", d.made.service
	outcome(t, d.crew.manager.advance(d.row, "refused", "no"), "applied", "", "")
	d.start(nil)
	again := func(reason string) map[string]any {
		return map[string]any{"status": "pursuing", "status_reason": reason, "status_on": "2026-03-02"}
	}
	first := d.edit(d.crew.manager, time.Hour, again("A"))
	outcome(t, first, "applied", "", "")
	outcome(t, d.edit(d.crew.supervisor, 2*time.Hour, again("B")), "applied", "", "")
	if got := d.now().Text("status_reason"); got != "B" {
		t.Errorf("the reason is %q, want the supervisor's", got)
	}
	d.base = first.V
	outcome(t, d.edit(d.crew.manager, time.Minute, map[string]any{"status": "closed", "status_reason": "C"}), "merged", "", "")
	if row := d.now(); row.Text("status") != "pursuing" || row.Text("status_reason") != "B" {
		t.Errorf("service %v, want the supervisor's unit", row)
	}
}

func mergeMax(t *testing.T, at *place) {
	order := []string{"pending", "snoozed", "cancelled", "done"}
	d := newDuel(at, t)
	tablet := d.w.second(d.crew.worker)
	for i, one := range order[1:] {
		for j, two := range order[1:] {
			reminder := harness.Insert("reminders", map[string]any{"service_id": d.made.service, "kind": "manual", "due_at": harness.At(time.Now().Add(time.Hour))})
			base := d.crew.manager.applied(reminder)
			d.crew.manager.must("reminders", reminder.Row)
			d.crew.worker.must("reminders", reminder.Row)
			d.table, d.row, d.base = "reminders", reminder.Row, base
			d.edit(d.crew.worker, time.Hour, map[string]any{"state": one})
			d.edit(tablet, time.Minute, map[string]any{"state": two})
			if got, want := d.now().Text("state"), order[1+max(i, j)]; got != want {
				t.Errorf("%s and %s end as %q, want %q", one, two, got, want)
			}
		}
	}
}

func mergeSeen(t *testing.T, at *place) {
	d := newDuel(at, t)
	d.start(nil)
	got := d.edit(d.crew.worker, time.Minute, map[string]any{"first_name": "W"})
	d.base = got.V
	outcome(t, d.edit(d.crew.manager, time.Hour, map[string]any{"first_name": "M"}), "applied", "", "")
	if row := d.now(); row.Text("first_name") != "M" || len(d.conflicts("first_name")) != 0 {
		t.Errorf("an edit of what was seen left %v and conflicts", row)
	}
}
