package reports

import (
	"maps"
	"slices"
	"time"
)

// Purged is what a purge leaves of the persons it took: for each month (1 to 12) of a
// year the counts that they made up, by name, and nothing else. A summary as of an
// earlier date sees what they made up then, to the end of the date's month.
type Purged struct {
	Months map[int]map[string]int `json:"months"`
	Before []PurgedUntil          `json:"before,omitempty"` // by Until; none = as it was at last
}

// PurgedUntil is what persons made up as of dates to the end of a month.
type PurgedUntil struct {
	Until  Date                   `json:"until"`
	Months map[int]map[string]int `json:"months"`
}

// purgedSteps is how many ends of months a purge looks back at, from the start of the
// year it counts: what changed later than that is seen as of every date in between.
const purgedSteps = 60

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
// added to the summary of the rest, it gives the summary of the whole again, as of the
// ends of months too. empty tells that it loses nothing.
func PurgedOf(r Records, persons map[string]bool, year int, asOf Date, zone *time.Location) (p Purged, empty bool) {
	r = concerning(r, persons)
	rest := without(r, persons)
	p.Months = lost(r, rest, year, asOf, zone)
	end := earlier(asOf, lastChange(r))
	for month := range purgedSteps {
		until := NewDate(year, time.Month(month+2), 0)
		if !until.Before(end) {
			break
		}
		step := PurgedUntil{Until: until, Months: lost(r, rest, year, until, zone)}
		if n := len(p.Before); n > 0 && equalCounts(p.Before[n-1].Months, step.Months) {
			p.Before[n-1].Until = until
			continue
		}
		p.Before = append(p.Before, step)
	}
	if n := len(p.Before); n > 0 && equalCounts(p.Before[n-1].Months, p.Months) {
		p.Before = p.Before[:n-1]
	}
	return p, len(p.Months) == 0 && len(p.Before) == 0
}

func equalCounts(a, b map[int]map[string]int) bool {
	return maps.EqualFunc(a, b, func(x, y map[string]int) bool { return maps.Equal(x, y) })
}

// lost is what the summary of all records has more than that of the rest.
func lost(all, rest Records, year int, asOf Date, zone *time.Location) map[int]map[string]int {
	whole, _ := countMonths(all, year, asOf, zone)
	left, _ := countMonths(rest, year, asOf, zone)
	out := map[int]map[string]int{}
	for i := range whole {
		month, remain := map[string]int{}, left[i].counts()
		for name, n := range whole[i].counts() {
			if d := *n - *remain[name]; d != 0 {
				month[name] = d
			}
		}
		if len(month) > 0 {
			out[i+1] = month
		}
	}
	return out
}

// concerning keeps the records of some persons, and of others those that count
// together with theirs: a meeting counts once, whoever came.
func concerning(r Records, persons map[string]bool) Records {
	r.Assessments = slices.DeleteFunc(slices.Clone(r.Assessments), func(x Assessment) bool { return !persons[x.PersonID] })
	r.Referrals = slices.DeleteFunc(slices.Clone(r.Referrals), func(x Referral) bool { return !persons[x.PersonID] })
	r.Services = slices.DeleteFunc(slices.Clone(r.Services), func(x Service) bool { return !persons[x.PersonID] })
	r.Incidents = nil
	return r
}

// lastChange is the last date that records say anything of.
func lastChange(r Records) (last Date) {
	for _, x := range r.Assessments {
		last = later(last, x.ShootingReviewOn)
	}
	for _, x := range r.Referrals {
		last = later(last, x.ReferredOn)
	}
	for _, x := range r.Services {
		last = later(last, x.StatusOn)
		for _, e := range r.StatusEvents[x.ID] {
			last = later(last, e.On)
		}
	}
	for _, x := range r.ProgramEvents {
		last = later(last, x.On)
	}
	return last
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
	for month, counts := range p.asOf(asOf) {
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

// asOf gives the counts that persons made up as of a date.
func (p Purged) asOf(date Date) map[int]map[string]int {
	for _, step := range p.Before {
		if !date.After(step.Until) {
			return step.Months
		}
	}
	return p.Months
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
