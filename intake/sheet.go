package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

const (
	maxFileBytes = 64 << 20  // a list of 50,000 lines with notes
	maxLines     = 50_000    // more than a city refers in decades; beyond, it is another kind of file
	maxColumns   = 256       // a list has about twenty
	maxKept      = 128 << 20 // bytes of memory for what is read: twice the largest file
	cellBytes    = 16        // that a cell takes beside its text
)

// refusal is what is wrong with a list as a list.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// Sheet is a list as cells: the first line that is not empty holds the headings.
type Sheet struct {
	Headings []string
	Lines    []Line
	excel    bool // dates may be day numbers
	from1904 bool // and those are counted from 1904
	kept     int  // bytes of memory, against maxKept
}

// Line is one line below the headings. It has no more cells than there are headings. No
// is where it begins in the text of the file, as an editor counts, and Row where it stands
// in a spreadsheet: they differ below a cell with line breaks. Both count from 1.
type Line struct {
	No     int
	Row    int
	Cells  []string
	beyond int // the first column, from 1, that holds something under no heading; 0 = none
}

// ReadSheet reads a .csv file (commas, semicolons or tabs; UTF-8; any line ends) or the
// first sheet of an .xlsx one that is not hidden; of formulas, the values that the
// workbook keeps. Empty lines are left out. Time grows with the file and memory is
// bounded by maxKept, whatever the file holds; it ends with ctx. Errors say what is allowed.
func ReadSheet(ctx context.Context, name string, from io.Reader) (Sheet, error) {
	content, err := io.ReadAll(io.LimitReader(from, maxFileBytes+1))
	if err != nil {
		return Sheet{}, fmt.Errorf("read the list: %w", err)
	}
	if len(content) > maxFileBytes {
		return Sheet{}, fmt.Errorf("the list is larger than %d MiB", maxFileBytes>>20)
	}
	var s Sheet
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".csv", ".tsv", ".txt":
		err = s.readCSV(content)
	case ".xlsx":
		s.excel = true
		err = s.readWorkbook(ctx, content)
	default:
		err = errors.New("the list must be a .csv or an .xlsx file")
	}
	if err == nil && s.Headings == nil {
		err = errors.New("the list is empty: its first line must hold headings")
	}
	return s, err
}

// row gathers the cells of one line of a file.
type row struct {
	no     int // in a spreadsheet, from 1
	cells  []string
	beyond int // the first column, from 1, past maxColumns that holds something; 0 = none
}

// put fills the column at, counted from 0.
func (r *row) put(at int, text string) {
	switch filled := strings.TrimSpace(text) != ""; {
	case at < maxColumns:
		for len(r.cells) <= at {
			r.cells = append(r.cells, "")
		}
		r.cells[at] = text
	case filled && r.beyond == 0:
		r.beyond = at + 1
	}
}

// add takes the next line of a file, unless it is empty; no is where its text begins.
func (s *Sheet) add(no int, r row) error {
	cells := trimmed(r.cells)
	if len(cells) == 0 && r.beyond == 0 {
		return nil
	}
	if s.Headings == nil {
		if r.beyond > 0 {
			return refuse("the list has more than %d columns", maxColumns)
		}
		s.Headings = cells
		return nil
	}
	if len(s.Lines) == maxLines {
		return refuse("the list has more than %d lines; split it", maxLines)
	}
	line := Line{No: no, Row: r.no, Cells: cells, beyond: r.beyond}
	if most := len(s.Headings); len(cells) > most {
		line.Cells = cells[:most]
		for i, text := range cells[most:] {
			if strings.TrimSpace(text) != "" {
				line.beyond = most + i + 1
				break
			}
		}
	}
	s.Lines = append(s.Lines, line)
	return s.keep(cap(cells) * cellBytes)
}

// keep accounts for memory that what was read takes.
func (s *Sheet) keep(bytes int) error {
	if s.kept += bytes; s.kept > maxKept {
		return refuse("the list holds more than %d MiB of text; split it", maxKept>>20)
	}
	return nil
}

// trimmed leaves out the empty cells at the end.
func trimmed(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}
