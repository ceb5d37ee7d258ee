package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres plans a statement once a connection and keeps the plan. One made while a
// table was small reads it whole, or by the wrong index, until the table is
// analysed again, and autovacuum looks only once a minute: in that minute a new
// program slows down with every row. So the store has its tables analysed whenever
// they have grown fourfold, or by as much as autovacuum would need a moment for.

const (
	analyseFrom   = 2000             // rows written before the first time
	analyseMost   = 500_000          // rows written after which it is done at the latest
	analyseTarget = 10               // a sample of 3,000 rows a table says how large it is and what is rare; autovacuum's own look says more
	analyseLimit  = 30 * time.Second // for one round; the next one comes anyway
)

// growth counts what was written since the tables were last analysed.
type growth struct {
	rows    atomic.Int64
	next    atomic.Int64 // when rows reach it; 0 = analyseFrom
	busy    atomic.Bool
	mu      sync.Mutex
	stopped bool
	running sync.WaitGroup
	cancel  context.CancelFunc
}

// grew notes rows written, and has the tables analysed when it is time.
func (s *Store) grew(rows int64) {
	if s.dialect != Postgres {
		return
	}
	g := &s.growth
	if g.rows.Add(rows) < max(analyseFrom, g.next.Load()) || !g.busy.CompareAndSwap(false, true) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), analyseLimit)
	g.cancel = cancel
	g.running.Go(func() {
		defer cancel()
		s.analyse(ctx)
		g.busy.Store(false)
	})
}

func (s *Store) analyse(ctx context.Context) {
	g := &s.growth
	g.rows.Store(0)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL default_statistics_target = %d`, analyseTarget))
		if err == nil {
			_, err = tx.Exec(ctx, `ANALYZE feed, mutations, grants, versions, contact_attempts, services, people, assignments, referrals`)
		}
		return err
	})
	var estimate float64
	if err == nil {
		err = s.pool.QueryRow(ctx, `SELECT reltuples FROM pg_class WHERE oid = 'feed'::regclass`).Scan(&estimate)
	}
	if err != nil && ctx.Err() == nil {
		slog.Warn("the tables could not be analysed; statements may be slow", "error", err)
	}
	g.next.Store(min(3*int64(estimate), analyseMost))
}

// stop ends a round that runs and lets no other begin.
func (g *growth) stop() {
	g.mu.Lock()
	g.stopped = true
	if g.cancel != nil {
		g.cancel()
	}
	g.mu.Unlock()
	g.running.Wait()
}
