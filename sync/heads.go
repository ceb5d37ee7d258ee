package sync

import (
	"context"
	gosync "sync"
	"time"

	"pursuit/models/store"
)

// headLifetime is how long a head is believed without having been confirmed: a
// command run beside the server may change it (a restored backup, a new epoch).
const headLifetime = time.Second

// heads keeps each program's latest sequence and epoch in memory, so that a pull
// with nothing new needs no database.
type heads struct {
	mu gosync.RWMutex
	m  map[int32]head
}

// head is where a program's sequence stands.
type head struct {
	store.Head
	read time.Time
}

// committed moves a head forward; it is called after every commit anywhere.
func (h *heads) committed(c store.Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.m[c.Program]; ok && known.Seq < c.Seq {
		known.Seq = c.Seq
		h.m[c.Program] = known
	}
}

// forget drops what is known, when commits may have been missed.
func (h *heads) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.m = nil
}

// head gives a program's head. Where one process serves the database, its own
// commits keep the memory true. Where several may, the database is asked: a device
// that was answered by one instance must find what it did at the next, at once.
func (e *Engine) head(ctx context.Context, program int32) (store.Head, error) {
	if !e.store.Alone() {
		return e.store.Head(ctx, program)
	}
	e.heads.mu.RLock()
	known, ok := e.heads.m[program]
	e.heads.mu.RUnlock()
	if ok && time.Since(known.read) < headLifetime {
		return known.Head, nil
	}
	return e.freshHead(ctx, program)
}

// freshHead reads a program's head from the database.
func (e *Engine) freshHead(ctx context.Context, program int32) (store.Head, error) {
	read := time.Now()
	now, err := e.store.Head(ctx, program)
	if err != nil {
		return now, err
	}
	e.heads.mu.Lock()
	defer e.heads.mu.Unlock()
	if e.heads.m == nil {
		e.heads.m = map[int32]head{}
	}
	if known, ok := e.heads.m[program]; ok && known.Epoch == now.Epoch && known.Seq > now.Seq {
		now.Seq = known.Seq // a commit was announced while we read
	}
	e.heads.m[program] = head{Head: now, read: read}
	return now, nil
}
