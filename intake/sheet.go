package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	maxFileBytes = 64 << 20 // a list of 50,000 lines with notes
	maxLines     = 50_000   // more than a city refers in decades; beyond, it is another kind of file
)

// Sheet is a list as cells: the first line holds the headings.
type Sheet struct {
	Headings []string
	Lines    []Line
	excel    bool // dates may be day numbers
	from1904 bool // and those are counted from 1904
}

// Line is one line below the headings with its number in the file, counted from 1.
type Line struct {
	No    int
	Cells []string
}

// ReadSheet reads a .csv file (commas, semicolons or tabs; UTF-8) or the first sheet
// of an .xlsx one that is not hidden; of formulas, the values that the workbook keeps.
// Empty lines are left out. Errors say what is allowed.
func ReadSheet(name string, from io.Reader) (Sheet, error) {
	content, err := io.ReadAll(io.LimitReader(from, maxFileBytes+1))
	if err != nil {
		return Sheet{}, fmt.Errorf("read the list: %w", err)
	}
	if len(content) > maxFileBytes {
		return Sheet{}, fmt.Errorf("the list is larger than %d MiB", maxFileBytes>>20)
	}
	var records [][]string
	var epoch bool
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".csv", ".tsv", ".txt":
		records, err = readCSV(content)
	case ".xlsx":
		records, epoch, err = readWorkbook(content)
	default:
		return Sheet{}, errors.New("the list must be a .csv or an .xlsx file")
	}
	if err != nil {
		return Sheet{}, err
	}
	return newSheet(records, strings.EqualFold(filepath.Ext(name), ".xlsx"), epoch)
}

func newSheet(records [][]string, excel, from1904 bool) (Sheet, error) {
	s := Sheet{excel: excel, from1904: from1904}
	for i, cells := range records {
		if blank(cells) {
			continue
		}
		if s.Headings == nil {
			s.Headings = cells
			continue
		}
		if len(s.Lines) == maxLines {
			return s, fmt.Errorf("the list has more than %d lines; split it", maxLines)
		}
		s.Lines = append(s.Lines, Line{No: i + 1, Cells: cells})
	}
	if s.Headings == nil {
		return s, errors.New("the list is empty: its first line must hold headings")
	}
	return s, nil
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func readCSV(content []byte) ([][]string, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		return nil, errors.New("the list is not UTF-8: save it as CSV UTF-8 or as a workbook")
	}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.Comma = -1, separator(content)
	var lines [][]string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			var where *csv.ParseError
			if errors.As(err, &where) {
				return nil, fmt.Errorf("line %d is not CSV: a quotation mark is out of place", where.Line)
			}
			return nil, errors.New("the list is not CSV")
		}
		no, _ := r.FieldPos(0)
		for len(lines) < min(no-1, 2*maxLines) { // empty lines, which the reader leaves out
			lines = append(lines, nil)
		}
		lines = append(lines, record)
	}
}

// separator is the one of comma, semicolon and tab that the first line has most of.
func separator(content []byte) rune {
	first, _, _ := bufio.NewReader(bytes.NewReader(content)).ReadLine()
	best, most := ',', bytes.Count(first, []byte(","))
	for _, s := range ";\t" {
		if n := bytes.Count(first, []byte(string(s))); n > most {
			best, most = s, n
		}
	}
	return best
}
