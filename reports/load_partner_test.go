package reports_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"pursuit/models"
	"pursuit/reports"
)

// A partner reads the year as of any date that a director may read it as of, and gets the
// director's totals or nothing: no small one, and no two of one figure that differ by a small
// count. The first answer is the one that knew of no other.
func (c city) aPartnerReadsAnyDate(t *testing.T) {
	partner, shown := c.actor(models.RoleReferralPartner, 4), map[string][]int{}
	first := c.partnerTotals(t, partner, "2024-12-31", shown)
	if first.Referred == nil || *first.Referred != 263 || !slices.Equal(first.Suppressed, []string{"pps", "call_in_meetings"}) {
		t.Errorf("%v referred, withheld %v", number(first.Referred), first.Suppressed)
	}
	told := 0
	for _, asOf := range []string{"2024-02-29", "2024-03-01", "2024-03-02", "2024-06-30", "2024-12-30", "2024-12-29",
		"2024-12-28", "", "2025-01-01", "2031-05-01", "2023-12-31"} {
		told += len(figuresOf(t, c.partnerTotals(t, partner, asOf, shown)))
	}
	if told == 0 {
		t.Error("nothing was shown as of eleven dates")
	}
	again := c.partnerTotals(t, partner, "2024-12-31", shown)
	if before, now := asJSON(t, first), asJSON(t, again); !bytes.Equal(before, now) {
		t.Errorf("first\n%s\nthen\n%s", before, now)
	}
	if c.partnerTotals(t, c.actor(models.RoleReferralPartner, 4), "2023-12-31", shown).Referred != nil {
		t.Error("a year that has not begun has referrals")
	}
}

// partnerTotals reads a year's totals, holds them against the director's and against what was
// shown before, and adds them to that.
func (c city) partnerTotals(t *testing.T, partner models.Actor, asOf string, shown map[string][]int) reports.Row {
	t.Helper()
	ctx := context.Background()
	s, err := c.loader.Summary(ctx, partner, 2024, day(asOf))
	if err != nil {
		t.Fatalf("as of %q: %v", asOf, err)
	}
	whole, err := c.loader.Summary(ctx, c.actor(models.RoleDirector, 0), 2024, day(asOf))
	if err != nil {
		t.Fatal(err)
	}
	if s.AsOf != whole.AsOf || len(s.Rows)+len(s.Checks)+len(s.Notices) > 0 {
		t.Errorf("as of %s, not %s, with %d months", s.AsOf, whole.AsOf, len(s.Rows))
	}
	all := figuresOf(t, whole.Totals)
	for name, value := range figuresOf(t, s.Totals) {
		if value != all[name] || value < 5 {
			t.Errorf("as of %q %s is %d for partners, %d for directors", asOf, name, value, all[name])
		}
		for _, before := range shown[name] {
			if d := value - before; d != 0 && d > -5 && d < 5 {
				t.Errorf("as of %q %s is shown as %d after %d", asOf, name, value, before)
			}
		}
		shown[name] = append(shown[name], value)
	}
	return s.Totals
}

// figuresOf lists the figures of a row that are not null.
func figuresOf(t *testing.T, row reports.Row) map[string]int {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(asJSON(t, row), &members); err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for name, value := range members {
		if n, ok := value.(float64); ok {
			out[name] = int(n)
		}
	}
	return out
}
