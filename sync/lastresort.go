package sync

import (
	"slices"
	"time"

	"pursuit/models"
)

// What is wanted before a probation officer is contacted (docs/domain.md, section 2,
// "Probation officer, the last resort").
const (
	lastResortChannels = 6  // the others, each tried
	lastResortAttempts = 8  // counted ones before it
	lastResortDays     = 21 // since the first of them
)

// judge looks again at the attempts at a probation officer on the services that this
// transaction touched: an attempt or an approval that arrives late may bring what was
// missing, or take it away. So the outcome does not depend on the order in which
// phones come back. What was looked at is not looked at again.
func (w *world) judge() error {
	defer func() {
		clear(w.judgeServices)
		clear(w.judgePeople)
	}()
	for person, j := range w.judgePeople {
		services, err := w.tx.ServicesOf(person)
		if err != nil {
			return err
		}
		for _, id := range services {
			w.judgeServices[id] = j
		}
	}
	if len(w.judgeServices) == 0 {
		return nil
	}
	ids := make([]string, 0, len(w.judgeServices))
	for id := range w.judgeServices {
		ids = append(ids, id)
	}
	wanted, err := w.tx.LastResorts(ids)
	if err != nil {
		return err
	}
	for key, h := range w.rows {
		if key.table.Name == "contact_attempts" && h.dirty && judged(h.row) && !slices.Contains(wanted, h.row.Bucket) {
			wanted = append(wanted, h.row.Bucket)
		}
	}
	slices.Sort(wanted) // the same pushes make the same rows in the same order
	for _, id := range wanted {
		if err := w.judgeService(w.judgeServices[id], id); err != nil {
			return err
		}
	}
	return nil
}

// judged tells whether an attempt is one of the last resort, or was marked as such
// before its channel was corrected.
func judged(attempt *models.Row) bool {
	return attempt.Text("channel") == models.ChannelProbationOfficer || marked(attempt)
}

// marked tells whether an attempt is marked as an exception.
func marked(attempt *models.Row) bool { return string(attempt.Get("policy_exception")) == "true" }

// judgeService marks or clears the service's attempts of the last resort, and records
// each as a disclosure.
func (w *world) judgeService(j *job, id string) error {
	service, err := w.row(models.Tables.Table("services"), id)
	if err != nil || service == nil || j == nil {
		return err
	}
	attempts, err := w.inBucket(id, models.Tables.Table("contact_attempts"))
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.Text("channel") != models.ChannelProbationOfficer {
			if marked(a) {
				w.except(j, a, false)
			}
			continue
		}
		excepted, err := w.excepted(a, service, attempts)
		if err != nil {
			return err
		}
		if excepted != marked(a) {
			w.except(j, a, excepted)
			if err := w.remindAgain(j, a, excepted); err != nil {
				return err
			}
		}
		if err := w.disclose(j, service.Text("person_id"), a); err != nil {
			return err
		}
	}
	return nil
}

// judgeNew marks a new attempt of the last resort by what is known when it arrives.
func (w *world) judgeNew(row, service *models.Row) error {
	if row.Text("channel") != models.ChannelProbationOfficer || service == nil {
		return nil
	}
	attempts, err := w.inBucket(service.ID, row.Table)
	if err != nil {
		return err
	}
	excepted, err := w.excepted(row, service, attempts)
	row.Put("policy_exception", models.BoolValue(excepted))
	return err
}

// excepted tells whether an attempt lacked what is wanted before it.
func (w *world) excepted(attempt, service *models.Row, attempts []*models.Row) (bool, error) {
	at, _ := models.ParseTime(attempt.Text("occurred_at")) // canonical
	person, err := w.row(models.Tables.Table("people"), service.Text("person_id"))
	if err != nil || person == nil {
		return true, err
	}
	approvals, err := w.inBucket(person.ID, models.Tables.Table("action_items"))
	if err != nil || person.Text("supervision") == "none" || !approvedBefore(approvals, at) {
		return true, err
	}
	counting, err := w.counting(service, attempts)
	return !exhausted(counting, at), err
}

// exhausted tells whether the other channels were tried, often and long enough, and
// in vain, before a moment, by the attempts that count. An earlier attempt at a
// probation officer counts like any other, but tries no other channel.
func exhausted(attempts []*models.Row, before time.Time) bool {
	tried, counted, first := map[string]bool{}, 0, before
	for _, a := range attempts {
		at, _ := models.ParseTime(a.Text("occurred_at")) // canonical
		if !at.Before(before) {
			continue
		}
		if models.Reached(a.Text("outcome")) {
			return false
		}
		if channel := a.Text("channel"); channel != models.ChannelProbationOfficer {
			tried[channel] = true
		}
		counted++
		if at.Before(first) {
			first = at
		}
	}
	return len(tried) >= lastResortChannels && counted >= lastResortAttempts && !first.After(before.AddDate(0, 0, -lastResortDays))
}

func approvedBefore(items []*models.Row, before time.Time) bool {
	for _, item := range items {
		made := item.Meta.Writers
		if item.Text("kind") == models.ActionApproval && len(made) > 0 && millis(made[0].At).Before(before) {
			return true
		}
	}
	return false
}

// except sets or lifts the mark of an attempt.
func (w *world) except(j *job, attempt *models.Row, excepted bool) {
	row := attempt.Clone()
	row.Put("policy_exception", models.BoolValue(excepted))
	w.amend(j, row, "policy_exception")
}

// remindAgain opens the reminder of an exception that is one again: it was settled when
// the exception went, and the supervisor is to have it in whatever order the rest came.
func (w *world) remindAgain(j *job, attempt *models.Row, excepted bool) error {
	if !excepted {
		return nil
	}
	list, err := w.inBucket(attempt.Bucket, models.Tables.Table("reminders"))
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Text("kind") != "policy_exception" || r.Text("state") == "pending" || r.Text("due_at") != attempt.Text("received_at") {
			continue
		}
		row := r.Clone()
		row.PutText("state", "pending")
		w.amend(j, row, "state")
	}
	return nil
}

// disclose records, once, that a probation officer was told of the pursuit.
func (w *world) disclose(j *job, person string, attempt *models.Row) error {
	t := models.Tables.Table("disclosures")
	id := models.DerivedID(attempt.ID, "disclosure")
	if row, err := w.row(t, id); row != nil || err != nil {
		return err
	}
	row := models.NewRow(t, id)
	row.Bucket = person
	row.PutText("person_id", person)
	row.PutText("to", models.ChannelProbationOfficer)
	row.PutText("why", "contact attempt")
	row.PutText("attempt_id", attempt.ID)
	row.Put("at", attempt.Get("occurred_at"))
	w.serverRow(j, row)
	return nil
}
