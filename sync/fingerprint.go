package sync

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"hash"
	"slices"
	"sort"
	"strings"

	"pursuit/models"
)

// sentField is one entry of a mutation's set: as it was sent, and in canonical form
// or with what is wrong with it.
type sentField struct {
	name  string
	raw   json.RawMessage
	place int // of the field in its table; -1 = the table has none
	value json.RawMessage
	fault string
}

// readItem is what of a mutation can be worked out before its transaction begins.
type readItem struct {
	fields []sentField
	hash   []byte
}

func readItems(author string, items []Item) []readItem {
	out := make([]readItem, len(items))
	for i := range items {
		m := items[i].Mutation
		out[i].fields = readFields(models.Tables.Table(m.Table), m.Set)
		out[i].hash = fingerprint(author, m, out[i].fields)
	}
	return out
}

// readFields reads the entries of a set by name. Of an unknown table (nil) no field
// is known.
func readFields(t *models.Table, set map[string]json.RawMessage) []sentField {
	out := make([]sentField, 0, len(set))
	for name, raw := range set {
		f := sentField{name: name, raw: raw, place: -1}
		if t != nil {
			f.place = t.Field(name)
		}
		if f.place >= 0 && !t.Fields[f.place].ReadOnly {
			f.value, f.fault = models.Canon(&t.Fields[f.place], raw)
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b sentField) int { return strings.Compare(a.name, b.name) })
	return out
}

// fingerprint is a hash of a mutation's author and content: the same id with another
// fingerprint is another mutation. It depends on what was said, not on how it was
// spelt in JSON: apps and proxies write the same text, number or time in several ways.
func fingerprint(author string, m models.Mutation, fields []sentField) []byte {
	at := m.At
	if t, ok := models.ParseTime(at); ok {
		at = models.FormatTime(t)
	}
	h := frameHash(author, m, at)
	for i := range fields {
		f := &fields[i]
		switch {
		case f.fault != "" || f.place < 0:
			writeMember(h, f.name, compact(f.raw))
		case f.value == nil && present(f.raw): // of a field that the server sets
			writeMember(h, f.name, compact(f.raw))
		case f.value == nil:
			writeMember(h, f.name, []byte("null"))
		default:
			writeMember(h, f.name, f.value)
		}
	}
	return h.Sum(nil)[:16]
}

// spelling is the fingerprint that mutations were remembered by before fingerprints
// were of what they say: of how they were spelt.
func spelling(author string, m models.Mutation) []byte {
	h := frameHash(author, m, m.At)
	names := make([]string, 0, len(m.Set))
	for name := range m.Set {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		writeMember(h, name, compact(m.Set[name]))
	}
	return h.Sum(nil)[:16]
}

func frameHash(author string, m models.Mutation, at string) hash.Hash {
	h := sha256.New()
	for _, s := range []string{author, m.Table, m.Row, string(m.Op), at, m.Group} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	h.Write(models.IntValue(m.Base))
	return h
}

func writeMember(h hash.Hash, name string, value []byte) {
	h.Write([]byte{0})
	h.Write([]byte(name))
	h.Write([]byte{0})
	h.Write(value)
}

// compact writes a value without white space, objects with their keys sorted.
func compact(raw json.RawMessage) []byte {
	if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			if b, err := json.Marshal(v); err == nil {
				return b
			}
		}
	}
	return raw
}
