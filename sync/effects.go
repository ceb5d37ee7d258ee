package sync

import (
	"pursuit/models"
)

// effects does what follows from a row's change: grants, status events, restored
// values, released mutations. old is nil for an insert.
func (w *world) effects(j *job, old, row *models.Row) (*models.Rejection, error) {
	switch row.Table.Name {
	case "people":
		if old == nil {
			return nil, w.newPerson(j, row)
		}
		if !models.Equal(old.Get("supervision"), row.Get("supervision")) {
			w.judgePeople[row.ID] = j
		}
	case "services":
		if old == nil {
			if err := w.newService(j, row); err != nil {
				return nil, err
			}
		}
		if err := w.statusEvent(j, old, row); err != nil {
			return nil, err
		}
		if old != nil && !models.Equal(old.Get("status"), row.Get("status")) {
			w.judgeServices[row.ID] = j // attempts may count now, or not any more
		}
	case "referrals":
		if old != nil && !models.Equal(old.Get("referred_on"), row.Get("referred_on")) {
			w.judgePeople[row.Bucket] = j
		}
	case "assignments":
		return nil, w.assignment(old, row)
	case "contact_attempts":
		w.judgeServices[row.Bucket] = j
	case "action_items":
		if row.Text("kind") == models.ActionApproval {
			w.judgePeople[row.Bucket] = j
		}
	case "transfers":
		return w.transfer(j, old, row)
	case "conflicts":
		return w.restore(j, old, row)
	case "quarantine":
		return w.release(j, old, row)
	}
	return nil, nil
}

// newPerson grants a person to who made it and to their organisation; a referral
// partner's person goes to the lead organisation instead.
func (w *world) newPerson(j *job, row *models.Row) error {
	org := j.who.OrgID
	if j.who.Role == models.RoleReferralPartner {
		var err error
		if org, err = w.leadOrg(); err != nil {
			return err
		}
	}
	if err := w.give(j.who.UserID, row.ID, models.SourceCreator); err != nil {
		return err
	}
	return w.give(org, row.ID, models.SourceCreator)
}

// newService grants a service and its person to the service's organisation. Who
// opens one in their own organisation works it: a case manager holds both, an
// outreach worker is assigned to it.
func (w *world) newService(j *job, row *models.Row) error {
	source := models.SourceService + row.ID
	org, person := row.Text("org_id"), row.Text("person_id")
	if err := w.give(org, row.ID, source); err != nil {
		return err
	}
	if err := w.give(org, person, source); err != nil {
		return err
	}
	if org != j.who.OrgID {
		return nil
	}
	switch j.who.Role {
	case models.RoleCaseManager:
		if err := w.give(j.who.UserID, person, source); err != nil {
			return err
		}
		return w.give(j.who.UserID, row.ID, models.SourceCreator)
	case models.RoleOutreachWorker:
		return w.assignSelf(j, row)
	}
	return nil
}

func (w *world) assignSelf(j *job, service *models.Row) error {
	t := models.Tables.Table("assignments")
	id := models.DerivedID(service.ID, "assignment/"+j.who.UserID)
	if taken, err := w.row(t, id); err != nil {
		return err
	} else if taken != nil { // somebody foresaw the id: theirs stays theirs
		id = models.DerivedID(j.ID, "assignment/"+j.who.UserID)
	}
	row := models.NewRow(t, id)
	row.Bucket = service.ID
	row.PutText("service_id", service.ID)
	row.PutText("user_id", j.who.UserID)
	row.PutText("role", string(models.RoleOutreachWorker))
	row.Put("started_at", models.TimeValue(j.at))
	w.serverRow(j, row)
	return w.assignment(nil, row)
}

// serverRow puts a row that the server makes because of a job.
func (w *world) serverRow(j *job, row *models.Row) {
	row.V = w.tx.Next()
	row.Meta.Wrote(models.Writer{V: row.V, At: w.tx.Now.UnixMilli(), Role: j.who.Role})
	w.stamp(j, row, true)
	w.put(row)
}

// amend puts a row of which the server changed fields because of a job.
func (w *world) amend(j *job, row *models.Row, fields ...string) {
	row.V = w.tx.Next()
	row.Meta.Wrote(models.Writer{V: row.V, At: w.tx.Now.UnixMilli(), Role: j.who.Role}, fields...)
	w.stamp(j, row, false)
	w.put(row)
}

// statusEvent records a change of a service's status. A corrected date or reason of the
// standing status is written into the event that tells of it.
func (w *world) statusEvent(j *job, old, row *models.Row) error {
	from := models.Pursuing
	if old != nil {
		from = old.Text("status")
	}
	if from == row.Text("status") {
		return w.correctEvent(j, old, row)
	}
	event := models.NewRow(models.Tables.Table("status_events"), models.DerivedID(j.ID, "status/"+row.ID))
	event.Bucket = row.Bucket
	event.PutText("service_id", row.ID)
	event.PutText("from", from)
	event.Put("to", row.Get("status"))
	event.Put("reason", row.Get("status_reason"))
	event.Put("on", row.Get("status_on"))
	event.PutText("by", j.who.UserID)
	w.serverRow(j, event)
	return nil
}

// correctEvent brings the last event of a service up to a status whose date or reason
// was corrected. A service that was never anything but pursuing has none.
func (w *world) correctEvent(j *job, old, row *models.Row) error {
	if old == nil || models.Equal(old.Get("status_on"), row.Get("status_on")) && models.Equal(old.Get("status_reason"), row.Get("status_reason")) {
		return nil
	}
	events, err := w.inBucket(row.Bucket, models.Tables.Table("status_events"))
	if err != nil {
		return err
	}
	var last *models.Row // by when it was made: a corrected event has a later number
	for _, e := range events {
		if e.Text("service_id") == row.ID && (last == nil || e.Meta.Writers[0].V > last.Meta.Writers[0].V) {
			last = e
		}
	}
	if last == nil || last.Text("to") != row.Text("status") {
		return nil
	}
	event := last.Clone()
	event.Put("on", row.Get("status_on"))
	event.Put("reason", row.Get("status_reason"))
	w.amend(j, event, "on", "reason")
	w.judgeServices[row.ID] = j // attempts may count now, or not any more
	return nil
}

// stands tells whether an assignment gives its user the case.
func stands(row *models.Row) bool {
	return row != nil && !row.Deleted && row.Get("ended_at") == nil
}

// assignment grants the service and its person while it stands, and ends that with it.
func (w *world) assignment(old, row *models.Row) error {
	before, now := stands(old), stands(row)
	if before == now {
		return nil
	}
	service, err := w.row(models.Tables.Table("services"), row.Text("service_id"))
	if err != nil || service == nil {
		return err
	}
	user, person, source := row.Text("user_id"), service.Text("person_id"), models.SourceAssignment+row.ID
	if now {
		if err := w.give(user, service.ID, source); err != nil {
			return err
		}
		return w.give(user, person, source)
	}
	ends := func(g models.Grant) bool { return g.Source == source }
	opened := func(g models.Grant) bool { return g.Principal == user && g.Source == models.SourceCreator }
	if err := w.take(service.ID, func(g models.Grant) bool { return ends(g) || opened(g) }); err != nil {
		return err
	}
	if err := w.take(person, func(g models.Grant) bool {
		return ends(g) || g.Principal == user && g.Source == models.SourceService+service.ID
	}); err != nil {
		return err
	}
	return w.endCreator(user, person)
}

// endCreator ends a worker's grant as the creator of a person with their last live
// assignment on that person.
func (w *world) endCreator(user, person string) error {
	who, err := w.author(user)
	if err != nil || who.Role != models.RoleOutreachWorker {
		return err
	}
	grants, err := w.grantsOf(person)
	if err != nil {
		return err
	}
	for _, g := range grants {
		if g.Live() && g.Principal == user && g.FromAssignment() {
			return nil
		}
	}
	return w.take(person, func(g models.Grant) bool { return g.Principal == user && g.Source == models.SourceCreator })
}
