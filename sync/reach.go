package sync

import (
	"encoding/json"

	"pursuit/models"
	"pursuit/sync/scope"
)

// deferredLimit bounds the waiting mutations looked at in one transaction; the rest
// is looked at by the next, or by the sweep.
const deferredLimit = 2000

// parents finds the rows that a new row hangs on and whether its author may write
// there. late is true for an attempt made while the case was still theirs.
func (w *world) parents(j *job, t *models.Table, values map[int]json.RawMessage) (map[string]*models.Row, bool, verdict, error) {
	found := make(map[string]*models.Row, len(t.Parents))
	late := j.released
	for _, p := range t.Parents {
		id := models.Text(values[t.Field(p.Field)])
		row, err := w.live(models.Tables.Table(p.Table), id)
		if err != nil {
			return nil, false, verdict{}, err
		}
		if row == nil {
			return nil, false, deferred(j, id), nil
		}
		found[p.Field] = row
		if j.released {
			ok, err := w.releasable(j, row.Bucket)
			if err != nil {
				return nil, false, verdict{}, err
			}
			if !ok {
				return nil, false, deferred(j, id), nil
			}
			continue
		}
		access, err := w.accessOf(j, row.Bucket)
		if err != nil {
			return nil, false, verdict{}, err
		}
		switch {
		case access.Now:
		case !access.Ever():
			return nil, false, deferred(j, id), nil
		case t.Name != "contact_attempts":
			return nil, false, quarantined(j, reasonNotHeld), nil
		default:
			held, err := w.heldWhen(j, row, values, access)
			if err != nil {
				return nil, false, verdict{}, err
			}
			if !held {
				return nil, false, quarantined(j, reasonOutside), nil
			}
			late = true
		}
	}
	return found, late, verdict{}, nil
}

// heldWhen tells whether an attempt happened while its author held the case: between
// when the server heard that it is theirs and when it heard that it is not, or between
// the start and the end that an assignment of theirs tells of. Either may be earlier: an
// assignment that was written offline is heard of late.
func (w *world) heldWhen(j *job, service *models.Row, values map[int]json.RawMessage, access scope.Access) (bool, error) {
	occurred, ok := models.ParseTime(models.Text(values[models.Tables.Table("contact_attempts").Field("occurred_at")]))
	if !ok {
		return false, nil
	}
	occurred = j.clock().correct(occurred, j.received)
	if access.HeldAt(occurred) {
		return true, nil
	}
	list, err := w.inBucket(service.Bucket, models.Tables.Table("assignments"))
	if err != nil {
		return false, err
	}
	for _, a := range list {
		from, begun := models.ParseTime(a.Text("started_at"))
		to, ended := models.ParseTime(a.Text("ended_at"))
		if a.Text("user_id") == j.who.UserID && begun && ended && !occurred.Before(from) && !occurred.After(to) {
			return true, nil
		}
	}
	return false, nil
}

// clock is the device's clock as it was when the job arrived.
func (j *job) clock() deviceClock { return deviceClock{offset: j.offset, suspect: j.suspect} }

// target finds the row that a patch or a delete speaks of and whether its author
// may write it now.
func (w *world) target(j *job, t *models.Table) (*models.Row, verdict, error) {
	row, err := w.row(t, j.Row)
	if err != nil {
		return nil, verdict{}, err
	}
	if row == nil {
		v, err := w.absent(j)
		return nil, v, err
	}
	if j.released {
		ok, err := w.releasable(j, row.Bucket)
		if err != nil || ok {
			return row, verdict{}, err
		}
		return nil, gone(j), nil
	}
	if t.Name == "settings" {
		return row, settingsTarget(j, row), nil
	}
	access, err := w.accessOf(j, row.Bucket)
	switch {
	case err != nil:
		return nil, verdict{}, err
	case access.Now:
		return row, verdict{}, nil
	case access.Ever():
		return nil, quarantined(j, reasonNotHeld), nil
	}
	v, err := w.absent(j)
	return nil, v, err
}

// absent answers for a row that is not there for the author. A patch of a row that
// its device never saw from the server waits for the row's insert; so does a delete
// whose insert waits itself.
func (w *world) absent(j *job) (verdict, error) {
	if j.Base > 0 {
		lost, err := w.tx.LostNumber(j.Base)
		if err == nil && lost { // its row went with a restored backup, and comes back with another phone
			return deferred(j, j.Row), nil
		}
		return gone(j), err
	}
	if j.Op == models.OpPatch {
		return deferred(j, j.Row), nil
	}
	for _, d := range w.deferred {
		if d != nil && d.Row == j.Row && d.Wants != d.Row && d.UserID == j.who.UserID {
			return deferred(j, j.Row), nil
		}
	}
	if !w.anyWait {
		return gone(j), nil
	}
	waiting, err := w.tx.DeferredRows([]string{j.Row}, deferredLimit)
	if err != nil {
		return verdict{}, err
	}
	for _, d := range waiting {
		if d.UserID == j.who.UserID && d.Wants != d.Row { // an insert waits for another row, a patch for its own
			return deferred(j, j.Row), nil
		}
	}
	return gone(j), nil
}

// settingsTarget: admins write every setting of the program, supervisors those of
// their organisation. What they cannot see is gone to them.
func settingsTarget(j *job, row *models.Row) verdict {
	switch {
	case j.who.Role == models.RoleAdmin, row.Bucket == j.who.OrgID:
		return verdict{}
	case row.Bucket == j.who.ProgramID:
		return rejected(j, models.Reject(models.CodeForbidden, "row", "only an admin changes the program's settings"))
	}
	return gone(j)
}
