package crew

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"pursuit/sim/harness"
)

// Member is one device with its queue and its ledger. Its methods are for one
// goroutine at a time.
type Member struct {
	*harness.Device
	Name string
	// Bases are the servers among which each request chooses.
	Bases []string

	random *rand.Rand
	whole  bool // this role receives everything of the organisation
	made   []*entry
	queue  []*entry
	people []string
	kept   []string // known contacts that were not deleted
	words  int
	stats  *Stats
	pull   int // rows a page; 0 leaves it to the server
}

// entry is a mutation with what became of it.
type entry struct {
	wire   harness.Mutation
	tries  int
	result *harness.Result // of the first answer that arrived
}

// Stats counts what a crew went through. Its fields are read when nobody works.
type Stats struct {
	Acknowledged, Resent, Exchanges, Refused, Broken int
	// Longest is the longest time that one exchange took, answered or not.
	Longest time.Duration
	// InFlight is how many exchanges are under way.
	InFlight atomic.Int64
	// Answered counts the mutations acknowledged so far; it may be read at any time.
	Answered atomic.Int64

	mu sync.Mutex
}

func (s *Stats) String() string {
	return fmt.Sprintf("%d mutations acknowledged, %d sent again, %d exchanges, %d refused, %d broken, longest %s",
		s.Acknowledged, s.Resent, s.Exchanges, s.Refused, s.Broken, s.Longest.Round(time.Millisecond))
}

// Turn makes one exchange: what is queued (new edits if nothing is) with a pull. A
// broken promise is a *Broken error; of what the network and a server in trouble
// may do it says nothing but true or false: whether it was answered.
func (m *Member) Turn(ctx context.Context) (bool, error) {
	if len(m.queue) == 0 {
		m.edit()
	}
	return m.exchange(ctx)
}

func (m *Member) exchange(ctx context.Context) (bool, error) {
	batch := m.queue
	push := make([]harness.Mutation, len(batch))
	for i, one := range batch {
		one.tries++
		push[i] = one.wire
	}
	m.Base = m.Bases[m.random.IntN(len(m.Bases))]
	m.Limit = m.pull
	began := time.Now()
	m.stats.InFlight.Add(1)
	page, err := m.Sync(ctx, m.Request(push, m.NextPull()))
	m.stats.InFlight.Add(-1)
	m.stats.count(batch, time.Since(began), err)
	if err != nil {
		return false, m.excuse(ctx, err)
	}
	if err := m.take(batch, page); err != nil {
		return false, &Broken{Member: m.Name, Cause: err}
	}
	m.queue = nil
	return true, nil
}

func (s *Stats) count(batch []*entry, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Exchanges++
	s.Longest = max(s.Longest, took)
	var refusal *harness.Refusal
	switch {
	case errors.As(err, &refusal):
		s.Refused++
	case err != nil:
		s.Broken++
	default:
		s.Acknowledged += len(batch)
		s.Answered.Add(int64(len(batch)))
	}
	for _, one := range batch {
		if one.tries > 1 {
			s.Resent++
		}
	}
}

// excuse lets pass what a network and a server in trouble may answer: nothing, or
// a problem of the 5xx kind. An expired token is renewed.
func (m *Member) excuse(ctx context.Context, err error) error {
	var refusal *harness.Refusal
	switch {
	case !errors.As(err, &refusal):
		return nil
	case refusal.Code == "token_expired":
		if err := m.Refresh(ctx); errors.As(err, &refusal) {
			return &Broken{Member: m.Name, Cause: err}
		}
		return nil
	case refusal.Status >= http.StatusInternalServerError && refusal.Code != "":
		return nil
	}
	return &Broken{Member: m.Name, Cause: err}
}

// take checks the results of a batch and applies the page.
func (m *Member) take(batch []*entry, page harness.Page) error {
	if page.Directive != nil {
		return fmt.Errorf("directive %s, though the database never went back", page.Directive.Kind)
	}
	if len(page.Results) != len(batch) {
		return fmt.Errorf("%d results for %d mutations", len(page.Results), len(batch))
	}
	for i, one := range batch {
		got := page.Results[i]
		if got.ID != one.wire.ID || got.Status != "applied" || got.V <= 0 {
			return fmt.Errorf("%s of %s %s: answered %+v, want applied", one.wire.Op, one.wire.Table, one.wire.ID, got)
		}
		if got.Duplicate && one.tries == 1 {
			return fmt.Errorf("%s of %s %s was sent once and called a duplicate", one.wire.Op, one.wire.Table, one.wire.ID)
		}
		one.result = &got
	}
	m.Apply(page)
	return nil
}

// Broken is a broken promise.
type Broken struct {
	Member string
	Cause  error
}

func (b *Broken) Error() string { return b.Member + ": " + b.Cause.Error() }

func (b *Broken) Unwrap() error { return b.Cause }
