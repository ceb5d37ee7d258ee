package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pursuit/models"
)

// errSequenceMoved means that another writer committed between our first and our
// last statement, which the lock should prevent; the transaction is run again.
var errSequenceMoved = errors.New("the program's sequence moved during the transaction")

// ProgramTx is a transaction that may change synced rows of one program.
type ProgramTx struct {
	*Tx
	Program models.Program
	Epoch   string

	start int64 // the sequence when the transaction began
	taken int64 // numbers handed out so far
	audit auditTip
}

// Seq is the last number handed out in this transaction, or where it began.
func (tx *ProgramTx) Seq() int64 { return tx.start + tx.taken }

// Next hands out the next number of the program's sequence.
//
// Numbers become real with the transaction's last statement; nobody else can take
// them in between, for the transaction holds the program.
func (tx *ProgramTx) Next() int64 {
	tx.taken++
	return tx.start + tx.taken
}

// InProgram runs fn as the only writer of a program and advances the program's
// sequence by what fn took, as the last statement before the commit.
//
// The row of the sequence is locked first (so that writers queue instead of
// failing) and compared again last (so that order of seq equals order of commit
// even if the lock were lost). Source: docs/adr/0001-sequence.md.
func InProgram(ctx context.Context, s *Store, program int32, fn func(*ProgramTx) error) error {
	return inProgram(ctx, s, func(raw *Tx) (*ProgramTx, error) { return raw.program(program) }, fn)
}

// InProgramWith is InProgram for a batch of mutations: what they will most likely ask
// for is looked up as soon as the program is held, on Postgres in one way there and
// back with the lock.
func InProgramWith(ctx context.Context, s *Store, program int32, want Wanted, fn func(*ProgramTx, Prefetched) error) error {
	var found Prefetched
	hold := func(raw *Tx) (tx *ProgramTx, err error) {
		tx, found, err = raw.programWith(program, want)
		return tx, err
	}
	return inProgram(ctx, s, hold, func(tx *ProgramTx) error { return fn(tx, found) })
}

func inProgram(ctx context.Context, s *Store, hold func(*Tx) (*ProgramTx, error), fn func(*ProgramTx) error) error {
	var held *ProgramTx
	err := inTx(ctx, s, func(raw *Tx) error {
		tx, err := hold(raw)
		if err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		held = tx
		return tx.advance()
	})
	if err == nil && held.taken > 0 {
		s.grew(held.taken)
		s.commits.publish(Commit{Program: held.Program.No, Seq: held.Seq(), Own: true})
	}
	return err
}

func (s *Store) programQuery() string {
	return `SELECT p.id, p.name, p.time_zone, s.seq, s.epoch, s.audit_n, s.audit_hash FROM sequences s
		JOIN programs p ON p.no = s.program_no WHERE s.program_no = ?` + s.forUpdate("s")
}

func (tx *ProgramTx) scanProgram(row scanner) error {
	return row.Scan(&tx.Program.ID, &tx.Program.Name, &tx.Program.TimeZone, &tx.start, &tx.Epoch, &tx.audit.n, &tx.audit.hash)
}

func (tx *Tx) program(no int32) (*ProgramTx, error) {
	out := &ProgramTx{Tx: tx, Program: models.Program{No: no}}
	if tx.s.dialect == Postgres {
		return out, out.hold(&pgx.Batch{}, nil)
	}
	err := out.scanProgram(tx.row(tx.s.programQuery(), no))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, models.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("hold program: %w", err)
	}
	return out, nil
}

// hold begins the transaction on Postgres, takes the program, and runs queries, all at
// once. Each query sees what was committed when it starts, and it starts when the lock
// is held.
func (tx *ProgramTx) hold(queries *pgx.Batch, scan []func(pgx.Rows) error) error {
	batch := &pgx.Batch{}
	batch.Queue(tx.s.sql(tx.s.programQuery()), tx.Program.No)
	batch.QueuedQueries = append(batch.QueuedQueries, queries.QueuedQueries...)
	held := false
	first := func(r pgx.Rows) error {
		held = true
		return tx.scanProgram(r)
	}
	if err := tx.beginWith(batch, append([]func(pgx.Rows) error{first}, scan...)); err != nil {
		return fmt.Errorf("hold program: %w", err)
	}
	if !held {
		return models.NotFound()
	}
	return nil
}

// advance is the last statement of the transaction: see InProgram.
func (tx *ProgramTx) advance() error {
	if tx.taken == 0 && !tx.audit.moved {
		return nil
	}
	if tx.taken > 0 {
		if err := tx.s.announce(tx); err != nil {
			return err
		}
	}
	const swap = `UPDATE sequences SET seq = ?, audit_n = ?, audit_hash = ? WHERE program_no = ? AND seq = ?`
	params := []any{tx.start + tx.taken, tx.audit.n, tx.audit.stored(), tx.Program.No, tx.start}
	if tx.s.dialect == Postgres { // it goes out with the commit, so it fails by itself when it finds nothing: see moved
		return tx.later(`WITH swapped AS (`+swap+` RETURNING 1) SELECT 1 / count(*) FROM swapped`, params...)
	}
	n, err := tx.exec(swap, params...)
	if err != nil {
		return fmt.Errorf("advance sequence: %w", err)
	}
	if n != 1 {
		return errSequenceMoved
	}
	return nil
}

// NewProgram stores a program and starts its sequence at 0 with a fresh epoch.
func (tx *Tx) NewProgram(p models.Program) (models.Program, error) {
	err := tx.row(`INSERT INTO programs (id, name, time_zone, created_at) VALUES (?, ?, ?, ?) RETURNING no`,
		p.ID, p.Name, p.TimeZone, tx.Now.UnixMilli()).Scan(&p.No)
	if err != nil {
		return p, fmt.Errorf("insert program: %w", err)
	}
	_, err = tx.exec(`INSERT INTO sequences (program_no, seq, epoch) VALUES (?, 0, ?)`, p.No, models.NewID())
	if err != nil {
		return p, fmt.Errorf("start sequence: %w", err)
	}
	p.CreatedAt = tx.Now
	return p, nil
}

// Programs lists all programs by number. There are few: a server holds one city or some.
func (s *Store) Programs(ctx context.Context) ([]models.Program, error) {
	rows, err := s.readSQL.QueryContext(ctx, `SELECT no, id, name, time_zone, created_at FROM programs ORDER BY no`)
	if err != nil {
		return nil, fmt.Errorf("list programs: %w", err)
	}
	defer rows.Close()
	var out []models.Program
	for rows.Next() {
		var p models.Program
		var at int64
		if err := rows.Scan(&p.No, &p.ID, &p.Name, &p.TimeZone, &at); err != nil {
			return nil, fmt.Errorf("read program: %w", err)
		}
		p.CreatedAt = fromMillis(at)
		out = append(out, p)
	}
	return out, rows.Err()
}

// Rewind gives back the numbers taken after seq, when what they were for is undone.
func (tx *ProgramTx) Rewind(seq int64) { tx.taken = seq - tx.start }
