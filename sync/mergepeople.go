package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	mergeRowsMax = 10_000 // rows of a merged person, so that pushes do not wait for long; a case has hundreds
	codesMax     = models.ListMax
	opMerge      = models.Op("merge") // in the log of mutations; no device may send it
)

// AuditMerge is the audit's action for two people who were merged.
const AuditMerge = "people.merge"

// PeopleMerge asks for one person to become another.
type PeopleMerge struct {
	ID    string // of the request, as a mutation has one: sent again, it answers the same
	Keep  string // the person who stays
	Merge string // the person who becomes them
}

// PeopleMerged is what became of it.
type PeopleMerged struct {
	ID        string   `json:"id"`
	PersonID  string   `json:"person_id"` // who both are now
	V         int64    `json:"v"`         // that person's `_v` afterwards
	Conflicts []string `json:"conflicts"` // the records of values that both had
	Duplicate bool     `json:"duplicate"`
}

// MergePeople makes one person of two, in one transaction: rows, services, grants and
// codes of the one pass to the other, and what comes for the one later is turned to
// the other. Of two who are one already nothing changes.
//
// The error is not_found when the caller does not hold both, forbidden when their
// role does not merge them, conflict when the id is another request's or there is too
// much to move. Source: docs/protocol.md, section 6, "Merging people".
func (e *Engine) MergePeople(ctx context.Context, who models.Actor, m PeopleMerge) (PeopleMerged, error) {
	var out PeopleMerged
	err := e.guarded(who.Program, func() error {
		return store.InProgram(ctx, e.store, who.Program, func(tx *store.ProgramTx) error {
			w := newWorld(tx)
			w.checkSetting = e.checkSetting
			var err error
			out, err = w.mergePeople(who, m)
			return err
		})
	})
	return out, err
}

// MayMergePeople tells whether a role merges people and sees who may be the same.
func MayMergePeople(role models.Role) bool {
	return role == models.RoleCaseManager || role == models.RoleSupervisor
}

func (w *world) mergePeople(who models.Actor, m PeopleMerge) (PeopleMerged, error) {
	p := &pending{who: who, arrived: w.tx.Now, items: []Item{{Mutation: models.Mutation{ID: m.ID, Table: "people", Row: m.Merge,
		Op: opMerge, Set: map[string]json.RawMessage{"keep": models.Quote(m.Keep)}}}}}
	want := foresee([]*pending{p})
	found, err := w.tx.Prefetch(want)
	if err != nil {
		return PeopleMerged{}, err
	}
	w.start(want, found)
	author, err := w.author(who.UserID)
	if err != nil {
		return PeopleMerged{}, err
	}
	j := w.newJob(p, 0, author)
	if result, replayed := w.replay(j); replayed {
		return w.mergedBefore(m, result)
	}
	keep, gone, err := w.twoPeople(j, m)
	if err != nil {
		return PeopleMerged{}, err
	}
	v := verdict{result: models.Result{ID: j.ID, Status: models.StatusApplied, V: keep.V}}
	moved := 0
	if keep != gone {
		if v.result, moved, err = w.join(j, keep, gone); err != nil {
			return PeopleMerged{}, err
		}
	}
	w.remember(j, v)
	if err := w.auditMerge(j, keep.ID, moved); err != nil {
		return PeopleMerged{}, err
	}
	return mergedAnswer(keep.ID, v.result), w.flush()
}

func mergedAnswer(person string, r models.Result) PeopleMerged {
	out := PeopleMerged{ID: r.ID, PersonID: person, V: r.V, Conflicts: r.Conflicts, Duplicate: r.Duplicate}
	if out.Conflicts == nil {
		out.Conflicts = []string{}
	}
	return out
}

// mergedBefore answers a request that was seen before.
func (w *world) mergedBefore(m PeopleMerge, result models.Result) (PeopleMerged, error) {
	if result.Status != models.StatusApplied {
		return PeopleMerged{}, models.E(models.KindConflict, "conflict", "The id belongs to another request.")
	}
	where, err := w.turnOf(m.Merge)
	if where.to == "" { // it was the one that stayed
		where.to = m.Merge
	}
	return mergedAnswer(where.to, result), err
}

// twoPeople finds whom a request speaks of, as they are now: two rows, or one twice.
func (w *world) twoPeople(j *job, m PeopleMerge) (keep, gone *models.Row, err error) {
	if !MayMergePeople(j.who.Role) {
		return nil, nil, models.Forbidden("Case managers and supervisors merge people.")
	}
	if keep, err = w.heldPerson(j.who, m.Keep); err != nil {
		return nil, nil, err
	}
	if gone, err = w.heldPerson(j.who, m.Merge); err != nil {
		return nil, nil, err
	}
	if keep.ID == gone.ID {
		return keep, keep, nil
	}
	wider, err := w.heldElsewhere(j.who, keep.ID, gone.ID)
	if err == nil && wider && j.who.Role != models.RoleSupervisor {
		err = models.Forbidden("Another organisation holds one of them: a supervisor merges them.")
	}
	return keep, gone, err
}

// heldPerson gives the person that an id leads to, if somebody holds them now.
func (w *world) heldPerson(who models.Actor, id string) (*models.Row, error) {
	where, err := w.turnOf(id)
	if err != nil {
		return nil, err
	}
	if where.to != "" {
		id = where.to
	}
	row, err := w.live(models.Tables.Table("people"), id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, models.NotFound()
	}
	access, err := w.access(who, row.Bucket)
	if err == nil && !access.Now {
		err = models.NotFound()
	}
	return row, err
}

// heldElsewhere tells whether somebody who reads cases in another organisation holds
// one of the buckets.
func (w *world) heldElsewhere(who models.Actor, buckets ...string) (bool, error) {
	for _, bucket := range buckets {
		grants, err := w.grantsOf(bucket)
		if err != nil {
			return false, err
		}
		for _, g := range grants {
			if !g.Live() || g.Principal == who.OrgID {
				continue
			}
			user, isUser, err := w.user(g.Principal)
			if err != nil {
				return false, err
			}
			if !isUser || user.Role.HoldsCases() && user.OrgID != who.OrgID {
				return true, nil
			}
		}
	}
	return false, nil
}

// join makes one person of two different ones and tells how many rows moved. The
// tombstone takes the first number: see the decision record.
func (w *world) join(j *job, keep, gone *models.Row) (models.Result, int, error) {
	result := models.Result{ID: j.ID, Status: models.StatusApplied}
	tomb := gone.Clone()
	tomb.V, tomb.Deleted = w.tx.Next(), true
	tomb.Meta.Wrote(j.writer(tomb.V), models.Deletion)
	w.stamp(j, tomb, false)
	w.put(tomb)
	kept, conflicts, err := w.joinRows(j, keep, gone)
	if err != nil {
		return result, 0, err
	}
	result.V, result.Conflicts = kept.V, conflicts
	if err := w.passGrants(gone.ID, keep.ID); err != nil {
		return result, 0, err
	}
	moved, err := w.moveRows(gone.ID, keep.ID)
	if err != nil {
		return result, 0, err
	}
	services, err := w.moveServices(j, gone.ID, keep.ID)
	if err != nil {
		return result, 0, err
	}
	w.judgePeople[keep.ID] = j
	err = w.tx.SaveMerge(store.PersonMerge{Merged: gone.ID, Kept: keep.ID, Code: gone.Text("code"), Seq: kept.V, Mutation: j.ID, By: j.who.UserID})
	clear(w.turned)
	return result, len(moved) + services, errors.Join(err, w.wake(gone.ID, keep.ID, moved))
}

// joinRows writes the survivor's row, with what only the other had, and keeps what
// both had as conflicts.
func (w *world) joinRows(j *job, keep, gone *models.Row) (*models.Row, []string, error) {
	out := joinPeople(keep, gone, j.writer(w.tx.Next()))
	if len(models.Texts(out.Row.Get("codes"))) > codesMax {
		return nil, nil, models.E(models.KindConflict, "conflict", fmt.Sprintf("A person has at most %d former codes.", codesMax))
	}
	w.stamp(j, out.Row, false)
	w.put(out.Row)
	var ids []string
	for _, c := range out.Conflicts {
		id, err := w.conflict(j, out.Row, c)
		if err != nil {
			return nil, nil, err
		}
		ids = append(ids, id)
	}
	return out.Row, ids, nil
}

// passGrants gives a bucket to everybody who holds another, for the same reason, and
// ends the other.
func (w *world) passGrants(from, to string) error {
	grants, err := w.grantsOf(from)
	if err != nil {
		return err
	}
	slices.SortFunc(grants, func(a, b models.Grant) int {
		return strings.Compare(a.Principal+a.Source, b.Principal+b.Source) // the same rows in the same order
	})
	for _, g := range grants {
		if !g.Live() {
			continue
		}
		if err := w.give(g.Principal, to, g.Source); err != nil {
			return err
		}
	}
	return w.take(from, func(models.Grant) bool { return true })
}

// auditMerge records the merge beside what had waited for it, by ids and a count.
func (w *world) auditMerge(j *job, keep string, rows int) error {
	detail, err := json.Marshal(struct {
		Mutation string `json:"mutation"`
		Keep     string `json:"keep"`
		Merge    string `json:"merge"`
		Rows     int    `json:"rows"`
	}{j.ID, keep, j.Row, rows})
	if err != nil { // strings and numbers always marshal
		return fmt.Errorf("write audit: %w", err)
	}
	if err := w.tx.Audit(store.AuditEntry{Actor: j.who.UserID, Device: j.device, Action: AuditMerge, Detail: detail}); err != nil {
		return err
	}
	return w.auditPushes(nil)
}
