package intake

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"pursuit/models"
)

// saved writes a workbook as a file and reads it as a list.
func saved(t *testing.T, book *excelize.File) (Sheet, error) {
	t.Helper()
	var content bytes.Buffer
	if err := book.Write(&content); err != nil {
		t.Fatal(err)
	}
	return ReadSheet(context.Background(), "list.xlsx", &content)
}

// bookOf makes a workbook with the three headings that a list must have and lines below.
func bookOf(t *testing.T, lines ...[]any) *excelize.File {
	t.Helper()
	book := excelize.NewFile()
	fill(t, book, "Sheet1", append([][]any{{"Code", "Source", "Referred on"}}, lines...)...)
	return book
}

func fill(t *testing.T, book *excelize.File, sheet string, lines ...[]any) {
	t.Helper()
	for i, line := range lines {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := book.SetSheetRow(sheet, cell, &line); err != nil {
			t.Fatal(err)
		}
	}
}

// referredOn reads a workbook whose lines have no fault and answers their dates.
func referredOn(t *testing.T, book *excelize.File) []string {
	t.Helper()
	s, err := saved(t, book)
	if err != nil {
		t.Fatal(err)
	}
	entries, faults := entriesOf(t, s)
	if len(faults) != 0 {
		t.Fatalf("faults %v", faults)
	}
	var out []string
	for _, e := range entries {
		out = append(out, models.Text(e.Children[len(e.Children)-1].Set["referred_on"]))
	}
	return out
}

// One day is one day, whichever way a workbook keeps it: as a number from 1900 or from
// 1904, with a time of day, or as text.
func TestDaysOfAWorkbook(t *testing.T) {
	for name, c := range map[string]struct {
		from1904 bool
		cell     any
	}{
		"number":               {false, 45413},
		"number and time":      {false, 45413.999999},
		"number from 1904":     {true, 43951},
		"with time, from 1904": {true, 43951.75},
		"text":                 {false, "2024-05-01"},
		"text from 1904":       {true, "5/1/2024"},
		"text with time":       {false, "2024-05-01T00:00:00"},
	} {
		book := bookOf(t, []any{"Heron", "outreach", c.cell})
		if err := book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &c.from1904}); err != nil {
			t.Fatal(err)
		}
		if got := referredOn(t, book); len(got) != 1 || got[0] != "2024-05-01" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What is no day is told by its cell, and so is a formula that failed.
func TestCellsThatAreNoDay(t *testing.T) {
	for _, cell := range []any{"1 May 24", "May", "45413 days", "2024-02-30", "13/13/2024", -1, 0, 2_958_466, 1e300, "NaN", "#REF!", "#N/A"} {
		s, err := saved(t, bookOf(t, []any{"Heron", "outreach", cell}, []any{"Wren", "outreach", "2024-05-01"}))
		if err != nil {
			t.Fatal(err)
		}
		entries, faults := entriesOf(t, s)
		if len(entries) != 1 || len(faults) != 1 || faults[0].Cell != "C2" || faults[0].Field != "referred_on" {
			t.Errorf("%v: %d entries, faults %v", cell, len(entries), faults)
		}
	}
	s, err := saved(t, bookOf(t, []any{"#VALUE!", "outreach", "2024-05-01"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, faults := entriesOf(t, s); len(faults) != 1 || faults[0].Cell != "A2" {
		t.Errorf("a code that is a failed formula: %v", faults)
	}
}

// A workbook writes a whole number with a fraction of nothing too; a part of one is a
// fault, and text of a CSV counts as it stands.
func TestWholeNumbersOfAWorkbook(t *testing.T) {
	line := func(text string) string {
		return `<row r="1"><c t="str"><v>code</v></c><c t="str"><v>source</v></c><c t="str"><v>referred_on</v></c><c t="str"><v>shooting_review_on</v></c>` +
			`<c t="str"><v>disposition</v></c><c t="str"><v>arrest_count</v></c></row><row r="2"><c t="str"><v>A</v></c><c t="str"><v>outreach</v></c>` +
			`<c t="str"><v>2024-05-01</v></c><c t="str"><v>2024-04-01</v></c><c t="str"><v>referred</v></c><c><v>` + text + `</v></c></row>`
	}
	for text, want := range map[string]string{"3": "3", "3.0": "3", "3.000": "3", "3E0": "3", "3.0E+1": "30", "0.0": "0",
		"3.5": "", "1E-1": "", "0x3p0": "", "Inf": "", "3.": "", "1e400": "", "9007199254740993.0": ""} {
		book := sheetParts(t, strings.NewReader(line(text)), "")
		s, err := ReadSheet(context.Background(), "list.xlsx", bytes.NewReader(book))
		if err != nil {
			t.Fatal(err)
		}
		entries, faults := entriesOf(t, s)
		switch {
		case want == "" && (len(faults) != 1 || faults[0].Cell != "F2" || !strings.Contains(faults[0].Message, "whole number")):
			t.Errorf("%s: faults %v", text, faults)
		case want != "" && (len(faults) != 0 || string(entries[0].Children[0].Set["arrest_count"]) != want):
			t.Errorf("%s: %v, faults %v", text, entries, faults)
		}
	}
	if _, faults := entriesOf(t, sheetOf(t, "code,source,referred_on,shooting_review_on,disposition,arrest_count\nA,outreach,2024-05-01,2024-04-01,referred,3.0\n")); len(faults) != 1 {
		t.Errorf("of a CSV: %v", faults)
	}
}

// A formula counts as the value that the workbook keeps; where it keeps none, the cell is empty.
func TestFormulasCountAsTheirKeptValue(t *testing.T) {
	book := bookOf(t, []any{"Heron", "outreach", 45413}, []any{"Wren", "outreach", nil})
	for cell, formula := range map[string]string{"C2": "DATE(2024,5,1)", "C3": "C2+1"} {
		if err := book.SetCellFormula("Sheet1", cell, formula); err != nil {
			t.Fatal(err)
		}
	}
	s, err := saved(t, book)
	if err != nil {
		t.Fatal(err)
	}
	entries, faults := entriesOf(t, s)
	if len(entries) != 1 || models.Text(entries[0].Children[0].Set["referred_on"]) != "2024-05-01" {
		t.Errorf("%d entries", len(entries))
	}
	if len(faults) != 1 || faults[0].Cell != "C3" {
		t.Errorf("faults %v", faults)
	}
}

// Headings that span columns or lines are refused by their cells; merged cells of the
// lines below leave all but the first empty, which is told where it matters.
func TestMergedCells(t *testing.T) {
	for _, at := range [][2]string{{"A1", "B1"}, {"C1", "C2"}} {
		book := bookOf(t, []any{"Heron", "outreach", 45413})
		if err := book.MergeCell("Sheet1", at[0], at[1]); err != nil {
			t.Fatal(err)
		}
		if _, err := saved(t, book); err == nil || !strings.Contains(err.Error(), at[0]+":"+at[1]) {
			t.Errorf("headings merged in %v: %v", at, err)
		}
	}
	book := bookOf(t, []any{"Heron", "outreach", 45413}, []any{"Wren", "outreach", 45414})
	if err := book.MergeCell("Sheet1", "C2", "C3"); err != nil {
		t.Fatal(err)
	}
	s, err := saved(t, book)
	if err != nil {
		t.Fatal(err)
	}
	if entries, faults := entriesOf(t, s); len(entries) != 1 || len(faults) != 1 || faults[0].Cell != "C3" {
		t.Errorf("%d entries, faults %v", len(entries), faults)
	}
}

// Empty lines, between and after, are no lines, and numbers of lines stay the file's.
func TestEmptyLinesOfAWorkbook(t *testing.T) {
	book := bookOf(t, []any{"Heron", "outreach", 45413}, []any{}, []any{" ", nil, ""}, []any{"Wren", "outreach", 45414}, []any{"", " "}, []any{nil, nil, nil})
	s, err := saved(t, book)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Lines) != 2 || s.Lines[1].No != 5 {
		t.Errorf("%+v", s.Lines)
	}
}

// Of several sheets the first that is shown is the list.
func TestTheFirstSheetThatIsShown(t *testing.T) {
	book := bookOf(t, []any{"Hidden", "outreach", "2024-05-01"})
	for _, name := range []string{"List", "More"} {
		if _, err := book.NewSheet(name); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, book, "List", []any{"Code", "Source", "Referred on"}, []any{"Heron", "outreach", "2024-06-01"})
	fill(t, book, "More", []any{"Code", "Source", "Referred on"}, []any{"Wren", "outreach", "2024-07-01"})
	if got := referredOn(t, book); len(got) != 1 || got[0] != "2024-05-01" {
		t.Errorf("all are shown: %v", got)
	}
	book.SetActiveSheet(1)
	if err := book.SetSheetVisible("Sheet1", false); err != nil {
		t.Fatal(err)
	}
	if got := referredOn(t, book); len(got) != 1 || got[0] != "2024-06-01" {
		t.Errorf("the first is hidden: %v", got)
	}
}
