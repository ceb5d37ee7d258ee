package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// csvReader reads comma-separated values as RFC 4180 has them, with another separator
// perhaps and with any line ends: LF, CR LF, or the CR of old Macintoshes.
//
// It is our own because encoding/csv knows no CR, names the end of a file as the place
// of a quotation mark that was left open, and makes every cell of a line, however many.
type csvReader struct {
	text  string
	at    int  // of the next byte
	line  int  // that it stands in, from 1
	comma byte // the separator
}

func (s *Sheet) readCSV(content []byte) error {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		return errors.New("the list is not UTF-8: save it as CSV UTF-8 or as a workbook")
	}
	if err := s.keep(len(content)); err != nil {
		return err
	}
	r := csvReader{text: string(content), line: 1}
	r.comma = separator(r.text)
	for {
		no, cells, err := r.record()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.add(no, cells)
		}
		if err != nil {
			return err
		}
	}
}

// record reads one line of the list, which quoted cells may stretch over several of the
// file, and tells where it begins. At the end it gives io.EOF.
func (r *csvReader) record() (no int, cells row, err error) {
	if r.at == len(r.text) {
		return 0, cells, io.EOF
	}
	no = r.line
	for column := 0; ; column++ {
		text, err := r.cell()
		if err != nil {
			return no, cells, err
		}
		cells.put(column, text)
		if r.at < len(r.text) && r.text[r.at] == r.comma {
			r.at++
			continue
		}
		r.lineEnd()
		return no, cells, nil
	}
}

// cell reads up to a separator, a line end, or the end.
func (r *csvReader) cell() (string, error) {
	if r.at < len(r.text) && r.text[r.at] == '"' {
		return r.quoted()
	}
	begin := r.at
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case r.comma, '\n', '\r':
			return r.text[begin:r.at], nil
		case '"':
			return "", fmt.Errorf("line %d is not CSV: a quotation mark stands inside a cell that does not begin with one", r.line)
		}
	}
	return r.text[begin:], nil
}

// quoted reads a cell between quotation marks; two in a row stand for one.
func (r *csvReader) quoted() (string, error) {
	opened, begin, doubled := r.line, r.at+1, false
	for r.at++; r.at < len(r.text); {
		switch c := r.text[r.at]; {
		case c == '\n' || c == '\r':
			r.lineEnd()
		case c != '"':
			r.at++
		case strings.HasPrefix(r.text[r.at:], `""`):
			doubled = true
			r.at += 2
		default:
			text := r.text[begin:r.at]
			if doubled {
				text = strings.ReplaceAll(text, `""`, `"`)
			}
			r.at++
			if r.at < len(r.text) && r.text[r.at] != r.comma && r.text[r.at] != '\n' && r.text[r.at] != '\r' {
				return "", fmt.Errorf("line %d is not CSV: the quotation mark that opens a cell there is not closed; "+
					"the next one, in line %d, does not end a cell", opened, r.line)
			}
			return text, nil
		}
	}
	return "", fmt.Errorf("line %d is not CSV: the quotation mark that opens a cell there is never closed", opened)
}

// lineEnd goes over one line end, if one stands here.
func (r *csvReader) lineEnd() {
	switch rest := r.text[r.at:]; {
	case strings.HasPrefix(rest, "\r\n"):
		r.at += 2
	case rest != "":
		r.at++
	default:
		return
	}
	r.line++
}

// separator is the one of comma, semicolon and tab that the first line that is not empty
// has most of, outside quotation marks.
func separator(text string) byte {
	count, quoted := map[byte]int{}, false
	for _, c := range []byte(strings.TrimLeft(text, "\r\n")) {
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
