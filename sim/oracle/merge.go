package oracle

import (
	"reflect"
	"slices"
)

// Policy answers the merge policy of a field the simulation edits.
func Policy(table, field string) string {
	switch field {
	case "phones", "aliases", "languages":
		return "union"
	case "note", "notes":
		return "text"
	}
	return "latest"
}

// field merges one field and tells whether it ended otherwise than sent.
func (o *Oracle) field(row *Row, m Mutation, field string, value any) bool {
	current := row.Value(field)
	if Same(current, value) {
		return false
	}
	if Policy(row.Table, field) == "text" {
		one := textEdit{write: o.by(m), base: m.Base, before: row.textBefore(field, m), sent: str(value)}
		defer row.remember(field, one)
	}
	if !row.others(field, m.Base, m.Device) {
		row.put(field, value, o.by(m))
		return false
	}
	switch Policy(row.Table, field) {
	case "union":
		merged := union(texts(row.valueAt(field, m.Base)), texts(current), texts(value))
		if !Same(merged, current) {
			row.put(field, merged, o.by(m))
		}
		return !Same(merged, value)
	case "text":
		return o.text(row, m, field, value)
	}
	standing := row.last(field)
	if later(o.by(m), standing) {
		o.lose(row, field, "latest", value, current, standing)
		row.put(field, value, o.by(m))
		return false
	}
	o.lose(row, field, "latest", current, value, o.by(m))
	return true
}

// later tells whether a comes after b: by time, then by the larger mutation id.
func later(a, b write) bool {
	if a.at.Equal(b.at) {
		return a.id > b.id
	}
	return a.at.After(b.at)
}

// union is the three-way merge of sets: both sides' additions and removals.
func union(base, current, sent []string) []string {
	var merged []string
	for _, one := range append(slices.Clone(current), sent...) {
		inBase, inCurrent, inSent := slices.Contains(base, one), slices.Contains(current, one), slices.Contains(sent, one)
		if (inBase && (!inCurrent || !inSent)) || slices.Contains(merged, one) {
			continue
		}
		merged = append(merged, one)
	}
	return merged
}

// legal lists the transitions of a service's status.
func legal(from, to string) bool {
	next := map[string][]string{
		"pursuing":    {"slo_engaged", "enrolled", "short_term", "refused", "unable_to_place", "closed"},
		"slo_engaged": {"enrolled", "refused", "unable_to_place", "pursuing"}, "short_term": {"enrolled", "closed"},
		"enrolled": {"closed"}, "refused": {"pursuing"}, "unable_to_place": {"pursuing"}, "closed": {"pursuing"},
	}
	return slices.Contains(next[from], to)
}

// Legal tells whether a role may move a service from one status to another.
func Legal(role, from, to string) bool {
	return legal(from, to) && (role != Worker || to == "slo_engaged" || to == "refused")
}

// unitFields are judged as one.
func unitFields() []string { return []string{"status", "status_reason", "status_on"} }

// unit merges the status of a service: the higher role wins, then the later; the
// transition must be legal from where it lands.
func (o *Oracle) unit(row *Row, m Mutation) (otherwise, refused bool) {
	by, standing := o.by(m), row.last("status")
	current := row.Text("status")
	to := str(m.Set["status"])
	if !row.others("status", m.Base, m.Device) {
		if !Legal(by.role, current, to) {
			return false, true
		}
		o.land(row, m, by)
		return false, false
	}
	same := true
	for _, field := range unitFields() {
		same = same && Same(row.Value(field), m.Set[field])
	}
	if same {
		return false, false
	}
	wins := rank(by.role) > rank(standing.role) || rank(by.role) == rank(standing.role) && later(by, standing)
	if wins && (Legal(by.role, current, to) || current == to) {
		for _, field := range unitFields() {
			if !Same(row.Value(field), m.Set[field]) {
				o.lose(row, field, "authority", m.Set[field], row.Value(field), standing)
			}
		}
		o.land(row, m, by)
		return false, false
	}
	for _, field := range unitFields() {
		if !Same(row.Value(field), m.Set[field]) {
			o.lose(row, field, "authority", row.Value(field), m.Set[field], by)
		}
	}
	return true, false
}

func (o *Oracle) land(row *Row, m Mutation, by write) {
	from, to := row.Text("status"), str(m.Set["status"])
	if from != to {
		o.Events = append(o.Events, Event{Service: row.ID, From: from, To: to, By: m.Author})
	}
	for _, field := range unitFields() {
		row.put(field, m.Set[field], by)
	}
}

func rank(role string) int {
	return map[string]int{Worker: 1, Manager: 2, Supervisor: 3}[role]
}

// Same compares two values of a field; lists compare as sets, null equals no entry.
func Same(a, b any) bool {
	left, leftList := list(a)
	right, rightList := list(b)
	if leftList || rightList {
		slices.Sort(left)
		slices.Sort(right)
		return slices.Equal(left, right)
	}
	return reflect.DeepEqual(a, b)
}

// list reads a list of texts, as a mutation or as the wire carries it.
func list(value any) ([]string, bool) {
	switch typed := value.(type) {
	case []string:
		return slices.Clone(typed), true
	case []any:
		out := make([]string, 0, len(typed))
		for _, one := range typed {
			out = append(out, str(one))
		}
		return out, true
	}
	return nil, false
}

func texts(value any) []string {
	out, _ := list(value)
	return out
}

func str(value any) string {
	text, _ := value.(string)
	return text
}
