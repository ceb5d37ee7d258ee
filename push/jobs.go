package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	gosync "sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	queue        = "push"
	underWay     = 512                   // sends of one instance side by side: 2,000 a second while FCM takes a quarter of one
	sendLimit    = 15 * time.Second      // of one send, its reading included
	recordLimit  = 30 * time.Second      // to record it; together less than rescueAfter, or another would send it meanwhile
	rescueAfter  = time.Minute           // a send that began so long ago is of a process that died
	fetchPause   = 20 * time.Millisecond // between two takings: together a few dozen, not each place by itself
	pollEvery    = time.Second           // retries fall due without a call
	jobsKept     = time.Hour             // what was done; the rows of pushes are kept for a month
	attemptsMost = 1000                  // of a job: refusals count to steadyAfter, so these are processes that died with it
	adoptAtOnce  = 250                   // pushes in one transaction, as servicesAtOnce
)

// sendJob names one push to one device, as it was decided on: ids alone, for River
// stores and logs it.
type sendJob store.PushKey

// Kind is the name of the job in River's tables.
func (sendJob) Kind() string { return "push" }

// InsertOpts make a job unique as long as it is not done: one decision is one job.
func (sendJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queue, MaxAttempts: attemptsMost, UniqueOpts: river.UniqueOpts{ByArgs: true,
		ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

// JobTimes are for tests that move the clock; a server leaves them zero.
type JobTimes struct {
	Clock       models.Clock  // by which jobs are due; nil: the database's own time
	RescueAfter time.Duration // 0: a minute
	PollEvery   time.Duration // 0: a second
	KeepDone    time.Duration // 0: an hour, by the real time
}

// newJobs makes River's client: it puts jobs in, and works them between Start and Stop.
func (s *Service) newJobs(times JobTimes) (*river.Client[*store.Tx], error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &sendWorker{s: s}); err != nil {
		return nil, fmt.Errorf("add worker: %w", err)
	}
	c := &river.Config{
		Queues:                      map[string]river.QueueConfig{queue: {MaxWorkers: underWay}},
		Workers:                     workers,
		RetryPolicy:                 s,
		JobTimeout:                  sendLimit,
		JobStuckThreshold:           recordLimit,
		RescueStuckJobsAfter:        rescueAfter,
		SoftStopTimeout:             sendLimit,
		FetchCooldown:               fetchPause,
		FetchPollInterval:           pollEvery,
		CompletedJobRetentionPeriod: jobsKept,
		CancelledJobRetentionPeriod: jobsKept,
		Logger:                      slog.New(hushed{s.log.Handler()}),
	}
	if times.Clock != nil {
		c.Test.Time = jobClock(times.Clock)
	}
	if times.RescueAfter > 0 {
		c.RescueStuckJobsAfter = times.RescueAfter
	}
	if times.PollEvery > 0 {
		c.FetchPollInterval = times.PollEvery
	}
	if times.KeepDone > 0 {
		c.CompletedJobRetentionPeriod, c.CancelledJobRetentionPeriod = times.KeepDone, times.KeepDone
	}
	client, err := river.NewClient(s.store.JobDriver(), c)
	if err != nil {
		return nil, fmt.Errorf("make job queue: %w", err)
	}
	return client, nil
}

// jobClock is a test's clock for River.
type jobClock models.Clock

// Now tells the time.
func (c jobClock) Now() time.Time { return c() }

// NowOrNil tells the time, which is never the database's.
func (c jobClock) NowOrNil() *time.Time {
	now := c()
	return &now
}

// hushed lets pass what is wrong, and all when everything is wanted: River says at
// the level "info" what it does every few seconds, and each retry, which we tell.
type hushed struct{ slog.Handler }

// Enabled tells whether a level is logged.
func (h hushed) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, level) && (level >= slog.LevelWarn || h.Handler.Enabled(ctx, slog.LevelDebug))
}

// WithAttrs adds attributes.
func (h hushed) WithAttrs(list []slog.Attr) slog.Handler { return hushed{h.Handler.WithAttrs(list)} }

// WithGroup begins a group.
func (h hushed) WithGroup(name string) slog.Handler { return hushed{h.Handler.WithGroup(name)} }

// enqueue puts the jobs of pushes in, in the transaction that decided on them.
func (s *Service) enqueue(tx *store.Tx, keys []store.PushKey) error {
	if len(keys) == 0 {
		return nil
	}
	list := make([]river.InsertManyParams, len(keys))
	for i, k := range keys {
		list[i].Args = sendJob(k)
	}
	return tx.LendToJobs(func(ctx context.Context) error {
		if _, err := s.jobs.InsertManyTx(ctx, tx, list); err != nil {
			return fmt.Errorf("put jobs in: %w", err)
		}
		return nil
	})
}

// adopt gives the pushes their jobs that a server from before the job queue planned.
func (s *Service) adopt(ctx context.Context) error {
	for range lookSteps {
		some, err := s.store.UnclaimedPushes(ctx)
		if err != nil || !some {
			return err
		}
		err = store.InTx(ctx, s.store, func(tx *store.Tx) error {
			keys, err := tx.AdoptPushes(adoptAtOnce)
			if err != nil {
				return err
			}
			return s.enqueue(tx, keys)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// work lets River work until ctx ends; what is under way then is finished, or cut
// short after its time. What is cut off with the process is taken up by another.
func (s *Service) work(ctx context.Context) {
	apart := context.WithoutCancel(ctx)
	answering, done := context.WithCancel(apart)
	var serving gosync.WaitGroup
	serving.Go(func() { s.loads.serve(answering) })
	serving.Go(func() { s.records.serve(answering) })
	defer serving.Wait()
	defer done()
	for ctx.Err() == nil {
		err := s.jobs.Start(apart)
		if err == nil {
			break
		}
		s.log.Warn("the job queue could not be started; it is tried again", "error", err)
		pause(ctx, failedPause)
	}
	<-ctx.Done()
	limit, cancel := context.WithTimeout(apart, sendLimit+recordLimit)
	defer cancel()
	if err := s.jobs.Stop(limit); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("the job queue could not be stopped", "error", err)
	}
}
