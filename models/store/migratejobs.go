package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	jobTables       = 11 // the number of the migration that makes the job queue's tables
	jobTablesSchema = 7  // the version of River's own migrations that this binary's River reads
)

// jobMigrations bring the tables of the job queue (river_…) by River's own migrations,
// as one of ours: under the same lock, and noted where ours are. One that was cut short
// goes on where it ended.
func (s *Store) jobMigrations() []*goose.Migration {
	if s.dialect == SQLite { // one connection: a transaction of it
		return []*goose.Migration{goose.NewGoMigration(jobTables, &goose.GoFunc{RunTx: sqliteJobTables}, nil)}
	}
	// River's steps are a transaction each on Postgres: a new value of a type cannot be
	// used in the transaction that adds it.
	up := func(ctx context.Context, _ *sql.DB) error {
		m, err := rivermigrate.New(riverpgxv5.New(s.pool), hushed())
		if err == nil {
			_, err = m.Migrate(ctx, rivermigrate.DirectionUp, toJobSchema())
		}
		return madeJobTables(err)
	}
	return []*goose.Migration{goose.NewGoMigration(jobTables, &goose.GoFunc{RunDB: up}, nil)}
}

func sqliteJobTables(ctx context.Context, tx *sql.Tx) error {
	m, err := rivermigrate.New(riversqlite.New(nil), hushed())
	if err == nil {
		//nolint:staticcheck // it warns of Postgres' types; here the migration tool holds the only connection
		_, err = m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, toJobSchema())
	}
	return madeJobTables(err)
}

func hushed() *rivermigrate.Config {
	return &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}
}

func toJobSchema() *rivermigrate.MigrateOpts {
	return &rivermigrate.MigrateOpts{TargetVersion: jobTablesSchema}
}

func madeJobTables(err error) error {
	if err != nil {
		return fmt.Errorf("make the job queue's tables: %w", err)
	}
	return nil
}
