package cadence_test

import (
	"encoding/json"
	"testing"
	"time"

	"pursuit/push/cadence"
)

func TestFirstAttemptDue(t *testing.T) {
	cases := []struct {
		name, track, assigned, due string
		program                    map[string]json.RawMessage
	}{
		{name: "hospital: four hours, also at night", track: "hhp", assigned: "2026-03-04 23:30", due: "2026-03-05 03:30"},
		{name: "hospital: four hours of real time as clocks go forward", track: "hhp", assigned: "2026-03-08 00:30", due: "2026-03-08 05:30"},
		{name: "hospital: four hours of real time as clocks go back", track: "hhp", assigned: "2026-11-01 00:30", due: "2026-11-01 03:30"},
		{name: "two business days within a week", track: "slo_icm", assigned: "2026-03-02 10:15", due: "2026-03-04 10:15"},
		{name: "Thursday to Monday", track: "tvif", assigned: "2026-03-05 16:00", due: "2026-03-09 16:00"},
		{name: "Friday to Tuesday, same clock time after clocks went forward", track: "slo_icm", assigned: "2026-03-06 10:00", due: "2026-03-10 10:00"},
		{name: "Friday to Tuesday, same clock time after clocks went back", track: "slo_icm", assigned: "2026-10-30 10:00", due: "2026-11-03 10:00"},
		{name: "Saturday counts from Monday", track: "tvif", assigned: "2026-03-14 09:00", due: "2026-03-17 09:00"},
		{name: "Sunday counts from Monday", track: "tvif", assigned: "2026-03-15 23:59", due: "2026-03-17 23:59"},
		{name: "overridden in hours", track: "slo_icm", assigned: "2026-03-02 10:00", due: "2026-03-03 10:00",
			program: map[string]json.RawMessage{"first_attempt.slo_icm": json.RawMessage(`{"hours": 24}`)}},
		{name: "overridden in business days", track: "hhp", assigned: "2026-03-06 10:00", due: "2026-03-09 10:00",
			program: map[string]json.RawMessage{"first_attempt.hhp": json.RawMessage(`{"business_days": 1}`)}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := story(t, tc.track, tc.assigned)
			c.Settings, _ = cadence.Parse(tc.program, nil)
			due := portland(t, tc.due)
			if early := only(cadence.Due(c, nil, due.Add(-time.Millisecond)), cadence.KindFirstAttempt); len(early) != 0 {
				t.Errorf("due before its time")
			}
			got := only(cadence.Due(c, nil, due), cadence.KindFirstAttempt)
			if len(got) != 1 || !got[0].DueAt.Equal(due) || got[0].UserID != worker || got[0].Escalation != 0 {
				t.Fatalf("at the due time got %+v", got)
			}
			tried(t, &c, tc.assigned, "call", "no_answer")
			if after := only(cadence.Due(c, nil, due), cadence.KindFirstAttempt); len(after) != 0 {
				t.Errorf("an attempt was made, and it is still asked for")
			}
		})
	}
}

// TestWeeks walks Mondays: what is asked, when it is judged, and when it ends.
func TestWeeks(t *testing.T) {
	type try struct{ when, channel string }
	full := []try{{"2026-03-03 10:00", "call"}, {"2026-03-04 10:00", "text"}, {"2026-03-05 10:00", "in_person_visit"}}
	cases := []struct {
		name    string
		tries   []try
		at      string
		attempt bool
		visit   bool
	}{
		{"nothing done, just before the judgement", nil, "2026-03-09 08:59", false, false},
		{"nothing done, at the judgement", nil, "2026-03-09 09:00", true, true},
		{"all done", full, "2026-03-09 09:00", false, false},
		{"three over one channel", []try{{"2026-03-03 10:00", "call"}, {"2026-03-04 10:00", "call"}, {"2026-03-05 10:00", "call"}}, "2026-03-09 09:00", true, true},
		{"three over two channels, no visit", []try{{"2026-03-03 10:00", "call"}, {"2026-03-04 10:00", "text"}, {"2026-03-05 10:00", "call"}}, "2026-03-09 09:00", false, true},
		{"a duplicated tap counts once", []try{{"2026-03-03 10:00", "call"}, {"2026-03-03 10:00", "call"}, {"2026-03-05 10:00", "in_person_visit"}}, "2026-03-09 09:00", true, false},
		{"Monday morning belongs to the next week", append([]try{{"2026-03-09 00:00", "call"}}, full[1:]...), "2026-03-09 09:00", true, false},
		{"Sunday night belongs to the week", append([]try{{"2026-03-08 23:59", "call"}}, full[1:]...), "2026-03-09 09:00", false, false},
		{"week 8 asks for two", nil, "2026-04-27 09:00", true, false},
		{"week 8 has two", []try{{"2026-04-21 10:00", "call"}, {"2026-04-22 10:00", "call"}}, "2026-04-27 09:00", false, false},
		{"week 13 has one", []try{{"2026-05-26 10:00", "call"}}, "2026-06-01 09:00", false, false},
		{"week 22 is the last", nil, "2026-08-03 09:00", true, false},
		{"week 23 asks for nothing", []try{{"2026-07-29 10:00", "call"}}, "2026-08-10 09:00", false, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := story(t, "slo_icm", "2026-03-05 15:00")
			for _, try := range tc.tries {
				tried(t, &c, try.when, try.channel, "no_answer")
			}
			got := cadence.Due(c, nil, portland(t, tc.at))
			if n := len(only(got, cadence.KindAttempt)); n != map[bool]int{true: 1}[tc.attempt] {
				t.Errorf("attempt_due: got %d, want %v", n, tc.attempt)
			}
			if n := len(only(got, cadence.KindInPerson)); n != map[bool]int{true: 1}[tc.visit] {
				t.Errorf("in_person_due: got %d, want %v", n, tc.visit)
			}
		})
	}
}

func TestSilenceIsToldStepByStep(t *testing.T) {
	cases := []struct {
		name   string
		change func(*cadence.Case)
		days   map[int]string // day after the last attempt → who is told
	}{
		{"all roles held", func(*cadence.Case) {}, map[int]string{3: worker, 5: manager, 7: supervisor}},
		{"no case manager: the supervisor hears on day 7, not earlier",
			func(c *cadence.Case) { c.Assignments = c.Assignments[:1] }, map[int]string{3: worker, 7: supervisor}},
		{"the worker cannot sign in any more",
			func(c *cadence.Case) { c.Assignments[0].Inactive = true }, map[int]string{5: manager, 7: supervisor}},
		{"no supervisor", func(c *cadence.Case) { c.Supervisors = nil }, map[int]string{3: worker, 5: manager}},
		{"overridden days", func(c *cadence.Case) { c.Settings.SilenceDays = [3]int{1, 2, 10} },
			map[int]string{1: worker, 2: manager, 10: supervisor}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := story(t, "slo_icm", "2026-03-02 10:00")
			tried(t, &c, "2026-03-05 14:00", "call", "no_answer")
			tc.change(&c)
			var existing []cadence.Existing
			last := portland(t, "2026-03-05 14:00")
			for day := 0; day <= 12; day++ {
				for _, moment := range []time.Duration{-time.Millisecond, 0} {
					now := last.Add(time.Duration(day)*24*time.Hour + moment)
					plan := cadence.Evaluate(c, existing, now)
					existing = apply(existing, plan)
					want := ""
					if moment == 0 {
						want = tc.days[day]
					}
					got := ""
					for _, r := range only(plan.Raise, cadence.KindSilence) {
						got += r.UserID
					}
					if got != want {
						t.Errorf("day %d%v: told %q, want %q", day, moment, got, want)
					}
				}
			}
		})
	}
}

// TestSilenceAfterAnOutage: all steps are told, in order, none left out.
func TestSilenceAfterAnOutage(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	got := only(cadence.Due(c, nil, portland(t, "2026-03-20 10:00")), cadence.KindSilence)
	if len(got) != 3 {
		t.Fatalf("got %d steps, want 3", len(got))
	}
	for step, r := range got {
		if r.Escalation != step {
			t.Errorf("step %d stands at place %d", r.Escalation, step)
		}
	}
}

func TestReviews(t *testing.T) {
	c := story(t, "tvif", "2026-01-31 10:00")
	until := portland(t, "2026-12-31 00:00")
	if r := firstOf(t, c, cadence.KindReview, until); !r.DueAt.Equal(portland(t, "2026-05-01 10:00")) || r.UserID != supervisor {
		t.Errorf("day 90: got %+v", r)
	}
	tried(t, &c, "2026-03-01 10:00", "family_friends_known_contacts", "third_party_reached")
	if r := firstOf(t, c, cadence.KindReview, until); !r.DueAt.Equal(portland(t, "2026-05-01 10:00")) {
		t.Errorf("a third party is not the person: got %+v", r)
	}
	tried(t, &c, "2026-03-02 10:00", "call", "spoke")
	if r := firstOf(t, c, cadence.KindReview, until); !r.DueAt.Equal(portland(t, "2026-06-30 10:00")) {
		t.Errorf("month 5, from the 31st: got %+v", r)
	}
	if got := only(cadence.Due(c, nil, portland(t, "2026-08-01 10:00")), cadence.KindReview); len(got) != 1 {
		t.Errorf("after an outage: got %d reviews at once, want 1", len(got))
	}
}

func TestShortTermEnding(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	ended(t, &c, "pursuing", "short_term", "2026-03-20 15:00")
	c.ShortTermEndsOn = cadence.Date{Year: 2026, Month: 6, Day: 18}
	want := portland(t, "2026-06-04 09:00")
	if next := cadence.NextDue(c, nil, portland(t, "2026-03-21 10:00")); !next.Equal(want) {
		t.Errorf("next: got %s, want %s", next, want)
	}
	got := cadence.Due(c, nil, want)
	if len(got) != 1 || got[0].Kind != cadence.KindShortTermEnding || got[0].UserID != manager {
		t.Fatalf("got %+v", got)
	}
	c.ShortTermEndsOn = cadence.Date{}
	if again := cadence.Due(c, nil, want); len(again) != 1 || again[0].Key != got[0].Key {
		t.Errorf("90 days counted from the change give another date: %+v", again)
	}
	ended(t, &c, "short_term", "enrolled", "2026-05-01 10:00")
	if got := cadence.Due(c, nil, want); len(got) != 0 {
		t.Errorf("enrolled meanwhile: got %+v", got)
	}
}

func TestActionItemsAndExceptions(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	ended(t, &c, "pursuing", "enrolled", "2026-03-03 10:00")
	c.Items = []cadence.ActionItem{
		{ID: "item-1", OwnerID: "owner", DueOn: cadence.Date{Year: 2026, Month: 3, Day: 10}},
		{ID: "item-2", DueOn: cadence.Date{Year: 2026, Month: 3, Day: 10}},
		{ID: "item-3", OwnerID: "owner", DueOn: cadence.Date{Year: 2026, Month: 3, Day: 10}, DoneOn: cadence.Date{Year: 2026, Month: 3, Day: 9}},
		{ID: "item-4", OwnerID: "owner"},
	}
	c.Attempts = []cadence.Attempt{{ID: "exception", Channel: "probation_officer", PolicyException: true, ReceivedAt: portland(t, "2026-03-03 11:00")}}
	got := cadence.Due(c, nil, portland(t, "2026-03-10 09:00"))
	told := map[string]string{}
	for _, r := range got {
		told[r.Key.Period] = r.UserID
	}
	want := map[string]string{"item-1@2026-03-10": "owner", "item-2@2026-03-10": manager, "exception": supervisor}
	if len(got) != len(want) {
		t.Errorf("got %+v", got)
	}
	for period, user := range want {
		if told[period] != user {
			t.Errorf("%s: told %q, want %q", period, told[period], user)
		}
	}
	if first := got[0].Key; first != (cadence.Key{Service: service, Rule: "policy_exception", Period: "exception", Step: 2}) {
		t.Errorf("the exception came first, got %v", first)
	}
}

// TestOutsidePursuit: what ended is left alone, what was reopened starts anew.
func TestOutsidePursuit(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	ended(t, &c, "pursuing", "refused", "2026-03-03 10:00")
	if got := cadence.Due(c, nil, portland(t, "2026-06-20 10:00")); len(got) != 0 {
		t.Errorf("refused: got %+v", got)
	}
	if next := cadence.NextDue(c, nil, portland(t, "2026-03-04 10:00")); !next.IsZero() {
		t.Errorf("refused: looks again at %s", next)
	}
	ended(t, &c, "refused", "pursuing", "2026-06-03 10:00")
	if r := firstOf(t, c, cadence.KindFirstAttempt, portland(t, "2026-07-01 10:00")); !r.DueAt.Equal(portland(t, "2026-06-05 10:00")) {
		t.Errorf("reopened: first attempt due %s", r.DueAt)
	}
	if got := only(cadence.Due(c, nil, portland(t, "2026-06-20 10:00")), cadence.KindReview); len(got) != 0 {
		t.Errorf("the 90 days count from the reopening: got %+v", got)
	}
}

func TestNobodyAssigned(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	c.Assignments = nil
	if got := cadence.Due(c, nil, portland(t, "2026-09-02 10:00")); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestOnItsOwnDay: who takes over a silent case is not told of days before their time.
func TestOnItsOwnDay(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	tried(t, &c, "2026-03-02 12:00", "call", "no_answer")
	c.Assignments[0].Ended = portland(t, "2026-03-03 10:00")
	c.Assignments = append(c.Assignments, cadence.Assignment{UserID: successor, Role: cadence.RoleWorker, Started: portland(t, "2026-03-10 08:00")})
	for _, r := range cadence.Due(c, nil, portland(t, "2026-03-10 10:00")) {
		if r.UserID == successor {
			t.Errorf("the successor is told of %+v", r)
		}
	}
}

// TestWhatDoesNotCount: deleted attempts, and those of a clock that nobody can trust,
// answer nothing; a deleted exception is no exception.
func TestWhatDoesNotCount(t *testing.T) {
	for name, spoil := range map[string]func(*cadence.Attempt){
		"deleted": func(a *cadence.Attempt) { a.Deleted = true },
		"suspect": func(a *cadence.Attempt) { a.ClockSuspect = true },
	} {
		c := story(t, "slo_icm", "2026-03-02 10:00")
		tried(t, &c, "2026-03-02 12:00", "call", "no_answer")
		spoil(&c.Attempts[0])
		if got := cadence.Due(c, nil, portland(t, "2026-03-04 10:00")); len(got) != 1 || got[0].Kind != cadence.KindFirstAttempt {
			t.Errorf("%s: got %+v", name, got)
		}
		c.Attempts[0].PolicyException = true
		got := only(cadence.Due(c, nil, portland(t, "2026-03-04 10:00")), cadence.KindPolicyException)
		if deleted := c.Attempts[0].Deleted; (len(got) == 0) != deleted {
			t.Errorf("%s: exceptions %+v", name, got)
		}
	}
}

// TestAssignedBeforeItWasStored: work began offline; the assignment counts, not the
// moment at which the server stored the service.
func TestAssignedBeforeItWasStored(t *testing.T) {
	c := story(t, "hhp", "2026-03-02 10:00")
	c.OpenedAt = portland(t, "2026-03-02 13:00")
	if r := firstOf(t, c, cadence.KindFirstAttempt, portland(t, "2026-03-03 10:00")); !r.DueAt.Equal(portland(t, "2026-03-02 14:00")) {
		t.Errorf("due %s", r.DueAt)
	}
}
