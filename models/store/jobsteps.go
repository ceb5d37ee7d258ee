package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// jobsAtOnce is how many jobs one transaction on SQLite takes or ends: the phones that
// wait for the writer meanwhile wait some milliseconds, and not for all of 512.
const jobsAtOnce = 64

// JobGetAvailable takes jobs, some at a time.
func (e sqliteJobExec) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error) {
	var out []*rivertype.JobRow
	for len(out) < p.MaxToLock {
		if some, err := e.any(ctx, `state = 'available' AND queue = ?`, p.Queue); err != nil || !some {
			return out, taken(out, err)
		}
		step := *p
		step.MaxToLock = min(jobsAtOnce, p.MaxToLock-len(out))
		jobs, err := e.Executor.JobGetAvailable(ctx, &step)
		if err != nil {
			return out, taken(out, err)
		}
		if out = append(out, jobs...); len(jobs) < step.MaxToLock {
			break
		}
	}
	return out, nil
}

// taken drops an error when jobs were taken before it: they are under way now, and the
// next taking meets it again.
func taken(jobs []*rivertype.JobRow, err error) error {
	if len(jobs) > 0 {
		return nil
	}
	return err
}

// JobSetStateIfRunningMany ends jobs, some at a time. Those that are simply done, nearly
// all, are one statement; River's driver runs one for each and reads it back, which
// nobody asks for who does not subscribe to River's events.
func (e sqliteJobExec) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	var done []int64
	other := &riverdriver.JobSetStateIfRunningManyParams{Now: p.Now, Schema: p.Schema}
	var out []*rivertype.JobRow
	for i, id := range p.ID {
		if p.State[i] == rivertype.JobStateCompleted && !p.MetadataDoMerge[i] && p.FinalizedAt[i] != nil {
			done = append(done, id)
		} else {
			addJobEnd(other, p, i)
		}
		last := i == len(p.ID)-1
		if len(done) == jobsAtOnce || last {
			if err := e.complete(ctx, done, p.FinalizedAt[i]); err != nil {
				return out, err
			}
			done = done[:0]
		}
		if n := len(other.ID); n == jobsAtOnce || last && n > 0 {
			rows, err := e.Executor.JobSetStateIfRunningMany(ctx, other)
			if err != nil {
				return out, err
			}
			out = append(out, rows...)
			other = &riverdriver.JobSetStateIfRunningManyParams{Now: p.Now, Schema: p.Schema}
		}
	}
	return out, nil
}

// complete ends jobs that are done, at a time: they ended within a quarter of a second.
func (e sqliteJobExec) complete(ctx context.Context, list []int64, at *time.Time) error {
	if len(list) == 0 {
		return nil
	}
	if at == nil { // the last one is not done, but sleeps
		now := time.Now()
		at = &now
	}
	ids, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("write ended jobs: %w", err)
	}
	// By id: of what is running there is more than of what ends (the plus keeps SQLite from that index).
	_, err = e.s.writeSQL.ExecContext(ctx, `UPDATE river_job SET state = 'completed', finalized_at = ?
		WHERE id IN (SELECT value FROM json_each(?)) AND +state = 'running'`, at.UTC().Format(sqliteJobTime), string(ids))
	if err != nil {
		return fmt.Errorf("end jobs: %w", err)
	}
	return nil
}

func addJobEnd(to, p *riverdriver.JobSetStateIfRunningManyParams, i int) {
	to.ID = append(to.ID, p.ID[i])
	to.Attempt = append(to.Attempt, p.Attempt[i])
	to.ErrData = append(to.ErrData, p.ErrData[i])
	to.FinalizedAt = append(to.FinalizedAt, p.FinalizedAt[i])
	to.MetadataDoMerge = append(to.MetadataDoMerge, p.MetadataDoMerge[i])
	to.MetadataUpdates = append(to.MetadataUpdates, p.MetadataUpdates[i])
	to.ScheduledAt = append(to.ScheduledAt, p.ScheduledAt[i])
	to.State = append(to.State, p.State[i])
}
