package store

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	notifyChannel  = "pursuit_commits"
	listenRetry    = time.Second // wait before LISTEN is tried again after a broken connection
	commitHooksMax = 16          // parts of the process that want to know; a leak shows early
)

// Commit says that a program's sequence reached Seq, in this process or another.
type Commit struct {
	Program int32
	Seq     int64
	Own     bool // this process made it
}

// commitFeed hands commits to those who asked. Hooks must return at once.
type commitFeed struct {
	mu    sync.RWMutex
	hooks []func(Commit)
}

func (f *commitFeed) publish(c Commit) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, hook := range f.hooks {
		hook(c)
	}
}

// OnCommit registers a hook that is called after every commit that changed synced
// rows, from this process at once and from others while Listen runs. The
// hook must not block.
func (s *Store) OnCommit(hook func(Commit)) error {
	s.commits.mu.Lock()
	defer s.commits.mu.Unlock()
	if len(s.commits.hooks) >= commitHooksMax {
		return fmt.Errorf("more than %d commit hooks", commitHooksMax)
	}
	s.commits.hooks = append(s.commits.hooks, hook)
	return nil
}

// announce tells other processes of the commit; Postgres delivers it with the commit.
func (s *Store) announce(tx *ProgramTx) error {
	if s.dialect != Postgres {
		return nil
	}
	payload := fmt.Sprintf("%d:%d", tx.Program.No, tx.Seq())
	if err := tx.later(`SELECT pg_notify(?, ?)`, notifyChannel, payload); err != nil {
		return fmt.Errorf("announce commit: %w", err)
	}
	return nil
}

// Listen passes on the commits of other processes until ctx ends: on Postgres those
// of other instances, on SQLite those of commands beside the server. After a broken
// connection it tries again and calls lost first, so that what may have been missed
// is looked up.
func (s *Store) Listen(ctx context.Context, lost func()) {
	if s.dialect == SQLite {
		s.watchFile(ctx, lost)
		return
	}
	for ctx.Err() == nil {
		if err := s.listenOnce(ctx, lost); err != nil && ctx.Err() == nil {
			slog.Warn("listening for commits was interrupted", "error", err)
			s.pool.Reset() // what befell this line befell the idle ones: nobody is to wait for each
		}
		select {
		case <-ctx.Done():
		case <-time.After(listenRetry):
		}
	}
	<-ctx.Done()
}

func (s *Store) listenOnce(ctx context.Context, lost func()) error {
	conn, err := s.listenConn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer sayGoodbye(ctx, conn)
	for _, channel := range []string{notifyChannel, sessionChannel, heardChannel} {
		if err := listenTo(ctx, conn, channel); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	s.heard.open.Store(true)
	defer s.heard.open.Store(false)
	replies := make(chan string, repliesMax)
	defer close(replies)
	go s.confirm(ctx, replies)
	lost()
	s.sessions.publish(SessionChange{})
	for {
		note, err := nextNote(ctx, conn)
		if err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		s.noted(note.Channel, note.Payload, replies)
	}
}

// noted passes one notification on.
func (s *Store) noted(channel, payload string, replies chan<- string) {
	switch channel {
	case heardChannel:
		s.heard.confirmed(payload)
	case sessionChannel:
		change, token := parseSessionChange(payload)
		s.sessions.publish(change)
		select {
		case replies <- token:
		default: // its maker waits in vain for a moment
		}
	default:
		if c, ok := parseCommit(payload); ok {
			s.commits.publish(c)
		}
	}
}

func parseCommit(payload string) (Commit, bool) {
	no, seq, ok := strings.Cut(payload, ":")
	program, err1 := strconv.ParseInt(no, 10, 32)
	n, err2 := strconv.ParseInt(seq, 10, 64)
	return Commit{Program: int32(program), Seq: n}, ok && err1 == nil && err2 == nil
}
