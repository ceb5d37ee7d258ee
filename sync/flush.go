package sync

import (
	"sort"

	"pursuit/models/store"
)

// aheadFrom is how many mutations are worth a statement of their own before the
// transaction ends: fewer cost more on their way to the database than is won.
const aheadFrom = 20

// ahead has what the pushes so far changed written while the next ones are decided.
// Nothing of it is undone later: a mutation or group that is impossible was rolled
// back before. A row that changes again is written again.
//
// While mutations wait for rows, everything is left to the end: what settles them
// looks at all of it.
func (w *world) ahead() error {
	if w.anyWait || !w.tx.WritesAhead() || w.tx.Aloft() || len(w.log)-w.logged < aheadFrom {
		return nil
	}
	w.undo = nil
	saved, former, log := w.unsaved(), w.former[w.formed:], w.log[w.logged:]
	w.formed, w.logged = len(w.former), len(w.log)
	return w.tx.Aside(func(tx *store.ProgramTx) error {
		if err := tx.SaveRows(saved, former); err != nil {
			return err
		}
		return tx.LogMutations(log)
	})
}

// unsaved gives the changed rows that are to be written as they stand now.
func (w *world) unsaved() []store.Saved {
	saved := make([]store.Saved, 0, len(w.changed))
	for _, key := range w.changed {
		h := w.rows[key]
		if h.ahead == h.row.V {
			continue
		}
		saved = append(saved, store.Saved{Row: h.row, New: !h.stored && h.ahead == 0})
		h.ahead = h.row.V
	}
	sort.Slice(saved, func(i, j int) bool { return saved[i].Row.V < saved[j].Row.V })
	return saved
}

// flush writes everything that changed and was not written ahead.
func (w *world) flush() error {
	if err := w.judge(); err != nil {
		return err
	}
	if err := w.tx.SaveRows(w.unsaved(), w.former[w.formed:]); err != nil {
		return err
	}
	for _, g := range w.grantChanges {
		if err := w.tx.SaveGrant(g.Grant); err != nil {
			return err
		}
	}
	if err := w.tx.LogMutations(w.log[w.logged:]); err != nil {
		return err
	}
	if err := w.touchReminders(); err != nil {
		return err
	}
	return w.flushDeferred()
}

func (w *world) flushDeferred() error {
	for id, d := range w.deferred {
		var err error
		if d == nil {
			err = w.tx.Undefer(id)
		} else {
			err = w.tx.Defer(*d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
