package models

// The code lists of docs/domain.md, section 2. They travel as they stand here.
var (
	supervisions = []string{"none", "probation", "parole", "post_prison", "unknown"}
	relations    = []string{"family", "friend", "current_participant", "probation_officer", "service_provider", "other"}
	yesNo        = []string{"yes", "no"}
	risks        = []string{"yes", "no", "indeterminate"}
	dispositions = []string{"referred", "sscc", "pps", "pending_open_case", "not_appropriate", "enforcement_track", "never_made"}
	sources      = []string{"shooting_review", "law_enforcement", "community_partner", "outreach"}
	tracks       = []string{"slo_icm", "hhp", "tvif"}
	statuses     = []string{Pursuing, SLOEngaged, Enrolled, ShortTerm, Refused, UnableToPlace, Closed}
	channels     = []string{"call", "text", "in_person_visit", "family_friends_known_contacts",
		"current_participant", "social_media", ChannelProbationOfficer}
	outcomes = []string{
		"no_answer", "left_message", "message_sent", "number_disconnected", "wrong_number", "not_there", "unsafe_aborted",
		"third_party_reached", "located_in_custody", "located_in_hospital", "moved_away", "deceased",
		"replied", "spoke", "met", "meeting_set", "accepted", "refused"}
	reminderKinds = []string{"first_attempt_due", "attempt_due", "in_person_due", "silence", "review",
		"short_term_ending", "policy_exception", "manual"}
	reminderStates  = []string{"pending", "snoozed", "cancelled", "done"} // in the order of the max policy
	actionKinds     = []string{"task", ActionApproval}
	eventKinds      = []string{"custom_notification", "call_in", "relocation"}
	transferStates  = []string{"pending", "accepted", "rejected", "withdrawn"}
	conflictStates  = []string{"open", "kept", "restored"}
	quarantines     = []string{"open", "released", "dismissed"}
	assignmentRoles = []string{string(RoleOutreachWorker), string(RoleCaseManager)}
	ops             = []string{string(OpInsert), string(OpPatch), string(OpDelete)}
	policies        = []string{string(PolicyLatest), string(PolicyUnion), string(PolicyText), string(PolicyAuthority), string(PolicyMax)}
)

// Codes that rules speak of by name.
const (
	ChannelProbationOfficer = "probation_officer"
	ActionApproval          = "probation_officer_approval"
	TransferAccepted        = "accepted"

	Pursuing      = "pursuing"
	SLOEngaged    = "slo_engaged"
	Enrolled      = "enrolled"
	ShortTerm     = "short_term"
	Refused       = "refused"
	UnableToPlace = "unable_to_place"
	Closed        = "closed"
)

// unableReasons are the reasons that go with unable_to_place.
var unableReasons = []string{"reassessed_low_risk", "unable_to_contact", "severe_behavioral_health",
	"no_culturally_relevant_services", "referred_out_other"}

// riskFactors are the seven keys of an assessment's factors.
var riskFactors = []string{"male", "aged_18_44", "arrests_5_8", "group_involved", "previously_shot",
	"connected_to_recent_victim", "prior_justice_involvement"}

// UnableReason tells whether code is a reason that goes with unable_to_place.
func UnableReason(code string) bool { return contains(unableReasons, code) }

// Reached tells whether an attempt with this outcome reached the individual, rather
// than nobody or somebody else.
func Reached(outcome string) bool {
	switch outcome {
	case "replied", "spoke", "met", "meeting_set", "accepted", "refused":
		return true
	}
	return false
}

// LegalTransition tells whether a service's status may go from one to another.
// Staying is always legal. Source: docs/domain.md, "Transitions".
func LegalTransition(from, to string) bool {
	if from == to || from == Pursuing {
		return true
	}
	switch from {
	case SLOEngaged:
		return to == Enrolled || to == Refused || to == UnableToPlace || to == Pursuing
	case ShortTerm:
		return to == Enrolled || to == Closed
	case Enrolled:
		return to == Closed
	case Refused, UnableToPlace, Closed:
		return to == Pursuing
	}
	return false
}

// Reopens tells whether a transition takes up a pursuit that had ended.
func Reopens(from, to string) bool {
	return to == Pursuing && (from == Refused || from == UnableToPlace || from == Closed)
}

// ReminderRank orders the states of a reminder for the max policy: the further along wins.
func ReminderRank(state string) int {
	for i, s := range reminderStates {
		if s == state {
			return i
		}
	}
	return -1
}

// HighRisk weighs an assessment's factors: generally at least 5 of 7.
// A missing key counts as unknown. Source: docs/domain.md, "High risk".
func HighRisk(factors map[string]string) string {
	const needed = 5
	yes, unknown := 0, 0
	for _, key := range riskFactors {
		switch factors[key] {
		case "yes":
			yes++
		case "no":
		default:
			unknown++
		}
	}
	switch {
	case yes >= needed:
		return "yes"
	case yes+unknown >= needed:
		return "indeterminate"
	}
	return "no"
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// ShortTermDays is how long short-term services last from their status_on.
const ShortTermDays = 90
