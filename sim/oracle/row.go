package oracle

import (
	"fmt"
	"time"
)

// Row is a row with the history of each of its fields.
type Row struct {
	Key
	Bucket, Author string
	device         string // that made it
	Live           bool
	made           time.Time
	// Changes counts the row's changes; 1 is the insert.
	Changes int
	// Late is what contact_attempts.late must say; nil when the contract is silent.
	Late *bool

	fields  map[string][]write
	texts   map[string][]textEdit
	edits   []write // of any field, for a delete to look back on
	deleted write
}

// write is one value that a field took.
type write struct {
	count  int
	value  any
	device string
	user   string
	role   string
	id     string
	at     time.Time
}

// String tells a row's history, for the message of a failure.
func (r *Row) String() string {
	if r == nil {
		return "a row that was never written"
	}
	text := fmt.Sprintf("row %s of %s, live %v after %d changes", r.ID, r.Table, r.Live, r.Changes)
	for _, one := range r.edits {
		text += fmt.Sprintf("\n  change %d by %s at %s in %s: %.80q", one.count, one.device, one.at, one.id, fmt.Sprint(one.value))
	}
	if r.deleted.count > 0 {
		text += fmt.Sprintf("\n  change %d by %s at %s: deleted", r.deleted.count, r.deleted.device, r.deleted.at)
	}
	return text
}

// Value answers a field's value now.
func (r *Row) Value(field string) any { return r.valueAt(field, r.Changes) }

// Text answers a text field.
func (r *Row) Text(field string) string {
	text, _ := r.Value(field).(string)
	return text
}

// Fields lists the fields that were ever written.
func (r *Row) Fields() []string {
	var names []string
	for name := range r.fields {
		names = append(names, name)
	}
	return names
}

// valueAt answers the value a field had when the row counted so many changes.
func (r *Row) valueAt(field string, count int) any {
	var value any
	for _, one := range r.fields[field] {
		if one.count <= count {
			value = one.value
		}
	}
	return value
}

// last answers the newest write of a field; its zero value for a field never written.
func (r *Row) last(field string) write {
	list := r.fields[field]
	if len(list) == 0 {
		return write{}
	}
	return list[len(list)-1]
}

// others tells whether another device wrote the field after a count, and the value
// that stands is not the device's own: a device never conflicts with itself.
func (r *Row) others(field string, after int, device string) bool {
	if r.last(field).device == device {
		return false
	}
	for _, one := range r.fields[field] {
		if one.count > after && one.device != device {
			return true
		}
	}
	return false
}

// edited tells whether another device edited the row after a count.
func (r *Row) edited(after int, device string) bool {
	for _, one := range r.edits {
		if one.count > after && one.device != device {
			return true
		}
	}
	return false
}

// put writes a field as part of the row's newest change.
func (r *Row) put(field string, value any, by write) {
	by.value, by.count = value, r.Changes
	r.fields[field] = append(r.fields[field], by)
	r.edits = append(r.edits, by)
}

// start gives a field the value that a row begins with, which nobody decided on.
func (r *Row) start(field string, value any) {
	r.fields[field] = append(r.fields[field], write{value: value})
}

// sign notes an edit: even where all its values lose, a delete that had not seen it
// yields to it.
func (r *Row) sign(by write) {
	by.count = r.Changes
	r.edits = append(r.edits, by)
}

// holds tells whether all values of an edit stand already.
func (r *Row) holds(set map[string]any) bool {
	for field, value := range set {
		if !Same(r.Value(field), value) {
			return false
		}
	}
	return true
}
