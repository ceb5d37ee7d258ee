package cadence_test

import (
	"testing"

	"pursuit/push/cadence"
)

// raisedAt gives the rows that exist after a server looked once.
func raisedAt(t *testing.T, c cadence.Case, when string) []cadence.Existing {
	t.Helper()
	return apply(nil, cadence.Evaluate(c, nil, portland(t, when)))
}

// TestLateButInTime: an attempt that happened before the due time and arrived after
// it takes the reminder back; one that happened after it does not.
func TestLateButInTime(t *testing.T) {
	cases := []struct {
		name, raised, kind, occurred, channel, outcome string
		moot                                           bool
	}{
		{"first attempt in time", "2026-03-04 10:01", cadence.KindFirstAttempt, "2026-03-04 10:00", "call", "no_answer", true},
		{"first attempt too late", "2026-03-04 10:01", cadence.KindFirstAttempt, "2026-03-04 10:01", "call", "no_answer", false},
		{"silence broken in time", "2026-03-05 11:00", cadence.KindSilence, "2026-03-05 09:00", "text", "message_sent", true},
		{"silence broken too late", "2026-03-05 11:00", cadence.KindSilence, "2026-03-05 10:30", "text", "message_sent", false},
		{"a visit in the week", "2026-03-09 09:00", cadence.KindInPerson, "2026-03-08 22:00", "in_person_visit", "not_there", true},
		{"a visit on the Monday after", "2026-03-09 09:30", cadence.KindInPerson, "2026-03-09 08:00", "in_person_visit", "not_there", false},
		{"one of three in the week", "2026-03-09 09:00", cadence.KindAttempt, "2026-03-08 22:00", "call", "no_answer", false},
		{"reached before day 90", "2026-06-01 10:00", cadence.KindReview, "2026-05-31 09:00", "call", "spoke", true},
		{"tried before day 90", "2026-06-01 10:00", cadence.KindReview, "2026-05-31 09:00", "call", "left_message", false},
		{"reached after day 90", "2026-06-01 10:00", cadence.KindReview, "2026-05-31 11:00", "call", "spoke", false},
	}
	for _, tc := range cases {
		for _, sent := range []bool{false, true} {
			c := story(t, "slo_icm", "2026-03-02 10:00")
			rows := raisedAt(t, c, tc.raised)
			for i := range rows {
				rows[i].Sent = sent
			}
			tried(t, &c, tc.occurred, tc.channel, tc.outcome)
			want := map[bool]map[bool]string{false: {}, true: {false: cadence.StateCancelled, true: cadence.StateDone}}[tc.moot][sent]
			if got := stateOf(t, c, rows, tc.kind, tc.raised); got != want {
				t.Errorf("%s, sent %v: got %q, want %q", tc.name, sent, got, want)
			}
		}
	}
}

// stateOf gives the state that settling asks of the row of a kind, if any.
func stateOf(t *testing.T, c cadence.Case, rows []cadence.Existing, kind, now string) string {
	t.Helper()
	rules := map[string]string{
		cadence.KindFirstAttempt: "first_attempt", cadence.KindSilence: "silence",
		cadence.KindInPerson: "weekly_in_person", cadence.KindAttempt: "weekly_attempts", cadence.KindReview: "review_day_90",
	}
	present := false
	for _, row := range rows {
		present = present || row.Key.Rule == rules[kind] && row.Key.Step != 1
	}
	if !present {
		t.Fatalf("no %s was raised", kind)
	}
	for _, change := range cadence.Settle(c, rows, nil, portland(t, now)) {
		if change.Key.Rule == rules[kind] && (kind != cadence.KindSilence || change.Key.Step == 0) {
			return change.State
		}
	}
	return ""
}

func TestALateWeekIsCompleted(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	tried(t, &c, "2026-03-03 10:00", "call", "no_answer")
	tried(t, &c, "2026-03-04 10:00", "in_person_visit", "not_there")
	rows := raisedAt(t, c, "2026-03-09 09:00")
	tried(t, &c, "2026-03-07 10:00", "text", "message_sent")
	if got := stateOf(t, c, rows, cadence.KindAttempt, "2026-03-09 09:10"); got != cadence.StateCancelled {
		t.Errorf("the third attempt arrived late: got %q", got)
	}
}

func TestClosedRowsAreLeftAlone(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	rows := raisedAt(t, c, "2026-03-04 10:00")
	tried(t, &c, "2026-03-03 10:00", "call", "no_answer")
	for _, state := range []string{cadence.StateDone, cadence.StateCancelled} {
		for i := range rows {
			rows[i].State = state
		}
		if changes := cadence.Settle(c, rows, nil, portland(t, "2026-03-04 11:00")); len(changes) != 0 {
			t.Errorf("%s: got %+v", state, changes)
		}
	}
}

func TestTheEndOfPursuitEndsItsReminders(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	rows := raisedAt(t, c, "2026-03-07 11:00")
	ended(t, &c, "pursuing", "unable_to_place", "2026-03-07 12:00")
	changes := cadence.Settle(c, rows, nil, portland(t, "2026-03-07 12:00"))
	if len(changes) != len(rows) || len(rows) == 0 {
		t.Fatalf("%d open rows, %d changes", len(rows), len(changes))
	}
	for _, change := range changes {
		if change.Why != cadence.WhyOver {
			t.Errorf("%v: %s", change.Key, change.Why)
		}
	}
}

// TestANewWeekReplacesTheOld: the worker has one weekly reminder at a time.
func TestANewWeekReplacesTheOld(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	rows := raisedAt(t, c, "2026-03-09 09:00")
	plan := cadence.Evaluate(c, rows, portland(t, "2026-03-16 09:00"))
	rows = apply(rows, plan)
	open := map[string]int{}
	for _, row := range rows {
		if row.State == cadence.StatePending {
			open[row.Key.Rule]++
		}
	}
	if open["weekly_attempts"] != 1 || open["weekly_in_person"] != 1 {
		t.Errorf("open after the second week: %v", open)
	}
}

func TestASuccessorInherits(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	rows := raisedAt(t, c, "2026-03-06 11:00")
	c.Assignments[0].Ended = portland(t, "2026-03-06 12:00")
	c.Assignments = append(c.Assignments, cadence.Assignment{
		UserID: successor, Role: cadence.RoleWorker, Started: portland(t, "2026-03-06 12:00")})
	plan := cadence.Evaluate(c, rows, portland(t, "2026-03-06 12:01"))
	got := map[string]cadence.Change{}
	for _, change := range plan.Settle {
		got[change.Key.Rule] = change
	}
	if first := got["first_attempt"]; first.State != cadence.StateCancelled || first.Why != cadence.WhyReassigned {
		t.Errorf("first attempt: got %+v", first)
	}
	if silence := got["silence"]; silence.UserID != successor || silence.State != "" {
		t.Errorf("silence: got %+v", silence)
	}
	rows = apply(rows, plan)
	if again := cadence.Evaluate(c, rows, portland(t, "2026-03-06 12:01")); len(again.Raise)+len(again.Settle) != 0 {
		t.Errorf("a second look asks for more: %+v", again)
	}
	due := only(cadence.Due(c, rows, portland(t, "2026-03-10 12:00")), cadence.KindFirstAttempt)
	if len(due) != 1 || due[0].UserID != successor || !due[0].DueAt.Equal(portland(t, "2026-03-10 12:00")) {
		t.Errorf("the successor's own first attempt: got %+v", due)
	}
}

func TestItemsAndExceptionsSettle(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	day := cadence.Date{Year: 2026, Month: 3, Day: 3}
	c.Items = []cadence.ActionItem{{ID: "done", OwnerID: "owner", DueOn: day}, {ID: "moved", OwnerID: "owner", DueOn: day},
		{ID: "given", OwnerID: "owner", DueOn: day}, {ID: "same", OwnerID: "owner", DueOn: day}, {ID: "gone", OwnerID: "owner", DueOn: day}}
	c.Attempts = []cadence.Attempt{{ID: "po", PolicyException: true, ReceivedAt: portland(t, "2026-03-02 12:00")}}
	rows := raisedAt(t, c, "2026-03-03 09:30")
	c.Items[0].DoneOn = day
	c.Items[1].DueOn = day.AddDays(4)
	c.Items[2].OwnerID = "other"
	c.Items = c.Items[:4]
	c.Attempts[0].Deleted = true
	got := map[string]cadence.Change{}
	for _, change := range cadence.Settle(c, rows, nil, portland(t, "2026-03-03 10:00")) {
		got[change.Key.Period] = change
	}
	if len(got) != 4 || got["done@2026-03-03"].Why != cadence.WhyOver || got["moved@2026-03-03"].Why != cadence.WhyOver ||
		got["given@2026-03-03"].UserID != "other" || got["po"].Why != cadence.WhyOver {
		t.Errorf("got %+v", got)
	}
}
