package cadence_test

import (
	"strings"
	"testing"

	"pursuit/push/cadence"
)

func TestExplain(t *testing.T) {
	c := story(t, "hhp", "2026-03-02 10:00")
	cases := []struct {
		name, at, want string
		change         func(*cadence.Case)
	}{
		{"before the first attempt", "2026-03-02 11:00", "No attempt has been recorded since the assignment. The outreach worker is reminded on Monday 2 March 2026 at 14:00 PST.", nil},
		{"first attempt made", "2026-03-02 13:00", "No attempt for 3 days, step 1 of 3. The outreach worker is reminded on Thursday 5 March 2026 at 12:00 PST.",
			func(c *cadence.Case) { tried(t, c, "2026-03-02 12:00", "call", "no_answer") }},
		{"a week with too little", "2026-03-08 13:00", "Week 1 asks for 3 attempts over 2 channels; 2 over 1 recorded. The outreach worker is reminded on Monday 9 March 2026 at 09:00 PDT.",
			func(c *cadence.Case) { tried(t, c, "2026-03-08 12:00", "call", "no_answer") }},
		{"over", "2026-03-09 13:00", "The service is not in pursuit; nothing is due by itself.",
			func(c *cadence.Case) { ended(t, c, "pursuing", "refused", "2026-03-09 12:00") }},
	}
	for _, tc := range cases {
		if tc.change != nil {
			tc.change(&c)
		}
		if got := cadence.Explain(c, nil, portland(t, tc.at)); got.Words != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.name, got.Words, tc.want)
		}
	}
}

func TestExplainSaysWhatIsDueNow(t *testing.T) {
	c := story(t, "slo_icm", "2026-03-02 10:00")
	got := cadence.Explain(c, nil, portland(t, "2026-03-04 10:00"))
	if !got.Now || got.Next.Kind != cadence.KindFirstAttempt {
		t.Errorf("got %+v", got)
	}
	c.Assignments = nil
	if got := cadence.Explain(c, nil, portland(t, "2026-03-04 10:00")); !strings.Contains(got.Words, "assigned") || got.Next != (cadence.Reminder{}) {
		t.Errorf("got %+v", got)
	}
}

// TestExplainNamesNobody: what identifies a person or an organisation never shows,
// even where the case carries it.
func TestExplainNamesNobody(t *testing.T) {
	const planted = "PLANTED-Rodriguez"
	for _, when := range []string{"2026-03-02 11:00", "2026-03-04 11:00", "2026-03-10 11:00", "2026-07-10 11:00", "2026-12-10 11:00"} {
		c := story(t, "slo_icm", "2026-03-02 10:00")
		c.ServiceID = planted
		c.Supervisors = []string{planted}
		c.Assignments[0].UserID, c.Assignments[1].UserID = planted, planted
		c.Items = []cadence.ActionItem{{ID: planted, OwnerID: planted, DueOn: cadence.Date{Year: 2026, Month: 12, Day: 24}}}
		c.Attempts = []cadence.Attempt{{ID: planted, WorkerID: planted, Channel: planted, Outcome: planted, PolicyException: true}}
		got := cadence.Explain(c, nil, portland(t, when)).Words
		for _, secret := range []string{planted, "slo_icm", "SLO"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %s", when, got)
			}
		}
	}
}
