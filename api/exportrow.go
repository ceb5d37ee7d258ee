package api

import (
	"bytes"

	"github.com/tidwall/gjson"

	"pursuit/models"
	"pursuit/reports"
)

// exportRow reads the fields of a table's documents, one after another, in one pass over
// each: a document is as models.Row.AppendDoc wrote it, so every field stands where it is
// looked for, unless an older version wrote it.
type exportRow struct {
	fields []models.Field // id, _v, _b and those of the table
	marks  [][]byte       // what stands before each field's value
	index  map[string]int
	values [][]byte // raw JSON by field; nil when unset
	text   []byte   // of a string that had to be unescaped
}

func newExportRow(t *models.Table) *exportRow {
	r := &exportRow{index: map[string]int{}}
	r.fields = append([]models.Field{{Name: "id", Type: models.TypeID}, {Name: "_v", Type: models.TypeInteger},
		{Name: "_b", Type: models.TypeID}}, t.Fields...)
	for i, f := range r.fields {
		r.index[f.Name] = i
		r.marks = append(r.marks, []byte(`,"`+f.Name+`":`))
	}
	r.marks[0] = []byte(`{"id":`)
	r.values = make([][]byte, len(r.fields))
	return r
}

// read takes a document's values, which share its memory.
func (r *exportRow) read(doc []byte) {
	at := 0
	for i, mark := range r.marks {
		r.values[i] = nil
		if !bytes.HasPrefix(doc[at:], mark) {
			continue // an older version did not know the field
		}
		from := at + len(mark)
		if at = valueEnd(doc, from); string(doc[from:at]) != "null" {
			r.values[i] = doc[from:at]
		}
	}
	if at != len(doc)-1 { // a newer version wrote more, or in another order
		r.search(doc)
	}
}

// search is read for any document.
func (r *exportRow) search(doc []byte) {
	clear(r.values)
	gjson.ParseBytes(doc).ForEach(func(key, value gjson.Result) bool {
		if i, ok := r.index[key.Str]; ok && value.Type != gjson.Null {
			r.values[i] = []byte(value.Raw)
		}
		return true
	})
}

// valueEnd finds where the JSON value that begins at a place ends; the document's end
// when it does not.
func valueEnd(doc []byte, at int) int {
	depth := 0
	for at < len(doc) {
		switch doc[at] {
		case '"':
			at = stringEnd(doc, at)
		case '{', '[':
			depth++
			at++
		case '}', ']':
			if depth == 0 {
				return at // of what the value is in
			}
			depth--
			at++
		case ',':
			if depth == 0 {
				return at
			}
			at++
		default:
			at++
		}
	}
	return at
}

// stringEnd finds the place after the string that begins at a place.
func stringEnd(doc []byte, at int) int {
	for at++; at < len(doc); at++ {
		quote := bytes.IndexByte(doc[at:], '"')
		if quote < 0 {
			return len(doc)
		}
		slash := bytes.IndexByte(doc[at:at+quote], '\\')
		if slash < 0 {
			return at + quote + 1
		}
		at += slash + 1 // past what is escaped
	}
	return len(doc)
}

// textOf gives a JSON string's text, good until the next call.
func (r *exportRow) textOf(raw []byte) []byte {
	if len(raw) < 2 || raw[0] != '"' {
		return raw
	}
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	r.text = append(r.text[:0], models.Text(raw)...)
	return r.text
}

// line writes the values read as a line of CSV. Lists and objects stay JSON.
func (r *exportRow) line(out *reports.CSV) error {
	for i, raw := range r.values {
		switch {
		case len(raw) == 0:
			out.Plain(nil)
		case number(raw) || r.fields[i].Type == models.TypeBool:
			out.Plain(raw)
		case raw[0] == '"' && r.fields[i].Type != models.TypeAny:
			out.Text(r.textOf(raw))
		default:
			out.Text(raw)
		}
	}
	return out.EndLine()
}

// number tells a number from other JSON.
func number(raw []byte) bool { return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' }

// cells gives the values read as those of a workbook's row. Lists and objects stay JSON.
func (r *exportRow) cells() []any {
	out := make([]any, len(r.values))
	for i, raw := range r.values {
		if len(raw) > 0 {
			out[i] = r.cell(r.fields[i].Type, raw)
		}
	}
	return out
}

func (r *exportRow) cell(kind models.Type, raw []byte) any {
	switch {
	case kind == models.TypeBool:
		return string(raw) == "true"
	case kind == models.TypeInteger:
		return int(gjson.ParseBytes(raw).Int())
	case number(raw):
		return gjson.ParseBytes(raw).Float()
	case raw[0] != '"' || kind == models.TypeAny:
		return string(raw)
	}
	text := string(r.textOf(raw))
	switch kind {
	case models.TypeDate:
		if d, err := reports.ParseDate(text); err == nil {
			return d
		}
	case models.TypeTimestamp:
		if at, ok := models.ParseTime(text); ok {
			return at
		}
	}
	return text
}
