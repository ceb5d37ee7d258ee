package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// formulaLeads are what a text may begin with that some spreadsheet takes for a formula, or
// for the end of the cell before one.
var formulaLeads = map[string]string{
	"equals": "=", "plus": "+", "minus": "-", "at": "@", "tab": "\t", "return": "\r", "line feed": "\n",
	"wide equals": "＝", "wide plus": "＋", "wide minus": "－", "wide at": "＠", "bar": "|", "percent": "%",
	"after spaces": "  =", "after a hard space": "\u00a0=", "after a wide space": "\u3000+", "after a byte order mark": "\ufeff=",
	"after a mark without width": "\u200b@", "after a form feed": "\f-", "return and line feed": "\r\n=",
}

// Text that begins like a formula is written as text, wherever a table has text: in CSV an
// apostrophe stands before it, in a workbook it is a string cell that stays text when it is
// edited. Numbers stay numbers, their minus included.
func TestTextThatCouldBeAFormulaStaysText(t *testing.T) {
	for name, lead := range formulaLeads {
		t.Run(name, func(t *testing.T) {
			text := lead + `cmd|' /C calc'!A0,"x"`
			table := Table{Name: "Sheet", Title: text, Subtitle: text, Notes: []string{text},
				Columns: []TableColumn{{text, text, text, Text}, {"key", "Key", "", Key}, {"sentence", "Sentence", "", Sentence},
					{"count", "Count", "", Count}, {"decimal", "Decimal", "", Decimal}, {"day", "Day", "", Day}},
				Rows: slices.Values([][]any{{text, text, text, -7, -3.5, text}}), Totals: []any{text, text, text, -7, -3.5, nil}}
			for _, line := range [][]string{csvOf(t, table)[1], csvOf(t, table)[2]} {
				if line[0] != "'"+text && line[0] != "'"+strings.ReplaceAll(text, "\r\n", "\n") {
					t.Errorf("the CSV has %q", line[0])
				}
				if line[1] != line[0] || line[2] != line[0] || line[3] != "-7" || line[4] != "-3.5" || line[5] != line[0] && line[5] != "" {
					t.Errorf("the CSV has %q", line)
				}
			}
			book, _ := workbook(t, table)
			noFormulas(t, book, "Sheet")
			for _, cell := range []string{"A1", "A2", "A4", "A5", "B5", "C5", "A6", "B6", "C6", "A8"} {
				staysText(t, book, "Sheet", cell, text)
			}
			for cell, want := range map[string]string{"D5": "-7", "E5": "-3.50", "D6": "-7", "E6": "-3.50"} {
				kind, err := book.GetCellType("Sheet", cell)
				shown, valueErr := book.GetCellValue("Sheet", cell)
				if err != nil || valueErr != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber || shown != want {
					t.Errorf("%s is %q, of the type %v, %v %v", cell, shown, kind, err, valueErr)
				}
			}
		})
	}
}

// staysText tells whether a cell holds a text, as a string, in the format of text.
func staysText(t *testing.T, book *excelize.File, sheet, cell, text string) {
	t.Helper()
	kind, err := book.GetCellType(sheet, cell)
	if err != nil || kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
		t.Errorf("%s is of the type %v, %v", cell, kind, err)
	}
	want := strings.ReplaceAll(text, "\f", "\ufffd") // XML has no control characters
	if got, err := book.GetCellValue(sheet, cell); err != nil || got != want {
		t.Errorf("%s is %q, not %q, %v", cell, got, want, err)
	}
	style, err := book.GetCellStyle(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	look, err := book.GetStyle(style)
	if err != nil || look.NumFmt != 49 && (look.CustomNumFmt == nil || *look.CustomNumFmt != "@") {
		t.Errorf("%s turns into what is typed there: %+v %v", cell, look, err)
	}
}

// noFormulas tells whether no cell of a sheet is a formula.
func noFormulas(t *testing.T, book *excelize.File, sheet string) {
	t.Helper()
	rows, err := book.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for r, row := range rows {
		for c := range row {
			cell, err := excelize.CoordinatesToCellName(c+1, r+1)
			if err != nil {
				t.Fatal(err)
			}
			if formula, err := book.GetCellFormula(sheet, cell); err != nil || formula != "" {
				t.Errorf("%s!%s is the formula %q, %v", sheet, cell, formula, err)
			}
		}
	}
}

// What does not begin like a formula is written as it is.
func TestOtherTextIsNotTouched(t *testing.T) {
	for _, text := range []string{"Heron", "a=b", "", "   ", "'=1", "5 - 3", "é=1", "\"=1\"", "[\"=1\"]"} {
		if couldBeFormula([]byte(text)) {
			t.Errorf("%q is taken for a formula", text)
		}
	}
}

func TestNoTextBecomesAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("=+-@ \t\r\n|%'\"，,;A1(é\x00<&＝＋－＠\u00a0\u200b")), 0, 8, -1).Draw(t, "text")
		got := csvOf(t, textTable(text, "end"))[1][0]
		if bare := strings.TrimLeft(got, " \u00a0\u200b"); bare != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(bare)[0]) {
			t.Fatalf("%q is written %q", text, got)
		}
		book, _ := workbook(t, textTable(text))
		cell := fmt.Sprintf("A%d", headingRow+1)
		formula, err := book.GetCellFormula("Codes", cell)
		if err != nil || formula != "" {
			t.Fatalf("%q became the formula %q (%v)", text, formula, err)
		}
	})
}

// cramped is a writer that takes so many bytes.
type cramped int

func (f *cramped) Write(p []byte) (int, error) {
	if *f -= cramped(len(p)); *f < 0 {
		return 0, fmt.Errorf("no room")
	}
	return len(p), nil
}

// A fault of the writer below is told, whenever it came.
func TestCSVTellsAFault(t *testing.T) {
	for _, room := range []cramped{0, 64 << 10, 192 << 10} {
		rows := func(yield func([]any) bool) {
			for yield([]any{strings.Repeat("x", 1000)}) {
			}
		}
		if room == 0 {
			rows = slices.Values([][]any{{"short"}})
		}
		if err := WriteCSV(&room, Table{Columns: []TableColumn{{Name: "a"}}, Rows: rows}); err == nil || !strings.Contains(err.Error(), "no room") {
			t.Errorf("the fault is told as %v", err)
		}
	}
}
