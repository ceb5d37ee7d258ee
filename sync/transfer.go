package sync

import (
	"cmp"
	"slices"
	"strings"

	"pursuit/models"
)

// sourceTransfer is the source of the grants by which both organisations see a
// transfer; the transfer's id follows.
const sourceTransfer = "transfer:"

// completeTransfer fills what the server knows of a new transfer, and asks for the
// person's consent. Source: docs/domain.md, section 2, "Transfers".
func (w *world) completeTransfer(j *job, row, service *models.Row) (*models.Rejection, error) {
	if rejection, err := w.checkCaseOrg(row.Text("to_org_id"), "to_org_id"); err != nil || rejection != nil {
		return rejection, err
	}
	person, err := w.live(models.Tables.Table("people"), service.Text("person_id"))
	if err != nil || person == nil {
		return models.Reject(models.CodeRowGone, "service_id", "the person is gone"), err
	}
	row.Put("person_code", person.Get("code"))
	row.Put("from_org_id", service.Get("org_id"))
	return w.needsConsent(j, person.ID, row.Text("to_org_id"))
}

// needsConsent refuses unless a consent of the person naming the organisation is live.
func (w *world) needsConsent(j *job, person, org string) (*models.Rejection, error) {
	today := w.today(j.at)
	consents, err := w.inBucket(person, models.Tables.Table("consents"))
	if err != nil {
		return nil, err
	}
	for _, c := range consents {
		revoked := c.Text("revoked_on")
		if c.Text("recipient_org_id") == org && c.Text("signed_on") <= today && today <= c.Text("expires_on") &&
			(revoked == "" || today < revoked) {
			return nil, nil
		}
	}
	return models.Reject(models.CodeForbidden, "consent", "needs a live consent of the person that names the organisation"), nil
}

// inBucket gives the live rows of a table in a bucket, as this transaction sees them.
func (w *world) inBucket(bucket string, t *models.Table) ([]*models.Row, error) {
	stored, err := w.tx.RowsInBucket(bucket, t)
	if err != nil {
		return nil, err
	}
	for _, r := range stored {
		if w.rows[rowKey{t, r.ID}] == nil {
			w.rows[rowKey{t, r.ID}] = &held{row: r, stored: true}
		}
	}
	var out []*models.Row
	for key, h := range w.rows {
		if key.table == t && h.row.Bucket == bucket && !h.row.Deleted {
			out = append(out, h.row)
		}
	}
	slices.SortFunc(out, func(a, b *models.Row) int { return cmp.Compare(a.V, b.V) })
	return out, nil
}

// transfer does what follows from a transfer's state: both organisations see it, and
// an accepted one moves the service.
func (w *world) transfer(j *job, old, row *models.Row) (*models.Rejection, error) {
	if old == nil {
		for _, principal := range []string{row.Text("from_org_id"), row.Text("to_org_id")} {
			if err := w.give(principal, row.ID, sourceTransfer+row.ID); err != nil {
				return nil, err
			}
		}
		if j.who.Role != models.RoleCaseManager {
			return nil, nil
		}
		return nil, w.give(j.who.UserID, row.ID, models.SourceCreator)
	}
	if old.Text("state") == row.Text("state") || row.Text("state") != "accepted" {
		return nil, nil
	}
	return w.accept(j, row)
}

// accept moves the service to the receiver: its organisation, its grants and the end
// of its assignments in one transaction. The giver loses the person too, unless
// another service of theirs pursues that person.
func (w *world) accept(j *job, row *models.Row) (*models.Rejection, error) {
	service, err := w.live(models.Tables.Table("services"), row.Text("service_id"))
	if err != nil {
		return nil, err
	}
	if service == nil || service.Text("org_id") != row.Text("from_org_id") {
		return models.Reject(models.CodeRowGone, "service_id", "the service is not the giver's any more"), nil
	}
	person, giver, receiver := service.Text("person_id"), row.Text("from_org_id"), row.Text("to_org_id")
	if rejection, err := w.needsConsent(j, person, receiver); err != nil || rejection != nil {
		return rejection, err
	}
	if err := w.withdrawOthers(j, row); err != nil {
		return nil, err
	}
	if err := w.endAssignments(j, service.ID); err != nil {
		return nil, err
	}
	moved := service.Clone()
	moved.PutText("org_id", receiver)
	moved.V = w.tx.Next()
	moved.Meta.Wrote(j.writer(moved.V), "org_id")
	w.stamp(j, moved, false)
	w.put(moved)
	if err := w.take(service.ID, func(models.Grant) bool { return true }); err != nil {
		return nil, err
	}
	if err := w.losePerson(person, giver, service.ID); err != nil {
		return nil, err
	}
	source := models.SourceService + service.ID
	if err := w.give(receiver, service.ID, source); err != nil {
		return nil, err
	}
	return nil, w.give(receiver, person, source)
}

// withdrawOthers withdraws what else the giver had offered of a service that is now
// somebody's: nobody can accept it any more.
func (w *world) withdrawOthers(j *job, accepted *models.Row) error {
	ids, err := w.tx.PendingTransfers(accepted.Text("service_id"))
	if err != nil {
		return err
	}
	for key, h := range w.rows { // and what this transaction brought
		if key.table == accepted.Table && h.row.Text("service_id") == accepted.Text("service_id") && !slices.Contains(ids, key.id) {
			ids = append(ids, key.id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		other, err := w.live(accepted.Table, id)
		if err != nil {
			return err
		}
		if id == accepted.ID || other == nil || other.Text("state") != "pending" {
			continue
		}
		row := other.Clone()
		row.PutText("state", "withdrawn")
		w.amend(j, row, "state")
	}
	return nil
}

func (w *world) endAssignments(j *job, service string) error {
	list, err := w.inBucket(service, models.Tables.Table("assignments"))
	if err != nil {
		return err
	}
	for _, a := range list {
		if err := w.endOne(j.who, a.ID); err != nil {
			return err
		}
	}
	return nil
}

// losePerson ends what an organisation and its people hold of a person because of a
// service, and all of it when no other service of theirs is left.
func (w *world) losePerson(person, org, service string) error {
	grants, err := w.grantsOf(person)
	if err != nil {
		return err
	}
	another := false
	for _, g := range grants {
		id, ofService := strings.CutPrefix(g.Source, models.SourceService)
		if another || !ofService || !g.Live() || g.Principal != org || id == service {
			continue
		}
		other, err := w.live(models.Tables.Table("services"), id)
		if err != nil {
			return err
		}
		another = other != nil
	}
	theirs := map[string]bool{org: true}
	for _, g := range grants {
		user, ok, err := w.user(g.Principal)
		if err != nil {
			return err
		}
		theirs[g.Principal] = theirs[g.Principal] || ok && user.OrgID == org
	}
	return w.take(person, func(g models.Grant) bool {
		return theirs[g.Principal] && (!another || g.Source == models.SourceService+service)
	})
}
