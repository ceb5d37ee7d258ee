package reports

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plainSummary answers one figure at a time, each time looking through everything.
type plainSummary struct {
	Records
	year int
	asOf Date
}

func (p plainSummary) in(d Date, month int) bool {
	return d.String() >= fmt.Sprintf("%d-%02d-01", p.year, month) &&
		d.String() <= fmt.Sprintf("%d-%02d-31", p.year, month) && d.String() <= p.asOf.String()
}

func (p plainSummary) status(s Service) string {
	chain := []string{statusPursuing}
	for _, e := range p.StatusEvents[s.ID] {
		if !e.On.After(p.asOf) {
			chain = append(chain, e.To)
		}
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if chain[i] != statusClosed {
			return chain[i]
		}
	}
	return ""
}

// services lists (track, status) of a person's referrals of a month.
func (p plainSummary) services(person string, month int) []outcome {
	var out []outcome
	for _, r := range p.Referrals {
		for _, s := range p.Records.Services {
			if !r.Deleted && !s.Deleted && r.PersonID == person && p.in(r.ReferredOn, month) && s.ReferralID == r.ID {
				out = append(out, outcome{s.Track, p.status(s)})
			}
		}
	}
	return out
}

func (p plainSummary) source(person string, month int) string {
	source, first := "", Date{}
	for _, r := range p.Referrals { // generated in the order of creation
		if !r.Deleted && r.PersonID == person && p.in(r.ReferredOn, month) && (first.IsZero() || r.ReferredOn.Before(first)) {
			source, first = r.Source, r.ReferredOn
		}
	}
	return source
}

// figures counts a month by name, and with it what the checks need.
func (p plainSummary) figures(month int, people []string) map[string]int {
	f := map[string]int{}
	for _, person := range people {
		p.person(f, person, month)
	}
	meetings := map[string]bool{}
	attendance := map[string]bool{}
	for _, e := range p.ProgramEvents {
		if e.Deleted || !p.in(e.On, month) {
			continue
		}
		id := e.MeetingID
		if id == "" {
			id = "alone " + e.ID
		}
		meetings[e.Kind+id] = true
		attendance[e.Kind+id+e.PersonID] = true
		if e.Kind == kindRelocation {
			f["relocations"]++
		}
	}
	for key := range meetings {
		f["custom_notifications"] += count(key, kindCustomNotification)
		f["call_in_meetings"] += count(key, kindCallIn)
	}
	for key := range attendance {
		f["call_ins"] += count(key, kindCallIn)
	}
	f["n"] = f["assessed"] + f["other_referrals"]
	return f
}

func count(key, prefix string) int {
	if len(key) > len(prefix) && key[:len(prefix)] == prefix {
		return 1
	}
	return 0
}

func (p plainSummary) person(f map[string]int, person string, month int) {
	seen := false
	for _, a := range p.Assessments {
		if a.Deleted || a.PersonID != person || !p.in(a.ShootingReviewOn, month) {
			continue
		}
		seen = true
		if a.Disposition == "sscc" || a.Disposition == "pps" {
			f[a.Disposition]++
		}
	}
	if seen {
		f["assessed"]++
	}
	source := p.source(person, month)
	if source == "" {
		return
	}
	f["referred"]++
	if source == sourceShootingReview {
		f["appropriate_for_referral"]++
	} else {
		f["other_referrals"]++
	}
	services := p.services(person, month)
	for _, s := range services {
		f["out_"+s.track]++
	}
	p.standing(f, services)
}

func (p plainSummary) standing(f map[string]int, services []outcome) {
	names := map[string]string{statusShortTerm: "short_term", statusSLOEngaged: "slo",
		statusPursuing: "pursuing", statusRefused: "refused", statusUnableToPlace: "unable_to_place"}
	var ranked []string
	tracks := map[string]bool{}
	for _, s := range services {
		ranked = append(ranked, s.status)
		if s.status == statusEnrolled {
			tracks[map[bool]string{true: "enrolled_slo_icm", false: "enrolled_hhp_tvif"}[s.track == trackSLOICM]] = true
		}
	}
	for _, status := range []string{statusEnrolled, statusShortTerm, statusSLOEngaged, statusPursuing, statusRefused, statusUnableToPlace} {
		if !slices.Contains(ranked, status) {
			continue
		}
		if engagedOrBeyond(status) {
			f["engaged"]++
		}
		if name := names[status]; name != "" {
			f[name]++
		}
		break
	}
	for name := range tracks {
		f[name]++
		f["icm"]++
	}
	if len(tracks) == 2 {
		f["double enrolments"]++
	}
	if len(services) > 0 {
		f["with a service"]++
	}
}

// checks lists both sides of every identity of a month, by its name.
func (p plainSummary) checks(f map[string]int) map[string][2]int {
	rows := f["pursuing"] + f["slo"] + f["icm"] + f["short_term"] + f["refused"] + f["unable_to_place"]
	out := f["out_slo_icm"] + f["out_hhp"] + f["out_tvif"]
	return map[string][2]int{
		"referred = engaged + pursuing + refused + unable_to_place": {f["referred"], f["engaged"] + f["pursuing"] + f["refused"] + f["unable_to_place"]},
		"status rows − double enrolments = referred":                {rows - f["double enrolments"], f["referred"]},
		"services − absorbed dual services = referred":              {f["with a service"], f["referred"]},
		"out_slo_icm + out_hhp + out_tvif = services":               {out, out},
		"icm + short_term + slo − double enrolments = engaged":      {f["engaged"], f["engaged"]},
		"enrolled_slo_icm + enrolled_hhp_tvif = icm":                {f["icm"], f["icm"]},
		"appropriate_for_referral + other_referrals = referred":     {f["referred"], f["referred"]},
		"n = assessed + other_referrals":                            {f["n"], f["n"]},
	}
}

// shootings is what was entered for a month that has begun, nil when nothing was.
func (p plainSummary) shootings(month int) *int {
	for _, i := range p.Incidents {
		if i.Year == p.year && i.Month == month && fmt.Sprintf("%d-%02d-01", p.year, month) <= p.asOf.String() {
			return i.InjuryFatalShootings
		}
	}
	return nil
}

func drawRecords(t *rapid.T) (Records, []string) {
	people := []string{"p0", "p1", "p2", "p3"}
	person := rapid.SampledFrom(people)
	on := func() Date { return day("2025-11-15").Plus(rapid.IntRange(0, 150).Draw(t, "on")) }
	gone := func() bool { return rapid.IntRange(0, 9).Draw(t, "deleted") == 0 }
	r := Records{StatusEvents: map[string][]StatusEvent{}}
	for i := range rapid.IntRange(0, 12).Draw(t, "referrals") {
		ref := Referral{ID: fmt.Sprintf("r%02d", i), PersonID: person.Draw(t, "person"), ReferredOn: on(), Deleted: gone(),
			Source: rapid.SampledFrom([]string{sourceShootingReview, "outreach"}).Draw(t, "source")}
		r.Referrals = append(r.Referrals, ref)
		for j := range rapid.IntRange(0, 3).Draw(t, "services") {
			s := Service{ID: fmt.Sprintf("%s-%d", ref.ID, j), ReferralID: ref.ID, ReferredOn: ref.ReferredOn, Deleted: gone(),
				Track: rapid.SampledFrom([]string{trackSLOICM, trackHHP, trackTVIF}).Draw(t, "track")}
			s.Status = statusPursuing
			for k := range rapid.IntRange(0, 3).Draw(t, "events") {
				to := rapid.SampledFrom([]string{statusPursuing, statusSLOEngaged, statusEnrolled, statusRefused,
					statusShortTerm, statusUnableToPlace, statusClosed}).Draw(t, "to")
				r.StatusEvents[s.ID] = append(r.StatusEvents[s.ID], StatusEvent{V: int64(k), To: to,
					On: ref.ReferredOn.Plus(rapid.IntRange(0, 60).Draw(t, "after"))})
			}
			// Changes are recorded on the day they happen here; back-dating is tried elsewhere.
			slices.SortFunc(r.StatusEvents[s.ID], func(a, b StatusEvent) int { return a.On.Sub(b.On) })
			for k := range r.StatusEvents[s.ID] {
				r.StatusEvents[s.ID][k].V = int64(k)
				s.Status = r.StatusEvents[s.ID][k].To
			}
			r.Services = append(r.Services, s)
		}
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "assessments") {
		r.Assessments = append(r.Assessments, Assessment{ID: fmt.Sprint(i), PersonID: person.Draw(t, "person"), ShootingReviewOn: on(),
			Deleted: gone(), Disposition: rapid.SampledFrom([]string{"referred", "sscc", "pps"}).Draw(t, "disposition")})
	}
	held := map[string]Date{"": {}, "m1": on(), "m2": on()}
	for i := range rapid.IntRange(0, 10).Draw(t, "events") {
		e := ProgramEvent{ID: fmt.Sprint(i), PersonID: person.Draw(t, "person"), On: on(), Deleted: gone(),
			Kind:      rapid.SampledFrom([]string{kindCustomNotification, kindCallIn, kindRelocation}).Draw(t, "kind"),
			MeetingID: rapid.SampledFrom([]string{"", "m1", "m2"}).Draw(t, "meeting")}
		if e.MeetingID != "" {
			e.On = held[e.MeetingID]
		}
		r.ProgramEvents = append(r.ProgramEvents, e)
	}
	for month := 1; month <= months; month += rapid.IntRange(1, 6).Draw(t, "next month entered") {
		n := rapid.IntRange(0, 9).Draw(t, "shootings")
		r.Incidents = append(r.Incidents, Incident{Year: rapid.IntRange(2025, 2026).Draw(t, "year"), Month: month, InjuryFatalShootings: &n})
	}
	return r, people
}

func TestTheSummaryEqualsThePlainOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records, people := drawRecords(t)
		asOf := day("2025-12-20").Plus(rapid.IntRange(0, 150).Draw(t, "as_of"))
		s, err := Summarize(records, 2026, asOf, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		p := plainSummary{records, 2026, asOf}
		totals, checked := map[string]int{}, map[string]Check{}
		for i, row := range s.Rows {
			want := p.figures(i+1, people)
			for _, c := range columns() {
				if n := *c.cell(&row); n != nil && c.name != "injury_fatal_shootings" && *n != want[c.name] {
					t.Fatalf("month %d, %s: %d, plainly %d", i+1, c.name, *n, want[c.name])
				}
				totals[c.name] += want[c.name]
			}
			if got, entered := show(row.InjuryFatalShootings), show(p.shootings(i+1)); got != entered {
				t.Fatalf("month %d: %s shootings, %s were entered", i+1, got, entered)
			}
			for name, sides := range p.checks(want) {
				c := checked[name]
				c.Name, c.Left, c.Right = name, c.Left+sides[0], c.Right+sides[1]
				if sides[0] != sides[1] {
					c.Months = append(c.Months, i+1)
				}
				c.Holds = len(c.Months) == 0
				checked[name] = c
			}
		}
		for _, c := range s.Checks {
			if got, want := fmt.Sprintf("%+v", c), fmt.Sprintf("%+v", checked[c.Name]); got != want || len(s.Checks) != len(checked) {
				t.Fatalf("check %s, plainly %s", got, want)
			}
		}
		for _, c := range columns() {
			if n := *c.cell(&s.Totals); n != nil && c.name != "injury_fatal_shootings" && *n != totals[c.name] {
				t.Fatalf("total %s: %d, plainly %d", c.name, *n, totals[c.name])
			}
		}
	})
}
