package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// releaseLock is the field of the row that the readers of a year's totals wait for each other on.
const releaseLock = ""

// ReleaseTotals lets decide choose which values of a year's totals partners are shown now, by
// their names, knowing every value that they were ever shown, and records its choice.
//
// Of two calls for one program and year the second knows what the first recorded. What decide
// chose is recorded when ReleaseTotals returns without an error, and must not be shown
// otherwise. decide may be called more than once: the last call counts.
func (s *Store) ReleaseTotals(ctx context.Context, program int32, year int, decide func(shown map[string][]int) map[string]int) error {
	return InTx(ctx, s, func(tx *Tx) error {
		if _, err := tx.exec(`INSERT INTO partner_releases (program_no, year, field, value) VALUES (?, ?, ?, 0)
			ON CONFLICT (program_no, year, field, value) DO UPDATE SET value = excluded.value`, program, year, releaseLock); err != nil {
			return fmt.Errorf("wait for other readers of a year's totals: %w", err)
		}
		shown, err := tx.released(program, year)
		if err != nil {
			return err
		}
		return tx.release(program, year, shown, decide(maps.Clone(shown)))
	})
}

// released reads which values were shown, by their names.
func (tx *Tx) released(program int32, year int) (map[string][]int, error) {
	rows, err := tx.query(`SELECT field, value FROM partner_releases WHERE program_no = ? AND year = ? AND field <> ?`,
		program, year, releaseLock)
	if err != nil {
		return nil, fmt.Errorf("list what partners were shown: %w", err)
	}
	defer rows.Close()
	out := map[string][]int{}
	for rows.Next() {
		var field string
		var value int
		if err := rows.Scan(&field, &value); err != nil {
			return nil, fmt.Errorf("read what partners were shown: %w", err)
		}
		out[field] = append(out[field], value)
	}
	return out, rows.Err()
}

// release records the values that are not among those shown before.
func (tx *Tx) release(program int32, year int, shown map[string][]int, values map[string]int) error {
	for _, field := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(shown[field], values[field]) {
			continue
		}
		_, err := tx.exec(`INSERT INTO partner_releases (program_no, year, field, value) VALUES (?, ?, ?, ?)`,
			program, year, field, values[field])
		if err != nil {
			return fmt.Errorf("record what partners are shown: %w", err)
		}
	}
	return nil
}
