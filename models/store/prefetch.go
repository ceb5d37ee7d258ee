package store

import (
	"github.com/jackc/pgx/v5"

	"pursuit/models"
)

// Wanted lists what a batch of mutations will most likely ask for.
type Wanted struct {
	Mutations []string // ids, to recognise replays
	Users     []string // their authors
	Rows      []string // ids of rows and of what they hang on
	Buckets   []string // whose grants are wanted beside those of the rows
}

// Prefetched is what was found of it.
type Prefetched struct {
	Seen    map[string]LoggedMutation
	Authors map[string]models.Actor
	Waiting bool // some mutation of the program waits for a row
	Rows    []*models.Row
	Grants  []models.Grant // of the buckets wanted, and of those of the rows found
}

// programWith holds a program and looks up what is wanted.
func (tx *Tx) programWith(no int32, want Wanted) (*ProgramTx, Prefetched, error) {
	if tx.conn != nil {
		return tx.programWithPostgres(no, want)
	}
	out, err := tx.program(no)
	if err != nil {
		return nil, Prefetched{}, err
	}
	found, err := out.Prefetch(want)
	return out, found, err
}

// Prefetch looks everything up, one query after the other; see InProgramWith.
func (tx *ProgramTx) Prefetch(want Wanted) (Prefetched, error) {
	var p Prefetched
	var err error
	if p.Seen, err = tx.Seen(want.Mutations); err != nil {
		return p, err
	}
	if p.Authors, err = tx.Authors(want.Users); err != nil {
		return p, err
	}
	if p.Waiting, err = tx.AnyDeferred(); err != nil {
		return p, err
	}
	if p.Rows, err = tx.Rows(want.Rows); err != nil {
		return p, err
	}
	p.Grants, err = tx.Grants(append(bucketsOf(p.Rows), want.Buckets...))
	return p, err
}

func bucketsOf(rows []*models.Row) []string {
	seen, out := map[string]bool{}, []string(nil)
	for _, r := range rows {
		if !seen[r.Bucket] {
			seen[r.Bucket] = true
			out = append(out, r.Bucket)
		}
	}
	return out
}

// grantsOfRows are the grants of the buckets given and of the buckets of rows.
const grantsOfRows = `SELECT ` + grantColumns + ` FROM grants WHERE program_no = ? AND bucket = ANY(?::uuid[])
	UNION SELECT ` + grantColumns + ` FROM grants WHERE program_no = ? AND bucket IN
		(SELECT f.bucket FROM feed f WHERE f.program_no = ? AND f.id = ANY(?::uuid[]))`

// programWithPostgres takes the program and sends all queries at once.
func (tx *Tx) programWithPostgres(no int32, want Wanted) (*ProgramTx, Prefetched, error) {
	out := &ProgramTx{Tx: tx, Program: models.Program{No: no}}
	p := Prefetched{Seen: map[string]LoggedMutation{}, Authors: map[string]models.Actor{}}
	if err := out.hold(out.wanted(want), p.scans(out)); err != nil {
		return nil, p, err
	}
	return out, p, nil
}

// wanted are the queries on Postgres for what is wanted.
func (tx *ProgramTx) wanted(want Wanted) *pgx.Batch {
	no, rows := tx.Program.No, uuids(want.Rows)
	batch := &pgx.Batch{}
	batch.Queue(tx.s.sql(seenQuery+tx.s.in("id")), no, uuids(want.Mutations))
	batch.Queue(tx.s.sql(authorsQuery+tx.s.in("u.id")), no, uuids(want.Users))
	batch.Queue(tx.s.sql(anyDeferredQuery), no)
	batch.Queue(tx.s.sql(rowsQuery+tx.s.in("id")), no, rows)
	batch.Queue(tx.s.sql(grantsOfRows), no, uuids(want.Buckets), no, no, rows)
	return batch
}

// scans read the answers to the queries, in their order.
func (p *Prefetched) scans(tx *ProgramTx) []func(pgx.Rows) error {
	return []func(pgx.Rows) error{
		func(r pgx.Rows) error {
			m, err := scanSeen(r)
			p.Seen[m.ID] = m
			return err
		},
		func(r pgx.Rows) error {
			a, err := tx.scanAuthor(r)
			p.Authors[a.UserID] = a
			return err
		},
		func(r pgx.Rows) error {
			var n int
			err := r.Scan(&n)
			p.Waiting = n > 0
			return err
		},
		func(r pgx.Rows) error {
			row, err := scanRow(r)
			if row != nil {
				p.Rows = append(p.Rows, row)
			}
			return err
		},
		func(r pgx.Rows) error {
			g, err := scanGrant(r)
			p.Grants = append(p.Grants, g)
			return err
		},
	}
}
