package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plainProgram answers the figures of workers, weeks and the program one at a time, each time
// looking through every service again.
type plainProgram struct {
	w     Window
	cases []plainCase
	staff []Worker
}

// holder is the outreach worker of a service just before a moment: of those assigned before it
// and not ended before it, the last assigned.
func (p plainCase) holder(at time.Time) string {
	standing := slices.DeleteFunc(slices.Clone(p.c.Assignments), func(a Assignment) bool {
		return a.Role != roleOutreachWorker || !a.StartedAt.Before(at) || !a.EndedAt.IsZero() && a.EndedAt.Before(at)
	})
	slices.SortStableFunc(standing, func(a, b Assignment) int { return a.StartedAt.Compare(b.StartedAt) })
	if len(standing) == 0 {
		return ""
	}
	return standing[len(standing)-1].UserID
}

// open asks whether a service is in pursuit at the end of as_of.
func (p plainCase) open() bool { return p.pursuedOn(p.w.AsOfDay) && inPursuit(p.statusAt(p.w.AsOfDay)) }

// cameOn is the date of the first status of a kind, if it lies in the window.
func (p plainCase) cameOn(kind func(string) bool) Date {
	n := p.firstTo(kind)
	if n == nil {
		return Date{}
	}
	if d := p.c.Service.ReferredOn.Plus(*n); !d.After(p.w.To) && !d.Before(p.w.From) {
		return d
	}
	return Date{}
}

func enrolled(status string) bool { return status == statusEnrolled }

// effortLine spells an Effort out of a list of attempts.
func effortLine(attempts []Attempt, days int) string {
	met, others, byChannel, late := 0, 0, map[string]int{}, []float64{}
	for _, a := range attempts {
		byChannel[a.Channel]++
		late = append(late, a.ReceivedAt.Sub(a.OccurredAt).Minutes())
		if reached(a.Outcome) {
			met++
		}
		if throughOthers(a.Outcome) {
			others++
		}
	}
	n := float64(len(attempts))
	var week, met1, others1, fresh *float64
	if days > 0 {
		week = decimals(n/(float64(days)/7), 4)
	}
	if n > 0 {
		slices.Sort(late)
		met1, others1 = decimals(float64(met)/n, 4), decimals(float64(others)/n, 4)
		fresh = decimals((late[(len(late)-1)/2]+late[len(late)/2])/2, 2)
	}
	return fmt.Sprintln(len(attempts), days, show(week), len(byChannel), byChannel, met, show(met1), others, show(others1), show(fresh))
}

func lineOf(e Effort) string {
	return fmt.Sprintln(e.Attempts, e.PursuitDays, show(e.AttemptsPerWeek), e.ChannelsUsed, e.Channels, e.Reached,
		show(e.ReachRate), e.ThirdParty, show(e.ThirdPartyRate), show(e.FreshnessMinutes))
}

// silent asks whether a worker's devices have been silent for more than 72 hours.
func (p plainProgram) silent(id string) bool {
	until := p.w.AsOf
	if p.w.Now.Before(until) {
		until = p.w.Now
	}
	for _, w := range p.staff {
		if w.UserID == id {
			return w.LastSyncAt.IsZero() || until.Sub(w.LastSyncAt).Hours() > 72
		}
	}
	return true
}

// worker is a row of the worker table; days is the figure that a test of its own looks at.
func (p plainProgram) worker(id string, days int) string {
	var made []Attempt
	var last time.Time
	held, never, engaged, enrolledN := 0, 0, 0, 0
	for _, c := range p.cases {
		for _, a := range c.counted() {
			if a.WorkerID == id && a.OccurredAt.After(last) {
				last = a.OccurredAt
			}
		}
		for _, a := range c.windowed() {
			if a.WorkerID == id {
				made = append(made, a)
			}
		}
		if c.open() && c.holder(p.w.AsOf) == id {
			held++
			if len(c.counted()) == 0 {
				never++
			}
		}
		for kind, n := range map[string]*int{"engaged": &engaged, "enrolled": &enrolledN} {
			on := c.cameOn(map[string]func(string) bool{"engaged": engagedOrBeyond, "enrolled": enrolled}[kind])
			if !on.IsZero() && c.holder(on.Plus(1).Start(p.w.Zone)) == id {
				*n++
			}
		}
	}
	var since *float64
	if !last.IsZero() {
		since = decimals(p.w.AsOf.Sub(last).Hours()/24, 2)
	}
	return fmt.Sprintln(id, held, never, engaged, enrolledN, show(since), p.silent(id)) + effortLine(made, days)
}

// weekly is one week of the series, day by day.
func (p plainProgram) weekly(monday Date) string {
	n, met, engaged, enrolledN, byChannel := 0, 0, 0, 0, map[string]int{}
	for _, c := range channels() {
		byChannel[c] = 0
	}
	for d := monday; d.Before(monday.Plus(7)); d = d.Plus(1) {
		for _, c := range p.cases {
			for _, a := range c.windowed() {
				if c.local(a) != d {
					continue
				}
				n++
				byChannel[a.Channel]++
				if reached(a.Outcome) {
					met++
				}
			}
			if c.cameOn(engagedOrBeyond) == d {
				engaged++
			}
			if c.cameOn(enrolled) == d {
				enrolledN++
			}
		}
	}
	return fmt.Sprintln(monday, n, met, engaged, enrolledN, byChannel)
}

// whole is the program's figures but the weeks.
func (p plainProgram) whole() string {
	var made []Attempt
	var contact, engaged, enrolment []waiting
	services, open, never, days, statuses, stale := 0, 0, 0, 0, map[string]int{}, map[string]bool{}
	for _, c := range p.cases {
		if c.c.Service.ReferredOn.After(p.w.AsOfDay) {
			continue
		}
		services++
		statuses[c.statusAt(p.w.AsOfDay)]++
		days += c.pursuitDays()
		made = append(made, c.windowed()...)
		var met *int
		for _, a := range c.counted() {
			if n := c.local(a).Sub(c.c.Service.ReferredOn); reached(a.Outcome) && met == nil {
				met = &n
			}
		}
		contact = append(contact, c.waited(met))
		engaged = append(engaged, c.waited(c.firstTo(engagedOrBeyond)))
		enrolment = append(enrolment, c.waited(c.firstTo(enrolled)))
		if !c.open() {
			continue
		}
		open++
		if len(c.counted()) == 0 {
			never++
		}
		if id := c.holder(p.w.AsOf); id != "" && p.silent(id) {
			stale[id] = true
		}
	}
	return fmt.Sprintln(services, open, never, statuses, len(stale), show(plainMedian(contact)),
		show(plainMedian(engaged)), show(plainMedian(enrolment))) + effortLine(made, days)
}

// drawProgram makes a program in a zone and a season in which its clocks may change.
func drawProgram(t *rapid.T) (plainProgram, *Intensity) {
	loc := zone(t, rapid.SampledFrom([]string{portland, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"}).Draw(t, "zone"))
	base := day(rapid.SampledFrom([]string{"2026-02-25", "2026-03-20", "2026-08-25", "2026-10-15"}).Draw(t, "season"))
	p := plainProgram{w: drawWindowFrom(t, loc, base)}
	heard := func(name string) time.Time {
		return p.w.AsOf.Add(-time.Duration(rapid.IntRange(60, 84).Draw(t, name)) * time.Hour)
	}
	p.staff = []Worker{{UserID: "ana", LastSyncAt: heard("ana")}, {UserID: "ben", LastSyncAt: heard("ben")}, {UserID: "eve"}}
	n := NewIntensity(p.w, p.staff)
	for i := range rapid.IntRange(0, 4).Draw(t, "services") {
		c, attempts := drawCaseFrom(t, fmt.Sprint("s", i), loc, base)
		feed(t, n, c, attempts)
		p.cases = append(p.cases, plainCase{p.w, c, attempts})
	}
	return p, n
}

func TestWorkersWeeksAndTheProgramEqualThePlainCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, n := drawProgram(t)
		for _, f := range n.Workers() {
			got := fmt.Sprintln(f.WorkerID, f.Services, f.NeverAttempted, f.Engaged, f.Enrolled, show(f.DaysSinceLastAttempt), f.Stale) + lineOf(f.Effort)
			if want := p.worker(f.WorkerID, f.PursuitDays); got != want {
				t.Fatalf("worker\n%splainly\n%s", got, want)
			}
		}
		f := n.Program()
		got := fmt.Sprintln(f.Services, f.InPursuit, f.NeverAttempted, f.Statuses, f.StaleWorkers, show(f.MedianDaysToFirstContact),
			show(f.MedianDaysToEngagement), show(f.MedianDaysToEnrollment)) + lineOf(f.Effort)
		if want := p.whole(); got != want {
			t.Fatalf("program\n%splainly\n%s", got, want)
		}
		var weeks, plainly strings.Builder
		for i, w := range f.Weeks {
			fmt.Fprintln(&weeks, w.Week, w.Attempts, w.Reached, w.Engaged, w.Enrolled, w.Channels)
			plainly.WriteString(p.weekly(f.Weeks[0].Week.Plus(7 * i)))
		}
		upToDate := p.w.From.After(p.w.To) || f.Weeks[len(f.Weeks)-1].Week == p.w.To.Monday()
		if weeks.String() != plainly.String() || !upToDate {
			t.Fatalf("weeks\n%splainly\n%s", weeks.String(), plainly.String())
		}
	})
}

// The rates and the ladder of one service, which the plain count of services leaves out.
func TestRatesAndTheLadderEqualThePlainCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := drawProgram(t)
		for _, c := range p.cases {
			f := feed(t, NewIntensity(p.w, p.staff), c.c, c.attempts)
			tried := 0
			for _, rung := range channels()[:rungs] {
				if slices.ContainsFunc(c.counted(), func(a Attempt) bool { return a.Channel == rung }) {
					tried++
				}
			}
			holder := c.holder(p.w.AsOf)
			got := lineOf(f.Effort) + fmt.Sprintln(f.LadderCoverage, string(f.WorkerID), f.Stale)
			want := effortLine(c.windowed(), c.pursuitDays()) +
				fmt.Sprintln(*decimals(float64(tried)/6, 4), holder, holder != "" && p.silent(holder))
			if got != want {
				t.Fatalf("counted\n%splainly\n%s", got, want)
			}
		}
	})
}
