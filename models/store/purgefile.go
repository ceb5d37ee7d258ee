package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	foldTries = 5                      // to fold the log in: readers of an older state end soon, reports in minutes
	foldPause = 200 * time.Millisecond // between them, and how long each may hold writers up
)

// ErrLogInUse tells that readers held the write-ahead log, so that it was not emptied.
var ErrLogInUse = errors.New("the write-ahead log is in use and keeps what it holds until it is written anew")

// EmptyLog folds the write-ahead log of SQLite into the file and cuts it to nothing, so
// that nothing of what was erased stays in it. It waits about a second for readers and
// answers ErrLogInUse when they do not end; writers wait for a fifth of a second at most.
// On Postgres there is nothing to do.
func (s *Store) EmptyLog(ctx context.Context) error {
	if s.dialect != SQLite {
		return nil
	}
	db, err := s.openBeside(foldPause)
	if err != nil {
		return err
	}
	defer db.Close()
	for range foldTries {
		var busy, pages, folded int
		if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &folded); err != nil && !isRetryable(err) {
			return fmt.Errorf("empty the write-ahead log: %w", err)
		} else if err == nil && busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(foldPause):
		}
	}
	return ErrLogInUse
}

// Rewrite writes a SQLite file anew without the pages that are free, so that nothing is
// left of what was deleted before deleted text was overwritten, and empties its log.
// Others' writes wait for it; for as long it takes the room of the file once more in the
// folder for temporary files (SQLITE_TMPDIR, or /var/tmp) and once in the log. On Postgres
// there is nothing to do: vacuum is its own.
func (s *Store) Rewrite(ctx context.Context) error {
	if s.dialect != SQLite {
		return nil
	}
	db, err := s.openBeside(busyTimeout)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM`); err != nil {
		return fmt.Errorf("write the file anew: %w", err)
	}
	return s.EmptyLog(ctx)
}

// openBeside opens one more connection to the SQLite file, which keeps what it sorts and
// copies in files, and not in memory as the others do.
func (s *Store) openBeside(wait time.Duration) (*sql.DB, error) {
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&_pragma=secure_delete(1)&_pragma=temp_store(1)",
		fileURI(strings.TrimPrefix(s.url, "sqlite://")), wait.Milliseconds()))
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
