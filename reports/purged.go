package reports

import (
	"maps"
	"slices"
	"time"
)

// Purged is what a purge leaves of the persons it took: for each month (1 to 12) of a
// year the counts that they made up, by name, and nothing else.
type Purged struct {
	Months map[int]map[string]int `json:"months"`
}

// counts lists every count of a month but those entered by hand, by its name.
func (m *monthCount) counts() map[string]*int {
	return map[string]*int{
		"assessed": &m.assessed, "via_review": &m.viaReview, "marked_referred": &m.markedReferred,
		"sscc": &m.sscc, "pps": &m.pps, "referred": &m.referred, "other": &m.other,
		"services": &m.services, "absorbed": &m.absorbed,
		"out_slo_icm": &m.outSLOICM, "out_hhp": &m.outHHP, "out_tvif": &m.outTVIF,
		"pursuing": &m.pursuing, "slo": &m.slo, "icm": &m.icm, "short_term": &m.shortTerm,
		"refused": &m.refused, "unable": &m.unable,
		"enrolled_slo_icm": &m.enrolledSLOICM, "enrolled_hhp_tvif": &m.enrolledHHPTVIF,
		"doubles": &m.doubles, "engaged": &m.engaged, "custom_notifications": &m.customNotifications,
		"call_ins": &m.callIns, "call_in_meetings": &m.callInMeetings, "relocations": &m.relocations,
	}
}

// PurgedOf is what a year's summary loses when persons are taken out of its records:
// added to the summary of the rest, it gives the summary of the whole again. empty
// tells that it loses nothing.
func PurgedOf(r Records, persons map[string]bool, year int, asOf Date, zone *time.Location) (p Purged, empty bool) {
	whole, _ := countMonths(r, year, asOf, zone)
	rest, _ := countMonths(without(r, persons), year, asOf, zone)
	p.Months = map[int]map[string]int{}
	for i := range whole {
		lost, left := map[string]int{}, rest[i].counts()
		for name, n := range whole[i].counts() {
			if d := *n - *left[name]; d != 0 {
				lost[name] = d
			}
		}
		if len(lost) > 0 {
			p.Months[i+1] = lost
		}
	}
	return p, len(p.Months) == 0
}

// without leaves out everything of some persons.
func without(r Records, persons map[string]bool) Records {
	r.Assessments = slices.DeleteFunc(slices.Clone(r.Assessments), func(x Assessment) bool { return persons[x.PersonID] })
	r.Referrals = slices.DeleteFunc(slices.Clone(r.Referrals), func(x Referral) bool { return persons[x.PersonID] })
	r.Services = slices.DeleteFunc(slices.Clone(r.Services), func(x Service) bool { return persons[x.PersonID] })
	r.ProgramEvents = slices.DeleteFunc(slices.Clone(r.ProgramEvents), func(x ProgramEvent) bool { return persons[x.PersonID] })
	return r
}

// addTo adds the counts to the months that a summary as of a date sees.
func (p Purged) addTo(year12 *[months]monthCount, year int, asOf Date) {
	for month, counts := range p.Months {
		if month < 1 || month > months || NewDate(year, time.Month(month), 1).After(asOf) {
			continue
		}
		into := year12[month-1].counts()
		for name, n := range counts {
			if at := into[name]; at != nil {
				*at += n
			}
		}
	}
}

// yearsOf lists the years that records of some persons are dated in.
func yearsOf(r Records, persons map[string]bool) []int {
	years := map[int]bool{}
	note := func(person string, on Date) {
		if persons[person] && !on.IsZero() {
			year, _, _ := on.Civil()
			years[year] = true
		}
	}
	for _, x := range r.Assessments {
		note(x.PersonID, x.ShootingReviewOn)
	}
	for _, x := range r.Referrals {
		note(x.PersonID, x.ReferredOn)
	}
	for _, x := range r.ProgramEvents {
		note(x.PersonID, x.On)
	}
	return slices.Sorted(maps.Keys(years))
}
