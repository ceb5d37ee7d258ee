package intake

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/xuri/excelize/v2"
)

// maxUnzipped is what a workbook may grow to: eight times the largest list, as sheets
// of text shrink; beyond, it was made to fill the memory.
const maxUnzipped = 512 << 20

// readWorkbook reads the first sheet that is not hidden, and whether the workbook
// counts its days from 1904 (as those of old Macintoshes do).
func readWorkbook(content []byte) (records [][]string, from1904 bool, err error) {
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped})
	if err != nil {
		return nil, false, errors.New("the list is not a workbook that can be read")
	}
	defer book.Close()
	sheet := shown(book)
	if records, err = book.GetRows(sheet, excelize.Options{RawCellValue: true}); err != nil {
		return nil, false, errors.New("the first sheet of the workbook cannot be read")
	}
	if err = oneHeadingEach(book, sheet, records); err != nil {
		return nil, false, err
	}
	props, err := book.GetWorkbookProps()
	if err != nil {
		return nil, false, errors.New("the list is not a workbook that can be read")
	}
	return records, props.Date1904 != nil && *props.Date1904, nil
}

// shown names the first sheet that is not hidden.
func shown(book *excelize.File) string {
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			return name
		}
	}
	return book.GetSheetName(0)
}

// oneHeadingEach refuses headings that are merged: only the first of the columns, or of
// the lines, under such a heading would have one.
func oneHeadingEach(book *excelize.File, sheet string, records [][]string) error {
	headings := 0
	for i, cells := range records {
		if !blank(cells) {
			headings = i + 1
			break
		}
	}
	merged, err := book.GetMergeCells(sheet, true)
	if err != nil {
		return errors.New("the first sheet of the workbook cannot be read")
	}
	for _, m := range merged {
		_, top, errTop := excelize.CellNameToCoordinates(m.GetStartAxis())
		_, bottom, errBottom := excelize.CellNameToCoordinates(m.GetEndAxis())
		if errTop != nil || errBottom != nil || top <= headings && headings <= bottom {
			return fmt.Errorf("the cells %s:%s are merged: the first line must hold one heading for each column", m.GetStartAxis(), m.GetEndAxis())
		}
	}
	return nil
}

// failed tells whether a cell holds what a formula leaves that could not be worked out.
func failed(text string) bool {
	switch text {
	case "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!":
		return true
	}
	return false
}
