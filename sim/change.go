package sim

import (
	"fmt"
	"slices"
	"strings"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// contested is among how many of the newest rows most edits choose, so that
// people often change the same ones.
const contested = 6

// choose picks a local row to change.
func (d *device) choose(table string, op Op) (harness.Row, bool) {
	rows := d.rows(table)
	if op.A>>8%4 > 0 {
		rows = rows[max(0, len(rows)-contested):]
	}
	row, ok := pick(rows, op.B)
	return row, ok && !d.busy[table+"/"+row.ID()+"/_deleted"]
}

// mayChange tells whether the device's user may patch or delete a local row.
func (d *device) mayChange(table string, row harness.Row) bool {
	manages := !d.floats && (d.user.Role == oracle.Manager || d.user.Role == oracle.Supervisor)
	return table != "contact_attempts" || manages || row.Text("created_by") == d.user.ID
}

// editRush lets everybody who has a certain row edit the same of it, each without
// knowing of the others.
func (r *Run) editRush(op Op) {
	all := r.those(true, oracle.Worker, oracle.Manager, oracle.Supervisor)
	leader, ok := pick(all, op.A)
	if !ok {
		return
	}
	kind := []Kind{editName, editPhones, editNotes, editRelation, editOutcome, editStatus, editErase}[op.C%7]
	table := map[Kind]string{editName: "people", editPhones: "people", editNotes: "people", editRelation: "known_contacts",
		editOutcome: "contact_attempts", editStatus: "services", editErase: "known_contacts"}[kind]
	row, ok := leader.choose(table, op)
	if !ok {
		return
	}
	for i, d := range all {
		local := d.Row(table, row.ID())
		if local == nil || d.busy[table+"/"+row.ID()+"/_deleted"] {
			continue
		}
		r.editRow(d, kind, table, local, op.B>>(i%16))
	}
}

// editRow makes one kind of edit to one local row.
func (r *Run) editRow(d *device, kind Kind, table string, row harness.Row, by uint32) {
	if !d.mayChange(table, row) {
		return
	}
	switch kind {
	case editPhones:
		r.editPhones(d, table, row, by)
	case editNotes:
		field := map[string]string{"people": "notes", "contact_attempts": "note"}[table]
		r.editNotes(d, table, field, row, by)
	case editStatus:
		r.editStatus(d, row, by)
	case editErase:
		if by%2 == 1 && table == "known_contacts" {
			r.editField(d, table, "name", row, by)
			return
		}
		r.editErase(d, table, row)
	default:
		field := map[Kind]string{editName: "first_name", editRelation: "name", editOutcome: "outcome"}[kind]
		r.editField(d, table, field, row, by)
	}
}

func (r *Run) editField(d *device, table, field string, row harness.Row, by uint32) {
	value := r.word("Value")
	if field == "outcome" {
		value = []string{"left_message", "spoke", "met", "not_there", "wrong_number", "replied"}[by%6]
	}
	d.enqueue(r.change(d, "patch", table, row.ID(), map[string]any{field: value}), r.moment())
}

// once guards fields whose merge looks at the base: no second edit before the
// first was acknowledged and seen again.
func (d *device) once(table, row, field string) bool {
	key := table + "/" + row + "/" + field
	if d.busy[key] {
		return false
	}
	d.busy[key] = true
	return true
}

func (r *Run) editPhones(d *device, table string, row harness.Row, by uint32) {
	if !d.once(table, row.ID(), "phones") {
		return
	}
	phones := row.Texts("phones")
	if len(phones) > 1 && by%5 < 2 {
		phones = phones[1:]
	}
	if by%3 > 0 || len(phones) == len(row.Texts("phones")) {
		phones = append(phones, r.word("phone"))
	}
	d.enqueue(r.change(d, "patch", table, row.ID(), map[string]any{"phones": phones}), r.moment())
}

func freshNote(r *Run) string {
	lines := make([]string, noteLines)
	for i := range lines {
		lines[i] = r.word(fmt.Sprintf("line %d of note", i))
	}
	return strings.Join(lines, "\n")
}

func (r *Run) editNotes(d *device, table, field string, row harness.Row, by uint32) {
	lines := strings.Split(row.Text(field), "\n")
	if len(lines) != noteLines || !d.once(table, row.ID(), field) {
		return
	}
	lines[(by%3)*4] = r.word("rewritten line")
	d.enqueue(r.change(d, "patch", table, row.ID(), map[string]any{field: strings.Join(lines, "\n")}), r.moment())
}

// editStatus moves a service to a status that is legal from what the device sees.
func (r *Run) editStatus(d *device, row harness.Row, by uint32) {
	if d.floats || !d.once("services", row.ID(), "status") {
		return
	}
	all := []string{"slo_engaged", "enrolled", "short_term", "refused", "unable_to_place", "closed", "pursuing"}
	legal := slices.DeleteFunc(all, func(to string) bool { return !oracle.Legal(d.user.Role, row.Text("status"), to) })
	to, ok := pick(legal, by)
	if !ok {
		return
	}
	reason := r.word("because")
	if to == "unable_to_place" {
		reason = "unable_to_contact"
	}
	set := map[string]any{"status": to, "status_reason": reason, "status_on": fmt.Sprintf("2026-03-%02d", 1+by%28)}
	d.enqueue(r.change(d, "patch", "services", row.ID(), set), r.moment())
}

func (r *Run) editErase(d *device, table string, row harness.Row) {
	if d.once(table, row.ID(), "_deleted") {
		d.enqueue(r.change(d, "delete", table, row.ID(), nil), r.moment())
	}
}
