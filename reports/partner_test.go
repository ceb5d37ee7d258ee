package reports

import (
	"testing"

	"pgregory.net/rapid"
)

// A partner reads a year as of its last day alone, and not before it is over: no two
// dates can be subtracted from each other.
func TestAPartnerReadsAYearAsOfOneDate(t *testing.T) {
	for _, c := range []struct{ asOf, today, want string }{
		{"", "2025-01-01", "2024-12-31"},
		{"2024-12-31", "2031-05-01", "2024-12-31"},
		{"", "2024-12-31", "2023-12-31"},
		{"2024-12-31", "2024-06-01", "2023-12-31"},
		{"", "2020-01-01", "2023-12-31"},
		{"2024-12-30", "2031-05-01", ""},
		{"2024-06-30", "2024-07-15", ""},
		{"2025-12-31", "2031-05-01", ""},
	} {
		asOf, err := ParseDate(c.asOf)
		if err != nil {
			t.Fatal(err)
		}
		got, err := partnerDate(2024, asOf, day(c.today))
		if (err != nil) != (c.want == "") || err == nil && got != day(c.want) {
			t.Errorf("as_of %q on %s: %s, %v; want %q", c.asOf, c.today, got, err, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		base := day("2024-12-31")
		today := base.Plus(rapid.IntRange(-400, 4000).Draw(t, "today"))
		got, err := partnerDate(2024, base.Plus(rapid.IntRange(-400, 400).Draw(t, "as_of")), today)
		if err == nil && got != base && got != day("2023-12-31") {
			t.Fatalf("2024 is answered as of %s", got)
		}
	})
}

// What a partner is told of a year that goes on is nothing at all.
func TestOfAYearThatGoesOnAPartnerReadsNothing(t *testing.T) {
	b, _ := rebuilt2024(t)
	totals := PartnerTotals(b.summary(2024, "2023-12-31")).Totals
	for _, c := range columns() {
		if n := *c.cell(&totals); n != nil {
			t.Errorf("%s = %d is shown", c.name, *n)
		}
	}
}
