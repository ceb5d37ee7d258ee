package demo

import "pursuit/models"

// change is one turn of a service: the attempt that brought it about, if any, and
// the status that followed.
type change struct {
	to     string
	reason string
	by     *User
	reach  *attempt // nil: nobody was reached for it
	when   moment   // when the status was set, after the attempt
}

// leg is a turn that is to come, so many days after the one before.
type leg struct {
	to, reason string
	lo, hi     int
}

// settle is the least number of days between two turns: by then the phone of whoever
// made the first one has synced.
const settle = 8

// shortTermDays is how long short-term services last.
const shortTermDays = 90

// The reasons given with turns.
const (
	whyRefused  = "Declined for now; knows how to reach us."
	whyReopened = "Family called: ready to talk."
	whyLost     = "Lost touch; back to pursuit."
	whyShort    = "Emergency support after the injury."
	whyDone     = "Goals met."
	whyOver     = "Short-term services completed."
)

// legs lays out how a service comes to its status at the end of the year, with room
// for that many days.
func (s *service) legs(d *dice, room int) []leg {
	refuse := leg{to: statusRefused, reason: whyRefused, lo: 10, hi: 90}
	engage := leg{to: statusEngaged, lo: 14, hi: 75}
	switch s.status {
	case statusEnrolled:
		return s.legsToEnrolled(d, room)
	case statusEngaged:
		return []leg{engage}
	case statusPursuing:
		if room > 170 && d.percent(60) {
			return []leg{{statusRefused, whyRefused, 30, 60}, {statusPursuing, whyReopened, 60, 90}}
		}
		if room > 90 && d.percent(40) {
			return []leg{{statusEngaged, "", 20, 45}, {statusPursuing, whyLost, 25, 40}}
		}
		return nil
	case statusShortTerm:
		return []leg{{statusShortTerm, whyShort, 2, 10}}
	case statusRefused:
		if d.percent(30) {
			return []leg{engage, {statusRefused, whyRefused, 10, 40}}
		}
		return []leg{refuse}
	}
	if s.reason == reasonNoContact {
		return []leg{{statusUnable, s.reason, 93, 110}} // after the review of day 90
	}
	return []leg{{statusUnable, s.reason, 20, 60}}
}

func (s *service) legsToEnrolled(d *dice, room int) []leg {
	enrol := leg{to: statusEnrolled, lo: 21, hi: 65}
	switch {
	case s.track == trackHHP && d.percent(12):
		return []leg{{statusShortTerm, whyShort, 2, 10}, {statusEnrolled, "", 30, 70}}
	case s.track == trackHHP:
		return []leg{{statusEnrolled, "", 3, 28}}
	case s.track == trackTVIF:
		return []leg{{statusEnrolled, "", 10, 42}}
	case room > 200 && d.percent(14):
		return []leg{{statusRefused, whyRefused, 20, 40}, {statusPursuing, whyReopened, 30, 60},
			{statusEngaged, "", 20, 40}, enrol}
	case d.percent(85):
		return []leg{{statusEngaged, "", 14, 75}, enrol}
	}
	return []leg{{statusEnrolled, "", 30, 80}}
}

// after is what follows the status of the table, which a closed service keeps for it.
func (s *service) after(d *dice) []leg {
	switch {
	case s.status == statusShortTerm && d.percent(85):
		return []leg{{statusClosed, whyOver, shortTermDays, shortTermDays}}
	case s.status == statusEnrolled && s.track == trackSLOICM && d.percent(30):
		return []leg{{statusClosed, whyDone, 120, 180}}
	}
	return nil
}

// turn is a leg with its day.
type turn struct {
	leg
	on day
}

// turns gives the legs their days. Legs that do not fit are squeezed together; what
// comes after them is left out when there is no room for it.
func (s *service) turns(d *dice) []turn {
	start := s.assigned.day()
	room := int(lastTurn - start)
	legs := s.legs(d, room)
	gaps, sum := make([]int, len(legs)), 0
	for i, l := range legs {
		gaps[i] = d.between(l.lo, l.hi)
		sum += gaps[i]
	}
	if sum > room {
		later := 0
		for i := len(gaps) - 1; i > 0; i-- {
			gaps[i] = max(gaps[i]*room/sum, settle)
			later += gaps[i]
		}
		gaps[0] = min(gaps[0], room-later)
	}
	var turns []turn
	on := start
	for i, l := range legs {
		on = l.day(on + day(gaps[i]))
		turns = append(turns, turn{l, on})
	}
	for _, l := range s.after(d) {
		if end := l.day(on + day(d.between(l.lo, l.hi))); end <= lastTurn {
			turns = append(turns, turn{l, end})
		}
	}
	return turns
}

// day moves a turn to a day on which it can happen: what the office decides, on a
// working day, and a case is reopened on a Monday.
func (l leg) day(on day) day {
	switch {
	case l.to == statusPursuing && on.weekday() > 0:
		return on.monday() + daysAWeek
	case l.to == statusEngaged || l.to == statusRefused:
		return on
	}
	return on.workday()
}

// chart decides the course of a service and who has it when.
func (b *builder) chart(s *service, d *dice) {
	turns := s.turns(d)
	b.reassign(s, d, turns)
	for _, t := range turns {
		c := change{to: t.to, reason: t.reason}
		switch t.to {
		case statusEngaged, statusRefused:
			c.by = s.workerAt(t.on.at(workStart))
			c.reach = b.reach(s, d, t, c.by, d.between(10*60, 18*60))
		case statusUnable:
			c.by = s.team.supervisor
			if t.reason != reasonNoContact {
				c.reach = b.reach(s, d, t, s.workerAt(t.on.at(workStart)), d.between(9*60, 15*60))
			}
		case statusEnrolled:
			c.by = s.manager
			c.reach = b.reach(s, d, t, c.by, d.between(9*60, 15*60))
		case statusShortTerm:
			c.by = s.manager
			c.reach = b.reach(s, d, t, s.workerAt(t.on.at(workStart)), d.between(9*60, 15*60))
		default:
			c.by = s.manager
		}
		c.when = t.on.at(9 * 60)
		if c.reach != nil {
			c.when = c.reach.when + moment(d.between(30, 60))
		}
		s.course = append(s.course, c)
	}
	b.release(s, turns)
}

// reassign moves some long pursuits to another worker, on a Monday before the first turn.
func (b *builder) reassign(s *service, d *dice, turns []turn) {
	until := lastDay
	if len(turns) > 0 {
		until = turns[0].on
	}
	first := s.assigned.day().monday()
	weeks := int(until-settle-first) / daysAWeek
	if s.auto || weeks < 6 || !d.percent(10) {
		return
	}
	when := (first + day(d.between(3, weeks)*daysAWeek)).at(mondayHour)
	old := s.stints[0].worker
	b.journal.patch(s.team.supervisor, when-moment(4), when, "assignments", s.jobs[len(s.jobs)-1],
		fields{"ended_at": b.calendar.stamp(when - 4)})
	worker := s.team.next(s.team.workers, old)
	b.assign(s, worker, string(models.RoleOutreachWorker), when)
	s.stints = append(s.stints, stint{worker, when})
}

// release ends the assignments of a case that stays refused or unplaced.
func (b *builder) release(s *service, turns []turn) {
	if s.auto || (s.status != statusRefused && s.status != statusUnable) {
		return
	}
	on := (turns[len(turns)-1].on + 10 + daysAWeek - 1).monday()
	if on > lastDay {
		return
	}
	s.ended = on.at(mondayHour)
	live := []string{s.jobs[0], s.jobs[len(s.jobs)-1]}
	for _, job := range live {
		b.journal.patch(s.team.supervisor, s.ended-moment(5), s.ended, "assignments", job,
			fields{"ended_at": b.calendar.stamp(s.ended - 5)})
	}
}

// set is the patch that a change sends.
func (c change) set() fields {
	set := fields{"status": c.to, "status_on": c.when.day().date()}
	if c.reason != "" {
		set["status_reason"] = c.reason
	}
	return set
}
