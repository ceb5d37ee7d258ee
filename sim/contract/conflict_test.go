package contract

import (
	"testing"
	"time"

	"pursuit/sim/harness"
)

// conflictScenarios: docs/protocol.md, section 5, conflicts kept and restored,
// and a delete against an edit.
func conflictScenarios() []scenario {
	return []scenario{
		{"a conflict is seen by managers and supervisors alone", conflictSeen},
		{"kept closes a conflict and changes nothing", conflictKept},
		{"restored writes the lost value back", conflictRestored},
		{"a restored value loses nothing to a later edit without seeing it", conflictRestoredThenEdit},
		{"only the state of a conflict is writable", conflictReadOnly},
		{"an edit wins over a delete that comes later", deleteAfterEdit},
		{"an edit wins over a delete that came before", editAfterDelete},
		{"a delete of what was seen stands", deleteSeen},
		{"a lost delete is restored by deleting", deleteRestored},
		{"two deletes are one", deleteTwice},
		{"a delete after one's own reviving edit stands", deleteOwnRevival},
		{"a revived row comes back to every device", revivedEverywhere},
	}
}

// clash makes one open conflict of first_name: the worker's W lost to M.
func clash(at *place, t *testing.T) (*duel, harness.Row) {
	t.Helper()
	d := newDuel(at, t)
	d.start(nil)
	d.edit(d.crew.worker, time.Hour, map[string]any{"first_name": "W"})
	d.edit(d.crew.manager, time.Minute, map[string]any{"first_name": "M"})
	return d, d.lostOnce(t, "first_name", "W", d.crew.worker, "M")
}

func conflictSeen(t *testing.T, at *place) {
	d, conflict := clash(at, t)
	d.crew.supervisor.sees(true, "conflicts", conflict.ID())
	d.crew.worker.sees(false, "conflicts", conflict.ID())
	d.w.crew().manager.sees(false, "conflicts", conflict.ID())
	got := d.crew.worker.one(harness.Patch("conflicts", conflict.ID(), conflict.V(), map[string]any{"state": "kept"}))
	outcome(t, got, "rejected", "forbidden", "")
}

func conflictKept(t *testing.T, at *place) {
	d, conflict := clash(at, t)
	before := d.now()
	d.crew.supervisor.must("conflicts", conflict.ID())
	d.crew.supervisor.applied(harness.Patch("conflicts", conflict.ID(), conflict.V(), map[string]any{"state": "kept"}))
	if got := d.crew.manager.must("conflicts", conflict.ID()).Text("state"); got != "kept" {
		t.Errorf("state %q", got)
	}
	if after := d.now(); after.V() != before.V() {
		t.Errorf("keeping changed the row: %v", after)
	}
}

func conflictRestored(t *testing.T, at *place) {
	d, conflict := clash(at, t)
	before := d.now()
	d.crew.manager.applied(harness.Patch("conflicts", conflict.ID(), conflict.V(), map[string]any{"state": "restored"}))
	after := d.now()
	if after.Text("first_name") != "W" || after.V() <= before.V() || after.Text("updated_by") != d.crew.manager.Tokens.User.ID {
		t.Errorf("after restoring the row is %v", after)
	}
	if got := d.crew.manager.must("conflicts", conflict.ID()).Text("state"); got != "restored" {
		t.Errorf("state %q", got)
	}
	if row := d.crew.worker.must("people", d.row); row.Text("first_name") != "W" {
		t.Errorf("the worker's device has %v", row)
	}
}

func conflictRestoredThenEdit(t *testing.T, at *place) {
	d, conflict := clash(at, t)
	d.crew.manager.applied(harness.Patch("conflicts", conflict.ID(), conflict.V(), map[string]any{"state": "restored"}))
	d.base = d.now().V()
	outcome(t, d.edit(d.crew.worker, 0, map[string]any{"first_name": "Next"}), "applied", "", "")
	if got := d.now().Text("first_name"); got != "Next" {
		t.Errorf("the name is %q", got)
	}
}

func conflictReadOnly(t *testing.T, at *place) {
	d, conflict := clash(at, t)
	for field, value := range map[string]any{"kept_value": "X", "lost_value": "X", "lost_by": d.crew.manager.Tokens.User.ID} {
		outcome(t, d.crew.manager.one(harness.Patch("conflicts", conflict.ID(), conflict.V(), map[string]any{field: value})), "rejected", "read_only_field", field)
	}
	outcome(t, d.crew.manager.one(harness.Patch("conflicts", conflict.ID(), conflict.V(), map[string]any{"state": "forgotten"})), "rejected", "invalid_value", "state")
}

// eraser is a known contact that one deletes while another edits it.
func eraser(at *place, t *testing.T) *duel {
	t.Helper()
	d := newDuel(at, t)
	aunt := contact(d.made.person)
	d.table, d.row = "known_contacts", aunt.Row
	d.base = d.crew.manager.applied(aunt)
	d.crew.worker.must(d.table, d.row)
	return d
}

func (d *duel) erase(who *phone) harness.Result {
	d.w.t.Helper()
	return who.one(harness.Delete(d.table, d.row, d.base))
}

// deleteKept checks that the row stands with the edit and the delete is a conflict.
func (d *duel) deleteKept(t *testing.T) harness.Row {
	t.Helper()
	row := d.crew.manager.must(d.table, d.row)
	if row.Text("name") != "Edited" || row.Text("relation") != "family" {
		t.Errorf("the row that stands is %v", row)
	}
	found := d.conflicts("_deleted")
	if len(found) != 1 || found[0].Text("lost_by") != d.crew.worker.Tokens.User.ID || found[0].Text("state") != "open" {
		t.Fatalf("conflicts of the delete: %v", found)
	}
	d.crew.worker.sees(true, d.table, d.row)
	return found[0]
}

func deleteAfterEdit(t *testing.T, at *place) {
	d := eraser(at, t)
	outcome(t, d.edit(d.crew.manager, time.Hour, map[string]any{"name": "Edited"}), "applied", "", "")
	got := d.erase(d.crew.worker)
	outcome(t, got, "merged", "", "")
	if got.Row.Text("name") != "Edited" || len(got.Conflicts) != 1 {
		t.Errorf("the delete that lost: %+v", got)
	}
	d.deleteKept(t)
}

func editAfterDelete(t *testing.T, at *place) {
	d := eraser(at, t)
	outcome(t, d.erase(d.crew.worker), "applied", "", "")
	d.crew.supervisor.sees(false, d.table, d.row)
	got := d.edit(d.crew.manager, time.Hour, map[string]any{"name": "Edited"})
	outcome(t, got, "applied", "", "")
	if len(got.Conflicts) != 1 {
		t.Errorf("the edit that won: %+v", got)
	}
	d.deleteKept(t)
}

func deleteSeen(t *testing.T, at *place) {
	d := eraser(at, t)
	d.base = d.edit(d.crew.manager, time.Hour, map[string]any{"name": "Edited"}).V
	outcome(t, d.erase(d.crew.worker), "applied", "", "")
	d.crew.manager.sees(false, d.table, d.row)
	if found := d.conflicts("_deleted"); len(found) != 0 {
		t.Errorf("a delete of what was seen left %v", found)
	}
}

func deleteRestored(t *testing.T, at *place) {
	d := eraser(at, t)
	d.edit(d.crew.manager, time.Hour, map[string]any{"name": "Edited"})
	d.erase(d.crew.worker)
	conflict := d.deleteKept(t)
	d.crew.manager.applied(harness.Patch("conflicts", conflict.ID(), conflict.V(), map[string]any{"state": "restored"}))
	d.crew.manager.sees(false, d.table, d.row)
	d.crew.worker.sees(false, d.table, d.row)
}

func deleteTwice(t *testing.T, at *place) {
	d := eraser(at, t)
	outcome(t, d.erase(d.crew.worker), "applied", "", "")
	got := d.erase(d.crew.manager)
	if got.Status == "merged" || len(d.conflicts("_deleted")) != 0 || got.Status == "rejected" && got.Code != "row_gone" {
		t.Errorf("a second delete: %+v with conflicts %v", got, d.conflicts("_deleted"))
	}
	d.crew.supervisor.sees(false, d.table, d.row)
}

func deleteOwnRevival(t *testing.T, at *place) {
	d := eraser(at, t)
	outcome(t, d.erase(d.crew.worker), "applied", "", "")
	outcome(t, d.edit(d.crew.manager, time.Hour, map[string]any{"name": "Edited"}), "applied", "", "")
	outcome(t, d.erase(d.crew.manager), "applied", "", "")
	d.crew.manager.sees(false, d.table, d.row)
	d.crew.worker.sees(false, d.table, d.row)
}

func revivedEverywhere(t *testing.T, at *place) {
	d := eraser(at, t)
	d.crew.supervisor.sees(true, d.table, d.row)
	d.erase(d.crew.worker)
	d.crew.supervisor.sees(false, d.table, d.row)
	d.crew.worker.sees(false, d.table, d.row)
	d.edit(d.crew.manager, 0, map[string]any{"name": "Edited"})
	for _, who := range []*phone{d.crew.supervisor, d.crew.worker, d.w.second(d.crew.worker)} {
		if row := who.must(d.table, d.row); row.Text("name") != "Edited" {
			t.Errorf("%s has %v", who.Tokens.User.Role, row)
		}
	}
}
