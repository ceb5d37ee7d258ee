package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	heardChannel = "pursuit_heard"
	listenerName = "pursuit-listener" // application name of the connections that listen

	// heardLimit bounds how long a change waits for the other instances. They answer
	// within milliseconds; one that hangs must not hold an admin up, and finds out by
	// itself within its own seconds.
	heardLimit  = 500 * time.Millisecond
	replyLimit  = time.Second // for telling that a change was heard
	repliesMax  = 256         // changes heard and not yet confirmed; more only cost their makers the wait
	heardTokens = 1024        // confirmations that nobody waits for any more, kept at most
)

// heard is how an instance knows that the others know: who changes a session asks,
// with the change, to be told; every instance that listens confirms; the change
// returns when all have. So what an admin was told is done holds on every instance.
type heard struct {
	once     sync.Once
	instance string
	asked    atomic.Int64
	open     atomic.Bool // this instance listens, so confirmations reach it

	mu    sync.Mutex
	count map[string]int
	news  chan struct{} // closed and replaced at each confirmation
}

// token makes the name by which confirmations of one change are known.
func (h *heard) token() string {
	h.once.Do(func() {
		id := make([]byte, 8)
		rand.Read(id) // never fails
		h.instance = hex.EncodeToString(id)
	})
	return fmt.Sprintf("%s-%d", h.instance, h.asked.Add(1))
}

// confirmed counts a confirmation of one of this instance's changes.
func (h *heard) confirmed(token string) {
	if instance, _, _ := strings.Cut(token, "-"); h.instance == "" || instance != h.instance {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count == nil || len(h.count) > heardTokens {
		h.count = map[string]int{}
	}
	h.count[token]++
	if h.news != nil {
		close(h.news)
		h.news = nil
	}
}

// look tells how many confirmed, and gives what is closed when that changes.
func (h *heard) look(token string) (int, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.news == nil {
		h.news = make(chan struct{})
	}
	return h.count[token], h.news
}

func (h *heard) forget(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.count, token)
}

// awaitHeard returns when every instance that listens has confirmed a change, or
// after heardLimit.
func (s *Store) awaitHeard(ctx context.Context, token string) {
	if !s.heard.open.Load() {
		return
	}
	defer s.heard.forget(token)
	ctx, cancel := context.WithTimeout(ctx, heardLimit)
	defer cancel()
	var listeners int
	err := s.pool.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`,
		listenerName).Scan(&listeners)
	if err != nil {
		return // the change is committed; the others hear of it all the same
	}
	for {
		got, news := s.heard.look(token)
		if got >= listeners {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			slog.Warn("an instance did not confirm a change of a session in time", "confirmed", got, "listening", listeners)
			return
		}
	}
}

// confirm tells the makers of changes that this instance heard of them, until
// replies is closed.
func (s *Store) confirm(ctx context.Context, replies <-chan string) {
	for token := range replies {
		limited, cancel := context.WithTimeout(ctx, replyLimit)
		_, err := s.pool.Exec(limited, `SELECT pg_notify($1, $2)`, heardChannel, token)
		cancel()
		if err != nil && ctx.Err() == nil {
			slog.Warn("could not confirm a change of a session", "error", err)
		}
	}
}
