package models

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Deletion is the name under which Meta keeps who deleted a row, and the field
// name of a conflict over a deletion.
const Deletion = "_deleted"

// Writer is who wrote a value: one accepted mutation.
type Writer struct {
	V        int64  `json:"v"`           // the sequence number it got
	Device   string `json:"d,omitempty"` // empty: the server itself
	User     string `json:"u,omitempty"`
	Role     Role   `json:"r,omitempty"`
	At       int64  `json:"a"` // corrected time of the edit, milliseconds
	Mutation string `json:"m,omitempty"`
	Mixed    bool   `json:"x,omitempty"` // some set or text became a mixture of this edit and others'
}

// Same tells whether both are the same user on the same device, who never
// conflicts with himself.
func (w Writer) Same(o Writer) bool {
	return w.Device != "" && w.Device == o.Device && w.User == o.User
}

// Later tells whether w's edit came after o's: by corrected time, then by mutation id.
func (w Writer) Later(o Writer) bool {
	if w.At != o.At {
		return w.At > o.At
	}
	return w.Mutation > o.Mutation
}

// Meta remembers the last writer of each field of a row. Writers[0] made the row
// and stands for every field that Fields does not name.
type Meta struct {
	Writers []Writer              `json:"w"`
	Fields  map[string]int        `json:"f,omitempty"`
	Texts   map[string][]TextEdit `json:"t,omitempty"` // of each text its last edits, oldest first
}

// TextEdit is an edit of a text. Several are remembered, for one that was made before
// them may still come, and has its place between them.
type TextEdit struct {
	Writer
	Base int64 `json:"b"` // the `_v` that its device had seen
}

// textsMax bounds the edits remembered of a text: those of three or four people who
// were offline at the same time.
const textsMax = 16

// Writer gives the last writer of a field.
func (m Meta) Writer(field string) Writer {
	if i, ok := m.Fields[field]; ok && i < len(m.Writers) {
		return m.Writers[i]
	}
	if len(m.Writers) == 0 {
		return Writer{}
	}
	return m.Writers[0]
}

// Made tells whether nobody wrote a field since the row was made.
func (m Meta) Made(field string) bool { return m.Fields[field] == 0 }

// Deleter gives who deleted the row, if anybody did.
func (m Meta) Deleter() (Writer, bool) {
	i, ok := m.Fields[Deletion]
	if !ok || i >= len(m.Writers) {
		return Writer{}, false
	}
	return m.Writers[i], true
}

// ChangedAfter tells whether anybody but w wrote any field after base.
func (m Meta) ChangedAfter(base int64, w Writer) bool {
	for _, other := range m.Writers {
		if other.V > base && !other.Same(w) {
			return true
		}
	}
	return false
}

// Edited remembers an edit of a text.
func (m *Meta) Edited(field string, e TextEdit) {
	list := append(slices.Clone(m.Texts[field]), e)
	if len(list) > textsMax {
		list = list[len(list)-textsMax:]
	}
	texts := maps.Clone(m.Texts)
	if texts == nil {
		texts = map[string][]TextEdit{}
	}
	texts[field] = list
	m.Texts = texts
}

// writersMax bounds the writers remembered of a row: each field's last, and of
// every device its last, newest first. A row with more loses only the oldest
// device's mark, which matters to a delete that was made before it.
const writersMax = 24

// Wrote records w as the last writer of the fields. A writer of whom nothing
// stands any more is kept as its device's last sign, so that a later delete knows
// of every edit it had not seen. A deletion is no edit: its device's sign stays.
func (m *Meta) Wrote(w Writer, fields ...string) {
	if len(m.Writers) == 0 {
		m.Writers = []Writer{w}
		return
	}
	next := Meta{Writers: []Writer{m.Writers[0]}, Fields: make(map[string]int, len(m.Fields)+len(fields)), Texts: m.Texts}
	moved := map[int]int{0: 0}
	deletes := contains(fields, Deletion)
	for name, i := range m.Fields {
		if contains(fields, name) || i >= len(m.Writers) {
			continue
		}
		next.Fields[name] = next.move(m.Writers, moved, i)
	}
	for i := len(m.Writers) - 1; i > 0 && len(next.Writers) < writersMax; i-- {
		if _, kept := moved[i]; !kept && !next.heardAfter(m.Writers[i]) && (deletes || !m.Writers[i].Same(w)) {
			next.move(m.Writers, moved, i)
		}
	}
	next.Writers = append(next.Writers, w)
	for _, name := range fields {
		next.Fields[name] = len(next.Writers) - 1
	}
	*m = next
}

// move takes over writer i of the old list and gives its new place.
func (m *Meta) move(old []Writer, moved map[int]int, i int) int {
	at, ok := moved[i]
	if !ok {
		at = len(m.Writers)
		moved[i] = at
		m.Writers = append(m.Writers, old[i])
	}
	return at
}

// heardAfter tells whether a later writing of the same device is remembered.
func (m *Meta) heardAfter(w Writer) bool {
	for _, other := range m.Writers {
		if other.Same(w) && other.V >= w.V {
			return true
		}
	}
	return false
}

// Forget drops what is remembered of a field, so that it falls to the row's maker,
// and its writer, if nothing else of theirs stands: who deleted a row that stands
// again did not edit it.
func (m *Meta) Forget(field string) {
	gone, ok := m.Fields[field]
	delete(m.Fields, field)
	if !ok || gone == 0 || gone >= len(m.Writers) {
		return
	}
	for _, i := range m.Fields {
		if i == gone {
			return
		}
	}
	m.Writers = append(m.Writers[:gone:gone], m.Writers[gone+1:]...)
	for name, i := range m.Fields {
		if i > gone {
			m.Fields[name] = i - 1
		}
	}
}

func (m Meta) clone() Meta {
	out := Meta{Writers: append([]Writer(nil), m.Writers...), Texts: m.Texts} // Edited leaves what it is given
	if m.Fields != nil {
		out.Fields = make(map[string]int, len(m.Fields))
		for k, v := range m.Fields {
			out.Fields[k] = v
		}
	}
	return out
}

// Encode writes Meta for the store.
func (m Meta) Encode() []byte {
	if len(m.Writers) == 1 && len(m.Fields)+len(m.Texts) == 0 { // every freshly inserted row
		w := m.Writers[0]
		b := append(make([]byte, 0, 192), `{"w":[{"v":`...)
		b = append(b, IntValue(w.V)...)
		b = append(b, `,"d":`...)
		b = AppendQuoted(b, w.Device) // the client's own text; all else here is ours
		b = append(b, `,"u":"`...)
		b = append(b, w.User...)
		b = append(b, `","r":"`...)
		b = append(b, w.Role...)
		b = append(b, `","a":`...)
		b = append(b, IntValue(w.At)...)
		b = append(b, `,"m":"`...)
		b = append(b, w.Mutation...)
		return append(b, `"}]}`...)
	}
	b, err := json.Marshal(m)
	if err != nil { // strings and numbers always marshal
		return []byte(`{"w":[]}`)
	}
	return b
}

// DecodeMeta reads what Encode wrote.
func DecodeMeta(b []byte) (Meta, error) {
	var m Meta
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("stored writers are damaged: %w", err)
	}
	return m, nil
}
