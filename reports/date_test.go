package reports

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests run where no zone files are installed, too

	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func day(text string) Date {
	d, err := ParseDate(text)
	if err != nil {
		panic(err) // a typo in a test
	}
	return d
}

func TestAWeekStartsOnItsMonday(t *testing.T) {
	for text, monday := range map[string]string{
		"2026-03-02": "2026-03-02", "2026-03-08": "2026-03-02", "2026-03-09": "2026-03-09",
		"2024-12-31": "2024-12-30", "2025-01-01": "2024-12-30", "1969-12-31": "1969-12-29",
	} {
		if got := day(text).Monday().String(); got != monday {
			t.Errorf("the week of %s starts on %s, not %s", text, got, monday)
		}
	}
}

func TestADayStartsWhereTheClockSaysSo(t *testing.T) {
	for _, c := range []struct{ zone, day, start string }{
		{"America/Los_Angeles", "2026-03-08", "2026-03-08T08:00:00Z"}, // 23 hours long
		{"America/Los_Angeles", "2026-03-09", "2026-03-09T07:00:00Z"},
		{"America/Los_Angeles", "2026-11-02", "2026-11-02T08:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // no midnight
		{"America/Havana", "2020-11-01", "2020-11-01T04:00:00Z"},    // midnight twice
		{"UTC", "2026-03-08", "2026-03-08T00:00:00Z"},
	} {
		got := day(c.day).Start(zone(t, c.zone)).UTC().Format(time.RFC3339)
		if got != c.start {
			t.Errorf("%s starts in %s at %s, not %s", c.day, c.zone, got, c.start)
		}
	}
}

func TestDatesAreDatesOfTheirZone(t *testing.T) {
	zones := []*time.Location{time.UTC, zone(t, "America/Los_Angeles"), zone(t, "America/Sao_Paulo"),
		zone(t, "Pacific/Apia"), zone(t, "America/Havana"), zone(t, "Australia/Lord_Howe")}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		d := NewDate(2015, 1, 1).Plus(rapid.IntRange(0, 5000).Draw(t, "days"))
		start := d.Start(loc)
		if DateOf(start, loc) != d {
			t.Fatalf("%s does not hold its own start %s", d, start)
		}
		if !DateOf(start.Add(-time.Nanosecond), loc).Before(d) {
			t.Fatalf("%s starts before %s", d, start)
		}
		back, err := ParseDate(d.String())
		if err != nil || back != d || d.Plus(40).Sub(d) != 40 {
			t.Fatalf("%s reads back as %s (%v)", d, back, err)
		}
	})
}

func TestParseDateRefusesWhatIsNoDate(t *testing.T) {
	for _, text := range []string{"2026-02-30", "26-01-01", "2026-1-1", "x", "2026-01-01T00:00:00Z"} {
		if _, err := ParseDate(text); err == nil {
			t.Errorf("%q was taken for a date", text)
		}
	}
}
