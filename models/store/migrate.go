package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

func (s *Store) migrator() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/"+string(s.dialect))
	if err != nil {
		return nil, fmt.Errorf("open migrations: %w", err)
	}
	inGo := goose.WithGoMigrations(append(s.jobMigrations(), trial()...)...)
	if s.dialect == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, s.writeSQL, dir, inGo)
	}
	one, err := lock.NewPostgresSessionLocker() // several instances may start at once
	if err != nil {
		return nil, fmt.Errorf("make migration lock: %w", err)
	}
	return goose.NewProvider(goose.DialectPostgres, s.writeSQL, dir, goose.WithSessionLocker(one), inGo)
}

const (
	migratePatience = 5 * time.Second // on SQLite, which has no lock for it, while another process does the same
	migratePause    = 100 * time.Millisecond
)

// Migrate brings the schema up to date. Running it again changes nothing, and several
// processes may run it at once: on SQLite one that meets what another has just made
// looks again.
func (s *Store) Migrate(ctx context.Context) error {
	m, err := s.migrator()
	if err != nil {
		return err
	}
	for begun := time.Now(); ; {
		if _, err = m.Up(ctx); err == nil {
			return nil
		}
		if s.dialect != SQLite || time.Since(begun) > migratePatience {
			return fmt.Errorf("migrate: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("migrate: %w", err)
		case <-time.After(migratePause):
		}
	}
}

// Migrated tells whether the schema is the one this binary was built for.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	m, err := s.migrator()
	if err != nil {
		return false, err
	}
	pending, err := m.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	return !pending, nil
}
