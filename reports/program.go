package reports

// maxWeeks bounds the weekly series: 20 years, longer than any program's records.
const maxWeeks = 20 * 53

// WeekFigures is one week, Monday to Sunday, in the program's zone. The first and last week
// of a window may be partial.
type WeekFigures struct {
	Week     Date           `json:"week" doc:"Its Monday"`
	Attempts int            `json:"attempts"`
	Reached  int            `json:"reached"`
	Channels map[string]int `json:"channels"`
	Engaged  int            `json:"engaged" doc:"Services that first engaged"`
	Enrolled int            `json:"enrolled" doc:"Services that first enrolled"`
}

// ProgramFigures is the effort and the outcome of all services counted, without a name.
type ProgramFigures struct {
	Weeks []WeekFigures `json:"weeks"`
	Effort
	Services       int            `json:"services" doc:"Services referred by as_of"`
	InPursuit      int            `json:"in_pursuit"`
	NeverAttempted int            `json:"never_attempted" doc:"In pursuit and never tried"`
	Statuses       map[string]int `json:"statuses" doc:"Services by status as of as_of"`
	// Medians by Kaplan–Meier over all services referred by as_of, null when fewer than half
	// came so far.
	MedianDaysToFirstContact *int `json:"median_days_to_first_contact"`
	MedianDaysToEngagement   *int `json:"median_days_to_engagement"`
	MedianDaysToEnrollment   *int `json:"median_days_to_enrollment"`
	StaleWorkers             int  `json:"stale_workers" doc:"Workers who hold a service in pursuit and whose devices are silent"`
}

type programCount struct {
	weeks                        map[Date]*WeekFigures
	tally                        tally
	pursuitDays                  int
	services, inPursuit, never   int
	statuses                     map[string]int
	contact, engaged, enrollment Survival
}

func (p *programCount) week(day Date) *WeekFigures {
	if p.weeks == nil {
		p.weeks = map[Date]*WeekFigures{}
	}
	monday := day.Monday()
	w := p.weeks[monday]
	if w == nil {
		w = newWeek(monday)
		p.weeks[monday] = w
	}
	return w
}

// newWeek has every known channel at 0, so that a chart needs no special case.
func newWeek(monday Date) *WeekFigures {
	w := &WeekFigures{Week: monday, Channels: make(map[string]int, rungs+1)}
	for _, c := range channels() {
		w.Channels[c] = 0
	}
	return w
}

// attempt adds a counted attempt that lies in the window.
func (p *programCount) attempt(t tap) {
	p.tally.add(t.Attempt)
	w := p.week(t.day)
	w.Attempts++
	w.Channels[t.Channel]++
	if reached(t.Outcome) {
		w.Reached++
	}
}

// service adds a finished service; one referred after as_of is not there yet.
func (p *programCount) service(s *ServiceCount, f ServiceFigures, w Window) {
	if s.pursuit.start.After(w.AsOfDay) {
		return
	}
	p.services++
	if p.statuses == nil {
		p.statuses = map[string]int{}
	}
	p.statuses[f.Status]++
	p.pursuitDays += f.PursuitDays
	if s.pursuit.open {
		p.inPursuit++
		if f.NeverAttempted {
			p.never++
		}
	}
	seen := s.pursuit.end().Sub(s.pursuit.start)
	for _, m := range []struct {
		curve *Survival
		days  *int
	}{{&p.contact, f.DaysToFirstContact}, {&p.engaged, f.DaysToEngagement}, {&p.enrollment, f.DaysToEnrollment}} {
		if m.days != nil {
			m.curve.Add(*m.days, true)
		} else {
			m.curve.Add(seen, false)
		}
	}
	if on := s.pursuit.engagedOn; !on.IsZero() && w.span().holds(on) {
		p.week(on).Engaged++
	}
	if on := s.pursuit.enrolledOn; !on.IsZero() && w.span().holds(on) {
		p.week(on).Enrolled++
	}
}

// Program returns the program's figures so far. The weeks run without holes from the window's
// first (or the first with anything in it) to its last, at most maxWeeks of them.
func (n *Intensity) Program() ProgramFigures {
	p := &n.program
	f := ProgramFigures{
		Weeks: p.series(n.window), Effort: p.tally.effort(p.pursuitDays),
		Services: p.services, InPursuit: p.inPursuit, NeverAttempted: p.never,
		Statuses:                 map[string]int{},
		MedianDaysToFirstContact: p.contact.Median(),
		MedianDaysToEngagement:   p.engaged.Median(),
		MedianDaysToEnrollment:   p.enrollment.Median(),
	}
	for status, count := range p.statuses {
		f.Statuses[status] = count
	}
	for id, w := range n.workers {
		if _, stale := n.silence(id); stale && w.services > 0 {
			f.StaleWorkers++
		}
	}
	return f
}

func (p *programCount) series(w Window) []WeekFigures {
	first, last := w.From, w.To.Monday()
	if first.IsZero() {
		first = last
		for monday := range p.weeks {
			first = earlier(first, monday)
		}
	}
	first = later(first.Monday(), last.Plus(-7*(maxWeeks-1)))
	weeks := []WeekFigures{}
	for monday := first; !monday.After(last); monday = monday.Plus(7) {
		if have := p.weeks[monday]; have != nil {
			weeks = append(weeks, *have)
		} else {
			weeks = append(weeks, *newWeek(monday))
		}
	}
	return weeks
}
