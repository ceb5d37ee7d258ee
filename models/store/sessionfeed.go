package store

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

const (
	sessionChannel  = "pursuit_sessions"
	sessionHooksMax = 16 // parts of the process that want to know; a leak shows early
)

// SessionChange says that something about a user's sessions may have changed: the
// user, a device, a session. The zero value says it of everybody.
type SessionChange struct {
	Program int32
	UserID  string
}

type sessionFeed struct {
	mu    sync.RWMutex
	hooks []func(SessionChange)
}

func (f *sessionFeed) publish(c SessionChange) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, hook := range f.hooks {
		hook(c)
	}
}

// OnSessionChange registers a hook that is called after every commit that changed
// a user, a device or a session: before InTx returns in this process, and as
// Postgres tells of it in others (while Listen runs). The hook must not block.
func (s *Store) OnSessionChange(hook func(SessionChange)) error {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	if len(s.sessions.hooks) >= sessionHooksMax {
		return fmt.Errorf("more than %d session hooks", sessionHooksMax)
	}
	s.sessions.hooks = append(s.sessions.hooks, hook)
	return nil
}

// sessionsChanged announces a change once the transaction is committed, and lets the
// transaction return only when every instance knows of it (see heard).
func (tx *Tx) sessionsChanged(program int32, userID string) error {
	change := SessionChange{Program: program, UserID: userID}
	if tx.told[change] {
		return nil
	}
	if tx.told == nil {
		tx.told = map[SessionChange]bool{}
	}
	tx.told[change] = true
	tx.after = append(tx.after, func() { tx.s.sessions.publish(change) })
	if tx.s.dialect != Postgres {
		return nil
	}
	token := tx.s.heard.token()
	payload := fmt.Sprintf("%d:%s:%s", program, userID, token)
	if _, err := tx.exec(`SELECT pg_notify(?, ?)`, sessionChannel, payload); err != nil {
		return fmt.Errorf("announce session change: %w", err)
	}
	tx.after = append(tx.after, func() { tx.s.awaitHeard(tx.ctx, token) })
	return nil
}

// parseSessionChange reads a payload and the token to confirm it by; what it cannot
// read concerns everybody.
func parseSessionChange(payload string) (change SessionChange, token string) {
	no, rest, _ := strings.Cut(payload, ":")
	user, token, ok := strings.Cut(rest, ":")
	program, err := strconv.ParseInt(no, 10, 32)
	if !ok || err != nil {
		return SessionChange{}, ""
	}
	return SessionChange{Program: int32(program), UserID: user}, token
}
