package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

const (
	txTries     = 8                    // a transaction that lost this often means something else is wrong
	txBackoff   = 5 * time.Millisecond // first wait; doubles, with jitter
	txTimeLimit = 60 * time.Second     // no transaction may hold a program longer
)

// Tx is one transaction. Now is frozen for its length.
type Tx struct {
	Now time.Time

	ctx context.Context
	run context.Context // of single statements, see runContext
	s   *Store
	on  gorm.ConnPool // what statements run on
	db  *gorm.DB

	sql     *sql.Tx    // on SQLite
	conn    *sql.Conn  // of the transaction, on Postgres
	begun   bool       // on Postgres
	waiting *pgx.Batch // statements kept by later
	flying  *flight    // what Aside began
	broken  error      // of a flight that ended badly
	lent    *pgx.Conn  // while the job queue has the transaction, on Postgres

	after []func() // run once, after the commit
	told  map[SessionChange]bool
}

// InTx runs fn in one read-write transaction and commits it when fn returns nil.
//
// fn may run more than once and must not touch anything but tx. Errors of fn are
// returned as they are; what the database asks to have repeated is repeated, at
// most txTries times.
func InTx(ctx context.Context, s *Store, fn func(*Tx) error) error {
	return inTx(ctx, s, func(tx *Tx) error {
		if err := tx.begin(); err != nil {
			return err
		}
		return fn(tx)
	})
}

// inTx is InTx for a function that begins the transaction itself, with its first
// statement.
func inTx(ctx context.Context, s *Store, fn func(*Tx) error) error {
	wait := txBackoff
	for try := 1; ; try++ {
		err := s.once(ctx, fn)
		if err == nil || try == txTries || !isRetryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(wait/2 + rand.N(wait)):
		}
		wait *= 2
	}
}

// In is InTx for a function that returns a value.
func In[T any](ctx context.Context, s *Store, fn func(*Tx) (T, error)) (T, error) {
	var out T
	err := InTx(ctx, s, func(tx *Tx) error {
		var err error
		out, err = fn(tx)
		return err
	})
	return out, err
}

func (s *Store) once(ctx context.Context, fn func(*Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, txTimeLimit)
	defer cancel()
	tx, err := s.open(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() { tx.end(done) }()
	err = fn(tx)
	if broken := tx.land(); broken != nil { // the cause of what fn may have met after it
		return broken
	}
	if err == nil {
		err = tx.commit()
	}
	if err != nil {
		return err
	}
	done = true
	for _, run := range tx.after {
		run()
	}
	s.prepared.learn(s)
	return nil
}

// runContext is what the statements of a transaction run with. SQLite's driver starts
// a goroutine for each statement that can be cancelled, which costs as much as the
// statement; its statements are short, and between them the transaction still ends
// with ctx.
func (s *Store) runContext(ctx context.Context) context.Context {
	if s.dialect == SQLite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// exec runs one statement with `?` placeholders and tells how many rows it touched.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if err := tx.sendLater(); err != nil {
		return 0, err
	}
	var res sql.Result
	var err error
	if stmt := tx.s.prepared.get(tx, query); stmt != nil {
		res, err = stmt.ExecContext(tx.run, args...)
	} else {
		res, err = tx.on.ExecContext(tx.run, tx.s.sql(query), args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs one query with `?` placeholders.
func (tx *Tx) query(query string, args ...any) (*sql.Rows, error) {
	if err := tx.sendLater(); err != nil {
		return nil, err
	}
	if stmt := tx.s.prepared.get(tx, query); stmt != nil {
		return stmt.QueryContext(tx.run, args...)
	}
	return tx.on.QueryContext(tx.run, tx.s.sql(query), args...)
}

// row runs one query with `?` placeholders that answers with at most one row. What
// later kept must have been sent.
func (tx *Tx) row(query string, args ...any) *sql.Row {
	_ = tx.land() // its error ends the transaction at the latest before the commit
	if stmt := tx.s.prepared.get(tx, query); stmt != nil {
		return stmt.QueryRowContext(tx.run, args...)
	}
	return tx.on.QueryRowContext(tx.run, tx.s.sql(query), args...)
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
