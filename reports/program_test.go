package reports

import (
	"fmt"
	"testing"
	"time"
)

// pursuedFrom is a service of its own id, referred on a date and assigned to Ana that day.
func pursuedFrom(t *testing.T, id, referred string, events ...StatusEvent) Case {
	c := pursued(t, events...)
	c.Service.ID, c.Service.ReferredOn = id, day(referred)
	c.Assignments[0].ServiceID, c.Assignments[0].StartedAt = id, at(t, referred+" 09:00")
	return c
}

func countAll(t *testing.T, n *Intensity, c Case, attempts ...Attempt) ServiceFigures {
	t.Helper()
	s := n.Begin(c)
	for _, a := range attempts {
		a.ServiceID = c.Service.ID
		if err := s.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	return s.Finish()
}

// The clocks go forward on Sunday 8 March 2026 and back on Sunday 1 November: both weeks end
// with that Sunday in Portland, eight and seven hours before it ends in UTC.
func TestWeeksEndWithTheirSundayWhenTheClocksChange(t *testing.T) {
	for _, c := range []struct{ referred, sunday, monday, firstWeek, secondWeek string }{
		{"2026-03-02", "2026-03-08", "2026-03-09", "2026-03-02", "2026-03-09"},
		{"2026-10-26", "2026-11-01", "2026-11-02", "2026-10-26", "2026-11-02"},
	} {
		n := NewIntensity(window(t, c.referred, c.monday, c.monday), nil)
		f := countAll(t, n, pursuedFrom(t, "s1", c.referred),
			try(t, "1", c.sunday+" 00:00", "call", "no_answer"), try(t, "2", c.sunday+" 12:00", "call", "no_answer"),
			try(t, "3", c.sunday+" 23:59", "call", "spoke"), try(t, "4", c.monday+" 00:00", "text", "replied"))
		got := ""
		for _, w := range n.Program().Weeks {
			got += fmt.Sprintf("%s %d of them %d reached; ", w.Week, w.Attempts, w.Reached)
		}
		if want := c.firstWeek + " 3 of them 1 reached; " + c.secondWeek + " 1 of them 1 reached; "; got != want {
			t.Errorf("weeks: %s, not %s", got, want)
		}
		if f.PursuitDays != 8 { // dates, however many hours they have
			t.Errorf("%d days of pursuit", f.PursuitDays)
		}
		same(t, "attempts_per_week", f.AttemptsPerWeek, 3.5)
	}
}

// A gap is elapsed time: over the autumn's Sunday, which has 25 hours, an hour longer than the
// clocks on the wall say, and over the spring's an hour shorter.
func TestGapsAreElapsedTime(t *testing.T) {
	for _, c := range []struct {
		referred, first, second, asOf string
		gap                           float64
	}{
		{"2026-03-07", "2026-03-07 12:00", "2026-03-08 12:00", "2026-03-08", 0.96}, // 23 hours
		{"2026-10-31", "2026-10-31 12:00", "2026-11-01 12:00", "2026-11-01", 1.04}, // 25 hours
	} {
		f := countOne(t, window(t, "", "", c.asOf), pursuedFrom(t, "s1", c.referred),
			try(t, "1", c.first, "call", "no_answer"), try(t, "2", c.second, "call", "no_answer"))
		same(t, "longest_gap_days", f.LongestGapDays, c.gap)
		same(t, "days_since_last_attempt", f.DaysSinceLastAttempt, 0.5)
	}
}

// Two engage on day 10 (a tie), one is refused on day 10 and so last seen waiting that day, one
// engages on day 20, one waits since day 30: of five at risk on day 10 two come, S = 3/5; then
// the refused one leaves, of two at risk on day 20 one comes, S = 3/10. The median is 20. Were
// the two who never came dropped, it would be 10.
func TestMediansCensorOpenAndEndedCases(t *testing.T) {
	n := NewIntensity(window(t, "", "", "2026-04-01"), nil) // day 30
	for i, events := range [][]StatusEvent{
		{turned("pursuing", "slo_engaged", "2026-03-12")},
		{turned("pursuing", "enrolled", "2026-03-12")},
		{turned("pursuing", "refused", "2026-03-12")},
		{turned("pursuing", "slo_engaged", "2026-03-22")},
		nil,
		{turned("pursuing", "slo_engaged", "2026-04-02")}, // after as_of: not seen, so the sixth waits too
	} {
		c := pursuedFrom(t, fmt.Sprint("s", i), "2026-03-02", events...)
		if i == 5 {
			c.Service.ReferredOn = day("2026-04-02") // not there yet: counts for nothing
		}
		countAll(t, n, c)
	}
	p := n.Program()
	same(t, "median_days_to_engagement", p.MedianDaysToEngagement, 20)
	null0(t, "median_days_to_enrollment", p.MedianDaysToEnrollment)
	null0(t, "median_days_to_first_contact", p.MedianDaysToFirstContact)
	if p.Services != 5 || p.InPursuit != 3 || p.Statuses["refused"] != 1 || p.Statuses["slo_engaged"] != 2 || p.NeverAttempted != 3 {
		t.Errorf("%d services, %d in pursuit, %d never tried, %v", p.Services, p.InPursuit, p.NeverAttempted, p.Statuses)
	}
}

// A pursuit that was ended and taken up again waits from its referral on: its days to
// engagement run from there, and it is censored at the end of its last spell.
func TestAReopenedPursuitWaitsFromItsReferral(t *testing.T) {
	for _, c := range []struct {
		last       StatusEvent
		engagement int // -1: null
	}{
		{turned("pursuing", "slo_engaged", "2026-04-11"), 40},
		{turned("pursuing", "refused", "2026-04-11"), -1},
	} {
		n := NewIntensity(window(t, "", "", "2026-05-01"), nil)
		f := countAll(t, n, pursued(t, turned("pursuing", "refused", "2026-03-05"), turned("refused", "pursuing", "2026-04-01"), c.last))
		// Beside it stand one that engages on day 39 and one that does on day 41.
		countAll(t, n, pursuedFrom(t, "s2", "2026-03-02", turned("pursuing", "slo_engaged", "2026-04-10")))
		countAll(t, n, pursuedFrom(t, "s3", "2026-03-02", turned("pursuing", "slo_engaged", "2026-04-12")))
		median := n.Program().MedianDaysToEngagement
		if c.engagement < 0 {
			null0(t, "days_to_engagement", f.DaysToEngagement)
			same(t, "the median with the refused one at risk until day 40", median, 41)
			continue
		}
		same(t, "days_to_engagement", f.DaysToEngagement, c.engagement)
		same(t, "the median", median, 40)
	}
}

// A late attempt counts in the week it was made in, whenever it arrived; a suspect one counts
// nowhere until its time is corrected, and then where the correction puts it.
func TestLateAndSuspectAttemptsInTheSeries(t *testing.T) {
	late, suspect := try(t, "1", "2026-03-03 10:00", "call", "spoke"), try(t, "2", "2026-03-04 10:00", "text", "replied")
	late.ReceivedAt = at(t, "2026-03-17 10:00")
	suspect.ClockSuspect = true
	corrected := try(t, "2", "2026-03-11 10:00", "text", "replied")
	for _, c := range []struct {
		second Attempt
		weeks  string
		fresh  float64
	}{{suspect, "1 0 0 ", 20100}, {corrected, "1 1 0 ", 10065}} { // 13 days 23 hours, the clocks went forward; with half an hour, the mean
		n := NewIntensity(window(t, "2026-03-02", "2026-03-22", "2026-03-22"), []Worker{{UserID: "ana"}})
		countAll(t, n, pursued(t), late, c.second)
		got := ""
		for _, w := range n.Program().Weeks {
			got += fmt.Sprint(w.Attempts, " ")
		}
		if got != c.weeks {
			t.Errorf("weeks: %s, not %s", got, c.weeks)
		}
		same(t, "freshness_minutes", n.Workers()[0].FreshnessMinutes, c.fresh)
	}
}

// Ana tried one of her two services, made the only attempt at Ben's, and has been silent for
// four days; Ben synced an hour ago. Only who holds a service in pursuit makes a stale worker.
func TestNeverAttemptedAndStaleWorkers(t *testing.T) {
	w := window(t, "", "", "2026-03-15")
	n := NewIntensity(w, []Worker{{UserID: "ana", Name: "Ana", LastSyncAt: w.AsOf.Add(-96 * time.Hour)},
		{UserID: "ben", Name: "Ben", LastSyncAt: w.AsOf.Add(-time.Hour)}, {UserID: "eve", Name: "Eve"}})
	countAll(t, n, pursuedFrom(t, "s1", "2026-03-02"), try(t, "1", "2026-03-03 09:00", "call", "no_answer"))
	never := countAll(t, n, pursuedFrom(t, "s2", "2026-03-02"))
	bens := pursuedFrom(t, "s3", "2026-03-02")
	bens.Assignments[0].UserID = "ben"
	tried := countAll(t, n, bens, try(t, "2", "2026-03-15 12:00", "call", "no_answer"))
	if !never.NeverAttempted || !never.Stale || tried.NeverAttempted || tried.Stale {
		t.Errorf("never tried %v, stale %v; tried by a colleague %v, stale %v", never.NeverAttempted, never.Stale, tried.NeverAttempted, tried.Stale)
	}
	got := ""
	for _, f := range n.Workers() {
		got += fmt.Sprintf("%s: %d services, %d never, %d attempts, last %s, stale %v\n", f.Name, f.Services, f.NeverAttempted, f.Attempts, show(f.DaysSinceLastAttempt), f.Stale)
	}
	want := "Ana: 2 services, 1 never, 2 attempts, last 0.5, stale true\n" +
		"Ben: 1 services, 0 never, 0 attempts, last null, stale false\n" +
		"Eve: 0 services, 0 never, 0 attempts, last null, stale true\n"
	if p := n.Program(); got != want || p.StaleWorkers != 1 || p.NeverAttempted != 1 {
		t.Errorf("%d stale, %d never tried\n%swant\n%s", p.StaleWorkers, p.NeverAttempted, got, want)
	}
}
