package reports

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

const (
	// maxSheetRows is what a sheet of the format holds; a longer table is an error, not a
	// sheet with its end missing.
	maxSheetRows = 1_048_576
	// headingRow is where a sheet's headings stand, below title, subtitle and a free row.
	headingRow = 4
	// maxCellText is how many UTF-16 units of text a cell of the format holds.
	maxCellText = 32_767
	// cutText ends a text that a cell could not hold.
	cutText = " … (cut here: a cell holds no more; take CSV)"
)

// WriteXLSX writes tables as the sheets of one workbook: title, headings that stay in view,
// number formats, totals, and below them footnotes with what each column means. It prints in
// landscape, one page wide, with the headings on every page, and is named as the first
// table's title. Text is stored as it is and never as a formula, in cells that stay text when
// somebody edits them. Rows are streamed (past 16 MB through a temporary file); what is held
// whole is the compressed workbook. The same tables give the same bytes.
func WriteXLSX(w io.Writer, tables ...Table) (err error) {
	book := excelize.NewFile()
	defer func() {
		if closing := book.Close(); err == nil && closing != nil {
			err = fmt.Errorf("close workbook: %w", closing)
		}
	}()
	styles, err := newStyles(book)
	if err != nil {
		return fmt.Errorf("make styles: %w", err)
	}
	if err := describeBook(book, tables); err != nil {
		return fmt.Errorf("describe workbook: %w", err)
	}
	for i, t := range tables {
		if err := addSheet(book, i, t.Name); err != nil {
			return fmt.Errorf("add sheet %q: %w", t.Name, err)
		}
		if err := writeSheet(book, styles, t); err != nil {
			return fmt.Errorf("write sheet %q: %w", t.Name, err)
		}
	}
	packed, err := book.WriteToBuffer()
	if err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	if err := copyInOrder(w, packed.Bytes()); err != nil {
		return fmt.Errorf("order workbook: %w", err)
	}
	return nil
}

// copyInOrder writes a workbook's parts in the order of their names, still compressed. The
// library writes streamed sheets in the order of a map, which is another one each time.
func copyInOrder(w io.Writer, packed []byte) error {
	parts, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return err
	}
	slices.SortFunc(parts.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	out := zip.NewWriter(w)
	for _, part := range parts.File {
		if err := out.Copy(part); err != nil {
			return err
		}
	}
	return out.Close()
}

// sheet is one sheet being streamed.
type sheet struct {
	out    *excelize.StreamWriter
	styles styles
	table  Table
	row    int
	cells  []excelize.Cell // of the row being written, used again for the next
	refs   []any           // to each of them
}

func writeSheet(book *excelize.File, styles styles, t Table) error {
	out, err := book.NewStreamWriter(t.Name)
	if err != nil {
		return err
	}
	s := &sheet{out: out, styles: styles, table: t, row: headingRow, cells: make([]excelize.Cell, len(t.Columns))}
	for i := range s.cells {
		s.refs = append(s.refs, &s.cells[i])
	}
	for _, step := range []func() error{s.layout, s.head, s.body, s.notes, out.Flush} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// layout sets widths and keeps headings and the first column in view.
func (s *sheet) layout() error {
	for i, c := range s.table.Columns {
		if err := s.out.SetColWidth(i+1, i+1, width(c)); err != nil {
			return err
		}
	}
	corner, err := excelize.CoordinatesToCellName(2, headingRow+1)
	if err != nil {
		return err
	}
	return s.out.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: headingRow,
		TopLeftCell: corner, ActivePane: "bottomRight"})
}

func (s *sheet) head() error {
	title := []any{excelize.Cell{StyleID: s.styles.title, Value: s.table.Title}}
	if err := s.out.SetRow("A1", title, excelize.RowOpts{Height: 24}); err != nil {
		return err
	}
	subtitle := []any{excelize.Cell{StyleID: s.styles.subtitle, Value: s.table.Subtitle}}
	if err := s.out.SetRow("A2", subtitle); err != nil {
		return err
	}
	headings := make([]any, len(s.table.Columns))
	for i, c := range s.table.Columns {
		headings[i] = excelize.Cell{StyleID: s.styles.heading, Value: c.Heading}
	}
	at, err := excelize.CoordinatesToCellName(1, headingRow)
	if err != nil {
		return err
	}
	return s.out.SetRow(at, headings, excelize.RowOpts{Height: 48})
}

func (s *sheet) body() error {
	for row := range s.table.Rows {
		if err := s.put(row, s.styles.body); err != nil {
			return err
		}
	}
	if s.table.Totals == nil {
		return nil
	}
	return s.put(s.table.Totals, s.styles.total)
}

// put writes the next row with a style for each kind of column.
func (s *sheet) put(row []any, style map[Kind]int) error {
	for i, value := range row {
		s.cells[i] = excelize.Cell{StyleID: style[s.table.Columns[i].Kind], Value: s.shown(value)}
	}
	return s.next(s.refs[:len(row)])
}

func (s *sheet) next(cells []any, look ...excelize.RowOpts) error {
	s.row++
	if s.row > maxSheetRows {
		return fmt.Errorf("more than %d rows", maxSheetRows)
	}
	at, err := excelize.CoordinatesToCellName(1, s.row)
	if err != nil {
		return err
	}
	return s.out.SetRow(at, cells, look...)
}

// shown turns a value into what the library writes. Sheets know no zones: a moment is its
// wall clock in the table's zone.
func (s *sheet) shown(value any) any {
	switch v := value.(type) {
	case Date:
		if v.IsZero() {
			return nil
		}
		return v.utc()
	case Instant:
		return s.shown(v.Time)
	case time.Time:
		if s.table.Zone != nil {
			v = v.In(s.table.Zone)
		}
		year, month, day := v.Date()
		return time.Date(year, month, day, v.Hour(), v.Minute(), v.Second(), 0, time.UTC)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		return fitting(v)
	}
	return value
}

// fitting cuts text that is longer than a cell, and says so.
func fitting(text string) string {
	if len(text) <= maxCellText { // bytes are never fewer than UTF-16 units
		return text
	}
	units := utf16.Encode([]rune(text))
	if len(units) <= maxCellText {
		return text
	}
	kept := string(utf16.Decode(units[:maxCellText-len(cutText)]))
	return strings.TrimSuffix(kept, string(utf8.RuneError)) + cutText // half a character
}
