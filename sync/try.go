package sync

import (
	"context"
	"errors"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// errTried ends the transaction of a trial, so that nothing of it stays.
var errTried = errors.New("a trial is not stored")

// Try tells what Push would answer now, in the same words and order, and stores nothing:
// no row, no number of the sequence, no memory of the ids, no entry in the audit.
//
// It runs what Push runs, in a transaction that is undone; like Push it holds the program
// while it runs. The error is about the whole.
func (e *Engine) Try(ctx context.Context, who models.Actor, device time.Time, items []Item) ([]models.Result, error) {
	if len(items) == 0 {
		return []models.Result{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeLimit)
	defer cancel()
	arrived := e.store.Clock()
	p := &pending{who: who, items: items, arrived: arrived, clock: readClock(device, arrived)}
	want := foresee([]*pending{p})
	err := e.guarded(who.Program, func() error {
		return store.InProgramWith(ctx, e.store, who.Program, want, func(tx *store.ProgramTx, found store.Prefetched) error {
			w := newWorld(tx)
			w.checkSetting = e.checkSetting
			w.start(want, found)
			if err := w.push(p); err != nil {
				return err
			}
			if err := w.settleDeferred(); err != nil {
				return err
			}
			if err := w.flush(); err != nil { // what the database would refuse is told too
				return err
			}
			return errTried
		})
	})
	if !errors.Is(err, errTried) {
		return nil, err
	}
	return p.results, nil
}
