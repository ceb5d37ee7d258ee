package sync

import (
	"context"
	"fmt"
	"log/slog"
	gosync "sync"

	"pursuit/models/store"
)

// Engine pushes and pulls over one store. It is safe for concurrent use.
type Engine struct {
	store *store.Store
	log   *slog.Logger
	key   []byte // of the MAC over cursors

	queues gosync.Map // program number → *queue
	heads  heads
}

// New makes an engine. The key of the cursors comes from the database, so that a
// restored backup still knows the cursors it gave out.
func New(ctx context.Context, s *store.Store, log *slog.Logger) (*Engine, error) {
	key, err := s.Secret(ctx, "cursor")
	if err != nil {
		return nil, fmt.Errorf("load cursor key: %w", err)
	}
	e := &Engine{store: s, log: log, key: key}
	if err := s.OnCommit(e.heads.committed); err != nil {
		return nil, err
	}
	return e, nil
}

// Run listens to the commits of other processes until ctx ends.
func (e *Engine) Run(ctx context.Context) { e.store.Listen(ctx, e.heads.forget) }

// Store gives the store below.
func (e *Engine) Store() *store.Store { return e.store }
