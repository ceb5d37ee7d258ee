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
	next := m.unitValues(fields)
	from, to := models.Text(m.old.Values[head]), models.Text(next[0])
	legal := models.LegalTransition(from, to)
	if models.Reopens(from, to) && next[1] == nil && m.unitConcurrent(fields) {
		legal = false // its author did not know that there was anything to reopen
	}
	if !m.unitConcurrent(fields) {
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
		if wins || m.sentField(i) {
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

func (m *merger) unitConcurrent(fields []int) bool {
	for _, i := range fields {
		if m.concurrent(m.old.Table.Fields[i].Name) {
			return true
		}
	}
	return false
}

// unitValues gives the unit as the edit wants it: what it does not name stays, but
// a new head does not keep the old head's reason and date.
func (m *merger) unitValues(fields []int) []json.RawMessage {
	out := make([]json.RawMessage, len(fields))
	head, headSent := m.e.Values[fields[0]]
	moved := headSent && !models.Equal(head, m.old.Values[fields[0]])
	for n, i := range fields {
		v, sent := m.e.Values[i]
		switch {
		case sent:
			out[n] = v
		case !moved:
			out[n] = m.old.Values[i]
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
