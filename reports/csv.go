package reports

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// csvBuffer is how many bytes of CSV are gathered before they are written.
const csvBuffer = 64 << 10

// CSV writes CSV (RFC 4180, UTF-8, lines ending in LF), field by field. Text that could be
// a formula is written as text. The first fault of the writer below stays, and is told by
// EndLine and Flush.
type CSV struct {
	out    io.Writer
	buffer []byte
	within bool // a line that has fields already
	err    error
}

// NewCSV makes a CSV on a writer; Flush must be called at the end.
func NewCSV(w io.Writer) *CSV {
	return &CSV{out: w, buffer: make([]byte, 0, csvBuffer+csvBuffer/4)}
}

// Text adds a field of text.
func (c *CSV) Text(text []byte) {
	c.next()
	guard := couldBeFormula(text)
	quote := separates(text) || !guard && misread(text)
	if quote {
		c.buffer = append(c.buffer, '"')
	}
	if guard {
		c.buffer = append(c.buffer, '\'')
	}
	if !quote {
		c.buffer = append(c.buffer, text...)
		return
	}
	for _, b := range text {
		if b == '"' {
			c.buffer = append(c.buffer, '"')
		}
		c.buffer = append(c.buffer, b)
	}
	c.buffer = append(c.buffer, '"')
}

// Plain adds a field that is no text: a number, a date, a truth, or nothing. Its minus
// is one.
func (c *CSV) Plain(value []byte) {
	c.next()
	c.buffer = append(c.buffer, value...)
}

// EndLine ends a line.
func (c *CSV) EndLine() error {
	c.buffer, c.within = append(c.buffer, '\n'), false
	if len(c.buffer) < csvBuffer {
		return c.err
	}
	return c.Flush()
}

// Flush writes what was gathered.
func (c *CSV) Flush() error {
	if c.err == nil && len(c.buffer) > 0 {
		if _, err := c.out.Write(c.buffer); err != nil {
			c.err = fmt.Errorf("write csv: %w", err)
		}
	}
	c.buffer = c.buffer[:0]
	return c.err
}

func (c *CSV) next() {
	if c.within {
		c.buffer = append(c.buffer, ',')
	}
	c.within = true
}

// separates tells whether text has what ends a field, a line or a quotation.
func separates(text []byte) bool {
	for _, b := range text {
		if b == ',' || b == '"' || b == '\n' || b == '\r' {
			return true
		}
	}
	return false
}

// misread tells whether some reader takes text for another without quotes around it: one
// that begins with a space, or what Postgres takes for the end of its input.
func misread(text []byte) bool {
	first, _ := utf8.DecodeRune(text)
	return unicode.IsSpace(first) || string(text) == `\.`
}

// WriteCSV writes a table as CSV: a header of the columns' names, the rows, the totals. Text
// that could be a formula is written as text; null is an empty field. Rows are written as they
// come, so memory does not grow with them.
func WriteCSV(w io.Writer, t Table) error {
	out := NewCSV(w)
	for _, c := range t.Columns {
		out.Text([]byte(c.Name))
	}
	if err := out.EndLine(); err != nil {
		return err
	}
	for row := range t.Rows {
		if err := out.line(len(t.Columns), row); err != nil {
			return err
		}
	}
	if t.Totals != nil {
		if err := out.line(len(t.Columns), t.Totals); err != nil {
			return err
		}
	}
	return out.Flush()
}

// line writes a row's values, as many as there are columns.
func (c *CSV) line(columns int, row []any) error {
	for i := range columns {
		switch {
		case i >= len(row):
			c.Plain(nil)
		default:
			if text, ok := row[i].(string); ok {
				c.Text([]byte(text))
			} else {
				c.Plain([]byte(plain(row[i])))
			}
		}
	}
	return c.EndLine()
}
