package reports

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawCase makes a service with a history that goes back and forth, overlapping assignments,
// and attempts so close together that many are duplicates.
func drawCase(t *rapid.T, id string, loc *time.Location) (Case, []Attempt) {
	return drawCaseFrom(t, id, loc, day("2026-02-25"))
}

// drawCaseFrom makes it in the month after a date.
func drawCaseFrom(t *rapid.T, id string, loc *time.Location, base Date) (Case, []Attempt) {
	referred := base.Plus(rapid.IntRange(0, 8).Draw(t, "referred"))
	begin := base.Plus(-1).Start(loc)
	when := func(name string) time.Time {
		return begin.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, name)) * time.Minute)
	}
	people := rapid.SampledFrom([]string{"ana", "ben"})
	c := Case{Service: Service{ID: id, ReferredOn: referred}}
	statuses := rapid.SampledFrom([]string{statusPursuing, statusSLOEngaged, statusEnrolled, statusRefused,
		statusShortTerm, statusUnableToPlace, statusClosed})
	for i := range rapid.IntRange(0, 4).Draw(t, "events") {
		c.Events = append(c.Events, StatusEvent{V: int64(i + 1), To: statuses.Draw(t, "to"),
			On: referred.Plus(rapid.IntRange(-2, 25).Draw(t, "on"))})
	}
	if n := len(c.Events); n > 0 {
		c.Service.Status = c.Events[n-1].To
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "assignments") {
		a := Assignment{ID: fmt.Sprint(i), ServiceID: id, UserID: people.Draw(t, "user"), StartedAt: when("started"),
			Role: rapid.SampledFrom([]string{roleOutreachWorker, roleOutreachWorker, "case_manager"}).Draw(t, "role")}
		if rapid.Bool().Draw(t, "ended") {
			a.EndedAt = a.StartedAt.Add(time.Duration(rapid.IntRange(0, 20000).Draw(t, "for")) * time.Minute)
		}
		c.Assignments = append(c.Assignments, a)
	}
	var attempts []Attempt
	moment := begin
	for i := range rapid.IntRange(0, 25).Draw(t, "attempts") {
		if rapid.IntRange(0, 2).Draw(t, "jump") > 0 {
			moment = when("occurred")
		}
		moment = moment.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "seconds")) * time.Second)
		attempts = append(attempts, Attempt{
			ID: fmt.Sprintf("%s-%02d", id, i), ServiceID: id, WorkerID: people.Draw(t, "author"),
			Channel:    rapid.SampledFrom(append(channels(), "pigeon")[4:]).Draw(t, "channel"),
			Outcome:    rapid.SampledFrom([]string{"no_answer", "spoke", "moved_away", "new_code"}).Draw(t, "outcome"),
			OccurredAt: moment, RecordedAt: moment.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "recorded")) * time.Minute),
			ReceivedAt:   moment.Add(time.Duration(rapid.IntRange(0, 500).Draw(t, "received")) * time.Minute),
			Deleted:      rapid.IntRange(0, 9).Draw(t, "deleted") == 0,
			ClockSuspect: rapid.IntRange(0, 9).Draw(t, "suspect") == 0,
		})
	}
	return c, attempts
}

func drawWindow(t *rapid.T, loc *time.Location) Window {
	return drawWindowFrom(t, loc, day("2026-02-25"))
}

// drawWindowFrom makes one in the month after a date.
func drawWindowFrom(t *rapid.T, loc *time.Location, base Date) Window {
	asOf := base.Plus(4 + rapid.IntRange(0, 25).Draw(t, "as_of"))
	from, to := Date{}, Date{}
	if rapid.Bool().Draw(t, "windowed") {
		from = base.Plus(rapid.IntRange(0, 15).Draw(t, "from"))
		to = from.Plus(rapid.IntRange(0, 20).Draw(t, "to"))
	}
	now := asOf.Start(loc).Add(13 * time.Hour)
	if rapid.Bool().Draw(t, "from now") {
		asOf = Date{}
	}
	w, err := NewWindow(loc, from, to, asOf, now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func show[T any](p *T) string {
	if p == nil {
		return "null"
	}
	return fmt.Sprint(*p)
}

// figuresLine is what the two counts must agree on.
func figuresLine(f ServiceFigures) string {
	return fmt.Sprintln(f.Attempts, f.Reached, f.ThirdParty, f.PursuitDays, f.ChannelsUsed, f.ChannelsEver,
		f.NeverAttempted, f.Status, show(f.LongestGapDays), show(f.DaysToEngagement), show(f.DaysToEnrollment),
		show(f.DaysToFirstContact), show(f.FreshnessMinutes), show(f.DaysSinceLastAttempt), show(f.HoursToFirstAttempt))
}

func plainLine(p plainCase) string {
	counted, inWindow := p.counted(), p.windowed()
	used, ever := map[string]bool{}, map[string]bool{}
	var reachedN, others int
	var late []float64
	for _, a := range inWindow {
		used[a.Channel] = true
		if reached(a.Outcome) {
			reachedN++
		}
		if throughOthers(a.Outcome) {
			others++
		}
		late = append(late, a.ReceivedAt.Sub(a.OccurredAt).Minutes())
	}
	var contact *int
	for _, a := range counted {
		ever[a.Channel] = true
		if reached(a.Outcome) && contact == nil {
			n := p.local(a).Sub(p.c.Service.ReferredOn)
			contact = &n
		}
	}
	var since, hours, fresh *float64
	if slices.Sort(late); len(late) > 0 {
		fresh = decimals((late[(len(late)-1)/2]+late[len(late)/2])/2, 2)
	}
	assigned := p.assignedAt()
	if n := len(counted); n > 0 {
		since = decimals(p.w.AsOf.Sub(counted[n-1].OccurredAt).Hours()/24, 2)
		if !assigned.IsZero() {
			hours = decimals(max(0, counted[0].OccurredAt.Sub(assigned).Hours()), 2)
		}
	} else if !assigned.IsZero() {
		since = decimals(p.w.AsOf.Sub(assigned).Hours()/24, 2)
	}
	return fmt.Sprintln(len(inWindow), reachedN, others, p.pursuitDays(), len(used), len(ever),
		len(counted) == 0, p.statusAt(p.w.AsOfDay), show(p.longestGap()), show(p.firstTo(engagedOrBeyond)),
		show(p.firstTo(func(s string) bool { return s == statusEnrolled })),
		show(contact), show(fresh), show(since), show(hours))
}

func TestCountingEqualsThePlainCount(t *testing.T) {
	loc := zone(t, portland)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, loc)
		n := NewIntensity(w, nil)
		byWorker, byWeek := map[string]int{}, map[Date]int{}
		var engaged []waiting
		for i := range rapid.IntRange(1, 3).Draw(t, "services") {
			c, attempts := drawCase(t, fmt.Sprint("s", i), loc)
			p := plainCase{w, c, attempts}
			if got, want := figuresLine(feed(t, n, c, attempts)), plainLine(p); got != want {
				t.Fatalf("counted\n%splainly\n%s", got, want)
			}
			for _, a := range p.windowed() {
				byWorker[a.WorkerID]++
				byWeek[p.local(a).Monday()]++
			}
			if !c.Service.ReferredOn.After(w.AsOfDay) {
				engaged = append(engaged, p.waited(p.firstTo(engagedOrBeyond)))
			}
		}
		for _, f := range n.Workers() {
			if f.Attempts != byWorker[f.WorkerID] {
				t.Fatalf("%s made %d attempts, plainly %d", f.WorkerID, f.Attempts, byWorker[f.WorkerID])
			}
		}
		program := n.Program()
		for _, week := range program.Weeks {
			if week.Attempts != byWeek[week.Week] {
				t.Fatalf("week %s: %d, plainly %d", week.Week, week.Attempts, byWeek[week.Week])
			}
			delete(byWeek, week.Week)
		}
		if len(byWeek) > 0 {
			t.Fatalf("weeks missing: %v", byWeek)
		}
		if got, want := show(program.MedianDaysToEngagement), show(plainMedian(engaged)); got != want {
			t.Fatalf("median %s, plainly %s", got, want)
		}
	})
}

func feed(t *rapid.T, n *Intensity, c Case, attempts []Attempt) ServiceFigures {
	ordered := slices.Clone(attempts)
	slices.SortStableFunc(ordered, func(a, b Attempt) int { return a.OccurredAt.Compare(b.OccurredAt) })
	s := n.Begin(c)
	for _, a := range ordered {
		if err := s.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	return s.Finish()
}

func TestWorkerPursuitDaysEqualThePlainCount(t *testing.T) {
	loc := zone(t, portland)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, loc)
		c, attempts := drawCase(t, "s", loc)
		p := plainCase{w, c, attempts}
		n := NewIntensity(w, []Worker{{UserID: "ana"}, {UserID: "ben"}})
		feed(t, n, c, attempts)
		for _, f := range n.Workers() {
			held := 0
			for d := c.Service.ReferredOn; !d.After(w.To); d = d.Plus(1) {
				holds := slices.ContainsFunc(c.Assignments, func(a Assignment) bool {
					return a.UserID == f.WorkerID && a.Role == roleOutreachWorker && a.StartedAt.Before(w.AsOf) &&
						!DateOf(a.StartedAt, loc).After(d) && (a.EndedAt.IsZero() || !DateOf(a.EndedAt, loc).Before(d))
				})
				if !d.Before(w.From) && holds && p.pursuedOn(d) {
					held++
				}
			}
			if f.PursuitDays != held {
				t.Fatalf("%s held it for %d days, plainly %d", f.WorkerID, f.PursuitDays, held)
			}
		}
	})
}

func TestServiceOrderIsTotalWithNullsLast(t *testing.T) {
	one, two := 1.0, 2.0
	rows := []ServiceFigures{{ServiceID: "d"}, {ServiceID: "c", LongestGapDays: &one},
		{ServiceID: "a"}, {ServiceID: "b", LongestGapDays: &two}}
	for key, want := range map[string]string{"longest_gap_days": "c b a d ", "-longest_gap_days": "b c a d ",
		"service_id": "a b c d ", "-service_id": "d c b a "} {
		compare, ok := ServiceOrder(key)
		if !ok {
			t.Fatalf("%s is no key", key)
		}
		got := ""
		for _, f := range slices.SortedFunc(slices.Values(rows), compare) {
			got += f.ServiceID + " "
		}
		if got != want {
			t.Errorf("%s: %s, not %s", key, got, want)
		}
	}
	if _, ok := ServiceOrder("notes"); ok {
		t.Error("an unknown key was taken")
	}
}
