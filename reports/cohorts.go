package reports

import (
	"cmp"
	"slices"
	"time"
)

// monthCount is one month while it is counted. Beside the row's figures it holds what only
// the checks need.
type monthCount struct {
	shootings, injuries                  *int
	assessed, viaReview, markedReferred  int
	sscc, pps                            int
	referred, other                      int
	services, absorbed                   int
	outSLOICM, outHHP, outTVIF           int
	pursuing, slo, icm, shortTerm        int
	refused, unable                      int
	enrolledSLOICM, enrolledHHPTVIF      int
	doubles, engaged                     int
	customNotifications                  int
	callIns, callInMeetings, relocations int
}

// row makes a month's row; 0 stands for the month in totals.
func (m *monthCount) row(month int) Row {
	c := *m
	return Row{
		Month: month, ShootingIncidents: c.shootings, InjuryFatalShootings: c.injuries,
		Assessed: &c.assessed, AppropriateReferral: &c.viaReview, OtherReferrals: &c.other,
		Referred: &c.referred, OutSLOICM: &c.outSLOICM, OutHHP: &c.outHHP, OutTVIF: &c.outTVIF,
		Pursuing: &c.pursuing, SLO: &c.slo, ICM: &c.icm,
		EnrolledSLOICM: &c.enrolledSLOICM, EnrolledHHPTVIF: &c.enrolledHHPTVIF,
		ShortTerm: &c.shortTerm, Refused: &c.refused, UnableToPlace: &c.unable, Engaged: &c.engaged,
		SSCC: &c.sscc, PPS: &c.pps, CustomNotifications: &c.customNotifications,
		CallIns: &c.callIns, CallInMeetings: &c.callInMeetings, Relocations: &c.relocations,
		N: sum(c.assessed, c.other), Suppressed: []string{},
	}
}

func sum(a, b int) *int {
	n := a + b
	return &n
}

// cohorts sorts records into the months of a year.
type cohorts struct {
	year   int
	asOf   Date
	zone   *time.Location
	months *[months]monthCount

	strayServices int // services whose referral is not among the records
}

// month is the count a date belongs to, nil when it is not of the year or not yet seen.
func (c *cohorts) month(d Date) *monthCount {
	if d.IsZero() || d.After(c.asOf) {
		return nil
	}
	year, month, _ := d.Civil()
	if year != c.year {
		return nil
	}
	return &c.months[month-1]
}

func (c *cohorts) incidents(all []Incident) {
	for _, i := range all {
		if i.Year != c.year || i.Month < 1 || i.Month > months {
			continue
		}
		if m := c.month(NewDate(i.Year, time.Month(i.Month), 1)); m != nil {
			m.shootings, m.injuries = i.ShootingIncidents, i.InjuryFatalShootings
		}
	}
}

// personMonth is what "once a person and month" is counted by.
type personMonth struct {
	person string
	month  *monthCount
}

func (c *cohorts) assessments(all []Assessment) {
	seen, marked := map[personMonth]bool{}, map[personMonth]bool{}
	for _, a := range all {
		m := c.month(a.ShootingReviewOn)
		if a.Deleted || m == nil {
			continue
		}
		who := personMonth{a.PersonID, m}
		if !seen[who] {
			seen[who] = true
			m.assessed++
		}
		switch a.Disposition {
		case dispositionSSCC:
			m.sscc++
		case dispositionPPS:
			m.pps++
		case dispositionReferred:
			if !marked[who] {
				marked[who] = true
				m.markedReferred++
			}
		}
	}
}

// outcome is where one service stands as of the date; closed ones where they stood before.
type outcome struct{ track, status string }

// referrals counts one unit a person and month: its source is the first referral's, its
// services are those of all its referrals.
func (c *cohorts) referrals(all []Referral, services []Service, events map[string][]StatusEvent) {
	first := map[personMonth]Referral{}
	unitOf := map[string]personMonth{}
	known := map[string]bool{}
	for _, r := range all {
		if r.Deleted {
			continue
		}
		known[r.ID] = true
		m := c.month(r.ReferredOn)
		if m == nil {
			continue
		}
		unit := personMonth{r.PersonID, m}
		unitOf[r.ID] = unit
		if have, ok := first[unit]; !ok || referredFirst(r, have) {
			first[unit] = r
		}
	}
	outcomes := map[personMonth][]outcome{}
	for _, s := range services {
		if s.Deleted {
			continue
		}
		if !known[s.ReferralID] {
			c.strayServices++
		}
		if unit, ok := unitOf[s.ReferralID]; ok {
			status := pursue(s, events[s.ID], c.asOf, c.zone).before
			outcomes[unit] = append(outcomes[unit], outcome{s.Track, status})
		}
	}
	for unit, r := range first {
		unit.month.referral(r.Source, outcomes[unit])
	}
}

func referredFirst(a, b Referral) bool {
	return cmp.Or(a.ReferredOn.Sub(b.ReferredOn), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) < 0
}

// referral adds one unit.
func (m *monthCount) referral(source string, outcomes []outcome) {
	m.referred++
	if source == sourceShootingReview {
		m.viaReview++
	} else {
		m.other++
	}
	m.services += len(outcomes)
	m.absorbed += max(0, len(outcomes)-1)
	for _, o := range outcomes {
		switch o.track {
		case trackSLOICM:
			m.outSLOICM++
		case trackHHP:
			m.outHHP++
		case trackTVIF:
			m.outTVIF++
		}
	}
	m.status(outcomes)
}

// status adds the unit's status row: its most advanced service, twice when it is enrolled in
// slo_icm and in another track. Without a service there is no row, and the checks show it.
func (m *monthCount) status(outcomes []outcome) {
	holds := func(status string) bool {
		return slices.ContainsFunc(outcomes, func(o outcome) bool { return o.status == status })
	}
	switch {
	case holds(statusEnrolled):
		m.enrolled(outcomes)
	case holds(statusShortTerm):
		m.shortTerm++
		m.engaged++
	case holds(statusSLOEngaged):
		m.slo++
		m.engaged++
	case holds(statusPursuing):
		m.pursuing++
	case holds(statusRefused):
		m.refused++
	case holds(statusUnableToPlace):
		m.unable++
	}
}

func (m *monthCount) enrolled(outcomes []outcome) {
	inSLOICM := slices.Contains(outcomes, outcome{trackSLOICM, statusEnrolled})
	inOther := slices.ContainsFunc(outcomes, func(o outcome) bool {
		return o.status == statusEnrolled && o.track != trackSLOICM
	})
	m.engaged++
	if inSLOICM {
		m.icm++
		m.enrolledSLOICM++
	}
	if inOther {
		m.icm++
		m.enrolledHHPTVIF++
	}
	if inSLOICM && inOther {
		m.doubles++
	}
}

// meeting is what makes two program events one: its kind and meeting_id, or the row itself.
type meeting struct{ kind, id string }

// programEvents counts custom notifications and call-ins by meeting, call-ins by individual
// beside, and relocations. A meeting belongs to the month of its first date.
func (c *cohorts) programEvents(all []ProgramEvent) {
	ordered := slices.DeleteFunc(slices.Clone(all), func(e ProgramEvent) bool { return e.Deleted })
	slices.SortFunc(ordered, func(a, b ProgramEvent) int {
		return cmp.Or(a.On.Sub(b.On), cmp.Compare(a.ID, b.ID))
	})
	met := map[meeting]bool{}
	type attendance struct {
		meeting
		person string
	}
	came := map[attendance]bool{}
	for _, e := range ordered {
		which := meeting{e.Kind, "meeting " + e.MeetingID}
		if e.MeetingID == "" {
			which.id = "row " + e.ID
		}
		who := attendance{which, e.PersonID}
		firstRow, firstTime := !met[which], !came[who]
		met[which], came[who] = true, true
		if m := c.month(e.On); m != nil {
			m.programEvent(e.Kind, firstRow, firstTime)
		}
	}
}

func (m *monthCount) programEvent(kind string, newMeeting, newPerson bool) {
	switch kind {
	case kindCustomNotification:
		if newMeeting {
			m.customNotifications++
		}
	case kindCallIn:
		if newMeeting {
			m.callInMeetings++
		}
		if newPerson {
			m.callIns++
		}
	case kindRelocation:
		m.relocations++
	}
}
