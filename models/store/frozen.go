package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"pursuit/models"
)

// FrozenSummary is a summary kept to the byte, with the files made of it.
type FrozenSummary struct {
	Program int32
	ID      string
	Org     string // whose summary it is; "" = the program's
	Year    int
	AsOf    string // YYYY-MM-DD
	Seq     int64  // of the snapshot it was rebuilt from
	By      string // user id
	At      time.Time
	Summary []byte // JSON object
	CSV     []byte
	XLSX    []byte
}

// Freeze keeps a summary. It is never changed.
func (s *Store) Freeze(ctx context.Context, f FrozenSummary) error {
	return InTx(ctx, s, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO frozen_summaries (program_no, id, org_id, year, as_of, seq, made_by, made_at, summary, csv, xlsx)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.Program, f.ID, sql.NullString{String: f.Org, Valid: f.Org != ""},
			f.Year, f.AsOf, f.Seq, f.By, tx.Now.UnixMilli(), string(f.Summary), f.CSV, f.XLSX)
		if err != nil {
			return fmt.Errorf("freeze summary: %w", err)
		}
		return nil
	})
}

// Frozen reads a frozen summary of an organisation ("" = the program's); not_found
// when there is none of that id and organisation.
func (r *Reading) Frozen(program int32, org, id string) (FrozenSummary, error) {
	f := FrozenSummary{Program: program, ID: id, Org: org}
	var owner sql.NullString
	var at int64
	err := r.row(`SELECT org_id, year, as_of, seq, made_by, made_at, summary, csv, xlsx FROM frozen_summaries
		WHERE program_no = ? AND id = ?`, program, rowID(id)).
		Scan(&owner, &f.Year, &f.AsOf, &f.Seq, &f.By, &at, &f.Summary, &f.CSV, &f.XLSX)
	if errors.Is(err, sql.ErrNoRows) || err == nil && owner.String != org {
		return f, models.NotFound()
	}
	if err != nil {
		return f, fmt.Errorf("read frozen summary: %w", err)
	}
	f.At = fromMillis(at)
	return f, nil
}
