package push

import (
	"context"
	"errors"
	"slices"
	gosync "sync"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/push/cadence"
)

const (
	listAtOnce  = 20_000 // due services of one list: some 2 MB
	judgeAtOnce = 500    // services of one reading: some 2 MB with their attempts
	judges      = 2      // readings side by side: one is read while another is evaluated or written
)

// walk goes through a list of due services, some at a time.
//
// Services are read and judged beside the writers. Most ask for nothing but a new
// clock, which is set only where the clock that was read first still stands: a
// commit in between moved it. Those that ask for more are judged again while the
// program is held (act).
type walk struct {
	s       *Service
	program models.Program
	now     time.Time

	mu  gosync.Mutex
	due []store.DueService
	err error
}

// raise looks at the services of a program that are due. A program without any costs
// one look into an index, however many services it has.
func (s *Service) raise(ctx context.Context, program models.Program) error {
	for range lookSteps {
		w := &walk{s: s, program: program, now: s.store.Clock()}
		var err error
		if w.due, err = s.store.DueServices(ctx, program.No, w.now, listAtOnce); err != nil || len(w.due) == 0 {
			return err
		}
		more := len(w.due) == listAtOnce
		var parts gosync.WaitGroup
		for range min(judges, 1+len(w.due)/judgeAtOnce) {
			parts.Go(func() { w.run(ctx) })
		}
		parts.Wait()
		if w.err != nil || !more {
			return w.err
		}
	}
	return nil
}

func (w *walk) run(ctx context.Context) {
	for due := w.next(); len(due) > 0; due = w.next() {
		if err := w.look(ctx, due); err != nil {
			w.fail(err)
		}
	}
}

// next takes the next services, none at the end or after a failure.
func (w *walk) next() []store.DueService {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil
	}
	some := w.due[:min(len(w.due), judgeAtOnce)]
	w.due = w.due[len(some):]
	return some
}

func (w *walk) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = errors.Join(w.err, err)
}

// look judges services and writes what follows.
func (w *walk) look(ctx context.Context, due []store.DueService) error {
	j, err := w.judge(ctx, due)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(j.acting, servicesAtOnce) {
		if err := w.s.act(ctx, w.program.No, some, j.read); err != nil {
			return err
		}
	}
	if len(j.quiet) == 0 {
		return nil
	}
	return store.InTx(ctx, w.s.store, func(tx *store.Tx) error { return tx.SetReminderClocks(w.program.No, j.quiet, j.next) })
}

// judged parts services that ask for a change from those that ask for a later look.
type judged struct {
	acting, quiet []store.DueService
	next          map[string]time.Time           // of the quiet ones
	read          map[string]*store.ReminderCase // those of the acting ones that have no reminder yet
}

// judge reads and judges services. Everything is read after the clocks in due were.
func (w *walk) judge(ctx context.Context, due []store.DueService) (judged, error) {
	j := judged{next: make(map[string]time.Time, len(due)), read: map[string]*store.ReminderCase{}}
	stored, err := w.s.store.ReminderSettings(ctx, w.program.No)
	if err != nil {
		return j, err
	}
	cases, err := w.s.store.ReminderCases(ctx, w.program.No, idsOf(due))
	if err != nil {
		return j, err
	}
	rules, asks := newRules(w.program, stored), map[string]bool{}
	for _, c := range cases {
		plan := cadence.Evaluate(rules.caseOf(c), existing(c), w.now)
		j.next[c.ServiceID] = plan.Next
		asks[c.ServiceID] = len(plan.Raise)+len(plan.Settle) > 0 || notesChange(c)
		if asks[c.ServiceID] && len(c.Notes) == 0 {
			j.read[c.ServiceID] = c
		}
	}
	for _, d := range due {
		if asks[d.ID] {
			j.acting = append(j.acting, d)
		} else {
			j.quiet = append(j.quiet, d)
		}
	}
	return j, nil
}

// notesChange tells whether a push of a service's reminders is out of step with its row.
func notesChange(c *store.ReminderCase) bool {
	for _, n := range c.Notes {
		if _, _, change := nextNote(n); change {
			return true
		}
	}
	return false
}

func idsOf(due []store.DueService) []string {
	out := make([]string, len(due))
	for i, d := range due {
		out[i] = d.ID
	}
	return out
}
