package push

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	gosync "sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"pursuit/models/store"
	"pursuit/push/fcm"
)

const (
	lookDefault  = 10 * time.Second
	lookJitter   = 5                      // a pause is up to a fifth shorter, so that instances do not march in step
	wakeGather   = 100 * time.Millisecond // commits that follow each other are looked at together
	lookSteps    = 2000                   // lists or transactions of one program in one look; the next look goes on
	lookLimit    = 2 * time.Minute
	failedPause  = time.Second
	keptPushes   = 30 * 24 * time.Hour // what went out, for those who look into a complaint
	removeAtOnce = 1000
)

// Rows writes reminder rows: the sync engine's half of a reminder.
type Rows interface {
	ServerRows(ctx context.Context, program int32, make func(*store.ProgramTx) ([]store.ServerRow, error)) error
}

// Live tells whether a device of a user knows already that the sequence of a program
// reached a number, so that it need not be woken: it listens to this instance's live
// stream, or this instance said so in an answer.
type Live interface {
	Knows(program int32, user, device string, seq int64) bool
}

// Config is what a Service is made of.
type Config struct {
	Store    *store.Store
	Rows     Rows
	Live     Live // nil: nobody knows
	Sender   fcm.Sender
	Log      *slog.Logger
	Interval time.Duration // between looks when nothing happens; 0 is 10 s
	Tickles  bool          // wake sleeping devices
	Jobs     JobTimes
}

// Service keeps reminders and sends pushes. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	rows     Rows
	live     Live
	sender   fcm.Sender
	log      *slog.Logger
	interval time.Duration

	look    chan struct{} // rung when there may be something to do
	tickler *tickler

	jobs     *river.Client[*store.Tx]
	jobTimes JobTimes
	loads    *gather[store.PushKey, *store.DuePush]
	records  *gather[store.PushOutcome, struct{}]

	counts     counts
	credential atomic.Bool // FCM refuses the credential
}

// New makes a service; Run starts it.
func New(c Config) (*Service, error) {
	s := &Service{store: c.Store, rows: c.Rows, live: c.Live, sender: c.Sender, log: c.Log, interval: c.Interval,
		look: make(chan struct{}, 1), jobTimes: c.Jobs}
	if s.interval <= 0 {
		s.interval = lookDefault
	}
	if c.Tickles {
		s.tickler = newTickler(s)
	}
	s.loads, s.records = newGather(underWay, s.load), newGather(underWay, s.record)
	var err error
	if s.jobs, err = s.newJobs(c.Jobs); err != nil {
		return nil, err
	}
	return s, c.Store.OnCommit(s.committed)
}

// committed hears of a commit. It does not wait.
func (s *Service) committed(c store.Commit) {
	ring(s.look)
	if s.tickler != nil {
		s.tickler.committed(c)
	}
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // it rings already
	}
}

// Run looks at once, after commits, and about every interval, and lets River send,
// until ctx ends. A push that is under way then is finished or taken over by another
// instance.
func (s *Service) Run(ctx context.Context) {
	var parts gosync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { s.work(ctx) })
	if s.tickler != nil {
		parts.Go(func() { s.tickler.run(ctx) })
	}
	for ctx.Err() == nil {
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.counts.lookFailed.Add(1)
			s.log.Warn("a look at the reminders failed; the next one tries again", "error", err)
			pause(ctx, failedPause)
		}
		select {
		case <-ctx.Done():
		case <-s.look:
			pause(ctx, wakeGather)
		case <-time.After(s.interval - rand.N(s.interval/lookJitter+1)):
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Look looks once at every program: it raises and settles the reminders that are due
// and decides on the pushes that may go now.
func (s *Service) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	programs, err := s.store.Programs(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, p := range programs { // one program's fault is not another's
		if err := s.raise(ctx, p); err != nil {
			faults = append(faults, err)
			continue
		}
		if err := s.plan(ctx, p.No); err != nil {
			faults = append(faults, err)
		}
	}
	faults = append(faults, s.adopt(ctx), s.store.RemoveOldPushes(ctx, s.store.Clock().Add(-keptPushes), removeAtOnce))
	return errors.Join(faults...)
}
