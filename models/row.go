package models

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/tidwall/gjson"
)

// Row is one record of a synced table.
//
// Values stand in the order of Table.Fields, canonical, nil when unset. Meta says
// who wrote which field last. A deleted row keeps its last values: an edit that
// the deleter had not seen brings it back.
type Row struct {
	Table   *Table
	ID      string
	Bucket  string
	V       int64 // the sequence number of its last change
	Deleted bool
	Values  []json.RawMessage
	Rest    []byte // members of the document that this binary does not know, as they were stored
	Meta    Meta
}

// NewRow makes an empty row of a table.
func NewRow(t *Table, id string) *Row {
	return &Row{Table: t, ID: id, Values: make([]json.RawMessage, len(t.Fields))}
}

// Get gives the value of a field by name, nil when unset or unknown.
func (r *Row) Get(name string) json.RawMessage {
	if i := r.Table.Field(name); i >= 0 {
		return r.Values[i]
	}
	return nil
}

// Text gives a field's string, "" when unset.
func (r *Row) Text(name string) string { return Text(r.Get(name)) }

// Put sets a field by name. An unknown name is a fault of the program and is ignored.
func (r *Row) Put(name string, v json.RawMessage) {
	if i := r.Table.Field(name); i >= 0 {
		r.Values[i] = v
	}
}

// PutText sets a field to a string; "" unsets it.
func (r *Row) PutText(name, s string) {
	if s == "" {
		r.Put(name, nil)
		return
	}
	r.Put(name, Quote(s))
}

// Clone copies the row; values are shared, for they are never changed in place.
func (r *Row) Clone() *Row {
	out := *r
	out.Values = append([]json.RawMessage(nil), r.Values...)
	out.Meta = r.Meta.clone()
	return &out
}

// AppendDoc appends the row as it travels: id, _v, _b and every field.
func (r *Row) AppendDoc(b []byte) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, r.ID...)
	b = append(b, `","_v":`...)
	b = strconv.AppendInt(b, r.V, 10)
	b = append(b, `,"_b":"`...)
	b = append(b, r.Bucket...)
	b = append(b, '"')
	for i := range r.Table.Fields {
		b = append(b, ',', '"')
		b = append(b, r.Table.Fields[i].Name...)
		b = append(b, '"', ':')
		if v := r.Values[i]; v != nil {
			b = append(b, v...)
		} else {
			b = append(b, null...)
		}
	}
	return append(append(b, r.Rest...), '}')
}

// docSize is about what a document without long text takes, in bytes.
const docSize = 1024

// Doc is AppendDoc into a new slice.
func (r *Row) Doc() json.RawMessage { return r.AppendDoc(make([]byte, 0, docSize)) }

// ReadDoc fills the row's values from a stored document. Fields unknown here, which
// an instance of a newer version wrote, are kept as they are and written again;
// fields that the document lacks have their default, or are unset.
func (r *Row) ReadDoc(doc []byte) error {
	if !gjson.ValidBytes(doc) {
		return fmt.Errorf("stored document of %s %s is damaged", r.Table.Name, r.ID)
	}
	r.Values, r.Rest = make([]json.RawMessage, len(r.Table.Fields)), nil
	for _, i := range r.Table.defaults {
		r.Values[i] = Quote(r.Table.Fields[i].Default)
	}
	gjson.ParseBytes(doc).ForEach(func(key, value gjson.Result) bool {
		switch i := r.Table.Field(key.Str); {
		case i >= 0 && value.Type != gjson.Null:
			r.Values[i] = json.RawMessage(value.Raw)
		case i >= 0:
			r.Values[i] = nil
		case key.Str != "id" && key.Str != "_v" && key.Str != "_b":
			r.Rest = append(append(append(append(r.Rest, ','), key.Raw...), ':'), value.Raw...)
		}
		return true
	})
	return nil
}

// LogValue implements slog.LogValuer: ids, never values.
func (r *Row) LogValue() slog.Value {
	return slog.GroupValue(slog.String("table", r.Table.Name), slog.String("id", r.ID), slog.Int64("v", r.V))
}
