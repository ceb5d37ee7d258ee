package reports

import (
	"encoding/csv"
	"fmt"
	"io"
)

// WriteCSV writes a table as CSV (RFC 4180, UTF-8): a header of the columns' names, the rows,
// the totals. Text that could be a formula is written as text; null is an empty field. Rows
// are written as they come, so memory does not grow with them.
func WriteCSV(w io.Writer, t Table) error {
	out := csv.NewWriter(w)
	record := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		record[i] = guarded(c.Name)
	}
	if err := out.Write(record); err != nil {
		return fmt.Errorf("write csv header: %w", err)
	}
	for row := range t.Rows {
		if err := out.Write(fields(record, row)); err != nil {
			return fmt.Errorf("write csv row: %w", err)
		}
	}
	if t.Totals != nil {
		if err := out.Write(fields(record, t.Totals)); err != nil {
			return fmt.Errorf("write csv totals: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// fields fills record with a row's values; numbers need no guard, text does.
func fields(record []string, row []any) []string {
	for i := range record {
		record[i] = ""
		if i >= len(row) {
			continue
		}
		record[i] = plain(row[i])
		if _, text := row[i].(string); text {
			record[i] = guarded(record[i])
		}
	}
	return record
}
