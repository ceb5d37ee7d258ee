package sim

import (
	"cmp"
	"slices"
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
	case editLater:
		r.editLater(op)
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

// rows lists a device's local rows of a table by age. The list is the caller's.
func (d *device) rows(table string) []harness.Row {
	if d.aged == nil || d.agedAt != d.Applied {
		d.aged, d.agedAt = map[string][]harness.Row{}, d.Applied
	}
	if _, ok := d.aged[table]; !ok {
		d.aged[table] = byAge(d.Tables[table])
	}
	return slices.Clone(d.aged[table])
}

func byAge(rows map[string]harness.Row) []harness.Row {
	type aged struct {
		v   int64
		row harness.Row
	}
	all := make([]aged, 0, len(rows))
	for _, row := range rows {
		all = append(all, aged{row.V(), row})
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Compare(a.v, b.v) })
	sorted := make([]harness.Row, len(all))
	for i, one := range all {
		sorted[i] = one.row
	}
	return sorted
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
