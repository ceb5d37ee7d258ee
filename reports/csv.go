package reports

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
)

// lineBuffer is how many bytes of lines are gathered before they are written.
const lineBuffer = 64 << 10

// CSV writes CSV (RFC 4180, UTF-8, lines ending in LF), field by field. Text that could be
// a formula is written as text. The first fault of the writer below stays, and is told by
// EndLine and Flush.
type CSV struct {
	out  *csv.Writer
	text []byte // of the line so far, field after field
	ends []int  // where the fields end in it
	line []string
}

// NewCSV makes a CSV on a writer; Flush must be called at the end.
func NewCSV(w io.Writer) *CSV {
	return &CSV{out: csv.NewWriter(bufio.NewWriterSize(w, lineBuffer))} // csv takes a buffer that is there
}

// Text adds a field of text.
func (c *CSV) Text(text []byte) {
	if couldBeFormula(text) {
		c.text = append(c.text, '\'')
	}
	c.Plain(text)
}

// Plain adds a field that is no text: a number, a date, a truth, or nothing. Its minus
// is one.
func (c *CSV) Plain(value []byte) {
	c.text = append(c.text, value...)
	c.ends = append(c.ends, len(c.text))
}

// EndLine ends a line.
func (c *CSV) EndLine() error {
	text, from := string(c.text), 0 // one for all fields
	c.line = c.line[:0]
	for _, end := range c.ends {
		c.line = append(c.line, text[from:end])
		from = end
	}
	c.text, c.ends = c.text[:0], c.ends[:0]
	if err := c.out.Write(c.line); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// Flush writes what was gathered.
func (c *CSV) Flush() error {
	if c.out.Flush(); c.out.Error() != nil {
		return fmt.Errorf("write csv: %w", c.out.Error())
	}
	return nil
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
		if err := out.row(len(t.Columns), row); err != nil {
			return err
		}
	}
	if t.Totals != nil {
		if err := out.row(len(t.Columns), t.Totals); err != nil {
			return err
		}
	}
	return out.Flush()
}

// row writes a row's values, as many as there are columns.
func (c *CSV) row(columns int, row []any) error {
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
