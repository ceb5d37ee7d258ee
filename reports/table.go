package reports

import (
	"iter"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind is how a column's values look.
type Kind int

// The kinds of columns.
const (
	Text     Kind = iota
	Key           // an id
	Sentence      // text that takes a wide column and wraps
	Count         // whole number
	Decimal       // two decimals
	Exact         // a number with the decimals that it has
	Percent       // part of 1, shown as a percentage in a workbook
	Day           // Date
	Moment        // time.Time; UTC in CSV, the table's zone in a workbook
	Flag          // bool
)

// TableColumn is one column: Name is the JSON name and the CSV header, Heading what people
// read, Means the footnote that defines it.
type TableColumn struct {
	Name    string
	Heading string
	Means   string
	Kind    Kind
}

// Table is a result ready to be written as CSV or as a sheet of a workbook. A row has one
// value a column: nil, string, int, float64, bool, Date or time.Time.
type Table struct {
	Name     string // sheet name, at most 31 characters
	Title    string
	Subtitle string
	Zone     *time.Location // moments are shown in it in a workbook
	Columns  []TableColumn
	Rows     iter.Seq[[]any]
	Totals   []any // a last row in bold; nil for none
	Notes    []string
}

// plain returns a value as text for CSV, without guarding it.
func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case Date:
		return v.String()
	case Instant:
		return v.String()
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return ""
}

// couldBeFormula tells whether a spreadsheet could take text for a formula: it begins with
// one of the signs that formulas begin with, in their full width too, or with a control
// character that some spreadsheets take for the end of the cell before. Leading white space
// and marks without width, which some of them skip, do not hide one.
func couldBeFormula(text []byte) bool {
	for len(text) > 0 {
		first, size := utf8.DecodeRune(text)
		switch first {
		case '=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '＝', '＋', '－', '＠':
			return true
		case '\ufeff', '\u200b', '\u200e', '\u200f', '\u2060':
		default:
			if !unicode.IsSpace(first) {
				return false
			}
		}
		text = text[size:]
	}
	return false
}

// null returns what p points to, nil for nil.
func null[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
