package sync

import (
	"context"
	"errors"
	"runtime/debug"
	gosync "sync"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	pushesPerTx    = 64                   // pushes that may share a transaction
	mutationsPerTx = 2000                 // so that no push waits long for another
	gatherMost     = 4 * time.Millisecond // the longest wait for more pushes to share a transaction
	gatherShare    = 3                    // and at most this part of the last transaction's time
	queueMax       = 4096                 // waiting pushes of one program; beyond, devices are told to come back
	pushTimeLimit  = 20 * time.Second     // for one lot: on a line that went deaf, the next devices wait for it to end
)

// queue gathers the pushes of one program that arrive while a transaction runs, and
// runs them together in the next one. The sequence admits one writer at a time, so
// waiting pushes lose nothing by it and save a commit each.
type queue struct {
	mu      gosync.Mutex
	waiting []*pending
	busy    bool
	wanted  int           // while gather waits: how many pushes end the wait; else 0
	enough  chan struct{} // closed when so many wait
}

// pending is a push that waits for its results.
type pending struct {
	who     models.Actor
	items   []Item
	read    []readItem // of the items, before the push waits; none = when they are looked at
	clock   deviceClock
	arrived time.Time
	done    chan struct{}
	results []models.Result
	err     error
}

// Push stores what a device wrote and tells, mutation by mutation and in their
// order, what became of it.
//
// The error is about the whole push (the database is away, too many wait); what is
// wrong with a mutation is its Result. When Push returns an error nothing is known
// to be stored and the device sends again: ids make that safe.
func (e *Engine) Push(ctx context.Context, who models.Actor, device time.Time, items []Item) ([]models.Result, error) {
	if len(items) == 0 {
		return []models.Result{}, nil
	}
	arrived := e.store.Clock()
	p := &pending{who: who, items: items, read: readItems(who.UserID, items), arrived: arrived, clock: readClock(device, arrived), done: make(chan struct{})}
	found, _ := e.queues.LoadOrStore(who.Program, &queue{})
	q := found.(*queue)
	lead, err := q.enter(p)
	if err != nil {
		return nil, err
	}
	if lead {
		go e.drain(context.WithoutCancel(ctx), q, who.Program)
	}
	select {
	case <-p.done:
		return p.results, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// enter adds a push and tells whether the caller is to start the work.
func (q *queue) enter(p *pending) (lead bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= queueMax {
		return false, &models.Error{Kind: models.KindUnavailable, Code: "busy", Text: "Too many pushes wait; send again.", RetryAfter: 1}
	}
	q.waiting = append(q.waiting, p)
	if q.wanted > 0 && len(q.waiting) >= q.wanted {
		q.wanted = 0
		close(q.enough)
	}
	lead = !q.busy
	q.busy = true
	return lead, nil
}

// next takes the pushes of the next transaction; nil ends the work.
func (q *queue) next() []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, mutations := 0, 0
	for n < len(q.waiting) && n < pushesPerTx {
		mutations += len(q.waiting[n].items)
		if n > 0 && mutations > mutationsPerTx {
			break
		}
		n++
	}
	batch := append([]*pending(nil), q.waiting[:n]...)
	q.waiting = append(q.waiting[:0], q.waiting[n:]...)
	q.busy = n > 0
	return batch
}

func (e *Engine) drain(ctx context.Context, q *queue, program int32) {
	for {
		batch := q.next()
		if batch == nil {
			return
		}
		begin := time.Now()
		e.together(ctx, program, batch)
		for _, p := range batch {
			close(p.done)
		}
		q.gather(len(batch), min(gatherMost, time.Since(begin)/gatherShare))
	}
}

// gather waits a moment for the devices that were just answered to send their next
// push, if several are at it: a commit costs a write to the disk, and one for eight
// pushes costs what one for four does. It never waits longer than limit.
func (q *queue) gather(answered int, limit time.Duration) {
	q.mu.Lock()
	expect := answered + len(q.waiting)
	if expect < 3 || len(q.waiting) == 0 && answered < 2 {
		q.mu.Unlock()
		return
	}
	q.wanted, q.enough = expect-expect/4, make(chan struct{})
	enough := q.enough
	if len(q.waiting) >= q.wanted {
		q.wanted = 0
		close(enough)
	}
	q.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-enough:
	case <-timer.C:
	}
	q.mu.Lock()
	q.wanted = 0
	q.mu.Unlock()
}

// together runs pushes in one transaction. If that fails, each runs in its own, so
// that what is wrong with one stays with it.
func (e *Engine) together(ctx context.Context, program int32, batch []*pending) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeLimit)
	defer cancel()
	err := e.transact(ctx, program, batch)
	if err == nil {
		return
	}
	if len(batch) == 1 {
		batch[0].err = err
		return
	}
	e.log.Warn("a shared transaction failed; its pushes run alone", "program", program, "pushes", len(batch))
	for _, p := range batch {
		p.err = e.transact(ctx, program, []*pending{p})
	}
}

// guarded turns a panic into an error: one bad mutation must not end the server.
func (e *Engine) guarded(program int32, act func() error) (err error) {
	defer func() {
		if recover() != nil { // what panicked may hold values; the stack does not
			e.log.Error("a push panicked", "program", program, "stack", string(debug.Stack()))
			err = errors.New("push panicked")
		}
	}()
	return act()
}

func (e *Engine) transact(ctx context.Context, program int32, batch []*pending) error {
	return e.guarded(program, func() error { return e.transactUnguarded(ctx, program, batch) })
}

func (e *Engine) transactUnguarded(ctx context.Context, program int32, batch []*pending) error {
	want := foresee(batch)
	return store.InProgramWith(ctx, e.store, program, want, func(tx *store.ProgramTx, found store.Prefetched) error {
		w := newWorld(tx)
		w.checkSetting = e.checkSetting
		w.start(want, found)
		for _, p := range batch {
			if err := w.push(p); err != nil {
				return err
			}
			if err := w.ahead(); err != nil {
				return err
			}
		}
		if err := w.settleDeferred(); err != nil {
			return err
		}
		if err := w.auditPushes(batch); err != nil {
			return err
		}
		return w.flush()
	})
}
