package reports

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

const (
	// noteWidth is how wide a footnote is at least where the table is, in characters.
	noteWidth = 100
	// noteHeight is that of a footnote's line, in points; no row is higher than maxHeight.
	noteHeight, maxHeight = 13.0, 400.0
)

// describeBook gives a workbook its title, and no clock: the same tables, the same bytes.
func describeBook(book *excelize.File, tables []Table) error {
	if len(tables) == 0 {
		return nil
	}
	return book.SetDocProps(&excelize.DocProperties{Title: tables[0].Title, Subject: tables[0].Subtitle, Creator: "Pursuit"})
}

// addSheet makes a sheet that prints in landscape on letter paper, one page wide, with the
// headings and a number on each page.
func addSheet(book *excelize.File, index int, name string) error {
	if index == 0 {
		if err := book.SetSheetName(book.GetSheetName(0), name); err != nil {
			return err
		}
	} else if _, err := book.NewSheet(name); err != nil {
		return err
	}
	orientation, wide, tall, fit, letter := "landscape", 1, 0, true, 1
	if err := book.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	err := book.SetPageLayout(name, &excelize.PageLayoutOptions{
		Size: &letter, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &tall})
	if err != nil {
		return err
	}
	side, edge := 0.4, 0.6 // inches: tables are wide
	err = book.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &edge, Bottom: &edge})
	if err != nil {
		return err
	}
	err = book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: name,
		RefersTo: fmt.Sprintf("'%s'!$%d:$%d", strings.ReplaceAll(name, "'", "''"), headingRow, headingRow)})
	if err != nil {
		return err
	}
	return book.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&A&RPage &P of &N"})
}

// width is a column's, in characters: what its values take, and its heading's longest word
// at least, for words do not wrap.
func width(c TableColumn) float64 {
	width := 13.0
	switch c.Kind {
	case Text:
		width = 22
	case Key:
		width = 38
	case Sentence:
		width = 60
	case Moment:
		width = 18
	}
	for word := range strings.FieldsSeq(c.Heading) {
		width = max(width, 1.2*float64(utf8.RuneCountInString(word))+1) // bold
	}
	return width
}

// notes writes the footnotes: the table's own, then what each column means. Each takes the
// columns that a page's width needs, and wraps in them.
func (s *sheet) notes() error {
	s.row++ // a free row
	lines := append([]string{}, s.table.Notes...)
	for _, c := range s.table.Columns {
		if c.Means != "" {
			lines = append(lines, c.Heading+": "+c.Means)
		}
	}
	columns, wide := 0, 0.0
	for columns < len(s.table.Columns) && wide < noteWidth {
		wide += width(s.table.Columns[columns])
		columns++
	}
	for _, line := range lines {
		if err := s.note(line, columns, wide); err != nil {
			return err
		}
	}
	return nil
}

// note writes one footnote over some columns, with the height that it needs there: merged
// cells do not grow by themselves.
func (s *sheet) note(line string, columns int, wide float64) error {
	height := noteHeight * math.Ceil(float64(utf8.RuneCountInString(line)+1)/max(wide, 1))
	if err := s.next([]any{excelize.Cell{StyleID: s.styles.note, Value: line}}, excelize.RowOpts{Height: min(height, maxHeight)}); err != nil {
		return err
	}
	if columns < 2 {
		return nil
	}
	last, err := excelize.CoordinatesToCellName(columns, s.row)
	if err != nil {
		return err
	}
	return s.out.MergeCell(fmt.Sprint("A", s.row), last)
}
