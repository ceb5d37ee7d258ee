package reports

import "github.com/xuri/excelize/v2"

// styles are the looks of a workbook, by what a cell is.
type styles struct {
	title, subtitle, heading, note int
	body, total                    map[Kind]int
}

// The colours: a dark blue that prints well in grey, and a soft grey.
const (
	colourHeading = "1F3864"
	colourSoft    = "595959"
	colourLine    = "BFBFBF"
)

func newStyles(book *excelize.File) (styles, error) {
	s := styles{body: map[Kind]int{}, total: map[Kind]int{}}
	text := numberFormat(Text)
	plain := map[*int]*excelize.Style{
		&s.title:    {Font: &excelize.Font{Bold: true, Size: 16, Color: colourHeading}, CustomNumFmt: &text},
		&s.subtitle: {Font: &excelize.Font{Size: 11, Color: colourSoft}, CustomNumFmt: &text},
		&s.note: {
			Font:      &excelize.Font{Italic: true, Size: 9, Color: colourSoft},
			Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}, CustomNumFmt: &text,
		},
		&s.heading: {
			Font:      &excelize.Font{Bold: true, Color: "FFFFFF"},
			Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colourHeading}},
			Alignment: &excelize.Alignment{WrapText: true, Vertical: "center", Horizontal: "center"}, CustomNumFmt: &text,
		},
	}
	for _, id := range []*int{&s.title, &s.subtitle, &s.note, &s.heading} { // in one order: same bytes
		made, err := book.NewStyle(plain[id])
		if err != nil {
			return styles{}, err
		}
		*id = made
	}
	for kind := Text; kind <= Flag; kind++ {
		var err error
		if s.body[kind], err = book.NewStyle(bodyStyle(kind)); err != nil {
			return styles{}, err
		}
		if s.total[kind], err = book.NewStyle(totalStyle(kind)); err != nil {
			return styles{}, err
		}
	}
	return s, nil
}

func bodyStyle(kind Kind) *excelize.Style {
	style := &excelize.Style{Border: []excelize.Border{{Type: "bottom", Color: colourLine, Style: 1}}}
	if format := numberFormat(kind); format != "" {
		style.CustomNumFmt = &format
	}
	switch kind {
	case Flag:
		style.Alignment = &excelize.Alignment{Horizontal: "center", Vertical: "top"}
	case Sentence:
		style.Alignment = &excelize.Alignment{WrapText: true, Vertical: "top"}
	default:
		style.Alignment = &excelize.Alignment{Vertical: "top"}
	}
	return style
}

func totalStyle(kind Kind) *excelize.Style {
	style := bodyStyle(kind)
	style.Font = &excelize.Font{Bold: true}
	style.Border = []excelize.Border{{Type: "top", Color: colourHeading, Style: 2}}
	return style
}

func numberFormat(kind Kind) string {
	switch kind {
	case Text, Key, Sentence:
		return "@" // text, even after somebody edits the cell
	case Count:
		return "#,##0"
	case Decimal:
		return "#,##0.00"
	case Percent:
		return "0.0%"
	case Day:
		return "yyyy-mm-dd"
	case Moment:
		return "yyyy-mm-dd hh:mm"
	}
	return ""
}
