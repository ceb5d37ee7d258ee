package reports

import (
	"errors"
	"time"
)

// Row is one month of the summary, or its totals (Month 0). A nil figure is unknown (shootings
// that were not entered) or suppressed (then its name stands in Suppressed).
// Source: docs/domain.md, section 4.
type Row struct {
	Month                int  `json:"month,omitempty" minimum:"1" maximum:"12"`
	ShootingIncidents    *int `json:"shooting_incidents"`
	InjuryFatalShootings *int `json:"injury_fatal_shootings"`
	Assessed             *int `json:"assessed"`
	AppropriateReferral  *int `json:"appropriate_for_referral"`
	OtherReferrals       *int `json:"other_referrals"`
	Referred             *int `json:"referred"`
	OutSLOICM            *int `json:"out_slo_icm"`
	OutHHP               *int `json:"out_hhp"`
	OutTVIF              *int `json:"out_tvif"`
	Pursuing             *int `json:"pursuing"`
	SLO                  *int `json:"slo"`
	ICM                  *int `json:"icm"`
	EnrolledSLOICM       *int `json:"enrolled_slo_icm"`
	EnrolledHHPTVIF      *int `json:"enrolled_hhp_tvif"`
	ShortTerm            *int `json:"short_term"`
	Refused              *int `json:"refused"`
	UnableToPlace        *int `json:"unable_to_place"`
	Engaged              *int `json:"engaged"`
	SSCC                 *int `json:"sscc"`
	PPS                  *int `json:"pps"`
	CustomNotifications  *int `json:"custom_notifications"`
	CallIns              *int `json:"call_ins"`
	CallInMeetings       *int `json:"call_in_meetings"`
	Relocations          *int `json:"relocations"`
	N                    *int `json:"n"`
	// Suppressed names the figures withheld because they are small, near a value that was
	// shown before, or would give such a one away; empty in reports for the program's own people.
	Suppressed []string `json:"suppressed"`
}

// Summary is the report's table "Ceasefire Summary", rebuilt from single records.
type Summary struct {
	Year   int     `json:"year"`
	AsOf   Date    `json:"as_of"`
	Rows   []Row   `json:"rows"`
	Totals Row     `json:"totals"`
	Checks []Check `json:"checks"`
	// Notices are comparisons that need not hold but that somebody should look at when they
	// do not.
	Notices []Check `json:"notices"`
}

// Check is one identity over the year's totals. Months names those in which it fails.
type Check struct {
	Name   string `json:"name"`
	Left   int    `json:"left"`
	Right  int    `json:"right"`
	Holds  bool   `json:"holds"`
	Months []int  `json:"months,omitempty"`
}

// Records is everything a summary is rebuilt from. Rows of other years may be among them and
// do not count; StatusEvents are by service id.
type Records struct {
	Assessments   []Assessment
	Referrals     []Referral
	Services      []Service
	StatusEvents  map[string][]StatusEvent
	ProgramEvents []ProgramEvent
	Incidents     []Incident
}

// months of a year, and with them the rows of a summary.
const months = 12

// Summarize rebuilds the summary of a year as of the end of a date in the program's zone.
//
// Rows are cohorts by the month of referred_on with the status as of asOf; what is dated
// after asOf is not seen. All twelve rows are there, later ones empty. It fails on an unset
// asOf or zone.
func Summarize(r Records, year int, asOf Date, zone *time.Location) (Summary, error) {
	return SummarizeWith(r, nil, year, asOf, zone)
}

// SummarizeWith is Summarize with the counts that purges of the year left behind.
func SummarizeWith(r Records, purged []Purged, year int, asOf Date, zone *time.Location) (Summary, error) {
	if asOf.IsZero() || zone == nil {
		return Summary{}, errors.New("summarize: as_of and a time zone are needed")
	}
	year12, strays := countMonths(r, year, asOf, zone)
	return summaryOf(year12, strays, purged, year, asOf), nil
}

// summaryOf makes a summary of months that are counted.
func summaryOf(year12 [months]monthCount, strays int, purged []Purged, year int, asOf Date) Summary {
	for _, p := range purged {
		p.addTo(&year12, year, asOf)
	}
	s := Summary{Year: year, AsOf: asOf, Rows: make([]Row, 0, months)}
	for i := range year12 {
		s.Rows = append(s.Rows, year12[i].row(i+1))
	}
	s.Totals = sumRows(s.Rows)
	s.Checks, s.Notices = identities(year12[:]), notices(year12[:], strays)
	return s
}

// countMonths sorts records into the months of a year, and counts the services whose
// referral is not among them.
func countMonths(r Records, year int, asOf Date, zone *time.Location) (year12 [months]monthCount, strays int) {
	c := cohorts{year: year, asOf: asOf, zone: zone, months: &year12}
	c.incidents(r.Incidents)
	c.assessments(r.Assessments)
	c.referrals(r.Referrals, r.Services, r.StatusEvents)
	c.programEvents(r.ProgramEvents)
	return year12, c.strayServices
}

// sumRows adds months up. A figure unknown in every month is unknown in the sum.
func sumRows(rows []Row) Row {
	totals := Row{Suppressed: []string{}}
	for _, column := range columns() {
		for i := range rows {
			n := *column.cell(&rows[i])
			if n == nil {
				continue
			}
			cell := column.cell(&totals)
			if *cell == nil {
				*cell = new(int)
			}
			**cell += *n
		}
	}
	return totals
}
