package store

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// sqliteJobTime is how River's driver writes times.
const sqliteJobTime = "2006-01-02 15:04:05.999"

// sqliteJobs is River's driver for SQLite, with our transactions and with what River
// does in vain left out: its driver writes to look (an UPDATE that finds nothing still
// waits for the writer and holds it), writes to notify and to stay the leader. One
// process serves a SQLite file, so it is told within the process and leads always, and
// a reader looks first whether there is anything to write. Nothing is written while
// nothing is to be done, but for the queue's sign of life every ten minutes.
type sqliteJobs struct {
	*riversqlite.Driver
	s *Store
}

// GetExecutor gives what runs River's statements one by one.
func (d sqliteJobs) GetExecutor() riverdriver.Executor {
	return sqliteJobExec{d.Driver.GetExecutor(), d.s}
}

// GetListener gives what hears of jobs that were put in by this process.
func (d sqliteJobs) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.s.jobCalls.listener()
}

// UnwrapExecutor gives what puts jobs in within a transaction that is lent.
func (d sqliteJobs) UnwrapExecutor(tx *Tx) riverdriver.ExecutorTx {
	return sqliteJobTx{d.Driver.UnwrapExecutor(tx.sql), tx}
}

// UnwrapTx gives nothing: River asks for it in its own tests alone.
func (sqliteJobs) UnwrapTx(riverdriver.ExecutorTx) *Tx { return nil }

// sqliteJobTx puts jobs in without reading them back, and notifies after the commit.
type sqliteJobTx struct {
	riverdriver.ExecutorTx
	tx *Tx
}

func (t sqliteJobTx) JobInsertFastMany(ctx context.Context, p *riverdriver.JobInsertFastManyParams) ([]*riverdriver.JobInsertFastResult, error) {
	_, err := t.JobInsertFastManyNoReturning(ctx, p)
	return nil, err
}

func (t sqliteJobTx) NotifyMany(_ context.Context, p *riverdriver.NotifyManyParams) error {
	t.tx.after = append(t.tx.after, func() { t.tx.s.jobCalls.notify(p.Topic, p.Payload) })
	return nil
}

// sqliteJobExec leaves out what would be written in vain.
type sqliteJobExec struct {
	riverdriver.Executor
	s *Store
}

// any tells whether there is a job that meets a condition.
func (e sqliteJobExec) any(ctx context.Context, condition string, args ...any) (bool, error) {
	var one int
	err := e.s.readRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM river_job WHERE `+condition+` LIMIT 1)`, args...).Scan(&one)
	if err != nil {
		return false, fmt.Errorf("look for jobs: %w", err)
	}
	return one > 0, nil
}

// Begin begins nothing: River's scheduler, which alone asks for it here, then takes one
// step that is a transaction of its own, or none.
func (e sqliteJobExec) Begin(context.Context) (riverdriver.ExecutorTx, error) {
	return sqliteJobSteps{e}, nil
}

func (e sqliteJobExec) JobSchedule(ctx context.Context, p *riverdriver.JobScheduleParams) ([]*riverdriver.JobScheduleResult, error) {
	if some, err := e.any(ctx, `state IN ('retryable', 'scheduled')`); err != nil || !some {
		return nil, err
	}
	return e.Executor.JobSchedule(ctx, p)
}

func (e sqliteJobExec) JobDeleteBefore(ctx context.Context, p *riverdriver.JobDeleteBeforeParams) (int, error) {
	before := p.CompletedFinalizedAtHorizon
	for _, other := range []time.Time{p.CancelledFinalizedAtHorizon, p.DiscardedFinalizedAtHorizon} {
		if other.After(before) {
			before = other
		}
	}
	some, err := e.any(ctx, `state IN ('cancelled', 'completed', 'discarded') AND finalized_at < ?`, before.UTC().Format(sqliteJobTime))
	if err != nil || !some {
		return 0, err
	}
	return e.Executor.JobDeleteBefore(ctx, p)
}

func (e sqliteJobExec) NotifyMany(_ context.Context, p *riverdriver.NotifyManyParams) error {
	e.s.jobCalls.notify(p.Topic, p.Payload)
	return nil
}

func (sqliteJobExec) NotificationDeleteBefore(context.Context, *riverdriver.NotificationDeleteBeforeParams) (int, error) {
	return 0, nil // none is stored
}

func (sqliteJobExec) LeaderAttemptElect(_ context.Context, p *riverdriver.LeaderElectParams) (*riverdriver.Leader, error) {
	return leads(p.LeaderID, p.Now, p.TTL), nil
}

func (sqliteJobExec) LeaderAttemptReelect(_ context.Context, p *riverdriver.LeaderReelectParams) (*riverdriver.Leader, error) {
	out := leads(p.LeaderID, p.Now, p.TTL)
	out.ElectedAt = p.ElectedAt
	return out, nil
}

func (sqliteJobExec) LeaderResign(context.Context, *riverdriver.LeaderResignParams) (bool, error) {
	return true, nil
}

func leads(id string, at *time.Time, ttl time.Duration) *riverdriver.Leader {
	now := time.Now().UTC()
	if at != nil {
		now = *at
	}
	return &riverdriver.Leader{LeaderID: id, ElectedAt: now, ExpiresAt: now.Add(ttl)}
}

// sqliteJobSteps is a transaction whose every step is one by itself.
type sqliteJobSteps struct{ sqliteJobExec }

func (sqliteJobSteps) Commit(context.Context) error   { return nil }
func (sqliteJobSteps) Rollback(context.Context) error { return nil }
