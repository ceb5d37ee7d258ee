package intake

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// What a sheet of a workbook can have at most, by its format.
const (
	sheetRows    = 1 << 20
	sheetColumns = 1 << 14
)

// rowReader takes a sheet's elements as they come: rows with cells, and at the end which
// cells are merged.
type rowReader struct {
	book    *book
	no      int // of the row, from 1
	row     row
	headNo  int // of the row with the headings; 0 = not yet
	column  int // of the cell, from 1
	kind    string
	text    []byte // of the cell so far
	takes   bool   // text belongs to the cell
	aside   int    // how deep within what is no text: how a word is pronounced
	inSheet bool
	whole   bool // the rows came to their end
}

// rows reads a sheet.
func (b *book) rows(name string) error {
	r := &rowReader{book: b}
	err := b.part(name, func(d *xml.Decoder) error { return tokens(d, r.begin, r.hear, r.end) })
	if errors.Is(err, errBook) || err == nil && !r.whole {
		return errSheet
	}
	return err
}

// sharedStrings reads the texts that cells name by number.
func (b *book) sharedStrings(name string) error {
	r := &rowReader{book: b}
	return b.part(name, func(d *xml.Decoder) error {
		return tokens(d, r.begin, r.hear, func(name string) error {
			if err := r.end(name); err != nil || name != "si" {
				return err
			}
			word := r.taken()
			b.words = append(b.words, word)
			return b.sheet.keep(len(word) + cellBytes)
		})
	})
}

// tokens goes through a part token by token.
func tokens(d *xml.Decoder, begin func(xml.StartElement) error, hear func([]byte) error, end func(string) error) error {
	for {
		token, err := d.RawToken()
		switch t := token.(type) {
		case nil:
			if errors.Is(err, io.EOF) {
				return nil
			}
		case xml.StartElement:
			err = begin(t)
		case xml.CharData:
			err = hear(t)
		case xml.EndElement:
			err = end(t.Name.Local)
		}
		if err != nil {
			return err
		}
	}
}

func (r *rowReader) begin(e xml.StartElement) error {
	switch name := e.Name.Local; {
	case name == "sheetData":
		r.inSheet = true
	case name == "row" && r.inSheet:
		return r.beginRow(attribute(e, "r"))
	case name == "c" && r.inSheet:
		r.kind = attribute(e, "t")
		return r.beginCell(attribute(e, "r"))
	case name == "rPh":
		r.aside++
	case name == "t" || name == "v":
		r.takes = r.aside == 0
	case name == "mergeCell":
		return r.merged(attribute(e, "ref"))
	}
	return nil
}

func (r *rowReader) hear(text []byte) error {
	if r.takes {
		r.text = append(r.text, text...)
	}
	if len(r.text) > maxToken {
		return errSheet
	}
	return nil
}

func (r *rowReader) end(name string) error {
	switch name {
	case "t", "v":
		r.takes = false
	case "rPh":
		r.aside--
	case "c":
		return r.endCell()
	case "row":
		return r.endRow()
	case "sheetData":
		r.inSheet, r.whole = false, true
	}
	return nil
}

// beginRow counts the row; those without a number follow the one before.
func (r *rowReader) beginRow(number string) error {
	r.no++
	if number != "" {
		no, err := strconv.Atoi(number)
		if err != nil {
			return errSheet
		}
		r.no = no
	}
	if r.no < 1 || r.no > sheetRows {
		return refuse("the first sheet of the workbook has more than %d rows", sheetRows)
	}
	r.row, r.column = row{no: r.no}, 0
	return nil
}

// beginCell finds the column; a cell without a name follows the one before.
func (r *rowReader) beginCell(name string) error {
	r.column++
	r.text = r.text[:0]
	if name != "" {
		column, _, err := excelize.CellNameToCoordinates(name)
		if err != nil {
			return errSheet
		}
		r.column = column
	}
	if r.column > sheetColumns {
		return refuse("the list has more than %d columns", maxColumns)
	}
	return nil
}

// endCell keeps the cell's text: of a shared string, the string.
func (r *rowReader) endCell() error {
	if !r.inSheet || len(r.text) == 0 {
		return nil
	}
	if r.kind == "s" {
		at, err := strconv.Atoi(strings.TrimSpace(string(r.text)))
		if err != nil || at < 0 || at >= len(r.book.words) {
			return errSheet
		}
		r.row.put(r.column-1, r.book.words[at])
		return nil
	}
	text := r.taken()
	r.row.put(r.column-1, text)
	return r.book.sheet.keep(len(text))
}

// taken is the text so far, which begins anew.
func (r *rowReader) taken() string {
	text := unescaped(string(r.text))
	r.text = r.text[:0]
	return text
}

func (r *rowReader) endRow() error {
	if !r.inSheet {
		return nil
	}
	if err := r.book.sheet.add(r.no, r.row); err != nil {
		return err
	}
	if r.headNo == 0 && r.book.sheet.Headings != nil {
		r.headNo = r.no
	}
	return nil
}

// merged refuses headings that are merged: only the first of the columns, or of the
// lines, under such a heading would have one.
func (r *rowReader) merged(cells string) error {
	first, last, ok := strings.Cut(cells, ":")
	if !ok {
		return nil
	}
	_, top, errTop := excelize.CellNameToCoordinates(first)
	_, bottom, errBottom := excelize.CellNameToCoordinates(last)
	if errTop != nil || errBottom != nil {
		return errSheet
	}
	if top <= r.headNo && r.headNo <= bottom {
		return refuse("the cells %s:%s are merged: the first line must hold one heading for each column", first, last)
	}
	return nil
}

// escape is how workbooks write what XML cannot hold.
var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescaped(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escape.ReplaceAllStringFunc(text, func(e string) string {
		unit, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil {
			return e
		}
		return string(utf16.Decode([]uint16{uint16(unit)}))
	})
}

// failed tells whether a cell holds what a formula leaves that could not be worked out.
func failed(text string) bool {
	switch text {
	case "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!":
		return true
	}
	return false
}
