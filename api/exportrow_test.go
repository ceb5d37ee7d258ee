package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/reports"
)

// drawRow draws a row of a table with some value in some fields.
func drawRow(t *rapid.T, table *models.Table) *models.Row {
	row := models.NewRow(table, models.NewID())
	row.Bucket, row.V = models.NewID(), rapid.Int64Range(1, 1<<53).Draw(t, "v")
	text := rapid.StringOfN(rapid.SampledFrom([]rune("=+-@\t\r\n\"\\{}[],:ab é\u2028＝")), 0, 8, -1)
	for i, f := range table.Fields {
		if rapid.Bool().Draw(t, "unset") {
			continue
		}
		var value any
		switch f.Type {
		case models.TypeBool:
			value = rapid.Bool().Draw(t, f.Name)
		case models.TypeInteger:
			value = rapid.IntRange(-5, 5).Draw(t, f.Name)
		case models.TypeNumber:
			value = rapid.SampledFrom([]float64{-122.675, 0, 45.5}).Draw(t, f.Name)
		case models.TypeDate:
			value = "2026-03-05"
		case models.TypeTimestamp:
			value = "2026-03-05T10:00:00.123Z"
		case models.TypeTextList:
			value = rapid.SliceOfN(text, 0, 3).Draw(t, f.Name)
		case models.TypeFactors, models.TypeObject:
			value = map[string]any{text.Draw(t, f.Name): []any{nil, text.Draw(t, f.Name), map[string]int{"}": 1}}}
		case models.TypeAny:
			value = rapid.SampledFrom([]any{-3.5, "=1", true, []string{"=1", "]"}}).Draw(t, f.Name)
		default:
			value = text.Draw(t, f.Name)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		row.Values[i] = raw
	}
	return row
}

// The one pass over a document finds what a parser finds, also where an older version
// wrote fewer fields, or a newer one more.
func TestExportRowReadsDocuments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SampledFrom(models.Tables.Tables).Draw(t, "table")
		r := newExportRow(table)
		for range 3 { // nothing is left of the one before
			row := drawRow(t, table)
			doc := row.Doc()
			switch rapid.SampledFrom([]string{"ours", "older", "newer", "spaced"}).Draw(t, "version") {
			case "older":
				older := *table
				older.Fields = slices.Clone(table.Fields)
				gone := rapid.IntRange(0, len(older.Fields)-1).Draw(t, "field")
				older.Fields = slices.Delete(older.Fields, gone, gone+1)
				values := slices.Delete(slices.Clone(row.Values), gone, gone+1)
				doc = (&models.Row{Table: &older, ID: row.ID, Bucket: row.Bucket, V: row.V, Values: values}).Doc()
			case "newer":
				row.Rest = []byte(`,"mood":{"good":[1,"}"]}`)
				doc = row.Doc()
			case "spaced":
				var spaced bytes.Buffer
				if err := json.Indent(&spaced, doc, "", "  "); err != nil {
					t.Fatal(err)
				}
				doc = spaced.Bytes()
			}
			var want map[string]json.RawMessage
			if err := json.Unmarshal(doc, &want); err != nil {
				t.Fatal(err)
			}
			r.read(doc)
			for i, f := range r.fields {
				if value := want[f.Name]; string(value) == "null" && r.values[i] != nil || string(value) != "null" && !bytes.Equal(value, r.values[i]) {
					t.Fatalf("%s is read as %s in\n%s", f.Name, r.values[i], doc)
				}
			}
		}
	})
}

// Whatever a row of any table holds, the CSV has its text, an apostrophe before what
// could be a formula, and numbers as numbers; and the workbook has no formula.
func TestExportsOfEveryTableCarryNoFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SampledFrom(models.Tables.Tables).Draw(t, "table")
		row, r := drawRow(t, table), newExportRow(table)
		r.read(row.Doc())
		var text bytes.Buffer
		out := reports.NewCSV(&text)
		if err := r.line(out); err != nil || out.Flush() != nil {
			t.Fatal(err)
		}
		line, err := csv.NewReader(&text).Read()
		if err != nil || len(line) != len(r.fields) {
			t.Fatalf("%q, %v", line, err)
		}
		for i, f := range table.Fields {
			got, raw := line[i+3], row.Values[i]
			switch first := strings.TrimLeft(got, " \u00a0"); {
			case len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'):
				if got != string(raw) {
					t.Fatalf("the number %s of %s is written %q", raw, f.Name, got)
				}
			case first != "" && strings.ContainsRune("=+-@\t\r\n＝", []rune(first)[0]):
				t.Fatalf("%s of %s is written %q", raw, f.Name, got)
			}
		}
		holdsNoFormula(t, r, table)
	})
}

func holdsNoFormula(t *rapid.T, r *exportRow, table *models.Table) {
	sheet, err := exportTable(models.Actor{TimeZone: "America/Los_Angeles"}, table, "note", slices.Values([][]any{r.cells()}))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := reports.WriteXLSX(&packed, sheet); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&packed)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range r.fields {
		cell, err := excelize.CoordinatesToCellName(i+1, 5)
		if err != nil {
			t.Fatal(err)
		}
		if formula, err := book.GetCellFormula(table.Name, cell); err != nil || formula != "" {
			t.Fatalf("%s is the formula %q, %v", f.Name, formula, err)
		}
	}
}
