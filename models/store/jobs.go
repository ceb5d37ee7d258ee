package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// JobDriver gives the job queue (River, riverqueue.com) its way into this database:
// its own driver over the pool on Postgres, and over the one writing connection on
// SQLite, hushed as written at sqliteJobs. Jobs are put in within a Tx, see LendToJobs.
//
// Only this file and jobsqlite.go know River's drivers. Their interface may change from
// version to version: River and its drivers are updated together.
// Source: docs/adr/0008-push-delivery.md.
func (s *Store) JobDriver() riverdriver.Driver[*Tx] {
	if s.dialect == SQLite {
		return sqliteJobs{Driver: riversqlite.New(s.writeSQL), s: s}
	}
	return postgresJobs{riverpgxv5.New(s.pool)}
}

// LendToJobs runs fn, within which the transaction may be given to the job queue's
// client. Jobs put in there are there when the transaction commits, and not before.
func (tx *Tx) LendToJobs(fn func(context.Context) error) error {
	if err := tx.sendLater(); err != nil {
		return err
	}
	if tx.conn == nil {
		return fn(tx.run)
	}
	return tx.native(func(conn *pgx.Conn) error {
		tx.lent = conn
		defer func() { tx.lent = nil }()
		return fn(tx.run)
	})
}

// postgresJobs is River's driver for Postgres, with our transactions.
type postgresJobs struct{ *riverpgxv5.Driver }

// UnwrapExecutor gives what puts jobs in within a transaction that is lent.
func (d postgresJobs) UnwrapExecutor(tx *Tx) riverdriver.ExecutorTx {
	return d.Driver.UnwrapExecutor(lentTx{tx.lent})
}

// UnwrapTx gives nothing: River asks for it in its own tests alone.
func (postgresJobs) UnwrapTx(riverdriver.ExecutorTx) *Tx { return nil }

// lentTx is the connection of a transaction in the form that River takes. It does not
// begin or end anything: that is the transaction's.
type lentTx struct{ on *pgx.Conn }

var errLent = errors.New("the transaction is lent: it is not begun or ended here")

func (lentTx) Begin(context.Context) (pgx.Tx, error) { return nil, errLent }
func (lentTx) Commit(context.Context) error          { return errLent }
func (lentTx) Rollback(context.Context) error        { return errLent }
func (lentTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }
func (t lentTx) Conn() *pgx.Conn                     { return t.on }

func (t lentTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.on.CopyFrom(ctx, table, columns, rows)
}

func (t lentTx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return t.on.SendBatch(ctx, batch)
}

func (t lentTx) Prepare(ctx context.Context, name, query string) (*pgconn.StatementDescription, error) {
	return t.on.Prepare(ctx, name, query)
}

func (t lentTx) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	return t.on.Exec(ctx, query, args...)
}

func (t lentTx) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	return t.on.Query(ctx, query, args...)
}

func (t lentTx) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	return t.on.QueryRow(ctx, query, args...)
}
