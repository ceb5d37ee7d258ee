package oracle

// parents names for each table the field that holds its parent and the parent's table.
func parentOf(table string) (field, parent string) {
	switch table {
	case "known_contacts", "assessments", "referrals", "services", "errands":
		return "person_id", "people"
	case "assignments", "contact_attempts", "reminders":
		return "service_id", "services"
	}
	return "", ""
}

// target is the bucket that a mutation writes into, "" when there is none.
func (o *Oracle) target(m Mutation) string {
	key := Key{m.Table, m.Row}
	if m.Op == "insert" {
		field, table := parentOf(m.Table)
		id, _ := m.Set[field].(string)
		key = Key{table, id}
	}
	if row := o.Rows[key]; row != nil {
		return row.Bucket
	}
	return ""
}

// standing looks at the bucket that the mutation writes into.
func (o *Oracle) standing(m Mutation) standing {
	if field, _ := parentOf(m.Table); m.Op == "insert" && field == "" {
		return held
	}
	user, bucket := o.Users[m.Author], o.target(m)
	switch {
	case bucket == "":
		return never
	case o.Holds(user, bucket):
		return held
	case o.EverHeld(user.ID, bucket):
		return lost
	}
	return never
}

// judge decides a mutation that is new, and writes it when it may be written.
func (o *Oracle) judge(m Mutation) Verdict {
	switch o.standing(m) {
	case never:
		if m.Op == "insert" || m.Base == 0 {
			return Verdict{Status: "deferred"}
		}
		return Verdict{Status: "rejected", Code: "row_gone"}
	case lost:
		if m.Table == "contact_attempts" && m.Op == "insert" && (m.InTime || o.within(m.Author, o.target(m), m.At)) {
			verdict := o.write(m)
			late := true
			o.Rows[Key{m.Table, m.Row}].Late = &late
			return verdict
		}
		return Verdict{Status: "quarantined"}
	}
	verdict := o.write(m)
	if row := o.Rows[Key{m.Table, m.Row}]; m.Op == "insert" && row != nil {
		late := false
		row.Late = &late
	}
	return verdict
}

// write stores a mutation whose author may write it.
func (o *Oracle) write(m Mutation) Verdict {
	if row := o.Rows[Key{m.Table, m.Row}]; row != nil && m.Base == 0 && row.device == m.Device {
		m.Base = 1 // it made the row: that it has seen
	}
	switch m.Op {
	case "insert":
		o.insert(m)
		return Verdict{Status: "applied"}
	case "delete":
		return o.erase(m)
	}
	return o.patch(m)
}

func (o *Oracle) by(m Mutation) write {
	return write{device: m.Device, user: m.Author, role: o.Users[m.Author].Role, id: m.ID, at: m.At}
}

func (o *Oracle) insert(m Mutation) {
	row := &Row{Key: Key{m.Table, m.Row}, Author: m.Author, device: m.Device, Live: true, made: m.At, Changes: 1, fields: map[string][]write{}}
	row.Bucket = m.Row
	if field, table := parentOf(m.Table); field != "" && m.Table != "services" {
		id, _ := m.Set[field].(string)
		row.Bucket = o.Rows[Key{table, id}].Bucket
	}
	for field, value := range m.Set {
		row.put(field, value, o.by(m))
	}
	if m.Table == "services" {
		row.start("status", "pursuing")
	}
	for field, value := range o.Defaults[m.Table] {
		if _, sent := m.Set[field]; !sent {
			row.start(field, value)
		}
	}
	o.Rows[row.Key] = row
	o.granted(row)
}

// erase deletes unless another device made an edit that the deleter had not seen.
func (o *Oracle) erase(m Mutation) Verdict {
	row := o.Rows[Key{m.Table, m.Row}]
	if !row.Live {
		return Verdict{Status: "rejected", Code: "row_gone", Also: "applied"}
	}
	if row.edited(m.Base, m.Device) {
		o.lose(row, "_deleted", "", nil, nil, o.by(m))
		return Verdict{Status: "merged", Conflicts: 1}
	}
	row.Live = false
	row.Changes++
	row.deleted = o.by(m)
	row.deleted.count = row.Changes
	return Verdict{Status: "applied"}
}

// patch merges field by field, and brings a row back that was deleted by somebody
// who had not seen this edit, if it has anything that they had not seen.
func (o *Oracle) patch(m Mutation) Verdict {
	row := o.Rows[Key{m.Table, m.Row}]
	verdict := Verdict{Status: "applied"}
	revived := false
	if !row.Live {
		if row.deleted.count <= m.Base || row.deleted.device == m.Device || row.holds(m.Set) {
			return Verdict{Status: "rejected", Code: "row_gone"}
		}
		row.Live, revived = true, true
	}
	before := len(o.Conflicts)
	if revived {
		o.lose(row, "_deleted", "", nil, nil, row.deleted)
	}
	row.Changes++
	if revived || !row.holds(m.Set) {
		row.sign(o.by(m))
	}
	var otherwise, refused bool
	if m.Table == "services" {
		otherwise, refused = o.unit(row, m)
	} else {
		for field, value := range m.Set {
			otherwise = o.field(row, m, field, value) || otherwise
		}
	}
	if refused {
		row.Changes--
		row.edits = row.edits[:len(row.edits)-1]
		return Verdict{Status: "rejected", Code: "forbidden_transition"}
	}
	if otherwise {
		verdict.Status = "merged"
	}
	verdict.Conflicts = len(o.Conflicts) - before
	return verdict
}

// lose keeps a losing value as a conflict.
func (o *Oracle) lose(row *Row, field, policy string, kept, lost any, by write) {
	o.Conflicts = append(o.Conflicts, &Conflict{Key: row.Key, Field: field, Policy: policy, LostBy: by.user,
		Bucket: row.Bucket, State: "open", Kept: kept, Lost: lost, count: row.Changes})
}

// Settle closes a conflict; restored writes the lost value back, or deletes the row. A
// value that somebody else wrote since the conflict arose then is a conflict itself.
func (o *Oracle) Settle(c *Conflict, state string, by Mutation) {
	c.State = state
	row := o.Rows[c.Key]
	if state != "restored" || !row.Live {
		return
	}
	row.Changes++
	if c.Field == "_deleted" {
		row.Live = false
		row.deleted = o.by(by)
		row.deleted.count = row.Changes
		return
	}
	if current := row.Value(c.Field); !Same(current, c.Lost) { // else it stands already, and nothing happens
		if standing := row.last(c.Field); standing.count > c.count && standing.device != by.Device {
			o.lose(row, c.Field, c.Policy, c.Lost, current, standing)
		}
		row.put(c.Field, c.Lost, o.by(by))
	}
}

// Release applies a quarantined mutation as its author's. What cannot be applied any
// more (its row was deleted by the same device) stays open, and the release fails.
func (o *Oracle) Release(h *Held) Verdict {
	verdict := o.write(h.Mutation)
	if verdict.Status == "rejected" && verdict.Also == "" {
		return verdict
	}
	h.State = "released"
	o.awake()
	return Verdict{Status: "applied", Also: "merged"}
}

// Dismiss closes a quarantined mutation without applying it.
func (o *Oracle) Dismiss(h *Held) { h.State = "dismissed" }
