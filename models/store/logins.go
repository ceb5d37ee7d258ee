package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// LoginTry is one try to sign in for one account from one address.
type LoginTry struct {
	Key    []byte        // names account and address without telling them
	Limit  int           // wrong tries allowed within Window
	Window time.Duration // a wrong try counts this long
}

// LoginWait tells how long this account and address must wait; 0 = not at all.
func (s *Store) LoginWait(ctx context.Context, try LoginTry) (time.Duration, error) {
	var text string
	err := s.readSQL.QueryRowContext(ctx, s.sql(`SELECT times FROM login_failures WHERE id = ?`), try.Key).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read login failures: %w", err)
	}
	now := s.Clock()
	return try.wait(try.recent(text, now), now), nil
}

// SettleLogin records how a try ended and tells how long the next must wait. A
// positive answer means that the try itself came too late: tries side by side can
// all pass LoginWait, but only Limit of them are settled before the wait begins.
// A right try that is in time forgets the wrong ones.
func (tx *Tx) SettleLogin(try LoginTry, right bool) (time.Duration, error) {
	now := tx.Now.UnixMilli()
	var text string // the insert holds the key's row until the transaction ends
	err := tx.row(`INSERT INTO login_failures (id, times, updated_at) VALUES (?, '[]', ?)
		ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at RETURNING times`, try.Key, now).Scan(&text)
	if err != nil {
		return 0, fmt.Errorf("hold login failures: %w", err)
	}
	recent := try.recent(text, tx.Now)
	if wait := try.wait(recent, tx.Now); wait > 0 {
		return wait, nil
	}
	if right {
		_, err = tx.exec(`DELETE FROM login_failures WHERE id = ?`, try.Key)
	} else {
		recent = append(recent, now)
		out, _ := json.Marshal(recent) // numbers always marshal
		_, err = tx.exec(`UPDATE login_failures SET times = ? WHERE id = ?`, string(out), try.Key)
	}
	if err != nil {
		return 0, fmt.Errorf("settle login: %w", err)
	}
	return 0, nil
}

// recent reads the times of wrong tries that still count, in milliseconds.
func (try LoginTry) recent(text string, now time.Time) []int64 {
	var all, recent []int64
	if json.Unmarshal([]byte(text), &all) != nil {
		return nil // only this file writes it
	}
	from := now.Add(-try.Window).UnixMilli()
	for _, at := range all {
		if at > from {
			recent = append(recent, at)
		}
	}
	return recent
}

func (try LoginTry) wait(recent []int64, now time.Time) time.Duration {
	if len(recent) < try.Limit {
		return 0
	}
	oldest := recent[len(recent)-try.Limit]
	return max(fromMillis(oldest).Add(try.Window).Sub(now), time.Millisecond)
}

// PurgeLogins forgets wrong tries that were last added to before the given time.
func (s *Store) PurgeLogins(ctx context.Context, before time.Time) error {
	return InTx(ctx, s, func(tx *Tx) error {
		if _, err := tx.exec(`DELETE FROM login_failures WHERE updated_at < ?`, before.UnixMilli()); err != nil {
			return fmt.Errorf("purge login failures: %w", err)
		}
		return nil
	})
}
