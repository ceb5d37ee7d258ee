package cadence_test

import (
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pursuit/push/cadence"
)

// arrival is an attempt and when the server learns of it.
type arrival struct {
	attempt cadence.Attempt
	at      time.Time
}

// world is a service as it unfolds: who holds what from the start, attempts that
// arrive late, and the instants at which a server looks.
type world struct {
	base     cadence.Case
	arrivals []arrival
	looks    []time.Time
}

func drawWorld(rt *rapid.T, t *testing.T) world {
	loc := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
	start := time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(rt, "start")) * time.Minute)
	c := cadence.Case{
		ServiceID: service, Track: rapid.SampledFrom([]string{"slo_icm", "hhp", "tvif"}).Draw(rt, "track"),
		OpenedAt: start, Zone: loc, Settings: cadence.Defaults(),
	}
	if rapid.Bool().Draw(rt, "overridden") {
		c.Settings.SilenceDays = [3]int{1, 2, 9}
	}
	c.Assignments = []cadence.Assignment{{UserID: worker, Role: cadence.RoleWorker, Started: start,
		Inactive: rapid.IntRange(0, 4).Draw(rt, "worker") == 0}}
	if rapid.Bool().Draw(rt, "manager") {
		c.Assignments = append(c.Assignments, cadence.Assignment{UserID: manager, Role: cadence.RoleCaseManager, Started: start})
	}
	if rapid.Bool().Draw(rt, "supervisor") {
		c.Supervisors = []string{supervisor}
	}
	return world{base: c, arrivals: drawArrivals(rt, start), looks: drawLooks(rt, start)}
}

func drawArrivals(rt *rapid.T, start time.Time) []arrival {
	var all []arrival
	for i := range rapid.IntRange(0, 25).Draw(rt, "attempts") {
		occurred := start.Add(time.Duration(rapid.IntRange(0, 170*24*60).Draw(rt, "minute")) * time.Minute)
		all = append(all, arrival{
			at: occurred.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 60, 3000, 15000}).Draw(rt, "delay")) * time.Minute),
			attempt: cadence.Attempt{ID: string(rune('a' + i)), WorkerID: worker, OccurredAt: occurred, RecordedAt: occurred, ReceivedAt: occurred,
				Channel:      rapid.SampledFrom([]string{"call", "text", "in_person_visit"}).Draw(rt, "channel"),
				Outcome:      rapid.SampledFrom([]string{"no_answer", "no_answer", "spoke"}).Draw(rt, "outcome"),
				Deleted:      rapid.IntRange(0, 9).Draw(rt, "deleted") == 0,
				ClockSuspect: rapid.IntRange(0, 9).Draw(rt, "suspect") == 0},
		})
	}
	return all
}

func drawLooks(rt *rapid.T, start time.Time) []time.Time {
	var looks []time.Time
	now := start
	for range rapid.IntRange(1, 60).Draw(rt, "looks") {
		now = now.Add(time.Duration(rapid.SampledFrom([]int{1, 30, 600, 1440, 1500, 5000, 20000}).Draw(rt, "pause")) * time.Minute)
		looks = append(looks, now)
	}
	return looks
}

// known gives the case with the attempts that have arrived at now.
func (w world) known(now time.Time) cadence.Case {
	c := w.base
	for _, a := range w.arrivals {
		if !a.at.After(now) {
			c.Attempts = append(c.Attempts, a.attempt)
		}
	}
	return c
}

func kindAndStep(k cadence.Key) string {
	kind := k.Rule
	if kind == "review_day_90" || kind == "review_month_5" {
		kind = "review"
	}
	return kind + string(rune('0'+k.Step))
}

// TestNeverTwoOfOneKindAtOnce: whatever happens and whenever servers look, no
// reminder is raised twice, of one kind and escalation at most one is raised in a
// look and at most one is open after it, and a second look asks for nothing.
func TestNeverTwoOfOneKindAtOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt, t)
		var rows []cadence.Existing
		for _, now := range w.looks {
			c := w.known(now)
			plan := cadence.Evaluate(c, rows, now)
			raised := map[string]int{}
			for _, r := range plan.Raise {
				if raised[kindAndStep(r.Key)]++; raised[kindAndStep(r.Key)] > 1 {
					rt.Fatalf("%s: two of %s raised at once", now, kindAndStep(r.Key))
				}
				for _, row := range rows {
					if row.Key == r.Key || row.Key.ID() == r.Key.ID() {
						rt.Fatalf("%s: %v raised again", now, r.Key)
					}
				}
				if r.DueAt.After(now) || r.UserID == "" {
					rt.Fatalf("%s: raised %+v", now, r)
				}
			}
			rows = apply(rows, plan)
			open := map[string]int{}
			for i, row := range rows {
				if row.State == cadence.StatePending {
					if open[kindAndStep(row.Key)]++; open[kindAndStep(row.Key)] > 1 {
						rt.Fatalf("%s: two of %s open", now, kindAndStep(row.Key))
					}
					rows[i].Sent = true
				}
			}
			if again := cadence.Evaluate(c, rows, now); len(again.Raise)+len(again.Settle) != 0 {
				rt.Fatalf("%s: a second look asks for %+v", now, again)
			}
		}
	})
}

// TestEscalationNeverSkipsAStep: when a step of a silence is told, every lower step
// whose role somebody holds has been told, and no step is told before its own day.
func TestEscalationNeverSkipsAStep(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt, t)
		held := [3]bool{!w.base.Assignments[0].Inactive, len(w.base.Assignments) > 1, len(w.base.Supervisors) > 0}
		var rows []cadence.Existing
		for _, now := range w.looks {
			plan := cadence.Evaluate(w.known(now), rows, now)
			rows = apply(rows, plan)
			for _, r := range only(plan.Raise, cadence.KindSilence) {
				start := r.DueAt.Add(-time.Duration(w.base.Settings.SilenceDays[r.Escalation]) * 24 * time.Hour)
				for _, a := range w.known(now).Attempts {
					if !a.Deleted && !a.ClockSuspect && a.OccurredAt.After(start) {
						rt.Fatalf("%s: silence since %s is told though there was an attempt at %s", now, start, a.OccurredAt)
					}
				}
				for lower := range r.Escalation {
					if held[lower] && !told(rows, r.Key, lower) {
						rt.Fatalf("%s: step %d told before step %d", now, r.Escalation, lower)
					}
				}
			}
		}
	})
}

func told(rows []cadence.Existing, key cadence.Key, step int) bool {
	key.Step = step
	for _, row := range rows {
		if row.Key == key {
			return true
		}
	}
	return false
}

// TestLateAttemptsLeaveNothingOpen: once everything has arrived, no reminder is open
// that an attempt in time had answered.
func TestLateAttemptsLeaveNothingOpen(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt, t)
		var rows []cadence.Existing
		for _, now := range w.looks {
			rows = apply(rows, cadence.Evaluate(w.known(now), rows, now))
		}
		end := w.looks[len(w.looks)-1].AddDate(0, 0, 12)
		c := w.known(end)
		rows = apply(rows, cadence.Evaluate(c, rows, end))
		for _, row := range rows {
			if row.State != cadence.StatePending {
				continue
			}
			for _, a := range c.Attempts {
				if a.Deleted || a.ClockSuspect || a.OccurredAt.After(row.DueAt) {
					continue
				}
				days := time.Duration(c.Settings.SilenceDays[row.Key.Step]) * 24 * time.Hour
				switch {
				case row.Key.Rule == "first_attempt":
					rt.Fatalf("open %v, attempt at %s", row.Key, a.OccurredAt)
				case row.Key.Rule == "silence" && a.OccurredAt.After(row.DueAt.Add(-days)):
					rt.Fatalf("open %v, attempt at %s", row.Key, a.OccurredAt)
				case row.Key.Rule == "review_day_90" && a.Outcome == "spoke":
					rt.Fatalf("open %v, reached at %s", row.Key, a.OccurredAt)
				case row.Key.Rule == "weekly_in_person" && a.Channel == "in_person_visit" && sameWeek(t, c, row.Key.Period, a.OccurredAt):
					rt.Fatalf("open %v, visit at %s", row.Key, a.OccurredAt)
				}
			}
		}
	})
}

func sameWeek(t *testing.T, c cadence.Case, monday string, at time.Time) bool {
	from, err := time.ParseInLocation("2006-01-02", monday, c.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return !at.Before(from) && at.Before(from.AddDate(0, 0, 7))
}

// TestNothingFallsDueBeforeNext: a scheduler that wakes at Next alone misses nothing
// and never wakes for nothing; and the order in which rows were read is no matter.
func TestNothingFallsDueBeforeNext(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt, t)
		var rows []cadence.Existing
		for _, now := range w.looks {
			c := w.known(now)
			plan := cadence.Evaluate(c, rows, now)
			rows = apply(rows, plan)
			if next := cadence.NextDue(c, rows, now); !next.Equal(plan.Next) {
				rt.Fatalf("%s: Evaluate says %s, NextDue %s", now, plan.Next, next)
			}
			between := now.Add(time.Duration(rapid.IntRange(0, 60*24*60).Draw(rt, "ahead")) * time.Minute)
			if plan.Next.IsZero() || between.Before(plan.Next) {
				if early := cadence.Due(c, rows, between); len(early) != 0 {
					rt.Fatalf("%s: next is %s, but at %s there is %+v", now, plan.Next, between, early)
				}
			}
			if !plan.Next.IsZero() && (!plan.Next.After(now) || len(cadence.Due(c, rows, plan.Next)) == 0) {
				rt.Fatalf("%s: nothing is due at %s", now, plan.Next)
			}
			shuffled := c
			shuffled.Attempts = append([]cadence.Attempt(nil), c.Attempts...)
			sort.Slice(shuffled.Attempts, func(i, j int) bool { return shuffled.Attempts[i].ID > shuffled.Attempts[j].ID })
			if again := cadence.NextDue(shuffled, rows, now); !again.Equal(plan.Next) {
				rt.Fatalf("%s: another order of rows gives %s, not %s", now, again, plan.Next)
			}
		}
	})
}

// TestBusinessDays: a first attempt is never due on a weekend, keeps its clock time,
// and has two working days between.
func TestBusinessDays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		day := time.Date(2026, 1, 1, 0, 0, 0, 0, loc).AddDate(0, 0, rapid.IntRange(0, 900).Draw(rt, "day"))
		// Between 04:00 and midnight no zone above changes its clocks.
		start := time.Date(day.Year(), day.Month(), day.Day(), rapid.IntRange(4, 23).Draw(rt, "hour"), rapid.IntRange(0, 59).Draw(rt, "minute"), 0, 0, loc)
		c := cadence.Case{ServiceID: service, Track: "tvif", OpenedAt: start.UTC(), Zone: loc, Settings: cadence.Defaults(),
			Assignments: []cadence.Assignment{{UserID: worker, Role: cadence.RoleWorker, Started: start.UTC()}}}
		due := only(cadence.Due(c, nil, start.AddDate(0, 0, 4)), cadence.KindFirstAttempt)
		if len(due) != 1 {
			rt.Fatalf("got %+v", due)
		}
		at, working := due[0].DueAt.In(loc), 0
		for d := start.AddDate(0, 0, 1); !d.After(at); d = d.AddDate(0, 0, 1) {
			if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
				working++
			}
		}
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || working != 2 || at.Format("15:04") != start.Format("15:04") {
			rt.Fatalf("assigned %s, due %s", start, at)
		}
	})
}

// TestKeys: a key survives being stored, and different keys have different ids.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) cadence.Key {
			return cadence.Key{Service: rapid.StringMatching(`[a-f0-9-]{0,36}`).Draw(rt, name), Rule: rapid.StringMatching(`[a-z_]{1,12}`).Draw(rt, name),
				Period: rapid.StringMatching(`[a-f0-9@T.Z-]{0,40}`).Draw(rt, name), Step: rapid.IntRange(0, 2).Draw(rt, name)}
		}
		a, b := draw("a"), draw("b")
		if back, err := cadence.ParseKey(a.String()); err != nil || back != a {
			rt.Fatalf("%q comes back as %v (%v)", a.String(), back, err)
		}
		if (a == b) != (a.ID() == b.ID()) {
			rt.Fatalf("%v and %v: %s, %s", a, b, a.ID(), b.ID())
		}
	})
	for _, bad := range []string{"", "a/b/c", "a/b/c/d", "a/b/c/3", "a/b/c/-1", "a/b/c/0/1"} {
		if _, err := cadence.ParseKey(bad); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
}
