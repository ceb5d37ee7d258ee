package cadence_test

import (
	"testing"
	"time"

	"pursuit/push/cadence"
)

// The people and the service of the stories below.
const (
	service    = "018f0000-0000-7000-8000-000000000001"
	worker     = "worker-1"
	successor  = "worker-2"
	manager    = "manager-1"
	supervisor = "supervisor-1"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("load zone: %v", err)
	}
	return loc
}

// portland reads "2006-01-02 15:04" by a clock in Portland.
func portland(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, zone(t, "America/Los_Angeles"))
	if err != nil {
		t.Fatalf("parse time: %v", err)
	}
	return at.UTC()
}

// story is a service pursued since a moment, with all three roles held.
func story(t testing.TB, track, assigned string) cadence.Case {
	t.Helper()
	start := portland(t, assigned)
	return cadence.Case{
		ServiceID: service, Track: track, OpenedAt: start, Zone: zone(t, "America/Los_Angeles"),
		Assignments: []cadence.Assignment{
			{UserID: worker, Role: cadence.RoleWorker, Started: start},
			{UserID: manager, Role: cadence.RoleCaseManager, Started: start},
		},
		Supervisors: []string{supervisor},
		Settings:    cadence.Defaults(),
	}
}

// tried adds an attempt.
func tried(t testing.TB, c *cadence.Case, when, channel, outcome string) {
	t.Helper()
	at := portland(t, when)
	c.Attempts = append(c.Attempts, cadence.Attempt{
		ID: "attempt-" + when + channel, WorkerID: worker, Channel: channel, Outcome: outcome,
		OccurredAt: at, RecordedAt: at, ReceivedAt: at,
	})
}

func ended(t testing.TB, c *cadence.Case, from, to, when string) {
	t.Helper()
	c.History = append(c.History, cadence.StatusChange{From: from, To: to, At: portland(t, when)})
}

// apply does to a list of rows what a plan asks for.
func apply(existing []cadence.Existing, plan cadence.Plan) []cadence.Existing {
	rows := append([]cadence.Existing(nil), existing...)
	for _, change := range plan.Settle {
		for i := range rows {
			if rows[i].Key != change.Key {
				continue
			}
			if change.State != "" {
				rows[i].State = change.State
			} else {
				rows[i].UserID, rows[i].Sent = change.UserID, false
			}
		}
	}
	for _, r := range plan.Raise {
		rows = append(rows, cadence.Existing{Key: r.Key, UserID: r.UserID, DueAt: r.DueAt, State: cadence.StatePending})
	}
	return rows
}

// only keeps the reminders of one kind.
func only(reminders []cadence.Reminder, kind string) []cadence.Reminder {
	var kept []cadence.Reminder
	for _, r := range reminders {
		if r.Kind == kind {
			kept = append(kept, r)
		}
	}
	return kept
}

// firstOf gives the first reminder of a kind, waking only when NextDue says so.
func firstOf(t testing.TB, c cadence.Case, kind string, until time.Time) cadence.Reminder {
	t.Helper()
	var existing []cadence.Existing
	const looks = 500 // a service has fewer reminders than that in half a year
	now := c.OpenedAt
	for _, change := range c.History {
		now = change.At
	}
	for range looks {
		plan := cadence.Evaluate(c, existing, now)
		if found := only(plan.Raise, kind); len(found) > 0 {
			return found[0]
		}
		existing = apply(existing, plan)
		if plan.Next.IsZero() || plan.Next.After(until) {
			break
		}
		now = plan.Next
	}
	t.Fatalf("no %s until %s", kind, until)
	return cadence.Reminder{}
}
