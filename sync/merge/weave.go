package merge

import (
	"encoding/json"
	"slices"

	"pursuit/models"
)

// Woven is an edit of a text that stands in a row, or lost in it, and that the author of
// a later one had not seen.
type Woven struct {
	By     models.Writer
	Base   int64  // the `_v` that its device had seen
	Before string // the text as its device knew it
	Sent   string
}

// after tells whether an edit was made with another in view.
func (w Woven) after(o Woven) bool {
	return w.Base >= o.By.V || w.By.Same(o.By) && w.By.V > o.By.V
}

// inTurn makes edits of a text one after the other, in the order of their times,
// whatever order they came in. One that was made with another in view comes after it,
// whatever the clocks say.
func inTurn(trunk string, edits []Woven) string {
	text, left := trunk, slices.Clone(edits)
	for len(left) > 0 {
		next := -1
		for i, e := range left {
			sawMore := slices.ContainsFunc(left, func(o Woven) bool { return e.after(o) })
			if !sawMore && (next < 0 || left[next].By.Later(e.By)) {
				next = i
			}
		}
		text, _ = lines(left[next].Before, text, left[next].Sent, true)
		left = slices.Delete(left, next, next+1)
	}
	return text
}

// reweave puts an edit of a text at its place among those that its author had not seen,
// and tells whether that could be done: all of them must be known.
func (m *merger) reweave(i int, f *models.Field, current, sent json.RawMessage) bool {
	others := m.e.Woven[i]
	if len(others) == 0 || m.e.Before == nil || m.e.Joined > 0 {
		return false
	}
	trunk := models.Text(m.e.Before.Values[i])
	if inTurn(trunk, others) != models.Text(current) { // something is in it that they do not tell of
		return false
	}
	before := models.Text(m.before(i))
	for _, o := range others {
		if o.By.Same(m.e.By) {
			before = o.Sent
		}
	}
	text := inTurn(trunk, append(slices.Clone(others), Woven{m.e.By, m.e.Base, before, models.Text(sent)}))
	result := models.Quote(text)
	if text == "" && (current == nil || sent == nil) {
		result = nil
	}
	if misses(before, text, models.Text(current)) {
		m.lose(i, f, result, current, m.old.Meta.Writer(f.Name))
	}
	if misses(before, text, models.Text(sent)) {
		m.lose(i, f, result, sent, m.e.By)
	}
	m.settle(i, f, sent, result)
	return true
}

// misses tells whether a text lacks something of one of those it was made of, both of
// which had come from before: a line that was put in, or taken out.
func misses(before, text, one string) bool {
	if text == one {
		return false
	}
	o, now, then := split(before), split(text), split(one)
	inNow, okNow := match(o, now)
	inThen, okThen := match(o, then)
	if !okNow || !okThen {
		return true
	}
	stand := hunks(now, inNow)
	for _, h := range hunks(then, inThen) {
		var near []string
		meets, gone := false, 0
		for _, s := range stand {
			if s.from <= h.to && h.from <= s.to {
				near = append(near, s.lines...)
			}
			meets = meets || s.meets(h.from, h.to) && len(s.lines) > 0
			gone += max(0, min(s.to, h.to)-max(s.from, h.from))
		}
		if gone < h.to-h.from || len(h.lines) == 0 && meets || !within(h.lines, near) {
			return true
		}
	}
	return false
}

// within tells whether all lines stand among others, in their order.
func within(lines, others []string) bool {
	for _, line := range lines {
		at := slices.Index(others, line)
		if at < 0 {
			return false
		}
		others = others[at+1:]
	}
	return true
}
