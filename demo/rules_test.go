package demo

// tableFields lists what may be written, required fields first, up to the "|".
var tableFields = map[string]string{
	"people":           "code | first_name last_name aliases date_of_birth gender phones address languages supervision houseless notes",
	"known_contacts":   "person_id name relation | phones ok_to_contact notes",
	"assessments":      "person_id shooting_review_on disposition | factors arrest_count override override_reason",
	"referrals":        "person_id source referred_on | assessment_id reason",
	"services":         "referral_id person_id track org_id | status status_reason status_on",
	"assignments":      "service_id user_id role | ended_at",
	"contact_attempts": "service_id channel outcome occurred_at | known_contact_id duration_minutes note latitude longitude",
	"reminders":        "service_id due_at | user_id kind state snoozed_until note",
	"action_items":     "person_id text | kind meeting_on owner_id due_on done_on",
	"program_events":   "person_id kind on | meeting_id",
	"consents":         "person_id recipient_org_id signed_on expires_on | scope revoked_on",
}

var fieldCodes = map[string]string{
	"services.status":          "pursuing slo_engaged enrolled short_term refused unable_to_place closed",
	"services.track":           "slo_icm hhp tvif",
	"contact_attempts.channel": "call text in_person_visit family_friends_known_contacts current_participant social_media probation_officer",
	"contact_attempts.outcome": "no_answer left_message message_sent number_disconnected wrong_number not_there unsafe_aborted third_party_reached located_in_custody located_in_hospital moved_away deceased replied spoke met meeting_set accepted refused",
	"people.supervision":       "none probation parole post_prison unknown",
	"known_contacts.relation":  "family friend current_participant probation_officer service_provider other",
	"assessments.disposition":  "referred sscc pps pending_open_case not_appropriate enforcement_track never_made",
	"assessments.override":     "yes no",
	"referrals.source":         "shooting_review law_enforcement community_partner outreach",
	"assignments.role":         "outreach_worker case_manager",
	"reminders.state":          "pending snoozed done cancelled",
	"reminders.kind":           "manual",
	"action_items.kind":        "task probation_officer_approval",
	"program_events.kind":      "custom_notification call_in relocation",
}

var nextStatus = map[string]string{
	"pursuing":        "slo_engaged enrolled short_term refused unable_to_place closed",
	"slo_engaged":     "enrolled refused unable_to_place pursuing",
	"short_term":      "enrolled closed",
	"enrolled":        "closed",
	"refused":         "pursuing",
	"unable_to_place": "pursuing",
	"closed":          "pursuing",
}
