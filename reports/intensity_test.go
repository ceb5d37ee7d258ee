package reports

import (
	"fmt"
	"testing"
	"time"
)

const portland = "America/Los_Angeles"

// at reads "2026-03-02 10:30" in Portland.
func at(t *testing.T, text string) time.Time {
	got, err := time.ParseInLocation("2006-01-02 15:04", text, zone(t, portland))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func window(t *testing.T, from, to, asOf string) Window {
	w, err := NewWindow(zone(t, portland), day(from), day(to), day(asOf), at(t, "2026-12-31 12:00"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// try makes an attempt by Ana that arrived half an hour later.
func try(t *testing.T, id, when, channel, outcome string) Attempt {
	occurred := at(t, when)
	return Attempt{ID: id, ServiceID: "s1", WorkerID: "ana", Channel: channel, Outcome: outcome,
		OccurredAt: occurred, RecordedAt: occurred.Add(time.Minute), ReceivedAt: occurred.Add(30 * time.Minute)}
}

// pursued is a service referred on Monday 2 March 2026 and assigned to Ana at nine.
func pursued(t *testing.T, events ...StatusEvent) Case {
	status := statusPursuing
	for i := range events {
		events[i].V = int64(i + 1)
		status = events[i].To
	}
	return Case{
		Service: Service{ID: "s1", ReferredOn: day("2026-03-02"), Track: trackSLOICM, Status: status},
		Events:  events,
		Assignments: []Assignment{{ID: "a1", ServiceID: "s1", UserID: "ana", Role: roleOutreachWorker,
			StartedAt: at(t, "2026-03-02 09:00")}},
	}
}

func turned(from, to, on string) StatusEvent { return StatusEvent{From: from, To: to, On: day(on)} }

func countOne(t *testing.T, w Window, c Case, attempts ...Attempt) ServiceFigures {
	t.Helper()
	f, _, err := OneService(w, nil, c, attempts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func same[T comparable](t *testing.T, what string, got *T, want T) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is null, not %v", what, want)
	} else if *got != want {
		t.Errorf("%s is %v, not %v", what, *got, want)
	}
}

func null0[T any](t *testing.T, what string, got *T) {
	t.Helper()
	if got != nil {
		t.Errorf("%s is %v, not null", what, *got)
	}
}

func TestEveryFigureOfOneService(t *testing.T) {
	w := window(t, "2026-03-02", "2026-03-15", "2026-03-15")
	f := countOne(t, w, pursued(t, turned("pursuing", "slo_engaged", "2026-03-13")),
		try(t, "1", "2026-03-03 09:00", "call", "no_answer"),
		try(t, "2", "2026-03-03 09:05", "text", "message_sent"),
		try(t, "3", "2026-03-06 21:00", "family_friends_known_contacts", "third_party_reached"),
		try(t, "4", "2026-03-12 09:00", "in_person_visit", "met"),
		try(t, "5", "2026-03-14 12:00", "probation_officer", "located_in_custody"))
	if f.Attempts != 5 || f.PursuitDays != 14 || f.ChannelsUsed != 5 || f.ChannelsEver != 5 {
		t.Errorf("attempts %d, days %d, channels %d, ever %d", f.Attempts, f.PursuitDays, f.ChannelsUsed, f.ChannelsEver)
	}
	same(t, "attempts_per_week", f.AttemptsPerWeek, 2.5)
	same(t, "ladder_coverage", &f.LadderCoverage, 0.6667) // the probation officer is no rung
	same(t, "reach_rate", f.ReachRate, 0.2)
	same(t, "third_party_rate", f.ThirdPartyRate, 0.4)
	same(t, "days_since_last_attempt", f.DaysSinceLastAttempt, 1.5)
	// 6 March 21:00 to 12 March 09:00 spans the night that lost an hour: 131 hours.
	same(t, "longest_gap_days", f.LongestGapDays, 5.46)
	same(t, "hours_to_first_attempt", f.HoursToFirstAttempt, 24)
	same(t, "days_to_first_contact", f.DaysToFirstContact, 10)
	same(t, "days_to_engagement", f.DaysToEngagement, 11)
	null0(t, "days_to_enrollment", f.DaysToEnrollment)
	same(t, "freshness_minutes", f.FreshnessMinutes, 30)
	if f.Status != statusSLOEngaged || f.WorkerID != "ana" || f.NeverAttempted {
		t.Errorf("status %s, worker %s, never %v", f.Status, f.WorkerID, f.NeverAttempted)
	}
}

func TestAServiceNeverAttempted(t *testing.T) {
	f := countOne(t, window(t, "", "", "2026-03-04"), pursued(t))
	if !f.NeverAttempted || f.Attempts != 0 || f.PursuitDays != 3 {
		t.Errorf("%+v", f)
	}
	same(t, "days_since_last_attempt", f.DaysSinceLastAttempt, 2.63) // 2 days 15 hours
	same(t, "longest_gap_days", f.LongestGapDays, 2.63)
	same(t, "attempts_per_week", f.AttemptsPerWeek, 0)
	null0(t, "reach_rate", f.ReachRate)
	null0(t, "hours_to_first_attempt", f.HoursToFirstAttempt)
	null0(t, "freshness_minutes", f.FreshnessMinutes)

	unassigned := pursued(t)
	unassigned.Assignments = nil
	f = countOne(t, window(t, "", "", "2026-03-04"), unassigned)
	null0(t, "days_since_last_attempt", f.DaysSinceLastAttempt)
	null0(t, "longest_gap_days", f.LongestGapDays)
}

// The clock starts with the first assignment, whoever was assigned: a case manager two hours
// before the outreach worker, or one who is followed by nobody.
func TestTheFirstAssignmentIsThatOfAnyRole(t *testing.T) {
	c := pursued(t)
	c.Assignments = append(c.Assignments, Assignment{ID: "a0", ServiceID: "s1", UserID: "cam", Role: "case_manager",
		StartedAt: at(t, "2026-03-02 07:00"), EndedAt: at(t, "2026-03-02 08:00")})
	w := window(t, "", "", "2026-03-04")
	f := countOne(t, w, c)
	same(t, "days_since_last_attempt", f.DaysSinceLastAttempt, 2.71) // 2 days 17 hours
	same(t, "longest_gap_days", f.LongestGapDays, 2.71)
	f = countOne(t, w, c, try(t, "1", "2026-03-04 10:00", "call", "no_answer"))
	same(t, "hours_to_first_attempt", f.HoursToFirstAttempt, 51)
	same(t, "longest_gap_days", f.LongestGapDays, 2.13) // 2 days 3 hours
	if f.WorkerID != "ana" {
		t.Errorf("held by %s", f.WorkerID)
	}
	c.Assignments = c.Assignments[1:]
	if f = countOne(t, w, c); f.WorkerID != "" {
		t.Errorf("held by %s", f.WorkerID)
	}
	same(t, "days_since_last_attempt", f.DaysSinceLastAttempt, 2.71)
}

func TestWhatDoesNotCount(t *testing.T) {
	deleted, suspect := try(t, "2", "2026-03-03 10:00", "call", "spoke"), try(t, "3", "2026-03-03 11:00", "call", "spoke")
	deleted.Deleted, suspect.ClockSuspect = true, true
	c := pursued(t, turned("pursuing", "enrolled", "2026-03-10"))
	_, entries, err := OneService(window(t, "", "", "2026-03-20"), nil, c, []Attempt{
		try(t, "0", "2026-03-01 23:59", "call", "spoke"), try(t, "1", "2026-03-02 00:00", "call", "spoke"),
		deleted, suspect,
		try(t, "4", "2026-03-10 23:59", "call", "spoke"), try(t, "5", "2026-03-11 00:00", "call", "spoke"),
		try(t, "6", "2026-03-21 00:00", "call", "spoke"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Verdict{"0": OutsidePursuit, "1": Counted, "3": ClockSuspect,
		"4": Counted, "5": OutsidePursuit, "6": AfterAsOf}
	if len(entries) != len(want) {
		t.Errorf("%d entries, not %d: a deleted attempt is not shown", len(entries), len(want))
	}
	for _, e := range entries {
		if e.Verdict != want[e.AttemptID] {
			t.Errorf("attempt %s: %s, not %s", e.AttemptID, e.Verdict, want[e.AttemptID])
		}
	}
}

func TestDuplicatedTapsCountOnceTheFirstRecorded(t *testing.T) {
	first, second := try(t, "1", "2026-03-03 10:00", "call", "no_answer"), try(t, "2", "2026-03-03 10:00", "call", "spoke")
	second.OccurredAt = second.OccurredAt.Add(59 * time.Second)
	first.RecordedAt, second.RecordedAt = second.RecordedAt, first.RecordedAt.Add(-time.Second)
	other := try(t, "3", "2026-03-03 10:00", "call", "no_answer")
	other.WorkerID = "ben"
	next := try(t, "4", "2026-03-03 10:01", "call", "no_answer")
	text := try(t, "5", "2026-03-03 10:00", "text", "message_sent")
	w := window(t, "", "", "2026-03-04")
	f := countOne(t, w, pursued(t), first, second, other, next, text)
	if f.Attempts != 4 || f.Reached != 1 {
		t.Errorf("%d attempts, %d reached; the second tap was recorded first and reached the person", f.Attempts, f.Reached)
	}
	second.Deleted = true
	if f = countOne(t, w, pursued(t), first, second); f.Attempts != 1 || f.Reached != 0 {
		t.Errorf("with the kept tap deleted the other one counts: %d, %d", f.Attempts, f.Reached)
	}
}

func TestAReopenedPursuitLeavesOutTheTimeBetween(t *testing.T) {
	c := pursued(t, turned("pursuing", "refused", "2026-03-05"), turned("refused", "pursuing", "2026-04-01"))
	f := countOne(t, window(t, "", "", "2026-04-03"), c,
		try(t, "1", "2026-03-04 12:00", "call", "no_answer"),
		try(t, "2", "2026-03-20 12:00", "call", "spoke"), // not in pursuit
		try(t, "3", "2026-04-02 12:00", "call", "no_answer"))
	if f.Attempts != 2 || f.PursuitDays != 4+3 || f.Reached != 0 {
		t.Errorf("attempts %d, days %d, reached %d", f.Attempts, f.PursuitDays, f.Reached)
	}
	// Assignment to first: 2 days 3 hours, and no gap of four weeks.
	same(t, "longest_gap_days", f.LongestGapDays, 2.13)
}

func TestABackDatedChangeMovesTheEndOfPursuit(t *testing.T) {
	c := pursued(t, turned("pursuing", "slo_engaged", "2026-03-10"), turned("slo_engaged", "enrolled", "2026-03-08"))
	f := countOne(t, window(t, "", "", "2026-03-20"), c, try(t, "1", "2026-03-09 12:00", "call", "spoke"))
	if f.Attempts != 0 || f.PursuitDays != 7 || f.Status != statusEnrolled {
		t.Errorf("attempts %d, days %d, status %s", f.Attempts, f.PursuitDays, f.Status)
	}
	same(t, "days_to_engagement", f.DaysToEngagement, 6)
	before := countOne(t, window(t, "", "", "2026-03-07"), c)
	if before.Status != statusPursuing {
		t.Errorf("as of the day before it was %s", before.Status)
	}
}

func TestAttemptsCountForWhoMadeThem(t *testing.T) {
	c := pursued(t, turned("pursuing", "slo_engaged", "2026-03-12"))
	c.Assignments[0].EndedAt = at(t, "2026-03-08 12:00")
	c.Assignments = append(c.Assignments, Assignment{ID: "a2", ServiceID: "s1", UserID: "ben",
		Role: roleOutreachWorker, StartedAt: at(t, "2026-03-08 12:00")})
	late := try(t, "2", "2026-03-07 10:00", "call", "no_answer")
	late.ReceivedAt = at(t, "2026-03-10 10:00")
	bens := try(t, "3", "2026-03-12 10:00", "in_person_visit", "met")
	bens.WorkerID = "ben"
	w := window(t, "2026-03-02", "2026-03-15", "2026-03-15")
	n := NewIntensity(w, []Worker{{UserID: "ana", Name: "Ana", LastSyncAt: at(t, "2026-03-15 20:00")},
		{UserID: "ben", Name: "Ben", LastSyncAt: at(t, "2026-03-12 20:00")}, {UserID: "eve", Name: "Eve"}})
	s := n.Begin(c)
	for _, a := range []Attempt{try(t, "1", "2026-03-03 10:00", "call", "no_answer"), late, bens} {
		if err := s.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	if f := s.Finish(); f.WorkerID != "ben" || !f.Stale || f.Attempts != 3 {
		t.Errorf("holder %s, stale %v, attempts %d", f.WorkerID, f.Stale, f.Attempts)
	}
	got := ""
	for _, f := range n.Workers() {
		got += fmt.Sprintf("%s: %d attempts, %d reached, %d days, %d services, %d engaged, stale %v\n",
			f.Name, f.Attempts, f.Reached, f.PursuitDays, f.Services, f.Engaged, f.Stale)
	}
	want := "Ana: 2 attempts, 0 reached, 7 days, 0 services, 0 engaged, stale false\n" +
		"Ben: 1 attempts, 1 reached, 8 days, 1 services, 1 engaged, stale true\n" +
		"Eve: 0 attempts, 0 reached, 0 days, 0 services, 0 engaged, stale true\n"
	if got != want {
		t.Errorf("worker table:\n%s\nwant:\n%s", got, want)
	}
}

func TestWeeksAreThoseOfTheProgramsZone(t *testing.T) {
	n := NewIntensity(window(t, "2026-03-02", "2026-03-22", "2026-03-22"), nil)
	s := n.Begin(pursued(t, turned("pursuing", "slo_engaged", "2026-03-16")))
	for _, a := range []Attempt{
		try(t, "1", "2026-03-08 23:59", "call", "spoke"), // already Monday in UTC
		try(t, "2", "2026-03-09 00:00", "text", "replied"),
	} {
		if err := s.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	s.Finish()
	p := n.Program()
	got := ""
	for _, w := range p.Weeks {
		got += fmt.Sprintf("%s %d call %d text %d engaged %d; ", w.Week, w.Attempts, w.Channels["call"], w.Channels["text"], w.Engaged)
	}
	want := "2026-03-02 1 call 1 text 0 engaged 0; 2026-03-09 1 call 0 text 1 engaged 0; 2026-03-16 0 call 0 text 0 engaged 1; "
	if got != want {
		t.Errorf("weeks: %s", got)
	}
	same(t, "median_days_to_engagement", p.MedianDaysToEngagement, 14)
	null0(t, "median_days_to_enrollment", p.MedianDaysToEnrollment)
}

func TestStaleIsAfterSeventyTwoHours(t *testing.T) {
	w := window(t, "", "", "2026-03-15")
	for silent, want := range map[time.Duration]bool{72 * time.Hour: false, 72*time.Hour + time.Second: true} {
		n := NewIntensity(w, []Worker{{UserID: "ana", LastSyncAt: w.AsOf.Add(-silent)}})
		if _, stale := n.silence("ana"); stale != want {
			t.Errorf("silent for %s: stale %v", silent, stale)
		}
	}
	tonight, err := NewWindow(w.Zone, Date{}, Date{}, day("2026-03-15"), at(t, "2026-03-15 08:00"))
	if err != nil {
		t.Fatal(err)
	}
	n := NewIntensity(tonight, []Worker{{UserID: "ana", LastSyncAt: at(t, "2026-03-12 09:00")}})
	if _, stale := n.silence("ana"); stale {
		t.Error("a report as of tonight calls a worker silent for hours that have not passed")
	}
}

func TestAttemptsOutOfOrderAreRefused(t *testing.T) {
	s := NewIntensity(window(t, "", "", "2026-03-15"), nil).Begin(pursued(t))
	if err := s.Add(try(t, "1", "2026-03-04 10:00", "call", "spoke")); err != nil {
		t.Fatal(err)
	}
	if s.Add(try(t, "2", "2026-03-03 10:00", "call", "spoke")) == nil {
		t.Error("an earlier attempt was taken after a later one")
	}
	stranger := try(t, "3", "2026-03-05 10:00", "call", "spoke")
	stranger.ServiceID = "s2"
	if s.Add(stranger) == nil {
		t.Error("another service's attempt was taken")
	}
}
