package store

import (
	"database/sql"
	"errors"
	"fmt"

	"pursuit/models"
)

// PersonMerge says that one person became another: docs/adr/0009-merging-people.md.
type PersonMerge struct {
	Merged   string // the id that is no person any more
	Kept     string // the person it is now
	Code     string // the merged person's code
	Seq      int64  // the number of the survivor's row when they became one
	Mutation string // of the call that asked for it
	By       string // user id
}

// MergedInto tells which person a merged id is now, and since which number; "" when
// nobody was merged under it. Merges of merges are one step.
func (tx *ProgramTx) MergedInto(id string) (kept string, seq int64, err error) {
	if err := tx.sendLater(); err != nil {
		return "", 0, err
	}
	err = tx.row(`SELECT kept, seq FROM people_merges WHERE program_no = ? AND merged = ?`, tx.Program.No, rowID(id)).Scan(&kept, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("look up merged person: %w", err)
	}
	return kept, seq, nil
}

// SaveMerge records that a person became another, and with it all who had become it.
func (tx *ProgramTx) SaveMerge(m PersonMerge) error {
	_, err := tx.exec(`UPDATE people_merges SET kept = ?, seq = ? WHERE program_no = ? AND kept = ?`, m.Kept, m.Seq, tx.Program.No, m.Merged)
	if err != nil {
		return fmt.Errorf("lead merged persons on: %w", err)
	}
	_, err = tx.exec(`INSERT INTO people_merges (program_no, merged, kept, code, seq, mutation_id, made_by, made_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, tx.Program.No, m.Merged, m.Kept, m.Code, m.Seq, m.Mutation, m.By, tx.Now.UnixMilli())
	if err != nil {
		return fmt.Errorf("record merge: %w", err)
	}
	return nil
}

// MergedPersons lists the ids that became any of the given persons.
func (tx *ProgramTx) MergedPersons(kept []string) ([]string, error) {
	rows, err := tx.query(`SELECT merged FROM people_merges WHERE program_no = ? AND `+tx.s.in("kept")+` ORDER BY merged`,
		tx.Program.No, tx.s.ids(kept))
	if err != nil {
		return nil, fmt.Errorf("list merged persons: %w", err)
	}
	return scanIDs(rows)
}

// BucketRows loads every row of a bucket, deleted ones included, in the order of the
// sequence, at most limit.
func (tx *ProgramTx) BucketRows(bucket string, limit int) ([]*models.Row, error) {
	rows, err := tx.query(`SELECT `+rowColumns+` FROM feed WHERE program_no = ? AND bucket = ? ORDER BY seq LIMIT ?`,
		tx.Program.No, bucket, limit)
	if err != nil {
		return nil, fmt.Errorf("load bucket: %w", err)
	}
	return scanRows(rows)
}

// Rehome writes the bucket and the values of a deleted row in place: it keeps its
// number, for there is nothing in it that a device could miss.
func (tx *ProgramTx) Rehome(row *models.Row) error {
	_, err := tx.exec(`UPDATE feed SET bucket = ?, doc = ? WHERE program_no = ? AND id = ? AND tbl = ? AND deleted`,
		row.Bucket, string(row.Doc()), tx.Program.No, row.ID, row.Table.No)
	if err != nil {
		return fmt.Errorf("move deleted row: %w", err)
	}
	return nil
}

// Rewant has the mutations that wait for a row, or to be written to it, wait for another.
func (tx *ProgramTx) Rewant(from, to string) error {
	for _, column := range []string{"wants", "row_id"} {
		_, err := tx.exec(`UPDATE deferred SET `+column+` = ? WHERE program_no = ? AND `+column+` = ?`, to, tx.Program.No, from)
		if err != nil {
			return fmt.Errorf("redirect waiting mutations: %w", err)
		}
	}
	return nil
}
