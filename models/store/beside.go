package store

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// besideEvery is how often a SQLite file is asked whether another process wrote to
// it: live streams promise to tell of a commit within 250 ms. Asking reads a few
// words of shared memory.
const besideEvery = 100 * time.Millisecond

// watchFile tells of what other processes write to the SQLite file (commands beside
// the server, such as an import), until ctx ends. It calls lost before it publishes.
func (s *Store) watchFile(ctx context.Context, lost func()) {
	tick := time.NewTicker(besideEvery)
	defer tick.Stop()
	last, failing := int64(-1), false
	for {
		now, err := s.writtenBeside(ctx)
		if err == nil && last >= 0 && now != last {
			err = s.passOn(ctx, lost)
		}
		if err == nil {
			last = now // else what was written is passed on next time
		} else if !failing && ctx.Err() == nil {
			slog.Warn("could not look whether another process wrote to the database", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// writtenBeside gives a number that changes when another process commits. Commits of
// this process leave it alone: they all go through the connection that is asked.
func (s *Store) writtenBeside(ctx context.Context) (int64, error) {
	var n int64
	if err := s.writeSQL.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask for the file's version: %w", err)
	}
	return n, nil
}

// passOn publishes where every program's sequence stands, and that sessions may have
// changed: the file does not tell what was written.
func (s *Store) passOn(ctx context.Context, lost func()) error {
	rows, err := s.readQuery(ctx, `SELECT program_no, seq FROM sequences`)
	if err != nil {
		return fmt.Errorf("read sequences: %w", err)
	}
	defer rows.Close()
	var heads []Commit
	for rows.Next() {
		var c Commit
		if err := rows.Scan(&c.Program, &c.Seq); err != nil {
			return fmt.Errorf("read sequence: %w", err)
		}
		heads = append(heads, c)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read sequences: %w", err)
	}
	lost()
	s.sessions.publish(SessionChange{})
	for _, c := range heads {
		s.commits.publish(c)
	}
	return nil
}
