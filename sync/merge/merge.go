package merge

import (
	"encoding/json"
	"slices"

	"pursuit/models"
)

// Edit is one accepted mutation, ready to be merged.
type Edit struct {
	Values  map[int]json.RawMessage // by position in Table.Fields, canonical, nil = null
	Base    int64                   // the `_v` that the device had seen
	Before  *models.Row             // the row at Base; nil when it is not known any more
	Own     map[int]json.RawMessage // what the same device last sent of a field that became a mixture: its view of it
	Woven   map[int][]Woven         // of a text, the edits that stand in it and that came after Base, as far as known
	By      models.Writer           // V is the number that the change will get
	Assumed int                     // a field that the server filled in: nothing is lost when its value is; 0 or less = none
	Joined  int64                   // the edit is of a row that became this one at that number, and Before is that row's; 0 = of this one
}

// Conflict is a value that lost, with the value that stands.
type Conflict struct {
	Field  string
	Policy models.Policy
	Base   json.RawMessage
	Kept   json.RawMessage
	Lost   json.RawMessage
	LostBy string // user id
	LostAt int64  // milliseconds
	Second bool   // the other one of the same field: both what stood and what was sent lost
}

// Outcome is a merged row.
type Outcome struct {
	Row       *models.Row
	Changed   []string // fields whose value changed
	Conflicts []Conflict
	Merged    bool // some field sent ended otherwise than sent
}

// Fields merges an edit into a live row, field by field, and leaves the row as it was.
//
// A field that nobody else changed after Base takes the new value; otherwise its
// policy decides and the loser is returned as a Conflict. An edit of which nothing stands
// gives the row its number all the same. It returns a Rejection only for a status change
// that is not legal from a state its author had seen.
// Source: docs/protocol.md, section 5.
func Fields(row *models.Row, e Edit) (Outcome, *models.Rejection) {
	m := merger{out: Outcome{Row: row.Clone()}, old: row, e: e}
	if rejection := m.unit("status"); rejection != nil {
		return Outcome{}, rejection
	}
	for i := range row.Table.Fields {
		value, sent := e.Values[i]
		if f := &row.Table.Fields[i]; sent && f.Unit == "" && f.Follows == "" {
			m.field(i, f, value)
		}
	}
	m.follow()
	if len(m.out.Changed) > 0 {
		m.out.Row.V = e.By.V
		m.e.By.Mixed = m.mixed
		m.out.Row.Meta.Wrote(m.e.By, append(m.wrote, m.out.Changed...)...)
	} else if m.out.Merged { // nothing of it stands: it leaves a sign, for a delete that has not seen it
		m.out.Row.V = e.By.V
		m.out.Row.Meta.Wrote(m.e.By)
	}
	for _, name := range m.texts {
		m.out.Row.Meta.Edited(name, models.TextEdit{Writer: m.e.By, Base: m.e.Base})
	}
	return m.out, nil
}

type merger struct {
	out   Outcome
	old   *models.Row
	e     Edit
	wrote []string // fields that count as written though their value is the same
	texts []string // texts that the edit is remembered of
	mixed bool     // some field holds a mixture of the edit and others'
}

// concurrent tells whether somebody else wrote the field after the edit's base.
func (m *merger) concurrent(field string) bool {
	w := m.old.Meta.Writer(field)
	if m.untouched(field) {
		return false
	}
	if m.e.Joined == 0 {
		return w.V > m.e.Base && !w.Same(m.e.By)
	}
	if w.V >= m.e.Joined && w.Same(m.e.By) {
		return false
	}
	i := m.old.Table.Field(field) // Base says nothing of this row: what counts is what the author had seen
	return !models.Equal(m.old.Values[i], m.before(i))
}

// untouched tells whether nobody gave the field its value: the insert left it empty or
// to the server.
func (m *merger) untouched(field string) bool {
	i := m.old.Table.Field(field)
	f, v := &m.old.Table.Fields[i], m.old.Values[i]
	return m.old.Meta.Made(field) && (v == nil || f.Default != "" && models.Text(v) == f.Default)
}

// follow sets what the server says about the fields that the edit set, and leaves it where
// another's value stands.
func (m *merger) follow() {
	for i := range m.old.Table.Fields {
		f := &m.old.Table.Fields[i]
		value, sent := m.e.Values[i]
		if !sent || f.Follows == "" || models.Equal(m.old.Values[i], value) {
			continue
		}
		leader := m.old.Table.Field(f.Follows)
		again := !m.concurrent(f.Follows) // the same value once more, by somebody who knows it
		if wrote := !models.Equal(m.out.Row.Values[leader], m.old.Values[leader]); wrote || again {
			m.set(i, f, value)
		}
	}
}

// mixes tells whether a set or text must be merged: somebody else wrote it after the
// edit's base, or it is a mixture that the edit's device has not seen. Without the
// second, a device's next edit would wipe out what others put in.
func (m *merger) mixes(f *models.Field) bool {
	w := m.old.Meta.Writer(f.Name)
	return m.concurrent(f.Name) || w.Mixed && w.V > m.e.Base
}

// merged tells whether this very edit is in the field already.
func (m *merger) merged(f *models.Field) bool {
	w := m.old.Meta.Writer(f.Name)
	return m.e.By.Mutation != "" && (w.Mixed && w.Mutation == m.e.By.Mutation ||
		slices.ContainsFunc(m.old.Meta.Texts[f.Name], func(t models.TextEdit) bool { return t.Mutation == m.e.By.Mutation }))
}

// before gives the field's value as the edit's device knew it, nil when unknown.
func (m *merger) before(i int) json.RawMessage {
	if own, ok := m.e.Own[i]; ok {
		return own
	}
	if m.e.Before == nil || i >= len(m.e.Before.Values) {
		return nil
	}
	return m.e.Before.Values[i]
}

func (m *merger) field(i int, f *models.Field, sent json.RawMessage) {
	current := m.old.Values[i]
	mixture := f.Mixes()
	if mixture && m.merged(f) || models.Equal(current, sent) {
		return
	}
	if f.Policy == models.PolicyText && m.e.By.Mutation != "" {
		m.texts = append(m.texts, f.Name)
	}
	switch {
	case mixture && m.mixes(f) && f.Policy == models.PolicyUnion:
		m.union(i, f, current, sent)
	case mixture && m.mixes(f):
		m.text(i, f, current, sent)
	case !m.concurrent(f.Name):
		m.set(i, f, sent)
	default:
		m.contest(i, f, current, sent, m.wins(f, current, sent))
	}
}

// wins tells whether the sent value beats the standing one.
func (m *merger) wins(f *models.Field, current, sent json.RawMessage) bool {
	standing := m.old.Meta.Writer(f.Name)
	if f.Policy == models.PolicyMax {
		return models.ReminderRank(models.Text(sent)) > models.ReminderRank(models.Text(current))
	}
	if m.old.Table.Name == "transfers" && f.Name == "state" { // whichever arrived first
		return models.Text(sent) == models.TransferAccepted
	}
	return m.e.By.Later(standing)
}

// contest keeps one of two values and records the other.
func (m *merger) contest(i int, f *models.Field, current, sent json.RawMessage, wins bool) {
	if wins {
		if !f.ReadOnly { // what the server sets follows the field that was sent
			m.lose(i, f, sent, current, m.old.Meta.Writer(f.Name))
		}
		m.set(i, f, sent)
		return
	}
	if !f.ReadOnly && (m.e.Assumed <= 0 || i != m.e.Assumed) {
		m.lose(i, f, current, sent, m.e.By)
		m.out.Merged = true
	}
}

// settle stores a combination of both values.
func (m *merger) settle(i int, f *models.Field, sent, result json.RawMessage) {
	if !models.Equal(result, m.old.Values[i]) {
		m.set(i, f, result)
	}
	if !models.Equal(result, sent) {
		m.out.Merged, m.mixed = true, true
	}
}

// union merges sets. What was added to one that is full is kept as a conflict.
func (m *merger) union(i int, f *models.Field, current, sent json.RawMessage) {
	result := union(m.before(i), current, sent)
	added := minus(models.Texts(sent), models.Texts(m.before(i)))
	if len(minus(added, models.Texts(result))) > 0 {
		m.lose(i, f, result, sent, m.e.By)
	}
	m.settle(i, f, sent, result)
}

func (m *merger) text(i int, f *models.Field, current, sent json.RawMessage) {
	if m.reweave(i, f, current, sent) {
		return
	}
	standing := m.old.Meta.Writer(f.Name)
	wins := m.e.By.Later(standing)
	merged, overlap := lines(models.Text(m.before(i)), models.Text(current), models.Text(sent), wins)
	result := models.Quote(merged)
	if merged == "" && (current == nil || sent == nil) {
		result = nil
	}
	if overlap && wins {
		m.lose(i, f, result, current, standing)
	} else if overlap {
		m.lose(i, f, result, sent, m.e.By)
	}
	m.settle(i, f, sent, result)
}

func (m *merger) set(i int, f *models.Field, v json.RawMessage) {
	m.out.Row.Values[i] = v
	m.out.Changed = append(m.out.Changed, f.Name)
}

func (m *merger) lose(i int, f *models.Field, kept, lost json.RawMessage, by models.Writer) {
	second := slices.ContainsFunc(m.out.Conflicts, func(c Conflict) bool { return c.Field == f.Name })
	m.out.Conflicts = append(m.out.Conflicts, Conflict{Field: f.Name, Policy: f.Policy, Base: m.before(i),
		Kept: kept, Lost: lost, LostBy: by.User, LostAt: by.At, Second: second})
}
