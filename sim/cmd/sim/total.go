package main

import (
	"fmt"
	"sync"

	"pursuit/sim"
)

// total adds up what the runs that held did.
type total struct {
	mu                                                sync.Mutex
	programs, ops, mutations, replays, requests, rows int
	conflicts                                         int
	strikes                                           int64
}

func (t *total) add(s sim.Stats) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.programs++
	t.ops += s.Ops
	t.mutations += s.Mutations
	t.replays += s.Replays
	t.requests += s.Requests
	t.rows += s.Rows
	t.conflicts += s.Conflicts
}

func (t *total) String() string {
	return fmt.Sprintf("%d programs, %d operations, %d mutations, %d replays, %d requests, %d rows received, %d conflicts, %d strikes",
		t.programs, t.ops, t.mutations, t.replays, t.requests, t.rows, t.conflicts, t.strikes)
}
