package api

import (
	"fmt"
	"testing"
	"time"

	"pursuit/models"
)

// partnerSummary is what a partner reads of a year.
type partnerSummary struct {
	AsOf   string         `json:"as_of"`
	Rows   []any          `json:"rows"`
	Checks []any          `json:"checks"`
	Totals map[string]any `json:"totals"`
}

func (c casework) partnerReads(query string) (out partnerSummary) {
	c.t.Helper()
	c.get(models.RoleReferralPartner, "/v1/reports/summary?"+query).into(200, &out)
	if len(out.Rows)+len(out.Checks) != 0 {
		c.t.Errorf("a partner reads %+v", out)
	}
	return out
}

// refer enters so many persons with a referral and a service each on a date.
func (c casework) refer(persons int, on string) {
	c.t.Helper()
	supervisor := c.who[models.RoleSupervisor]
	for range persons {
		person, referral := models.NewID(), models.NewID()
		c.push(supervisor, "people", person, map[string]any{"code": "P"})
		c.push(supervisor, "referrals", referral, map[string]any{"person_id": person, "source": "shooting_review", "referred_on": on})
		c.push(supervisor, "services", models.NewID(), map[string]any{"referral_id": referral, "person_id": person, "track": "slo_icm", "org_id": c.made.OrgID})
	}
}

// A partner reads the year that goes on, as of now: nothing of one person, and the totals of
// six.
func TestWhatAPartnerReadsOfTheSummary(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		yesterday := time.Now().UTC().AddDate(0, 0, -1)
		year := fmt.Sprintf("year=%d", yesterday.Year())
		zone, err := time.LoadLocation("America/Los_Angeles") // the program's
		if err != nil {
			t.Fatal(err)
		}
		if got := c.partnerReads(year); got.Totals["referred"] != nil || got.AsOf != s.store.Clock().In(zone).Format(models.DateLayout) {
			t.Errorf("of one person a partner reads %+v", got)
		}
		c.refer(5, yesterday.Format(models.DateLayout))
		if got := c.partnerReads(year); got.Totals["referred"] != 6.0 {
			t.Errorf("of six persons a partner reads %+v", got)
		}
		var whole partnerSummary
		c.get(models.RoleDirector, "/v1/reports/summary?"+year).into(200, &whole)
		if len(whole.Rows) != 12 || whole.Totals["referred"] != 6.0 || whole.Totals["pursuing"] != 6.0 {
			t.Errorf("a director reads %+v", whole.Totals)
		}
	})
}

// A partner reads a year as of any date. Of two dates between which somebody was referred, or
// of a day on which a late referral came in, there are never two totals that differ by them.
func TestAPartnersAnswersAreNotSubtracted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		c.refer(12, "2024-03-01")
		c.refer(2, "2024-03-02")
		c.refer(5, "2024-05-01")
		read := func(asOf string, want any) {
			t.Helper()
			if got := c.partnerReads("year=2024" + asOf).Totals; got["referred"] != want {
				t.Errorf("%s: %v referred, not %v", asOf, got["referred"], want)
			}
		}
		read("&as_of=2024-03-01", 12.0)
		read("&as_of=2024-03-02", nil)
		read("&as_of=2024-05-01", 19.0)
		read("", 19.0)
		read("&as_of=2024-03-02", nil)
		read("&as_of=2024-02-29", nil)
		read("&as_of=2024-12-31", 19.0)
		c.refer(1, "2024-04-30")
		read("", nil)
		read("&as_of=2031-01-01", nil)
		read("&as_of=2024-03-01", 12.0)
		c.refer(4, "2024-04-30")
		read("", 24.0)
	})
}
