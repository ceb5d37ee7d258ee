package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// How transactions begin and end. On SQLite database/sql does it. On Postgres BEGIN
// travels with a transaction's first statements and COMMIT with its last, which saves
// two ways there and back while the program is held.

const closingLimit = 5 * time.Second // to end a transaction whose caller has left

// open takes what a transaction runs on; on Postgres it has not begun yet.
func (s *Store) open(ctx context.Context) (*Tx, error) {
	tx := &Tx{Now: s.Clock(), ctx: ctx, run: s.runContext(ctx), s: s}
	if s.dialect == SQLite {
		raw, err := s.writeSQL.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		tx.sql, tx.on = raw, raw
	} else {
		conn, err := s.writeSQL.Conn(ctx)
		if err != nil {
			return nil, err
		}
		tx.conn, tx.on = conn, conn
	}
	tx.db = s.write.Session(&gorm.Session{NewDB: true, Context: ctx})
	tx.db.Statement.ConnPool = tx.on
	return tx, nil
}

// begin begins the transaction by itself.
func (tx *Tx) begin() error {
	if tx.conn == nil {
		return nil
	}
	tx.begun = true // or nobody knows, if it fails
	if _, err := tx.conn.ExecContext(tx.ctx, "BEGIN"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// beginWith begins the transaction with a batch that is to be its first.
func (tx *Tx) beginWith(batch *pgx.Batch, scan []func(pgx.Rows) error) error {
	first := &pgx.Batch{}
	first.Queue("BEGIN")
	first.QueuedQueries = append(first.QueuedQueries, batch.QueuedQueries...)
	tx.begun = true
	return tx.native(func(conn *pgx.Conn) error {
		return runBatch(tx.ctx, conn, first, append([]func(pgx.Rows) error{nil}, scan...))
	})
}

// commit sends what later kept, and commits.
func (tx *Tx) commit() error {
	if tx.conn == nil {
		if err := tx.sql.Commit(); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		return nil
	}
	batch := tx.waiting
	if tx.waiting = nil; batch == nil {
		batch = &pgx.Batch{}
	}
	batch.Queue("COMMIT")
	return tx.native(func(conn *pgx.Conn) error { return tx.sendLast(conn, batch) })
}

// sendLast sends a batch that ends with COMMIT, which Postgres passes over when
// something before it failed.
func (tx *Tx) sendLast(conn *pgx.Conn, batch *pgx.Batch) (err error) {
	results := conn.SendBatch(tx.ctx, batch)
	defer func() {
		if closed := results.Close(); err == nil && closed != nil {
			err = fmt.Errorf("commit: %w", closed)
		}
	}()
	var tag pgconn.CommandTag
	for i := range batch.Len() {
		if tag, err = results.Exec(); err != nil {
			if moved(err) {
				return errSequenceMoved
			}
			return fmt.Errorf("statement %d of the last batch: %w", i, err)
		}
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("commit: %w", pgx.ErrTxCommitRollback)
	}
	return nil
}

// end gives up a transaction that was not committed, and what it ran on.
func (tx *Tx) end(committed bool) {
	if !committed {
		_ = tx.land() // nothing of it counts any more
	}
	switch {
	case tx.conn == nil && !committed:
		_ = tx.sql.Rollback()
	case tx.conn != nil:
		if tx.begun && !committed {
			rollBack(tx.ctx, tx.conn)
		}
		_ = tx.conn.Close() // it goes back to the pool, or away
	}
}

// rollBack ends what a connection has begun; one that cannot is thrown away, so that
// nobody else works in an old transaction.
func rollBack(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingLimit)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// moved tells whether the statement that advances the sequence found it elsewhere: it
// divides by the number of rows that it changed.
func moved(err error) bool {
	const divisionByZero = "22012"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == divisionByZero
}
