package reports

// Codes as they travel on the wire. A code that is not among them is counted as what it is
// not: no contact, no rung of the ladder, no status row. Source: docs/domain.md, section 2.
const (
	statusPursuing      = "pursuing"
	statusSLOEngaged    = "slo_engaged"
	statusEnrolled      = "enrolled"
	statusShortTerm     = "short_term"
	statusRefused       = "refused"
	statusUnableToPlace = "unable_to_place"
	statusClosed        = "closed"

	trackSLOICM = "slo_icm"
	trackHHP    = "hhp"
	trackTVIF   = "tvif"

	roleOutreachWorker = "outreach_worker"

	sourceShootingReview = "shooting_review"

	dispositionReferred = "referred"
	dispositionSSCC     = "sscc"
	dispositionPPS      = "pps"

	kindCustomNotification = "custom_notification"
	kindCallIn             = "call_in"
	kindRelocation         = "relocation"

	channelProbationOfficer = "probation_officer"
)

// rungs is the size of the ladder: every channel but the last resort, the probation officer.
const rungs = 6

// channels lists the seven of Relentless Pursuit in their order, the last resort last.
func channels() []string {
	return []string{"call", "text", "in_person_visit", "family_friends_known_contacts",
		"current_participant", "social_media", channelProbationOfficer}
}

// isRung reports whether a channel is one of the six before the last resort.
func isRung(channel string) bool {
	for _, c := range channels() {
		if c == channel {
			return channel != channelProbationOfficer
		}
	}
	return false
}

// reached reports whether an outcome means that the individual was reached.
func reached(outcome string) bool {
	switch outcome {
	case "replied", "spoke", "met", "meeting_set", "accepted", "refused":
		return true
	}
	return false
}

// throughOthers reports whether an outcome was learned from somebody else.
func throughOthers(outcome string) bool {
	switch outcome {
	case "third_party_reached", "located_in_custody", "located_in_hospital", "moved_away", "deceased":
		return true
	}
	return false
}

// inPursuit reports whether a service of this status is being pursued.
func inPursuit(status string) bool {
	return status == statusPursuing || status == statusSLOEngaged
}

// engagedOrBeyond reports whether a status means that the person came along.
func engagedOrBeyond(status string) bool {
	return status == statusSLOEngaged || status == statusShortTerm || status == statusEnrolled
}
