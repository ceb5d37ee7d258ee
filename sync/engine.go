package sync

import (
	"context"
	"fmt"
	"log/slog"
	gosync "sync"
	"time"

	"pursuit/models/store"
)

// Engine pushes and pulls over one store. It is safe for concurrent use.
type Engine struct {
	store *store.Store
	log   *slog.Logger
	key   []byte // of the MAC over cursors

	// How many buckets a page drops and a walk asks for at once, and rows an export; tests
	// take less.
	dropsAtOnce, bucketsAtOnce, exportAtOnce int

	queues gosync.Map // program number → *queue
	heads  heads
	live   *live

	digests *digestCache
	pairs   chan struct{} // room for searches of possible duplicates
	answers answers
	audit   *auditQueue
	sweep   *sweeper

	checkSetting SettingCheck

	sweepEvery time.Duration // 0 = sweepDefault
}

// New makes an engine. The key of the cursors comes from the database, so that a
// restored backup still knows the cursors it gave out.
func New(ctx context.Context, s *store.Store, log *slog.Logger) (*Engine, error) {
	key, err := s.Secret(ctx, "cursor")
	if err != nil {
		return nil, fmt.Errorf("load cursor key: %w", err)
	}
	e := &Engine{store: s, log: log, key: key, dropsAtOnce: dropsMax, bucketsAtOnce: bucketsMax, exportAtOnce: exportRows,
		live: newLive(s, log), digests: newDigestCache(), pairs: make(chan struct{}, searchRoom), audit: newAuditQueue()}
	e.sweep = &sweeper{engine: e, places: map[int32]places{}}
	if err := s.OnCommit(e.heads.committed); err != nil {
		return nil, err
	}
	if err := s.OnCommit(e.live.committed); err != nil {
		return nil, err
	}
	return e, s.OnSessionChange(e.live.sessionChanged)
}

// Run does the work that goes on beside requests, until ctx ends: it listens to the
// commits of other processes, tells live streams, keeps the audit, and sweeps.
func (e *Engine) Run(ctx context.Context) {
	var parts gosync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { e.live.run(ctx) })
	parts.Go(func() { e.keepAudit(ctx) })
	parts.Go(func() { e.sweep.run(ctx, e.sweepEvery) })
	e.store.Listen(ctx, func() {
		e.heads.forget()
		e.live.lost()
	})
}

// Store gives the store below.
func (e *Engine) Store() *store.Store { return e.store }
