package reports

import "slices"

// span is a run of calendar dates, both ends counted.
type span struct{ from, to Date }

func (s span) empty() bool { return s.to.Before(s.from) }

func (s span) holds(d Date) bool { return !d.Before(s.from) && !d.After(s.to) }

func (s span) days() int {
	if s.empty() {
		return 0
	}
	return s.to.Sub(s.from) + 1
}

// union sorts spans, leaves out empty ones and joins those that overlap or touch.
func union(spans []span) []span {
	kept := slices.DeleteFunc(slices.Clone(spans), span.empty)
	slices.SortFunc(kept, func(a, b span) int { return a.from.Sub(b.from) })
	var out []span
	for _, s := range kept {
		last := len(out) - 1
		if last < 0 || s.from.After(out[last].to.Plus(1)) {
			out = append(out, s)
			continue
		}
		if s.to.After(out[last].to) {
			out[last].to = s.to
		}
	}
	return out
}

// overlapDays counts the dates that two unions share.
func overlapDays(a, b []span) int {
	days := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		both := span{from: later(a[i].from, b[j].from), to: earlier(a[i].to, b[j].to)}
		days += both.days()
		if a[i].to.Before(b[j].to) {
			i++
		} else {
			j++
		}
	}
	return days
}

func later(a, b Date) Date {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b Date) Date {
	if a.Before(b) {
		return a
	}
	return b
}
