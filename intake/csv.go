package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxSeparators is how many separators a line of the file may have, also within quoted
// cells: a reader of the line makes a cell of each.
const maxSeparators = 1 << 20

// readCSV reads comma-separated values as RFC 4180 has them, with another separator
// perhaps and with any line ends: LF, CR LF, or the CR of old Macintoshes.
func (s *Sheet) readCSV(content []byte) error {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		return errors.New("the list is not UTF-8: save it as CSV UTF-8 or as a workbook")
	}
	if err := s.keep(len(content)); err != nil {
		return err
	}
	comma := separator(content)
	endLines(content)
	for line := range bytes.Lines(content) {
		if bytes.Count(line, []byte{comma}) > maxSeparators {
			return refuse("the list has more than %d columns", maxColumns)
		}
	}
	r := csv.NewReader(bytes.NewReader(content))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = rune(comma), -1, true
	within := 0 // line breaks within cells so far: the lines that a spreadsheet has less
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return misquoted(err)
		}
		no, _ := r.FieldPos(0)
		cells := row{no: no - within}
		for column, text := range record {
			cells.put(column, text)
			within += strings.Count(text, "\n")
		}
		if err := s.add(no, cells); err != nil {
			return err
		}
	}
}

// endLines turns line ends that are a CR alone into LF.
func endLines(content []byte) {
	for i, c := range content {
		if c == '\r' && (i+1 == len(content) || content[i+1] != '\n') {
			content[i] = '\n'
		}
	}
}

// misquoted tells where quotation marks stand wrong: of one that is never closed, where
// its entry begins, and not where reading ended.
func misquoted(err error) error {
	var wrong *csv.ParseError
	switch {
	case !errors.As(err, &wrong):
		return fmt.Errorf("read the list: %w", err)
	case errors.Is(err, csv.ErrBareQuote):
		return fmt.Errorf("line %d is not CSV: a quotation mark stands inside a cell that does not begin with one", wrong.Line)
	}
	return fmt.Errorf("line %d is not CSV: a quotation mark that opens a cell there is not closed, or not at a cell's end", wrong.StartLine)
}

// separator is the one of comma, semicolon and tab that the first line that is not empty
// has most of, outside quotation marks.
func separator(content []byte) byte {
	count, quoted := map[byte]int{}, false
	for _, c := range bytes.TrimLeft(content, "\r\n") {
		if !quoted && (c == '\n' || c == '\r') {
			break
		}
		if c == '"' {
			quoted = !quoted
		}
		if !quoted {
			count[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte(";\t") {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}
