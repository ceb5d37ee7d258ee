package quiet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pursuit/push/cadence"
	"pursuit/push/quiet"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("load zone: %v", err)
	}
	return loc
}

func clock(t testing.TB, loc *time.Location, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatalf("parse time: %v", err)
	}
	return at
}

func hours(t testing.TB, text string) cadence.Hours {
	t.Helper()
	start, end, _ := strings.Cut(text, "-")
	h, err := cadence.ParseHours(start, end)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestOpen(t *testing.T) {
	cases := []struct{ name, zone, hours, at, want string }{
		{"evening", "America/Los_Angeles", "20:00-08:00", "2026-03-02 20:00", "2026-03-03 08:00 PST"},
		{"after midnight", "America/Los_Angeles", "20:00-08:00", "2026-03-03 03:00", "2026-03-03 08:00 PST"},
		{"the minute before", "America/Los_Angeles", "20:00-08:00", "2026-03-02 19:59", "2026-03-02 19:59 PST"},
		{"at the end", "America/Los_Angeles", "20:00-08:00", "2026-03-03 08:00", "2026-03-03 08:00 PST"},
		{"a short night", "America/Los_Angeles", "20:00-08:00", "2026-03-07 22:00", "2026-03-08 08:00 PDT"},
		{"a long night", "America/Los_Angeles", "20:00-08:00", "2026-10-31 22:00", "2026-11-01 08:00 PST"},
		{"ends in the hour that is skipped", "America/Los_Angeles", "22:00-02:30", "2026-03-08 01:00", "2026-03-08 03:00 PDT"},
		{"ends in the hour that comes twice: open from the first time on", "America/Los_Angeles", "22:00-01:30", "2026-11-01 00:30", "2026-11-01 01:30 PDT"},
		{"begins in the hour that comes twice: from the first time on", "America/Los_Angeles", "01:30-04:00", "2026-11-01 01:45", "2026-11-01 04:00 PST"},
		{"within a day", "Europe/Berlin", "12:00-14:00", "2026-03-02 13:00", "2026-03-02 14:00 CET"},
		{"none", "Europe/Berlin", "08:00-08:00", "2026-03-02 08:00", "2026-03-02 08:00 CET"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			loc := zone(t, tc.zone)
			got := quiet.Open(clock(t, loc, tc.at), hours(t, tc.hours), loc).In(loc).Format("2006-01-02 15:04 MST")
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestSecondPassOfAnHour: quiet hours that ended do not come back with the hour.
func TestSecondPassOfAnHour(t *testing.T) {
	loc := zone(t, "America/Los_Angeles")
	again := clock(t, loc, "2026-11-01 01:10").Add(time.Hour)
	if quiet.Quiet(again, hours(t, "22:00-01:30"), loc) {
		t.Errorf("quiet at %s", again.In(loc))
	}
	if !quiet.Quiet(again, hours(t, "01:00-04:00"), loc) {
		t.Errorf("a hole in the quiet hours at %s", again.In(loc))
	}
}

func TestPlan(t *testing.T) {
	loc := zone(t, "America/Los_Angeles")
	wait := func(id, at string) quiet.Waiting {
		return quiet.Waiting{ID: id, Type: "silence", ReadyAt: clock(t, loc, at)}
	}
	many := func(n int) (all []time.Time) {
		for i := range n {
			all = append(all, clock(t, loc, "2026-03-03 09:00").Add(time.Duration(i)*time.Minute))
		}
		return all
	}
	cases := []struct {
		name, now string
		sent      []time.Time
		waiting   []quiet.Waiting
		want      []string // type:covered
		lookAt    string
	}{
		{name: "nothing waits", now: "2026-03-03 12:00"},
		{name: "by day, one by one", now: "2026-03-03 12:00", waiting: []quiet.Waiting{wait("b", "2026-03-03 11:59"), wait("a", "2026-03-03 11:58")},
			want: []string{"silence:a", "silence:b"}},
		{name: "not ready yet", now: "2026-03-03 12:00", waiting: []quiet.Waiting{wait("a", "2026-03-03 13:00")}, lookAt: "2026-03-03 13:00"},
		{name: "ready in the night", now: "2026-03-03 12:00", waiting: []quiet.Waiting{wait("a", "2026-03-03 22:00")}, lookAt: "2026-03-04 08:00"},
		{name: "in the night nothing goes", now: "2026-03-03 22:00", waiting: []quiet.Waiting{wait("a", "2026-03-03 11:59")}, lookAt: "2026-03-04 08:00"},
		{name: "one was held back: itself", now: "2026-03-04 08:00", waiting: []quiet.Waiting{wait("a", "2026-03-03 22:00")}, want: []string{"silence:a"}},
		{name: "several were held back: a digest", now: "2026-03-04 08:00",
			waiting: []quiet.Waiting{wait("a", "2026-03-03 22:00"), wait("b", "2026-03-04 03:00"), wait("c", "2026-03-04 08:00")},
			want:    []string{"digest:a+b", "silence:c"}},
		{name: "the eighth goes as itself", now: "2026-03-03 12:00", sent: many(7), waiting: []quiet.Waiting{wait("a", "2026-03-03 11:00")}, want: []string{"silence:a"}},
		{name: "the ninth is a digest", now: "2026-03-03 12:00", sent: many(8), waiting: []quiet.Waiting{wait("a", "2026-03-03 11:00")}, want: []string{"digest:a"}},
		{name: "the tenth waits for tomorrow", now: "2026-03-03 12:00", sent: many(9), waiting: []quiet.Waiting{wait("a", "2026-03-03 11:00")}, lookAt: "2026-03-04 08:00"},
		{name: "over the cap at once", now: "2026-03-03 12:00", sent: many(6),
			waiting: []quiet.Waiting{wait("a", "2026-03-03 11:00"), wait("b", "2026-03-03 11:01"), wait("c", "2026-03-03 11:02"), wait("d", "2026-03-03 11:03")},
			want:    []string{"silence:a", "silence:b", "digest:c+d"}},
		{name: "yesterday's pushes do not count", now: "2026-03-04 12:00", sent: many(9), waiting: []quiet.Waiting{wait("a", "2026-03-04 11:00")}, want: []string{"silence:a"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p := quiet.Person{UserID: "u", Zone: loc, Hours: hours(t, "20:00-08:00"), Cap: 8, Sent: tc.sent}
			round := quiet.Plan(p, tc.waiting, clock(t, loc, tc.now))
			var got []string
			for _, push := range round.Send {
				got = append(got, push.Type+":"+strings.Join(push.Covers, "+"))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("sent differs (-want +got):\n%s", diff)
			}
			lookAt := ""
			if !round.LookAt.IsZero() {
				lookAt = round.LookAt.In(loc).Format("2006-01-02 15:04")
			}
			if lookAt != tc.lookAt {
				t.Errorf("looks again at %q, want %q", lookAt, tc.lookAt)
			}
		})
	}
}

// TestARepeatHasTheSameID: planning again before anything was recorded gives the same
// pushes; after it was recorded, another digest of that day is another one.
func TestARepeatHasTheSameID(t *testing.T) {
	loc := zone(t, "America/Los_Angeles")
	now := clock(t, loc, "2026-03-04 08:00")
	p := quiet.Person{UserID: "u", Zone: loc, Hours: hours(t, "20:00-08:00"), Cap: 1}
	night := []quiet.Waiting{{ID: "a", ReadyAt: now.Add(-3 * time.Hour)}, {ID: "b", ReadyAt: now.Add(-2 * time.Hour)}}
	first := quiet.Plan(p, night, now)
	if diff := cmp.Diff(first, quiet.Plan(p, night, now)); diff != "" || len(first.Send) != 1 {
		t.Fatalf("a repeat differs:\n%s", diff)
	}
	p.Sent = []time.Time{now}
	second := quiet.Plan(p, []quiet.Waiting{{ID: "c", ReadyAt: now}}, now.Add(time.Minute))
	if len(second.Send) != 1 || second.Send[0].Type != quiet.TypeDigest || second.Send[0].ID == first.Send[0].ID {
		t.Errorf("got %+v after %+v", second, first)
	}
}

// TestDays runs a person's days in every kind of zone, clock changes included, with a
// scheduler that looks when a reminder falls due and when Plan says so.
func TestDays(t *testing.T) {
	zones := []string{"America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "America/St_Johns"}
	starts := []string{"2026-03-06 00:00", "2026-03-27 00:00", "2026-10-02 00:00", "2026-10-30 00:00", "2026-04-03 00:00", "2026-07-01 00:00"}
	rapid.Check(t, func(rt *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		start := clock(t, loc, rapid.SampledFrom(starts).Draw(rt, "start"))
		p := quiet.Person{UserID: "u", Zone: loc, Cap: rapid.IntRange(1, 8).Draw(rt, "cap"),
			Hours: cadence.Hours{Start: time.Duration(rapid.IntRange(0, 1439).Draw(rt, "from")) * time.Minute,
				End: time.Duration(rapid.IntRange(0, 1439).Draw(rt, "until")) * time.Minute}}
		var due []quiet.Waiting
		for i := range rapid.IntRange(1, 60).Draw(rt, "reminders") {
			due = append(due, quiet.Waiting{ID: fmt.Sprint(i), Type: "silence",
				ReadyAt: start.Add(time.Duration(rapid.IntRange(0, 4*1440).Draw(rt, "minute")) * time.Minute)})
		}
		runDays(rt, p, due, start)
	})
}

// runDays looks again and again until nothing waits, and checks each push.
func runDays(rt *rapid.T, p quiet.Person, waiting []quiet.Waiting, now time.Time) {
	const looks = 2000 // far more than 60 reminders need
	perDay, digests := map[cadence.Date]int{}, map[string]bool{}
	for range looks {
		round := quiet.Plan(p, waiting, now)
		covered := map[string]bool{}
		for _, push := range round.Send {
			if quiet.Quiet(now, p.Hours, p.Zone) {
				rt.Fatalf("a push at %s, in quiet hours", now.In(p.Zone))
			}
			if perDay[cadence.DateIn(now, p.Zone)]++; perDay[cadence.DateIn(now, p.Zone)] > p.Cap+1 {
				rt.Fatalf("more than %d pushes and a digest on %s", p.Cap, now.In(p.Zone))
			}
			if perDay[cadence.DateIn(now, p.Zone)] > p.Cap && push.Type != quiet.TypeDigest {
				rt.Fatalf("push %d of a day is a %s", p.Cap+1, push.Type)
			}
			if push.Type == quiet.TypeDigest && digests[push.ID] {
				rt.Fatalf("two digests have one id")
			}
			digests[push.ID] = true
			for _, id := range push.Covers {
				if covered[id] {
					rt.Fatalf("%s is covered twice", id)
				}
				covered[id] = true
			}
			p.Sent = append(p.Sent, now)
		}
		var left []quiet.Waiting
		for _, w := range waiting {
			if !covered[w.ID] {
				left = append(left, w)
			}
		}
		if len(left) != len(waiting)-len(covered) {
			rt.Fatalf("something was covered that did not wait")
		}
		if waiting = left; len(waiting) == 0 {
			return
		}
		if !round.LookAt.After(now) {
			rt.Fatalf("at %s looks again at %s", now, round.LookAt)
		}
		now = round.LookAt
	}
	rt.Fatalf("%d reminders never went out", len(waiting))
}

// TestTheMorningIsOnePush: whatever gathered in the night is told at once.
func TestTheMorningIsOnePush(t *testing.T) {
	loc := zone(t, "America/Los_Angeles")
	rapid.Check(t, func(rt *rapid.T) {
		evening := clock(t, loc, "2026-10-30 20:00").AddDate(0, 0, rapid.IntRange(0, 3).Draw(rt, "night"))
		p := quiet.Person{UserID: "u", Zone: loc, Hours: hours(t, "20:00-08:00"), Cap: 8}
		var waiting []quiet.Waiting
		for i := range rapid.IntRange(1, 30).Draw(rt, "reminders") {
			waiting = append(waiting, quiet.Waiting{ID: fmt.Sprint(i), Type: "review",
				ReadyAt: evening.Add(time.Duration(rapid.IntRange(0, 719).Draw(rt, "minute")) * time.Minute)})
		}
		morning := quiet.Plan(p, waiting, evening).LookAt
		if morning.IsZero() {
			morning = quiet.Open(evening, p.Hours, loc)
		}
		round := quiet.Plan(p, waiting, morning)
		if len(round.Send) != 1 || len(round.Send[0].Covers) != len(waiting) || !round.LookAt.IsZero() {
			rt.Fatalf("%d waited, the morning is %+v", len(waiting), round)
		}
	})
}

// TestQuietIsWhatOpenLeaves: Open is never quiet, never early, and everything between
// is quiet.
func TestQuietIsWhatOpenLeaves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		loc := zone(t, rapid.SampledFrom([]string{"America/Los_Angeles", "Australia/Lord_Howe", "America/Santiago", "Asia/Beirut"}).Draw(rt, "zone"))
		h := cadence.Hours{Start: time.Duration(rapid.IntRange(0, 1439).Draw(rt, "from")) * time.Minute,
			End: time.Duration(rapid.IntRange(0, 1439).Draw(rt, "until")) * time.Minute}
		at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 2*365*1440).Draw(rt, "minute")) * time.Minute)
		open := quiet.Open(at, h, loc)
		if open.Before(at) || quiet.Quiet(open, h, loc) || quiet.Quiet(at, h, loc) != open.After(at) {
			rt.Fatalf("%s: opens at %s", at.In(loc), open.In(loc))
		}
		if span := open.Sub(at); span > 0 {
			between := at.Add(time.Duration(rapid.Int64Range(0, int64(span)-1).Draw(rt, "between")))
			if !quiet.Quiet(between, h, loc) {
				rt.Fatalf("%s: opens at %s, yet %s is not quiet", at.In(loc), open.In(loc), between.In(loc))
			}
		}
	})
}
