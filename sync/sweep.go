package sync

import (
	"context"
	"math/rand/v2"
	gosync "sync"
	"sync/atomic"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	sweepDefault = 10 * time.Second
	sweepJitter  = 5                    // a pause is up to a fifth shorter, so that instances do not march in step
	groupsAtOnce = 100                  // groups of waiting mutations tried in one transaction
	settleSteps  = 20                   // such transactions of one program in one sweep
	keptFor      = 400 * 24 * time.Hour // tombstones, former versions, mutations
	collectRows  = 1000                 // rows looked at in one transaction of collection
	collectSteps = 50                   // such transactions of one program in one sweep
	collectPause = 5 * time.Millisecond // between them, for the pushes that wait
)

// sweeper does what nobody asks for: waiting mutations whose time is over or whose
// row came another way, and what need not be kept any more.
//
// Every instance sweeps. Each step holds the program while it looks again and acts,
// so two that come together do the work once.
type sweeper struct {
	engine *Engine

	mu     gosync.Mutex
	places map[int32]places

	sweeps  atomic.Int64
	failed  atomic.Int64
	settled atomic.Int64
	removed atomic.Int64 // tombstones
}

// places is where the slow walks over a program have come to.
type places struct {
	versions  string
	mutations string
	ripe      int64
}

// SweepEvery sets how often waiting and old things are looked for; before Run.
func (e *Engine) SweepEvery(interval time.Duration) { e.sweepEvery = interval }

// run sweeps at once and then about every interval, until ctx ends.
func (w *sweeper) run(ctx context.Context, interval time.Duration) {
	if interval <= 0 {
		interval = sweepDefault
	}
	for ctx.Err() == nil {
		if err := w.engine.Sweep(ctx); err != nil && ctx.Err() == nil {
			w.failed.Add(1)
			w.engine.log.Warn("a sweep failed; the next one tries again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(interval - rand.N(interval/sweepJitter+1)):
		}
	}
}

// Sweep looks once through every program. It does a bounded amount of work; what is
// left is done by the next one.
func (e *Engine) Sweep(ctx context.Context) error {
	e.sweep.sweeps.Add(1)
	programs, err := e.store.Programs(ctx)
	if err != nil {
		return err
	}
	var first error
	for _, p := range programs { // one program's fault is not another's
		err := e.sweep.waiting(ctx, p)
		if err == nil {
			err = e.sweep.collect(ctx, p)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// waiting quarantines what has waited for a day and applies what need not wait.
func (w *sweeper) waiting(ctx context.Context, p models.Program) error {
	overdue := func() ([]string, error) {
		return w.engine.store.OverdueGroups(ctx, p.No, w.engine.store.Clock().Add(-deferralLimit).UnixMilli(), groupsAtOnce)
	}
	for range settleSteps {
		groups, err := overdue()
		if err != nil || len(groups) == 0 {
			return w.ripe(ctx, p, err)
		}
		if err := w.settle(ctx, p.No, groups, true); err != nil {
			return err
		}
	}
	return nil
}

// ripe applies, once a sweep, groups whose row came another way than by a push: a
// user who moved, a grant. What they set free follows in the same transaction.
func (w *sweeper) ripe(ctx context.Context, p models.Program, err error) error {
	if err != nil {
		return err
	}
	w.mu.Lock()
	at := w.places[p.No]
	w.mu.Unlock()
	groups, last, err := w.engine.store.RipeGroups(ctx, p, at.ripe, groupsAtOnce)
	if err != nil {
		return err
	}
	if last != at.ripe { // some may go on waiting; they must not stand before the others for ever
		w.mu.Lock()
		at = w.places[p.No]
		at.ripe = last
		w.places[p.No] = at
		w.mu.Unlock()
	}
	if len(groups) == 0 {
		return nil
	}
	return w.settle(ctx, p.No, groups, false)
}

// settle tries groups in one transaction, or, if that fails, each in its own.
func (w *sweeper) settle(ctx context.Context, program int32, groups []string, overdue bool) error {
	err := w.engine.guarded(program, func() error { return w.try(ctx, program, groups, overdue) })
	if err == nil || len(groups) == 1 {
		return err
	}
	for _, group := range groups {
		if err := w.engine.guarded(program, func() error { return w.try(ctx, program, []string{group}, overdue) }); err != nil {
			w.engine.log.Error("a waiting mutation could not be settled", "program", program, "mutation", group, "error", err)
		}
	}
	return err
}

func (w *sweeper) try(ctx context.Context, program int32, groups []string, overdue bool) error {
	var done int
	err := store.InProgram(ctx, w.engine.store, program, func(tx *store.ProgramTx) error {
		world := newWorld(tx)
		world.anyWait, world.checkSetting = true, w.engine.checkSetting
		waiting, err := tx.DeferredGroups(groups, groupsAtOnce*MutationsMax)
		if err != nil {
			return err
		}
		if err := world.retry(waiting, overdue); err != nil {
			return err
		}
		if err := world.settleDeferred(); err != nil {
			return err
		}
		done = len(world.settled)
		if err := world.auditPushes(nil); err != nil {
			return err
		}
		return world.flush()
	})
	if err == nil {
		w.settled.Add(int64(done))
	}
	return err
}
