package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

const (
	readingLimit = 2 * time.Minute  // a report over years of work takes seconds; an older snapshot only holds vacuum up
	openingLimit = 15 * time.Second // to take a connection: a database that takes longer is away
	twinLimit    = time.Second      // to take a second one, without which it goes on as well
)

// Reading is one snapshot of the database: everything read in it is of one moment,
// however long it takes. It is for one goroutine, one query at a time.
type Reading struct {
	Now time.Time

	ctx    context.Context
	cancel context.CancelFunc // of a twin
	s      *Store
	conn   *sql.Conn
}

// InReading runs fn over one snapshot, which blocks no writer. What fn gave out
// before an error is not taken back.
func InReading(ctx context.Context, s *Store, fn func(*Reading) error) error {
	ctx, cancel := context.WithTimeout(ctx, readingLimit)
	defer cancel()
	conn, err := s.openReading(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer rollBack(ctx, conn)
	return fn(&Reading{Now: s.Clock(), ctx: ctx, s: s, conn: conn})
}

// openReading takes a connection and begins the snapshot on it, soon or not at all.
func (s *Store) openReading(ctx context.Context) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openingLimit)
	defer cancel()
	conn, err := s.readSQL.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a connection: %w", err)
	}
	if _, err := conn.ExecContext(ctx, s.beginReading()); err != nil {
		_ = conn.Close() // the cause is reported
		return nil, fmt.Errorf("begin reading: %w", err)
	}
	return conn, nil
}

// beginReading is how the database is told that everything read is to be of one
// moment.
func (s *Store) beginReading() string {
	if s.dialect == SQLite {
		return "BEGIN"
	}
	return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = '150s'" // holds no lock
}

// Twin opens a second connection to the same snapshot, for another goroutine. It is
// nil on SQLite, whose snapshots belong to one connection, and where no connection is
// free at once. It must be closed before the reading that it is of ends.
func (r *Reading) Twin() *Reading {
	if r.s.dialect == SQLite {
		return nil
	}
	var snapshot string
	if err := r.row(`SELECT pg_export_snapshot()`).Scan(&snapshot); err != nil {
		return nil // what is wrong with the connection, its next query tells
	}
	ctx, cancel := context.WithCancel(r.ctx)
	conn, err := r.s.openTwin(ctx, snapshot)
	if err != nil {
		cancel()
		return nil
	}
	return &Reading{Now: r.Now, ctx: ctx, cancel: cancel, s: r.s, conn: conn}
}

func (s *Store) openTwin(ctx context.Context, snapshot string) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, twinLimit)
	defer cancel()
	conn, err := s.readSQL.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a second connection: %w", err)
	}
	// The name is the database's own: digits, letters and dashes. SET takes no parameters.
	begin := s.beginReading() + `; SET TRANSACTION SNAPSHOT '` + strings.ReplaceAll(snapshot, "'", "") + `'`
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // it may be within a transaction
		_ = conn.Close()
		return nil, fmt.Errorf("begin reading beside: %w", err)
	}
	return conn, nil
}

// Cancel ends a query of a twin that runs, with an error.
func (r *Reading) Cancel() { r.cancel() }

// Close gives a twin's connection back.
func (r *Reading) Close() {
	r.cancel()
	rollBack(r.ctx, r.conn)
	_ = r.conn.Close() // its transaction is over
}

// query runs one query with `?` placeholders in the snapshot.
func (r *Reading) query(query string, args ...any) (*sql.Rows, error) {
	return r.conn.QueryContext(r.ctx, r.s.sql(query), args...)
}

// row runs one query with `?` placeholders that answers with at most one row.
func (r *Reading) row(query string, args ...any) *sql.Row {
	return r.conn.QueryRowContext(r.ctx, r.s.sql(query), args...)
}

// Seq is where the program's sequence stood when the snapshot was taken.
func (r *Reading) Seq(program int32) (int64, error) {
	var seq int64
	if err := r.row(`SELECT seq FROM sequences WHERE program_no = ?`, program).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read sequence: %w", err)
	}
	return seq, nil
}
