package reports

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

const (
	// maxSheetRows is what a sheet of the format holds; a longer table is an error, not a
	// sheet with its end missing.
	maxSheetRows = 1_048_576
	// headingRow is where a sheet's headings stand, below title, subtitle and a free row.
	headingRow = 4
)

// WriteXLSX writes tables as the sheets of one workbook: title, headings that stay in view,
// number formats, totals, and below them footnotes with what each column means. Text is
// stored as text and never as a formula. Rows are streamed (past 16 MB through a temporary
// file); what is held whole is the compressed workbook. The same tables give the same bytes.
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
	for i, t := range tables {
		if err := addSheet(book, i, t.Name); err != nil {
			return fmt.Errorf("add sheet %q: %w", t.Name, err)
		}
		if err := writeSheet(book, styles, t); err != nil {
			return fmt.Errorf("write sheet %q: %w", t.Name, err)
		}
	}
	var packed bytes.Buffer
	if err := book.Write(&packed); err != nil {
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

// addSheet makes a sheet that prints in landscape, one page wide, with numbered pages.
func addSheet(book *excelize.File, index int, name string) error {
	if index == 0 {
		if err := book.SetSheetName(book.GetSheetName(0), name); err != nil {
			return err
		}
	} else if _, err := book.NewSheet(name); err != nil {
		return err
	}
	orientation, wide, tall, fit := "landscape", 1, 0, true
	if err := book.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	err := book.SetPageLayout(name, &excelize.PageLayoutOptions{
		Orientation: &orientation, FitToWidth: &wide, FitToHeight: &tall})
	if err != nil {
		return err
	}
	return book.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&A&RPage &P of &N"})
}

// sheet is one sheet being streamed.
type sheet struct {
	out    *excelize.StreamWriter
	styles styles
	table  Table
	row    int
}

func writeSheet(book *excelize.File, styles styles, t Table) error {
	out, err := book.NewStreamWriter(t.Name)
	if err != nil {
		return err
	}
	s := &sheet{out: out, styles: styles, table: t, row: headingRow}
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
		if err := s.out.SetColWidth(i+1, i+1, width(c.Kind)); err != nil {
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

// width is a column's, in characters.
func width(kind Kind) float64 {
	switch kind {
	case Text:
		return 22
	case Sentence:
		return 60
	case Moment:
		return 18
	}
	return 13
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
	cells := make([]any, len(row))
	for i, value := range row {
		cells[i] = excelize.Cell{StyleID: style[s.table.Columns[i].Kind], Value: s.shown(value)}
	}
	return s.next(cells)
}

func (s *sheet) next(cells []any) error {
	s.row++
	if s.row > maxSheetRows {
		return fmt.Errorf("more than %d rows", maxSheetRows)
	}
	at, err := excelize.CoordinatesToCellName(1, s.row)
	if err != nil {
		return err
	}
	return s.out.SetRow(at, cells)
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
	}
	return value
}

// notes writes the footnotes: the table's own, then what each column means.
func (s *sheet) notes() error {
	s.row++ // a free row
	lines := append([]string{}, s.table.Notes...)
	for _, c := range s.table.Columns {
		if c.Means != "" {
			lines = append(lines, c.Heading+": "+c.Means)
		}
	}
	for _, line := range lines {
		if err := s.next([]any{excelize.Cell{StyleID: s.styles.note, Value: line}}); err != nil {
			return err
		}
	}
	return nil
}
