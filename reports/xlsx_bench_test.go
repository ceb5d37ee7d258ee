package reports_test

import (
	"fmt"
	"io"
	"testing"

	"pursuit/reports"
)

// BenchmarkWorkbook writes 100,000 rows of 25 columns as a workbook and reports the
// heap's peak.
func BenchmarkWorkbook(b *testing.B) {
	const rows, columns = 100_000, 25
	t := reports.Table{Name: "contact_attempts", Title: "Attempts"}
	for i := range columns {
		t.Columns = append(t.Columns, reports.TableColumn{Name: fmt.Sprint("c", i), Heading: fmt.Sprint("c", i)})
	}
	t.Rows = func(yield func([]any) bool) {
		for n := range rows {
			row := make([]any, columns)
			for i := range row {
				row[i] = benchID(i, n)
			}
			if !yield(row) {
				return
			}
		}
	}
	peak := watchHeap(b)
	for b.Loop() {
		if err := reports.WriteXLSX(io.Discard, t); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(peak(), "MiB-peak")
}
