package store

import (
	"database/sql"
	"fmt"
	"slices"
)

// Deferred is a mutation that waits for a row.
type Deferred struct {
	MutationID string
	Wants      string // the id of the row it waits for
	Row        string // the row it writes
	UserID     string
	Group      string // the first mutation of its group, or its own id
	Order      int64  // the order of arrival
	Since      int64  // milliseconds
	Body       []byte
}

const deferredColumns = `mutation_id, wants, row_id, user_id, grp, ord, since, body`

const anyDeferredQuery = `SELECT count(*) FROM (SELECT 1 FROM deferred WHERE program_no = ? LIMIT 1) AS waiting`

// AnyDeferred tells whether any mutation of the program waits: most of the time none does.
func (tx *ProgramTx) AnyDeferred() (bool, error) {
	var one int
	err := tx.row(anyDeferredQuery, tx.Program.No).Scan(&one)
	if err != nil {
		return false, fmt.Errorf("look for deferred mutations: %w", err)
	}
	return one > 0, nil
}

// DeferredWanting loads, in the order of arrival, the groups of which a member waits
// for one of the rows or for a row in one of the buckets, at most limit mutations:
// whole groups only, for they are applied whole or not at all.
func (tx *ProgramTx) DeferredWanting(rows, buckets []string, limit int) ([]Deferred, error) {
	list, err := tx.deferred(`grp IN (SELECT d.grp FROM deferred d WHERE d.program_no = ? AND (`+tx.s.in("d.wants")+`
		OR d.wants IN (SELECT f.id FROM feed f WHERE f.program_no = d.program_no AND `+tx.s.in("f.bucket")+`)))`,
		limit, tx.Program.No, tx.s.ids(rows), tx.s.ids(buckets))
	if err != nil || len(list) < limit {
		return list, err
	}
	cut := list[len(list)-1].Group
	return slices.DeleteFunc(list, func(d Deferred) bool { return d.Group == cut }), nil
}

// DeferredRows loads what waits to be written to the given rows.
func (tx *ProgramTx) DeferredRows(ids []string, limit int) ([]Deferred, error) {
	return tx.deferred(tx.s.in("row_id"), limit, tx.s.ids(ids))
}

// DeferredBefore loads what has waited since before a moment (milliseconds).
func (tx *ProgramTx) DeferredBefore(since int64, limit int) ([]Deferred, error) {
	return tx.deferred(`since < ?`, limit, since)
}

func (tx *ProgramTx) deferred(where string, limit int, args ...any) ([]Deferred, error) {
	args = append(append([]any{tx.Program.No}, args...), limit)
	rows, err := tx.query(`SELECT `+deferredColumns+` FROM deferred WHERE program_no = ? AND `+where+` ORDER BY ord LIMIT ?`, args...)
	if err != nil {
		return nil, fmt.Errorf("load deferred mutations: %w", err)
	}
	return scanDeferred(rows)
}

func scanDeferred(rows *sql.Rows) ([]Deferred, error) {
	defer rows.Close()
	var out []Deferred
	for rows.Next() {
		var d Deferred
		if err := rows.Scan(&d.MutationID, &d.Wants, &d.Row, &d.UserID, &d.Group, &d.Order, &d.Since, &d.Body); err != nil {
			return nil, fmt.Errorf("read deferred mutation: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Defer stores a mutation that waits, or what it waits for now.
func (tx *ProgramTx) Defer(d Deferred) error {
	err := tx.later(`INSERT INTO deferred (program_no, `+deferredColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (program_no, mutation_id) DO UPDATE SET wants = excluded.wants`,
		tx.Program.No, d.MutationID, d.Wants, d.Row, d.UserID, d.Group, d.Order, d.Since, string(d.Body))
	if err != nil {
		return fmt.Errorf("defer mutation: %w", err)
	}
	return nil
}

// Undefer forgets a mutation that waits no longer.
func (tx *ProgramTx) Undefer(id string) error {
	if err := tx.later(`DELETE FROM deferred WHERE program_no = ? AND mutation_id = ?`, tx.Program.No, id); err != nil {
		return fmt.Errorf("end deferral: %w", err)
	}
	return nil
}
