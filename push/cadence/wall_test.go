package cadence_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pursuit/push/cadence"
)

func TestWallTimesAroundClockChanges(t *testing.T) {
	cases := []struct {
		name, zone string
		date       cadence.Date
		clock      time.Duration
		want       string // UTC
	}{
		{"never shown: the change itself", "America/Los_Angeles", cadence.Date{Year: 2026, Month: 3, Day: 8}, 150 * time.Minute, "2026-03-08T10:00:00Z"},
		{"shown twice: the first", "America/Los_Angeles", cadence.Date{Year: 2026, Month: 11, Day: 1}, 90 * time.Minute, "2026-11-01T08:30:00Z"},
		{"after the change", "America/Los_Angeles", cadence.Date{Year: 2026, Month: 11, Day: 1}, 9 * time.Hour, "2026-11-01T17:00:00Z"},
		{"half an hour of change", "Australia/Lord_Howe", cadence.Date{Year: 2026, Month: 10, Day: 4}, 135 * time.Minute, "2026-10-03T15:30:00Z"},
		{"a day that never was", "Pacific/Apia", cadence.Date{Year: 2011, Month: 12, Day: 30}, 12 * time.Hour, "2011-12-30T10:00:00Z"},
		{"midnight that never was", "America/Santiago", cadence.Date{Year: 2025, Month: 9, Day: 7}, 0, "2025-09-07T04:00:00Z"},
		{"no change", "Asia/Kathmandu", cadence.Date{Year: 2026, Month: 1, Day: 1}, 0, "2025-12-31T18:15:00Z"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.date.At(tc.clock, zone(t, tc.zone)).Format(time.RFC3339); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

var zones = []string{"America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC", "Africa/Casablanca"}

// TestWallTimesNeverGoBackwards: later on the wall is never earlier in time, and a
// wall time that is shown is the one asked for.
func TestWallTimesNeverGoBackwards(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		date := cadence.Date{Year: 2026, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 800).Draw(rt, "day"))
		first := time.Duration(rapid.IntRange(0, 1439).Draw(rt, "first")) * time.Minute
		second := first + time.Duration(rapid.IntRange(0, 1440).Draw(rt, "later"))*time.Minute
		a, b := date.At(first, loc), date.At(second, loc)
		if b.Before(a) {
			rt.Fatalf("%s: %v is %s and %v is %s", date, first, a, second, b)
		}
		if hour, minute, _ := a.In(loc).Clock(); time.Duration(hour*60+minute)*time.Minute != first {
			before := a.Add(-time.Millisecond).In(loc)
			if _, now := a.In(loc).Zone(); func() int { _, o := before.Zone(); return o }() == now {
				rt.Fatalf("%s %v: got %s, which is neither that time nor a change of clocks", date, first, a.In(loc))
			}
		}
	})
}

func TestDates(t *testing.T) {
	d, err := cadence.ParseDate("2025-09-30")
	if err != nil || d.AddMonths(5).String() != "2026-02-28" || d.AddMonths(3).String() != "2025-12-30" {
		t.Errorf("months: %v %v", d.AddMonths(5), err)
	}
	for day := range 7 {
		monday := cadence.Date{Year: 2026, Month: 3, Day: 2}
		if got := monday.AddDays(day).Monday(); got != monday {
			t.Errorf("day %d: Monday is %s", day, got)
		}
	}
	if _, err := cadence.ParseDate("planted-2026"); err == nil || err.Error() != "a date must be written YYYY-MM-DD" {
		t.Errorf("got %v", err)
	}
}
