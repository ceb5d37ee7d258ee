package reports

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// Text that a cell cannot hold is cut with a word about it, never in the middle of a
// character, and what fits is not touched.
func TestTextLongerThanACellSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		cut  bool
	}{
		"as long as a cell":            {strings.Repeat("a", maxCellText), false},
		"longer":                       {strings.Repeat("a", maxCellText+1), true},
		"long in bytes alone":          {strings.Repeat("é", maxCellText), false},
		"in pairs of units":            {strings.Repeat("😀", maxCellText/2), false},
		"in pairs of units, longer":    {strings.Repeat("😀", maxCellText/2+1), true},
		"in pairs of units, displaced": {"a" + strings.Repeat("😀", maxCellText/2+1), true},
	} {
		book, _ := workbook(t, textTable(c.text))
		got, err := book.GetCellValue("Codes", "A5")
		if err != nil {
			t.Fatal(err)
		}
		if !c.cut && got != c.text {
			t.Errorf("%s: it is changed to %d bytes", name, len(got))
		}
		kept, said := strings.CutSuffix(got, cutText)
		if c.cut && (!said || !strings.HasPrefix(c.text, kept) || len(utf16.Encode([]rune(got))) > maxCellText || len(kept) < len(c.text)*9/10) {
			t.Errorf("%s: it ends in %q, %d bytes of %d", name, got[max(0, len(got)-60):], len(kept), len(c.text))
		}
	}
}

// A footnote takes the width of a page and the height that it needs there.
func TestFootnotesAreReadWhole(t *testing.T) {
	table := textTable("Heron")
	table.Columns = append(table.Columns, TableColumn{Name: "note", Heading: "Note", Kind: Sentence}, TableColumn{Name: "on", Heading: "On", Kind: Day},
		TableColumn{Name: "by", Heading: "By", Kind: Key})
	table.Notes = []string{"short", strings.Repeat("words ", 60)}
	table.Rows = slices.Values([][]any{{"Heron", "", nil, ""}})
	book, _ := workbook(t, table)
	merged, err := book.GetMergeCells("Codes")
	if err != nil || len(merged) != 2 || merged[1].GetStartAxis() != "A8" || merged[1].GetEndAxis() != "D8" {
		t.Fatalf("footnotes stand in %v, %v", merged, err)
	}
	low, err := book.GetRowHeight("Codes", 7)
	if err != nil {
		t.Fatal(err)
	}
	if high, err := book.GetRowHeight("Codes", 8); err != nil || low != noteHeight || high < 3*low || high > 5*low {
		t.Errorf("footnotes are %.0f and %.0f high, %v", low, high, err)
	}
}
