package sim

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// noteLines is how many lines every note has; edits change one of three that lie
// apart, so that no two hunks touch.
const noteLines = 9

// edit lets a person change something offline: nothing leaves the device.
func (r *Run) edit(op Op) {
	switch op.Kind {
	case editPerson, editCase, editOrphan:
		r.editNew(op)
		return
	case editRush:
		r.editRush(op)
		return
	}
	d, ok := pick(r.those(true, oracle.Worker, oracle.Manager, oracle.Supervisor), op.A)
	if !ok {
		return
	}
	switch op.Kind {
	case editContact:
		r.contactAt(d, op)
	case editAttempt, editLate, editStray:
		r.attemptAt(d, op)
	default:
		table := tableOf(op)
		if row, ok := d.choose(table, op); ok {
			r.editRow(d, op.Kind, table, row, op.C>>1)
		}
	}
}

// tableOf answers which table an edit of a kind changes.
func tableOf(op Op) string {
	second := op.C%2 == 1
	switch op.Kind {
	case editPhones:
		return map[bool]string{false: "people", true: "known_contacts"}[second]
	case editNotes:
		return map[bool]string{false: "people", true: "contact_attempts"}[second]
	case editRelation:
		return "known_contacts"
	case editOutcome:
		return "contact_attempts"
	case editStatus:
		return "services"
	case editErase:
		return map[bool]string{false: "known_contacts", true: "contact_attempts"}[second]
	}
	return "people"
}

// rows lists a device's local rows of a table by age.
func (d *device) rows(table string) []harness.Row {
	var rows []harness.Row
	for _, row := range d.Tables[table] {
		rows = append(rows, row)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].V() < rows[j].V() })
	return rows
}

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

// editNew makes a person, or a whole case, or a child pushed before its parent.
func (r *Run) editNew(op Op) {
	roles := []string{oracle.Worker, oracle.Manager}
	if op.Kind == editPerson {
		roles = append(roles, oracle.Supervisor, oracle.Partner)
	}
	d, ok := pick(r.those(false, roles...), op.A)
	if !ok {
		return
	}
	at := r.moment()
	person := r.insert("people", map[string]any{"code": r.word("Code"), "first_name": r.word("Name"),
		"phones": []string{r.word("phone")}, "notes": freshNote(r)})
	push := []queued{person}
	switch op.Kind {
	case editOrphan:
		push = []queued{r.insert("known_contacts", contactSet(r, person.wire.Row)), person}
	case editCase:
		push = append(push, r.caseOf(d, person.wire.Row, op)...)
	}
	for _, q := range push {
		d.enqueue(q, at)
	}
}

// caseOf refers a person and opens a service, of another organisation when the
// device's user is the lead's case manager.
func (r *Run) caseOf(d *device, person string, op Op) []queued {
	org := d.user.Org
	if org == r.orgs[0] && op.B%3 > 0 {
		org = r.orgs[op.B%3]
	}
	referral := r.insert("referrals", map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-03-02"})
	service := r.insert("services", map[string]any{"referral_id": referral.wire.Row, "person_id": person, "track": "slo_icm", "org_id": org})
	push := []queued{referral, service}
	if d.user.Role == oracle.Manager && org == d.user.Org {
		if worker, ok := pick(r.workers(org), op.C); ok {
			push = append(push, r.insert("assignments", map[string]any{"service_id": service.wire.Row, "user_id": worker.ID, "role": oracle.Worker}))
		}
	}
	return push
}

// workers lists the users of an organisation who may be assigned.
func (r *Run) workers(org string) []*oracle.User {
	var found []*oracle.User
	for _, d := range r.those(true, oracle.Worker, oracle.Manager) {
		movesBetweenOrgs := d.floats && d.user.Role == oracle.Supervisor
		if d.user.Role == oracle.Worker && d.user.Org == org && !movesBetweenOrgs && !slices.Contains(found, d.user) && !r.roams(d.user) {
			found = append(found, d.user)
		}
	}
	return found
}

func contactSet(r *Run, person string) map[string]any {
	return map[string]any{"person_id": person, "name": r.word("Contact"), "relation": "family", "phones": []string{r.word("phone")}}
}

func (r *Run) contactAt(d *device, op Op) {
	if person, ok := pick(d.rows("people"), op.B); ok {
		d.enqueue(r.insert("known_contacts", contactSet(r, person.ID())), r.moment())
	}
}

// attemptAt records an attempt on a local service; a late one on a service that
// the worker held and lost, a stray one on a service never seen.
func (r *Run) attemptAt(d *device, op Op) {
	service, at, inTime := "", r.moment(), false
	switch op.Kind {
	case editLate:
		service, at, inTime = r.lostService(d, op)
	case editStray:
		service = r.strangeService(d, op)
	default:
		if row, ok := pick(d.rows("services"), op.B); ok {
			service = row.ID()
		}
	}
	if service == "" {
		return
	}
	q := r.insert("contact_attempts", map[string]any{"service_id": service, "channel": "call", "outcome": "no_answer",
		"note": freshNote(r), "occurred_at": harness.At(at.Add(d.Skew))})
	q.meant.Set, q.meant.InTime = map[string]any{}, inTime
	for field, value := range q.wire.Set {
		if field != "occurred_at" {
			q.meant.Set[field] = value
		}
	}
	d.enqueue(q, at)
}

// lostService picks a service that the device's user held for a while and lost,
// with a time in the middle. Wrong clocks are corrected with an error: they keep out.
func (r *Run) lostService(d *device, op Op) (string, time.Time, bool) {
	var found []string
	for key, times := range r.holds {
		if key[0] == d.user.ID && times[1].Sub(times[0]) > 40*time.Millisecond && !r.oracle.Holds(d.user, key[1]) {
			found = append(found, key[1])
		}
	}
	slices.Sort(found)
	service, ok := pick(found, op.B)
	if !ok || d.Skew.Abs() >= 2*time.Second {
		return "", time.Time{}, false
	}
	times := r.holds[[2]string{d.user.ID, service}]
	return service, times[0].Add(times[1].Sub(times[0]) / 2), true
}

// strangeService picks a service that a worker who stays never held.
func (r *Run) strangeService(d *device, op Op) string {
	if d.floats || d.user.Role != oracle.Worker {
		return ""
	}
	var found []string
	for key, row := range r.oracle.Rows {
		if key.Table == "services" && row.Live && !r.oracle.EverHeld(d.user.ID, row.Bucket) {
			found = append(found, key.ID)
		}
	}
	slices.Sort(found)
	service, _ := pick(found, op.B)
	return service
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
