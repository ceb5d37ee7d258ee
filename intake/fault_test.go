package intake

import (
	"slices"
	"strings"
	"testing"
)

// Below a cell with line breaks, a fault is told by the line of the text, as an editor
// counts it, and by the row and the cell that a spreadsheet shows.
func TestCellsBelowLineBreaks(t *testing.T) {
	const list = "code,notes,source,referred_on\n\"Her\non\",\"two\nlines\",outreach,2024-05-01\n\nWren,,outreach,evil\nTit,,,2024-05-01,x\n"
	want := []string{
		"line 6 of the text, row 4 in a spreadsheet, cell D4 (referred_on): must be a date like 2024-12-31 or 12/31/2024",
		"line 7 of the text, row 5 in a spreadsheet, cell C5 (source): must not be empty",
		"line 7 of the text, row 5 in a spreadsheet, cell E5: stands under no heading",
	}
	for name, end := range map[string]string{"LF": "\n", "CR LF": "\r\n", "CR": "\r"} {
		entries, faults := entriesOf(t, sheetOf(t, strings.ReplaceAll(list, "\n", end)))
		var told []string
		for _, f := range faults {
			told = append(told, f.String())
		}
		if !slices.Equal(told, want) || len(entries) != 1 {
			t.Errorf("%s: %d entries, told is %q", name, len(entries), told)
		}
	}
	_, faults := entriesOf(t, sheetOf(t, "code,notes,source,referred_on\nWren,,outreach,evil\n\"He\nron\",,outreach,evil\n"))
	if len(faults) != 2 || !strings.HasPrefix(faults[0].String(), "line 2, cell D2 (") || !strings.HasPrefix(faults[1].String(), "line 3, cell D3 (") {
		t.Errorf("where line and row are one: %v", faults)
	}
}
