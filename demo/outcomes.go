package demo

// The channels of contact attempts.
const (
	channelCall        = "call"
	channelText        = "text"
	channelVisit       = "in_person_visit"
	channelFamily      = "family_friends_known_contacts"
	channelParticipant = "current_participant"
	channelSocial      = "social_media"
	channelOfficer     = "probation_officer"
)

// rungs is how many channels come before the last resort.
const rungs = 6

// channelMix is how workers spread their attempts, the last resort aside.
var channelMix = []share{{channelCall, 30}, {channelText, 24}, {channelVisit, 8}, {channelFamily, 12},
	{channelParticipant, 8}, {channelSocial, 8}}

// silent is what comes of attempts while the individual has not been reached.
var silent = map[string][]share{
	channelCall: {{"no_answer", 52}, {"left_message", 36}, {"number_disconnected", 5}, {"wrong_number", 4},
		{"third_party_reached", 3}},
	channelText:  {{"message_sent", 95}, {"number_disconnected", 4}, {"wrong_number", 1}},
	channelVisit: {{"not_there", 76}, {"third_party_reached", 18}, {"unsafe_aborted", 6}},
	channelFamily: {{"third_party_reached", 52}, {"no_answer", 26}, {"left_message", 17},
		{"located_in_custody", 3}, {"located_in_hospital", 1}, {"moved_away", 1}},
	channelParticipant: {{"third_party_reached", 62}, {"message_sent", 24}, {"no_answer", 14}},
	channelSocial:      {{"message_sent", 100}},
	channelOfficer:     {{"third_party_reached", 60}, {"left_message", 40}},
}

// talking is what comes of attempts once the individual has engaged.
var talking = map[string][]share{
	channelCall:        {{"spoke", 46}, {"no_answer", 32}, {"left_message", 16}, {"meeting_set", 6}},
	channelText:        {{"replied", 52}, {"message_sent", 44}, {"meeting_set", 4}},
	channelVisit:       {{"met", 62}, {"not_there", 34}, {"third_party_reached", 4}},
	channelFamily:      {{"third_party_reached", 74}, {"no_answer", 26}},
	channelParticipant: {{"third_party_reached", 70}, {"message_sent", 30}},
	channelSocial:      {{"message_sent", 60}, {"replied", 40}},
}

// breakthrough is how the first engagement comes about: channel and outcome.
var breakthrough = [...][2]string{
	{channelCall, "spoke"}, {channelVisit, "met"}, {channelVisit, "met"}, {channelText, "replied"}, {channelSocial, "replied"},
	{channelParticipant, "meeting_set"},
}

// remarks are what workers jot down, by outcome; an outcome without any has none.
var remarks = map[string][]string{
	"no_answer":           {"Rang out twice.", "Straight to voicemail."},
	"left_message":        {"Left first name only.", "Short message, asked to call back."},
	"message_sent":        {"Read, no reply.", "Sent a check-in, nothing specific."},
	"number_disconnected": {"Number is out of service. Ask around for a new one."},
	"not_there":           {"Nobody home.\nLeft a blank card with the office number.", "Car gone. Try evenings.", "Lights on, no answer."},
	"unsafe_aborted":      {"Crowd outside, did not stop.\nTry another day with a partner."},
	"third_party_reached": {"Spoke to a relative; will pass it on.", "Friend says:\n- still in town\n- new phone soon\n- not before the weekend"},
	"located_in_custody":  {"Said to be in custody until next week."},
	"met": {"Met at the park. Good talk.", "Coffee for half an hour.\nWants:\n- work boots\n- a ride on Thursday",
		"Walked along the river."},
	"spoke":    {"Ten minutes, open to meeting.", "Busy, asked to talk tomorrow."},
	"replied":  {"Short answer, friendly.", "Asks who gave us the number."},
	"refused":  {"Polite no. Took the card."},
	"accepted": {"Agreed to start.\nFirst goals:\n1. identity card\n2. doctor's appointment\n3. weekly meeting"},
}

// riverSpots are points along the river between the bridges, so that no home is meant.
var riverSpots = [...][2]float64{{45.513, -122.67}, {45.518, -122.669}, {45.522, -122.668}, {45.527, -122.669}, {45.531, -122.672}}
