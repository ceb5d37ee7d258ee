package reports

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// book gathers records as a test writes them down.
type book struct {
	Records
	t *testing.T
}

func newBook(t *testing.T) *book {
	return &book{t: t, Records: Records{StatusEvents: map[string][]StatusEvent{}}}
}

func (b *book) referral(id, person, source, on string) {
	b.Referrals = append(b.Referrals, Referral{ID: id, PersonID: person, Source: source, ReferredOn: day(on)})
}

// service opens one; history is pairs of status and date.
func (b *book) service(referral, track string, history ...string) {
	id := fmt.Sprint("svc", len(b.Services))
	s := Service{ID: id, ReferralID: referral, Track: track, Status: statusPursuing}
	for _, r := range b.Referrals {
		if r.ID == referral {
			s.ReferredOn = r.ReferredOn
		}
	}
	for i := 0; i+1 < len(history); i += 2 {
		b.StatusEvents[id] = append(b.StatusEvents[id], StatusEvent{V: int64(i + 1), ServiceID: id,
			From: s.Status, To: history[i], On: day(history[i+1])})
		s.Status = history[i]
	}
	b.Services = append(b.Services, s)
}

func (b *book) summary(year int, asOf string) Summary {
	b.t.Helper()
	s, err := Summarize(b.Records, year, day(asOf), zone(b.t, portland))
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// figuresOf lists a row's figures that are not 0, by name.
func figuresOf(r Row) string {
	var out []string
	for _, c := range columns() {
		if n := *c.cell(&r); n != nil && *n != 0 {
			out = append(out, fmt.Sprintf("%s %d", c.name, *n))
		}
	}
	return strings.Join(out, ", ")
}

func wantFigures(t *testing.T, r Row, want string) {
	t.Helper()
	if got := figuresOf(r); got != want {
		t.Errorf("month %d:\n got %s\nwant %s", r.Month, got, want)
	}
}

func failing(s Summary) string {
	var names []string
	for _, c := range s.Checks {
		if !c.Holds {
			names = append(names, fmt.Sprint(c.Name, " ", c.Left, "≠", c.Right, " ", c.Months))
		}
	}
	return strings.Join(names, "; ")
}

func TestCohortsHaveTheirStatusAsOfTheDate(t *testing.T) {
	b := newBook(t)
	b.referral("r1", "p1", "shooting_review", "2026-01-31")
	b.service("r1", trackSLOICM, statusSLOEngaged, "2026-03-01", statusEnrolled, "2026-05-01", statusClosed, "2026-08-01")
	wantFigures(t, b.summary(2026, "2026-02-28").Rows[0], "appropriate_for_referral 1, referred 1, out_slo_icm 1, pursuing 1")
	wantFigures(t, b.summary(2026, "2026-03-01").Rows[0], "appropriate_for_referral 1, referred 1, out_slo_icm 1, slo 1, engaged 1")
	enrolled := "appropriate_for_referral 1, referred 1, out_slo_icm 1, icm 1, enrolled_slo_icm 1, engaged 1"
	wantFigures(t, b.summary(2026, "2026-05-01").Rows[0], enrolled)
	wantFigures(t, b.summary(2026, "2026-12-31").Rows[0], enrolled) // closed counts as what it was
	wantFigures(t, b.summary(2026, "2026-01-30").Rows[0], "")       // not referred yet
	if b.summary(2025, "2026-12-31").Totals.Referred == nil || figuresOf(b.summary(2025, "2026-12-31").Totals) != "" {
		t.Error("a referral of another year was counted")
	}
}

func TestSeveralReferralsOfAPersonInAMonthAreOne(t *testing.T) {
	b := newBook(t)
	b.referral("r2", "p1", "community_partner", "2026-02-20")
	b.referral("r1", "p1", "shooting_review", "2026-02-03")
	b.referral("r3", "p1", "outreach", "2026-03-01")
	b.service("r2", trackHHP, statusRefused, "2026-03-05")
	b.service("r1", trackSLOICM)
	b.service("r3", trackTVIF, statusUnableToPlace, "2026-03-06")
	s := b.summary(2026, "2026-12-31")
	wantFigures(t, s.Rows[1], "appropriate_for_referral 1, referred 1, out_slo_icm 1, out_hhp 1, pursuing 1")
	wantFigures(t, s.Rows[2], "other_referrals 1, referred 1, out_tvif 1, unable_to_place 1, n 1")
	if f := failing(s); f != "" {
		t.Error(f)
	}
}

func TestMostAdvancedServiceAndDoubleEnrolments(t *testing.T) {
	on := "2026-06-10"
	for _, c := range []struct {
		tracks, statuses []string
		want             string
	}{
		{[]string{trackSLOICM, trackHHP}, []string{statusEnrolled, statusEnrolled}, "icm 2, enrolled_slo_icm 1, enrolled_hhp_tvif 1, engaged 1"},
		{[]string{trackHHP, trackTVIF}, []string{statusEnrolled, statusEnrolled}, "icm 1, enrolled_hhp_tvif 1, engaged 1"},
		{[]string{trackSLOICM, trackTVIF}, []string{statusSLOEngaged, statusShortTerm}, "short_term 1, engaged 1"},
		{[]string{trackSLOICM, trackTVIF}, []string{statusRefused, statusSLOEngaged}, "slo 1, engaged 1"},
		{[]string{trackSLOICM, trackTVIF}, []string{statusRefused, statusUnableToPlace}, "refused 1"},
		{[]string{trackSLOICM, trackTVIF}, []string{statusRefused, statusPursuing}, "pursuing 1"},
		{[]string{trackSLOICM}, []string{statusClosed}, "pursuing 1"},
	} {
		b := newBook(t)
		b.referral("r", "p", "shooting_review", "2026-06-01")
		for i, track := range c.tracks {
			if c.statuses[i] == statusPursuing {
				b.service("r", track)
			} else {
				b.service("r", track, c.statuses[i], on)
			}
		}
		s := b.summary(2026, "2026-12-31")
		if got := figuresOf(s.Rows[5]); !strings.HasSuffix(got, ", "+c.want) {
			t.Errorf("%v %v: %s, wanted …%s", c.tracks, c.statuses, got, c.want)
		}
		if f := failing(s); f != "" {
			t.Errorf("%v: %s", c.statuses, f)
		}
	}
}

func TestAReferralWithoutAServiceFailsVisibly(t *testing.T) {
	b := newBook(t)
	b.referral("r1", "p1", "shooting_review", "2026-04-01")
	b.referral("r2", "p2", "shooting_review", "2026-05-01")
	b.service("r2", trackHHP)
	got := failing(b.summary(2026, "2026-12-31"))
	for _, want := range []string{"referred = engaged + pursuing + refused + unable_to_place 2≠1 [4]",
		"status rows − double enrolments = referred 1≠2 [4]", "services − absorbed dual services = referred 1≠2 [4]"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}

func TestAssessmentsAndProgramEvents(t *testing.T) {
	b := newBook(t)
	for i, a := range []Assessment{
		{PersonID: "p1", ShootingReviewOn: day("2026-02-02"), Disposition: "sscc"},
		{PersonID: "p1", ShootingReviewOn: day("2026-02-09"), Disposition: "pps"},
		{PersonID: "p1", ShootingReviewOn: day("2026-03-02"), Disposition: "referred"},
		{PersonID: "p2", ShootingReviewOn: day("2026-03-02"), Disposition: "referred", Deleted: true},
	} {
		a.ID = fmt.Sprint(i)
		b.Assessments = append(b.Assessments, a)
	}
	for i, e := range []ProgramEvent{
		{PersonID: "p1", Kind: "custom_notification", On: day("2026-02-01"), MeetingID: "m1"},
		{PersonID: "p2", Kind: "custom_notification", On: day("2026-02-01"), MeetingID: "m1"},
		{PersonID: "p1", Kind: "custom_notification", On: day("2026-02-05")},
		{PersonID: "p1", Kind: "call_in", On: day("2026-02-06"), MeetingID: "m1"},
		{PersonID: "p2", Kind: "call_in", On: day("2026-02-06"), MeetingID: "m1"},
		{PersonID: "p2", Kind: "call_in", On: day("2026-02-06"), MeetingID: "m1"},
		{PersonID: "p1", Kind: "relocation", On: day("2026-02-06")},
		{PersonID: "p1", Kind: "relocation", On: day("2027-02-06")},
	} {
		e.ID = fmt.Sprint(i)
		b.ProgramEvents = append(b.ProgramEvents, e)
	}
	shots := 9
	b.Incidents = []Incident{{Year: 2026, Month: 2, InjuryFatalShootings: &shots}, {Year: 2025, Month: 3, InjuryFatalShootings: &shots}}
	s := b.summary(2026, "2026-12-31")
	wantFigures(t, s.Rows[1], "injury_fatal_shootings 9, assessed 1, sscc 1, pps 1, custom_notifications 2, call_ins 2, call_in_meetings 1, relocations 1, n 1")
	wantFigures(t, s.Rows[2], "assessed 1, n 1")
	if s.Rows[2].InjuryFatalShootings != nil || s.Rows[1].ShootingIncidents != nil {
		t.Error("shootings that nobody entered are not 0 but null")
	}
	if len(s.Notices) != 2 || s.Notices[0].Holds {
		t.Errorf("one assessment says referred, nobody was: %+v", s.Notices)
	}
}

// rebuilt2024 invents single records that agree with every figure of the printed table.
func rebuilt2024(t *testing.T) (*book, Published) {
	p, ok, err := PublishedCheck(2024)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	b := newBook(t)
	for _, r := range p.Rows {
		b.month2024(r)
	}
	return b, p
}

func (b *book) month2024(r Row) {
	on := fmt.Sprintf("2024-%02d-10", r.Month)
	b.Incidents = append(b.Incidents, Incident{2024, r.Month, r.InjuryFatalShootings, r.ShootingIncidents})
	doubles := map[int]int{10: 2}[r.Month]
	tracks := tracks2024(r, doubles)
	statuses := map[string]int{statusSLOEngaged: *r.SLO, statusShortTerm: *r.ShortTerm, statusRefused: *r.Refused,
		statusUnableToPlace: *r.UnableToPlace, statusPursuing: *r.Pursuing}
	inICM, inOther := *r.EnrolledSLOICM-doubles, *r.EnrolledHHPTVIF-doubles
	for i, of := range tracks {
		source := "shooting_review"
		if i < *r.OtherReferrals {
			source = "law_enforcement"
		}
		id := fmt.Sprintf("r%d-%d", r.Month, i)
		b.referral(id, "person"+id, source, on)
		switch {
		case i < doubles:
			b.service(id, of[0], statusEnrolled, "2024-12-31")
			b.service(id, of[1], statusEnrolled, "2024-12-31")
			continue
		case slices.Contains(of, trackSLOICM) && inICM > 0:
			inICM--
			b.service(id, trackSLOICM, statusEnrolled, "2024-12-31", statusClosed, "2024-12-31")
		case !slices.Contains(of, trackSLOICM) && inOther > 0:
			inOther--
			b.service(id, of[0], statusEnrolled, "2024-12-30", statusClosed, "2025-01-01")
		default:
			b.standing(id, of[0], statuses)
		}
		for _, track := range of[1:] {
			b.service(id, track, statusUnableToPlace, "2024-12-31")
		}
	}
	b.others2024(r, on)
}

// tracks2024 lists each person's tracks, those enrolled twice first; who has two is what the
// monthly footnotes say.
func tracks2024(r Row, doubles int) [][]string {
	left := map[string]int{trackSLOICM: *r.OutSLOICM, trackHHP: *r.OutHHP, trackTVIF: *r.OutTVIF}
	var tracks [][]string
	take := func(n int, of ...string) {
		for range n {
			tracks = append(tracks, of)
			for _, track := range of {
				left[track]--
			}
		}
	}
	take(doubles, trackSLOICM, trackTVIF)
	take(map[int]int{1: 1, 10: 1}[r.Month], trackHHP, trackTVIF)
	take(map[int]int{11: 1}[r.Month], trackSLOICM, trackHHP)
	for _, track := range []string{trackSLOICM, trackHHP, trackTVIF} {
		take(left[track], track)
	}
	return tracks
}

// standing opens a service in any status that is still to be handed out; the next day it
// turns, which a summary as of the year's end must not see.
func (b *book) standing(referral, track string, statuses map[string]int) {
	for _, status := range []string{statusSLOEngaged, statusShortTerm, statusRefused, statusUnableToPlace, statusPursuing} {
		if statuses[status] == 0 {
			continue
		}
		statuses[status]--
		if status == statusPursuing {
			b.service(referral, track, statusRefused, "2025-01-01")
		} else {
			b.service(referral, track, status, "2024-12-31", statusPursuing, "2025-01-01")
		}
		return
	}
	b.t.Fatal("more people than statuses")
}

func (b *book) others2024(r Row, on string) {
	id := 0
	name := func() string { id++; return fmt.Sprintf("x%d-%d", r.Month, id) }
	for i := range *r.Assessed {
		disposition := "not_appropriate"
		switch {
		case i < *r.AppropriateReferral:
			disposition = "referred"
		case i < *r.AppropriateReferral+*r.SSCC:
			disposition = "sscc"
		case i < *r.AppropriateReferral+*r.SSCC+*r.PPS:
			disposition = "pps"
		}
		b.Assessments = append(b.Assessments, Assessment{ID: name(), PersonID: name(), ShootingReviewOn: day(on), Disposition: disposition})
	}
	for kind, n := range map[string]int{"custom_notification": *r.CustomNotifications, "call_in": *r.CallIns, "relocation": *r.Relocations} {
		for range n {
			b.ProgramEvents = append(b.ProgramEvents, ProgramEvent{ID: name(), PersonID: name(), Kind: kind, On: day(on)})
		}
	}
}

func TestThePrintedTableIsRebuiltFromSingleRecords(t *testing.T) {
	b, p := rebuilt2024(t)
	s := b.summary(2024, "2024-12-31")
	for _, d := range p.Compare(s) {
		t.Errorf("month %d, %s: printed %v, rebuilt %v", d.Month, d.Field, null(d.Published), null(d.Rebuilt))
	}
	if f := failing(s); f != "" {
		t.Error(f)
	}
	for _, n := range s.Notices {
		if !n.Holds {
			t.Errorf("%+v", n)
		}
	}
	if later := b.summary(2024, "2025-01-01"); len(p.Compare(later)) == 0 {
		t.Error("what turned on New Year's Day is not seen the day after")
	}
}

func TestThePrintedTableAgainstItself(t *testing.T) {
	p, _, err := PublishedCheck(2024)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Checks {
		if !c.Holds {
			t.Errorf("%+v", c)
		}
	}
	if *p.Totals.Referred != 263 || *p.Totals.Engaged != 159 || *p.Totals.AppropriateReferral != 190 {
		t.Errorf("totals: %s", figuresOf(p.Totals))
	}
	got := map[string][2]int{}
	for _, d := range p.Disagreements {
		if d.PrintedCount != nil {
			got[d.Topic] = [2]int{*d.PrintedCount, *d.TableCount}
		}
	}
	want := map[string][2]int{
		"referrals via shooting reviews": {191, 190}, "people with two services": {3, 5},
		"people counted twice among the engaged": {1, 2}, "assessed and not referred": {39, 40},
		"assessed and not referred, second note": {13, 40}, "of those, passed to SSCC or PPS": {8, 26},
		"referred to HHP and TVIF, first note": {18, 77}, "November, enrolled in HHP or TVIF": {4, 2},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if _, ok, _ := PublishedCheck(2023); ok {
		t.Error("there is no printed table of 2023")
	}
}

func TestSummaryOnTheWire(t *testing.T) {
	s := newBook(t).summary(2026, "2026-12-31")
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"year":2026,"as_of":"2026-12-31","rows":[{"month":1,`, `"injury_fatal_shootings":null`,
		`"out_hhp":0`, `"totals":{"shooting_incidents":null`, `"holds":true`, `"suppressed":[]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in %.300s", want, text)
		}
	}
	for _, c := range columns() {
		if !strings.Contains(string(text), `"`+c.name+`":`) {
			t.Errorf("column %s is no JSON field", c.name)
		}
	}
}
