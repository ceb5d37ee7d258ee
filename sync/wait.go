package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	deferralLimit = 24 * time.Hour // after that, a waiting mutation goes to quarantine
	roundsMax     = 64             // of arrivals that set others free, in one transaction
)

// settleDeferred applies the waiting mutations whose rows arrived, or whose buckets
// were opened, in this transaction; what they insert may set others free.
func (w *world) settleDeferred() error {
	for round := 0; round < roundsMax && w.anyWait && len(w.arrived)+len(w.opened) > 0; round++ {
		rows, buckets := w.freed(w.arrived, w.opened)
		w.arrived, w.opened, w.undo = nil, nil, nil
		waiting, err := w.waitingFor(rows, buckets)
		if err != nil {
			return err
		}
		if err := w.retry(waiting, false); err != nil {
			return err
		}
	}
	return nil
}

// freed adds to the rows and buckets of a round what they open of this transaction: an
// assignment, even one that has ended, its service; a bucket the rows in it, of which
// the store knows nothing yet.
func (w *world) freed(arrived, opened []string) (rows, buckets []string) {
	came, open := map[string]bool{}, map[string]bool{}
	for _, id := range arrived {
		came[id] = true
	}
	for _, bucket := range opened {
		open[bucket] = true
	}
	for key, h := range w.rows {
		if key.table.Name == "assignments" && came[key.id] {
			open[h.row.Bucket] = true
		}
	}
	for key, h := range w.rows {
		if open[h.row.Bucket] {
			came[key.id] = true
		}
	}
	return slices.Sorted(maps.Keys(came)), slices.Sorted(maps.Keys(open))
}

// waitingFor gathers the groups that wait for a row or a bucket, stored ones and
// those of this transaction, in the order in which they came.
func (w *world) waitingFor(rows, buckets []string) ([]store.Deferred, error) {
	list, err := w.tx.DeferredWanting(rows, buckets, deferredLimit)
	if err != nil {
		return nil, err
	}
	out := list[:0:0]
	for _, d := range list {
		if _, changed := w.deferred[d.MutationID]; !changed {
			out = append(out, d)
		}
	}
	for _, d := range w.deferred {
		if d != nil {
			out = append(out, *d)
		}
	}
	sortDeferred(out)
	return out, nil
}

// retry applies groups of waiting mutations. What still waits goes on waiting,
// unless its time is over: then it goes to quarantine, like what does not fit.
func (w *world) retry(waiting []store.Deferred, overdue bool) error {
	for len(waiting) > 0 {
		var group, rest []store.Deferred
		for _, d := range waiting {
			if d.Group == waiting[0].Group {
				group = append(group, d)
			} else {
				rest = append(rest, d)
			}
		}
		waiting = rest
		if err := w.retryGroup(group, overdue); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) retryGroup(group []store.Deferred, overdue bool) error {
	steps, seq := w.mark()
	jobs := make([]*job, len(group))
	for n, d := range group {
		author, err := w.author(d.UserID)
		if err != nil {
			return err
		}
		if jobs[n], err = revive(d.Body, author); err != nil {
			return fmt.Errorf("read waiting mutation: %w", err)
		}
		jobs[n].order = d.Order
	}
	verdicts, worst, err := w.inTurn(jobs, func(int) *models.Rejection { return nil })
	if err != nil {
		return err
	}
	if worst == applied {
		for n, d := range group {
			w.deferred[d.MutationID] = nil
			w.settled = append(w.settled, settled{jobs[n], verdicts[n].result})
		}
		return nil
	}
	w.rollback(steps, seq)
	for n, d := range group {
		if worst == waits && !overdue {
			w.waitOn(d, verdicts[n])
			continue
		}
		w.deferred[d.MutationID] = nil
		reason := reasonImpossible
		switch {
		case verdicts[n].fate == waits:
			reason = reasonNoParent
		case verdicts[n].reason != "":
			reason = verdicts[n].reason
		case verdicts[n].fate == applied: // it would fit; another of its group does not
			reason = reasonGroup
		}
		if err := w.quarantine(jobs[n], reason); err != nil {
			return err
		}
		w.settled = append(w.settled, settled{jobs[n], quarantined(jobs[n], reason).result})
	}
	return nil
}

// waitOn notes what a mutation waits for now, if that changed.
func (w *world) waitOn(d store.Deferred, v verdict) {
	if v.fate == waits && v.wants != d.Wants {
		d.Wants = v.wants
		w.deferred[d.MutationID] = &d
	}
}

// applyReleased applies a job that a supervisor let out, whatever its author may now.
func (w *world) applyReleased(j *job) (verdict, error) {
	t, rejection := j.frame(nil)
	if rejection != nil {
		return rejected(j, rejection), nil
	}
	if err := w.redirect(j, t); err != nil {
		return verdict{}, err
	}
	values, rejection := j.values(t)
	if rejection != nil {
		return rejected(j, rejection), nil
	}
	switch j.Op {
	case models.OpInsert:
		return w.insert(j, t, values)
	case models.OpPatch:
		return w.patch(j, t, values)
	}
	return w.remove(j, t)
}

func sortDeferred(list []store.Deferred) {
	slices.SortFunc(list, func(a, b store.Deferred) int { return cmp.Compare(a.Order, b.Order) })
}
