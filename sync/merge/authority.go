package merge

import (
	"encoding/json"

	"pursuit/models"
)

// unit merges the fields of one unit as one: the status of a service with its
// reason and date. The status is the unit's head; the others follow it.
func (m *merger) unit(name string) *models.Rejection {
	fields := m.unitFields(name)
	if len(fields) == 0 || !m.unitSent(fields) {
		return nil
	}
	head := fields[0]
	f := &m.old.Table.Fields[head]
	concurrent := m.unitConcurrent(fields)
	next := m.unitValues(fields, concurrent)
	from, to := models.Text(m.old.Values[head]), models.Text(next[0])
	legal := models.LegalTransition(from, to)
	if models.Reopens(from, to) && next[1] == nil && concurrent {
		legal = false // its author did not know that there was anything to reopen
	}
	if !concurrent {
		if !legal {
			return models.Reject(models.CodeForbiddenTransition, f.Name, "this status cannot follow the present one")
		}
		m.setUnit(fields, next)
		return nil
	}
	wins := legal && m.outranks(f)
	if wins {
		m.writeUnit(fields)
	}
	for n, i := range fields {
		if models.Equal(m.old.Values[i], next[n]) {
			continue
		}
		switch {
		case m.old.Values[i] == nil && m.sameHead(fields): // both say so, and one says why
			m.set(i, &m.old.Table.Fields[i], next[n])
		case wins || m.sentField(i):
			m.contest(i, &m.old.Table.Fields[i], m.old.Values[i], next[n], wins)
		}
	}
	return nil
}

func (m *merger) unitFields(name string) []int {
	var out []int
	for i := range m.old.Table.Fields {
		if m.old.Table.Fields[i].Unit == name {
			out = append(out, i)
		}
	}
	return out
}

func (m *merger) sentField(i int) bool {
	_, sent := m.e.Values[i]
	return sent
}

func (m *merger) unitSent(fields []int) bool {
	for _, i := range fields {
		if m.sentField(i) {
			return true
		}
	}
	return false
}

// unitConcurrent tells whether somebody else wrote any field of the unit after the edit's
// base. That a row begins as it is made is nobody's decision.
func (m *merger) unitConcurrent(fields []int) bool {
	if models.Text(m.old.Values[fields[0]]) == models.Pursuing && m.made(fields) {
		return false
	}
	for _, i := range fields {
		if m.concurrent(m.old.Table.Fields[i].Name) {
			return true
		}
	}
	return false
}

// made tells whether all fields are as the insert left them.
func (m *merger) made(fields []int) bool {
	for _, i := range fields {
		if !m.old.Meta.Made(m.old.Table.Fields[i].Name) {
			return false
		}
	}
	return true
}

// sameHead tells whether the edit says of the head what stands.
func (m *merger) sameHead(fields []int) bool {
	return m.sentField(fields[0]) && models.Equal(m.e.Values[fields[0]], m.old.Values[fields[0]])
}

// unitValues gives the unit as the edit wants it: what it does not name is as its author
// had seen it, but a new head does not keep the old head's reason and date.
func (m *merger) unitValues(fields []int, concurrent bool) []json.RawMessage {
	seen := func(i int) json.RawMessage {
		if concurrent && m.e.Before != nil && !m.sameHead(fields) {
			return m.before(i)
		}
		return m.old.Values[i]
	}
	moved := m.sentField(fields[0]) && !models.Equal(m.e.Values[fields[0]], seen(fields[0]))
	out := make([]json.RawMessage, len(fields))
	for n, i := range fields {
		v, sent := m.e.Values[i]
		switch {
		case sent:
			out[n] = v
		case !moved:
			out[n] = seen(i)
		}
	}
	return out
}

// writeUnit notes that the edit wrote every field of the unit, whether or not its
// value changed: a unit has one writer.
func (m *merger) writeUnit(fields []int) {
	for _, i := range fields {
		m.wrote = append(m.wrote, m.old.Table.Fields[i].Name)
	}
}

func (m *merger) setUnit(fields []int, next []json.RawMessage) {
	m.writeUnit(fields)
	for n, i := range fields {
		if !models.Equal(m.old.Values[i], next[n]) {
			m.set(i, &m.old.Table.Fields[i], next[n])
		}
	}
}

// outranks tells whether the edit's author has authority over the standing value:
// the higher role, and among equals the later edit.
func (m *merger) outranks(f *models.Field) bool {
	standing := m.old.Meta.Writer(f.Name)
	if a, b := m.e.By.Role.Authority(), standing.Role.Authority(); a != b {
		return a > b
	}
	return m.e.By.Later(standing)
}
