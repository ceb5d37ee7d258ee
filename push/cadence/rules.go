package cadence

import (
	"cmp"
	"slices"
	"time"
)

// Clock times and spans fixed by the programme. Source: docs/domain.md, section 5.
const (
	// morning is when a week is judged and when what is due on a date falls due.
	morning             = 9 * time.Hour
	daysInWeek          = 7
	hoursInDay          = 24 * time.Hour
	reviewDays          = 90
	reviewMonths        = 5
	shortTermDays       = 90
	shortTermNoticeDays = 14
)

// slot is one reminder that a rule foresees: when, for which roles (the first that
// somebody holds is told), and whether what it asks for has been done. After stale,
// unless zero, raising it would tell somebody of what is past.
type slot struct {
	key   Key
	dueAt time.Time
	stale time.Time
	roles []string
	user  string
	met   bool
}

// slots gives everything foreseen for the case if nothing more happens after now, in
// the order of time.
func (v *view) slots(now time.Time) []slot {
	all := make([]slot, 0, slotsUsual)
	if e, ok := v.episodeAt(now); ok {
		attempts := v.attemptsIn(e)
		all = append(all, v.firstAttempt(e, attempts, now)...)
		if anchor, ok := v.anchor(e); ok {
			all = v.weekly(all, anchor, attempts, now)
			all = append(all, v.silence(anchor, attempts)...)
			all = append(all, v.reviews(anchor, attempts)...)
		}
	}
	all = append(all, v.shortTerm(now)...)
	all = append(all, v.exceptions()...)
	all = append(all, v.items()...)
	slices.SortStableFunc(all, slot.compare)
	return all
}

// slotsUsual is room for what a new case foresees: 22 weeks and what comes once.
const slotsUsual = 40

func (s slot) isStale(now time.Time) bool {
	return !s.stale.IsZero() && !now.Before(s.stale)
}

// compare orders slots by time, then by step; the key decides a tie.
func (s slot) compare(other slot) int {
	return cmp.Or(s.dueAt.Compare(other.dueAt), cmp.Compare(s.key.Step, other.key.Step), cmp.Compare(s.key.Service, other.key.Service),
		cmp.Compare(s.key.Rule, other.key.Rule), cmp.Compare(s.key.Period, other.key.Period))
}

func (v *view) key(rule, period string, step int) Key {
	return Key{Service: v.ServiceID, Rule: rule, Period: period, Step: step}
}

// firstAttempt: nothing tried yet since the present worker was assigned (or the
// service reopened). A worker who takes over an untried case gets their own time.
func (v *view) firstAttempt(e episode, attempts []counted, now time.Time) []slot {
	worker, ok := v.holder(RoleWorker, now, now)
	if !ok {
		return nil
	}
	start := later(worker.Started, e.start, e.first)
	due, ok := v.Settings.firstDue(v.Track, start, v.zone)
	if !ok {
		return nil
	}
	return []slot{{
		key: v.key(ruleFirstAttempt, periodOf(start), 0), dueAt: due,
		roles: []string{RoleWorker}, met: len(attempts) > 0,
	}}
}

// weekly: each week of the cadence, judged on the Monday after it, until the Monday
// on which the next week would be. Weeks of which that has passed are left out: they
// ask for nothing any more.
func (v *view) weekly(all []slot, anchor time.Time, attempts []counted, now time.Time) []slot {
	start, roles := DateIn(anchor, v.zone).Monday(), []string{RoleWorker}
	for _, band := range v.Settings.bands(v.Track) {
		for week := band.From; week <= band.To; week++ {
			monday := start.AddDays(daysInWeek * (week - 1))
			s := slot{dueAt: monday.AddDays(daysInWeek).At(morning, v.zone), stale: monday.AddDays(2*daysInWeek).At(morning, v.zone), roles: roles}
			if s.isStale(now) {
				continue
			}
			done, period := effortIn(monday, attempts), monday.String()
			for _, rule := range [...]string{ruleWeeklyAttempts, ruleWeeklyInPerson} {
				if band.asks(rule) {
					s.key, s.met = v.key(rule, period, 0), done.meets(band, rule)
					all = append(all, s)
				}
			}
		}
	}
	return all
}

// weekOf numbers the week that begins on a Monday; week 1 holds the day of the anchor.
func weekOf(monday, anchor Date) int {
	return int(monday.utc().Sub(anchor.Monday().utc())/hoursInDay)/daysInWeek + 1
}

// effort is what was done in one week.
type effort struct{ attempts, channels, inPerson int }

func effortIn(monday Date, attempts []counted) effort {
	var done effort
	channels := map[string]bool{}
	next := monday.AddDays(daysInWeek)
	for _, a := range attempts {
		if a.day.Before(monday) || !a.day.Before(next) {
			continue
		}
		done.attempts++
		channels[a.Channel] = true
		if a.Channel == channelInPerson {
			done.inPerson++
		}
	}
	done.channels = len(channels)
	return done
}

func (b Band) asks(rule string) bool {
	if rule == ruleWeeklyInPerson {
		return b.InPerson > 0
	}
	return b.Attempts > 0
}

func (e effort) meets(b Band, rule string) bool {
	if rule == ruleWeeklyInPerson {
		return e.inPerson >= b.InPerson
	}
	return e.attempts >= b.Attempts && e.channels >= b.Channels
}

// silence: days of 24 hours since the last attempt, or since the assignment.
func (v *view) silence(anchor time.Time, attempts []counted) []slot {
	start := anchor
	if n := len(attempts); n > 0 && attempts[n-1].OccurredAt.After(start) {
		start = attempts[n-1].OccurredAt
	}
	var all []slot
	for step, days := range v.Settings.SilenceDays {
		all = append(all, slot{
			key:   v.key(ruleSilence, periodOf(start), step),
			dueAt: start.Add(time.Duration(days) * hoursInDay),
			roles: []string{roleOfStep(step)},
		})
	}
	return all
}

// reviews: day 90 without reaching the person, and month 5, at the clock time of the
// assignment. A supervisor looks at the case; nothing is ever closed by itself.
func (v *view) reviews(anchor time.Time, attempts []counted) []slot {
	const step = Steps - 1
	day, clock := DateIn(anchor, v.zone), clockIn(anchor, v.zone)
	roles := []string{RoleSupervisor}
	return []slot{{
		key: v.key(ruleReviewDay90, periodOf(anchor), step), roles: roles,
		dueAt: day.AddDays(reviewDays).At(clock, v.zone), met: anyReached(attempts),
	}, {
		key: v.key(ruleReviewMonth5, periodOf(anchor), step), roles: roles,
		dueAt: day.AddMonths(reviewMonths).At(clock, v.zone),
	}}
}

func anyReached(attempts []counted) bool {
	for _, a := range attempts {
		if reached(a.Outcome) {
			return true
		}
	}
	return false
}
