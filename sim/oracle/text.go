package oracle

import (
	"slices"
	"strings"
)

// textsKept is how many edits of a text are woven in at their place.
const textsKept = 16

// textEdit is one edit of a text, with what its device knew.
type textEdit struct {
	write
	base         int
	before, sent string
}

// saw tells whether an edit was made with another in view.
func (e textEdit) saw(o textEdit) bool {
	return e.base >= o.count || e.device == o.device && e.count > o.count
}

// textBefore is a text as the device of a mutation knows it: as it sent it last, or as it
// stood at the mutation's base.
func (r *Row) textBefore(field string, m Mutation) string {
	before := str(r.valueAt(field, m.Base))
	for _, one := range r.texts[field] {
		if one.count > m.Base && one.device == m.Device {
			before = one.sent
		}
	}
	return before
}

// remember keeps an edit of a text.
func (r *Row) remember(field string, one textEdit) {
	one.count = r.Changes
	if r.texts == nil {
		r.texts = map[string][]textEdit{}
	}
	list := append(r.texts[field], one)
	r.texts[field] = list[max(0, len(list)-textsKept):]
}

// replay makes edits of a text of always as many lines, one after the other: the
// earliest first, but none before one that it was made with in view.
func replay(trunk string, edits []textEdit) string {
	lines, left := strings.Split(trunk, "\n"), slices.Clone(edits)
	for len(left) > 0 {
		slices.SortFunc(left, func(a, b textEdit) int {
			if later(a.write, b.write) {
				return 1
			}
			return -1
		})
		i := slices.IndexFunc(left, func(e textEdit) bool {
			return !slices.ContainsFunc(left, func(o textEdit) bool { return e.saw(o) })
		})
		before, sent := strings.Split(left[i].before, "\n"), strings.Split(left[i].sent, "\n")
		for n := range sent {
			if sent[n] != before[n] {
				lines[n] = sent[n]
			}
		}
		left = slices.Delete(left, i, i+1)
	}
	return strings.Join(lines, "\n")
}

// text merges texts of equally many lines. Of a line that several changed the latest
// stands, and the other side is a conflict.
func (o *Oracle) text(row *Row, m Mutation, field string, value any) bool {
	standing := row.last(field)
	current, trunk, before := str(standing.value), str(row.valueAt(field, m.Base)), row.textBefore(field, m)
	var unseen []textEdit
	for _, one := range row.texts[field] {
		if one.count > m.Base {
			unseen = append(unseen, one)
		}
	}
	one := textEdit{write: o.by(m), base: m.Base, before: before, sent: str(value)}
	one.count = row.Changes
	var result string
	if len(unseen) > 0 && replay(trunk, unseen) == current {
		result = replay(trunk, append(unseen, one))
	} else { // some are not remembered: line by line against what stands
		wins := later(o.by(m), standing)
		result = either(before, current, one.sent, wins)
	}
	if loses(before, current, result) {
		o.lose(row, field, "text", nil, nil, standing)
	}
	if loses(before, one.sent, result) {
		o.lose(row, field, "text", nil, nil, o.by(m))
	}
	if result != current {
		row.put(field, result, o.by(m))
	}
	return result != one.sent
}

// either merges two texts line by line; of a line that both changed one side stands.
func either(before, current, sent string, sentWins bool) string {
	base, now, next := strings.Split(before, "\n"), strings.Split(current, "\n"), strings.Split(sent, "\n")
	for i := range now {
		if next[i] != base[i] && (now[i] == base[i] || sentWins) {
			now[i] = next[i]
		}
	}
	return strings.Join(now, "\n")
}

// loses tells whether a line that one side changed ended otherwise.
func loses(before, one, result string) bool {
	base, mine, end := strings.Split(before, "\n"), strings.Split(one, "\n"), strings.Split(result, "\n")
	for i := range mine {
		if mine[i] != base[i] && mine[i] != end[i] {
			return true
		}
	}
	return false
}
