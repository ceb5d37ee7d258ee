package intake

import (
	"fmt"
	"strconv"
)

// Fault is what is wrong with one cell. It never repeats what the cell holds.
type Fault struct {
	Line    int    // of the file's text, as an editor counts, from 1
	Row     int    // of a spreadsheet that shows the file, from 1
	Cell    string // as a spreadsheet calls it, such as C5; "" when it is about the whole line
	Field   string // "" when the cell fills none
	Message string
}

// String is the fault for people. Where cells with line breaks stand above, the line of the
// text is not the row of a spreadsheet, and both are told.
func (f Fault) String() string {
	at := fmt.Sprintf("line %d", f.Line)
	if f.Row != f.Line {
		at += fmt.Sprintf(" of the text, row %d in a spreadsheet", f.Row)
	}
	if f.Cell != "" {
		at += ", cell " + f.Cell
	}
	if f.Field != "" {
		at += " (" + f.Field + ")"
	}
	return at + ": " + f.Message
}

// cellName is what a spreadsheet calls a cell, such as C5; column and row count from 1.
func cellName(column, row int) string { return columnName(column) + strconv.Itoa(row) }

// columnName is what a spreadsheet calls a column: A to Z, AA and so on.
func columnName(column int) (letters string) {
	for ; column > 0; column = (column - 1) / 26 {
		letters = string(rune('A'+(column-1)%26)) + letters
	}
	return letters
}
