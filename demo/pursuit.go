package demo

import (
	"cmp"
	"fmt"
	"slices"
)

// span is a time in which a service is pursued, from ≤ t < to.
type span struct{ from, to moment }

// The cadence of pursuit, in weeks counted from the Monday of the assignment's week.
const (
	intenseWeeks  = 7
	steadyWeeks   = 12
	pursuitWeeks  = 22
	intenseLeast  = 3 // over two channels at least, one of them in person
	steadyLeast   = 2
	pursuitLeast  = 1
	lateEveryNth  = 60 // percent of the weeks after that with an attempt
	officerWeek   = 6  // the last resort waits this long
	officerTries  = 8  // and for so many attempts
	officerDays   = 21 // the first of which lies this far back
	officersAYear = 12
)

// work plays out every case: its course, the attempts of its weeks, and the desk work.
func (b *builder) work() {
	for _, m := range b.matters {
		d := diceFor(fmt.Sprintf("work/%d", m.no))
		for _, s := range m.services {
			b.chart(s, d)
		}
		if len(m.services) > 0 {
			b.meetContacts(m, d)
		}
		for _, s := range m.services {
			b.pursue(s, d)
			b.lastResort(s, d)
			b.record(s)
			b.remind(s, d)
			b.consent(s, d)
		}
		b.coordinate(m, d)
		b.learn(m, d)
	}
}

// spans are the times in which the service is pursued or engaged.
func (s *service) spans() []span {
	var spans []span
	open, from := true, s.assigned
	for _, c := range s.course {
		going := c.to == statusPursuing || c.to == statusEngaged
		switch {
		case open && !going:
			to := c.when
			if c.reach != nil {
				to = c.reach.when
			}
			spans = append(spans, span{from, to})
			open = false
		case !open && going:
			open, from = true, c.when
		}
	}
	if open {
		spans = append(spans, span{from, lastDay.at(workEnd - 10)})
	}
	return spans
}

// engagedAt tells whether the individual is in touch at a moment.
func (s *service) engagedAt(when moment) bool {
	status := statusPursuing
	for _, c := range s.course {
		if c.when <= when {
			status = c.to
		}
	}
	return status == statusEngaged
}

// weekNo is the week of pursuit that begins on a Monday. A new worker and a reopened
// case begin again at 1.
func (s *service) weekNo(monday day, spans []span) int {
	first := s.assigned.day().monday()
	for _, sp := range spans {
		if start := sp.from.day().monday(); start <= monday {
			first = max(first, start)
		}
	}
	for _, st := range s.stints {
		if start := st.from.day().monday(); start <= monday {
			first = max(first, start)
		}
	}
	return 1 + int(monday-first)/daysAWeek
}

// quota is how many attempts a week gets: what the cadence wants, and often more.
func quota(d *dice, week int) int {
	switch {
	case week <= intenseWeeks:
		return intenseLeast + d.between(0, 3)
	case week <= steadyWeeks:
		return steadyLeast + d.between(0, 2)
	case week <= pursuitWeeks:
		return pursuitLeast + d.between(0, 1)
	case d.percent(lateEveryNth):
		return 1
	}
	return 0
}

// pursue fills the weeks of a service with attempts.
func (b *builder) pursue(s *service, d *dice) {
	spans := s.spans()
	for _, sp := range spans {
		for monday := sp.from.day().monday(); monday.at(0) < sp.to; monday += daysAWeek {
			week := span{max(sp.from, s.handed(monday)), min(sp.to, (monday + daysAWeek).at(0))}
			n := quota(d, s.weekNo(monday, spans))
			if week.to == sp.to { // cut short: the part of the quota that fits
				n = n * (int(week.to.day()-week.from.day()) + 1) / (daysAWeek + 1)
			}
			b.fill(s, d, week, n)
		}
	}
	for _, c := range s.course {
		if c.reach != nil {
			s.attempts = append(s.attempts, c.reach)
		}
	}
	s.sortAttempts()
}

// handed is when the week of a Monday begins for whoever has the case in it.
func (s *service) handed(monday day) moment {
	for _, st := range s.stints {
		if st.from.day().monday() == monday {
			return st.from
		}
	}
	return monday.at(0)
}

func (s *service) sortAttempts() {
	slices.SortStableFunc(s.attempts, func(a, b *attempt) int { return cmp.Compare(a.when, b.when) })
}

// fill spreads n attempts over a week, one of the first two in person.
func (b *builder) fill(s *service, d *dice, week span, n int) {
	channels := make([]string, n)
	for i := range channels {
		channels[i] = d.draw(channelMix)
	}
	if n >= steadyLeast {
		channels[0], channels[1] = channelVisit, pick(d, []string{channelCall, channelText})
		shuffle(d, channels)
	}
	days := int((week.to-1).day()-week.from.day()) + 1
	for i, channel := range channels {
		on := week.from.day() + day((i*days+d.below(days))/n)
		first := i == 0 && week.from.minute() > 0 // newly assigned: soon
		if first {
			on = min(week.from.day()+day(d.below(2)), week.from.day().monday()+friday)
		}
		when := on.at(d.between(workStart+5, workEnd-15))
		if on == week.from.day() && when <= week.from+15 || first && s.track == trackHHP {
			when = week.from + moment(d.between(20, 180))
		}
		if when < week.to {
			b.try(s, d, channel, when, week)
		}
	}
}
