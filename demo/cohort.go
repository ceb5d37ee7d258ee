package demo

import "fmt"

// Sources of a referral.
const (
	sourceReview    = "shooting_review"
	sourceJustice   = "law_enforcement"
	sourceCommunity = "community_partner"
	sourceOutreach  = "outreach"
)

// Statuses of a service.
const (
	statusPursuing  = "pursuing"
	statusEngaged   = "slo_engaged"
	statusEnrolled  = "enrolled"
	statusShortTerm = "short_term"
	statusRefused   = "refused"
	statusUnable    = "unable_to_place"
	statusClosed    = "closed"
)

// Dispositions of an assessment.
const (
	dispositionReferred = "referred"
	dispositionSSCC     = "sscc"
	dispositionPPS      = "pps"
	dispositionPending  = "pending_open_case"
	dispositionUnfit    = "not_appropriate"
	dispositionEnforced = "enforcement_track"
	dispositionNever    = "never_made"
)

// Reasons why somebody could not be placed.
const (
	reasonNoContact = "unable_to_contact"
	reasonHealth    = "severe_behavioral_health"
	reasonCulture   = "no_culturally_relevant_services"
	reasonElsewhere = "referred_out_other"
)

// draft is one person of a month's cohort, before names and dates.
type draft struct {
	source      string // empty: assessed, and not referred
	disposition string // empty: not assessed in a shooting review
	goals       []goal // one for each service
}

// goal is a service with the status that it has at the end of the year.
type goal struct{ track, status, reason string }

// duals are the individuals with two services, by month: the footnotes of the report
// say which tracks, and the counts of the month what became of them.
var duals = map[int][][]goal{
	1: {{{track: trackHHP, status: statusShortTerm}, {track: trackTVIF, status: statusRefused}}},
	10: {
		{{track: trackSLOICM, status: statusEnrolled}, {track: trackTVIF, status: statusEnrolled}},
		{{track: trackSLOICM, status: statusEnrolled}, {track: trackTVIF, status: statusEnrolled}},
		{{track: trackHHP, status: statusEnrolled}, {track: trackTVIF, status: statusPursuing}},
	},
	11: {{{track: trackSLOICM, status: statusPursuing}, {track: trackHHP, status: statusShortTerm}}},
}

// unplaced gives the reasons, by month, of those who could not be placed. The one of
// May was in the hospital's programme, all others in street outreach.
var unplaced = map[int][]string{
	2: {reasonNoContact, reasonHealth}, 3: {reasonCulture, reasonCulture, reasonCulture}, 5: {reasonElsewhere},
}

const unplacedHospitalMonth = 5

// unreferred gives the dispositions, by month, of those assessed and not referred
// beyond the ones counted in the table's own columns.
var unreferred = map[int][]string{
	3:  {dispositionUnfit, dispositionEnforced},
	4:  {dispositionNever, dispositionEnforced},
	6:  {dispositionPending},
	10: {dispositionPending, dispositionPending, dispositionPending, dispositionPending, dispositionUnfit, dispositionUnfit, dispositionUnfit},
	12: {dispositionUnfit, dispositionUnfit},
}

// cohortOf deals out the persons of a month so that every count of the table comes
// true. It fails when the counts cannot be met together.
func cohortOf(m Month) ([]draft, error) {
	d := diceFor(fmt.Sprintf("cohort/%d", m.Month))
	var people [][]goal
	left := m
	for _, pair := range duals[m.Month] {
		people = append(people, pair)
		left.take(pair)
	}
	street, other, err := left.deal()
	if err != nil {
		return nil, err
	}
	for _, g := range append(street, other...) {
		people = append(people, []goal{g})
	}
	if len(people) != m.Referred {
		return nil, fmt.Errorf("%d persons with services, %d referred", len(people), m.Referred)
	}
	shuffle(d, people)
	drafts := make([]draft, 0, m.N)
	for i, goals := range people {
		drafts = append(drafts, draft{source: sourceOf(i, m.OtherReferrals, len(goals)), goals: goals})
	}
	return withAssessments(m, drafts)
}

// sourceOf spreads the first others over the sources that are not a shooting review;
// an outreach worker's own referral leads to one service.
func sourceOf(i, others, services int) string {
	switch {
	case i >= others:
		return sourceReview
	case i%5 == 3 && services == 1:
		return sourceOutreach
	case i%5 == 1 || i%5 == 4:
		return sourceCommunity
	}
	return sourceJustice
}

func withAssessments(m Month, drafts []draft) ([]draft, error) {
	appropriate := 0
	for i := range drafts {
		if drafts[i].source == sourceReview {
			drafts[i].disposition = dispositionReferred
			appropriate++
		}
	}
	for range m.SSCC {
		drafts = append(drafts, draft{disposition: dispositionSSCC})
	}
	for range m.PPS {
		drafts = append(drafts, draft{disposition: dispositionPPS})
	}
	for _, disposition := range unreferred[m.Month] {
		drafts = append(drafts, draft{disposition: disposition})
	}
	if appropriate != m.Appropriate || len(drafts) != m.N {
		return nil, fmt.Errorf("%d of %d appropriate, %d of %d persons", appropriate, m.Appropriate, len(drafts), m.N)
	}
	return drafts, nil
}

// take subtracts a pair of services from what is left to deal out.
func (m *Month) take(pair []goal) {
	for _, g := range pair {
		switch g.track {
		case trackSLOICM:
			m.OutSLOICM--
		case trackHHP:
			m.OutHHP--
		case trackTVIF:
			m.OutTVIF--
		}
		switch {
		case g.status == statusEnrolled && g.track == trackSLOICM:
			m.EnrolledSLOICM--
		case g.status == statusEnrolled:
			m.EnrolledHHPTVIF--
		}
	}
	if pair[0].status == statusShortTerm || pair[1].status == statusShortTerm {
		m.ShortTerm-- // the most advanced of the two: no dual person is short-term and enrolled
	}
}

// deal gives the single services of a month their tracks and statuses: what is left
// of the statuses goes to the hospital and family programmes as far as they have
// room, refusals first, and to street outreach.
func (m *Month) deal() (street, other []goal, err error) {
	rest := repeat(nil, goal{status: statusRefused}, m.Refused)
	rest = repeat(rest, goal{status: statusPursuing}, m.Pursuing)
	var unable []goal
	for _, reason := range unplaced[m.Month] {
		unable = append(unable, goal{status: statusUnable, reason: reason})
	}
	if m.Month == unplacedHospitalMonth {
		rest = append(unable, rest...)
	} else {
		rest = append(rest, unable...)
	}
	other = repeat(nil, goal{status: statusEnrolled}, m.EnrolledHHPTVIF)
	other = repeat(other, goal{status: statusShortTerm}, m.ShortTerm)
	room := m.OutHHP + m.OutTVIF - len(other)
	if room < 0 || room > len(rest) || len(unable) != m.UnableToPlace {
		return nil, nil, fmt.Errorf("the tracks have no room for the statuses")
	}
	other = append(other, rest[:room]...)
	street = append(rest[room:len(rest):len(rest)], repeat(nil, goal{status: statusEngaged}, m.SLO)...)
	street = repeat(street, goal{status: statusEnrolled}, m.EnrolledSLOICM)
	if len(street) != m.OutSLOICM {
		return nil, nil, fmt.Errorf("%d services of street outreach, %d in the table", len(street), m.OutSLOICM)
	}
	shuffle(diceFor(fmt.Sprintf("tracks/%d", m.Month)), other)
	for i := range street {
		street[i].track = trackSLOICM
	}
	for i := range other {
		other[i].track = trackHHP
		if i < m.OutTVIF {
			other[i].track = trackTVIF
		}
	}
	return street, other, nil
}

func repeat(list []goal, g goal, n int) []goal {
	for range n {
		list = append(list, g)
	}
	return list
}
