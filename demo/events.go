package demo

import "fmt"

// Kinds of program events.
const (
	kindNotification = "custom_notification"
	kindCallIn       = "call_in"
	kindRelocation   = "relocation"
)

// callInMeetings is how many meetings the call-ins of a month are spread over: four
// in the year, in the two months that had any.
const callInMeetings = 2

// sharedNotification is the month in which one custom notification was held with two
// individuals at once.
const sharedNotification = 3

// meet writes down custom notifications, call-ins and relocations of every month.
func (b *builder) meet(months []Month) error {
	met := map[string]bool{}
	for _, month := range months {
		for i := range month.CustomNotifications {
			persons := 1
			if i == 0 && month.Month == sharedNotification {
				persons = 2
			}
			if err := b.hold(month.Month, kindNotification, i, persons, met); err != nil {
				return err
			}
		}
		for i := range min(callInMeetings, month.CallIns) {
			persons := (month.CallIns + i) / callInMeetings
			if err := b.hold(month.Month, kindCallIn, i, persons, met); err != nil {
				return err
			}
		}
		for i := range month.Relocations {
			if err := b.hold(month.Month, kindRelocation, i, 1, met); err != nil {
				return err
			}
		}
	}
	return nil
}

// hold is one occasion: persons that the lead organisation knew by then, none of them
// twice for one kind. Those who share a meeting share its id.
func (b *builder) hold(month int, kind string, no, persons int, met map[string]bool) error {
	d := diceFor(fmt.Sprintf("event/%s/%d/%d", kind, month, no))
	on := (firstOf(month) + day(d.between(15, 24))).workday()
	made := on.at(meetingHour - 15)
	var invited []*matter
	known := b.heldByLead(on)
	shuffle(d, known)
	for _, m := range known {
		if key := kind + m.person.id; len(invited) < persons && !met[key] {
			met[key] = true
			invited = append(invited, m)
		}
	}
	if len(invited) < persons {
		return fmt.Errorf("hold a %s in month %d: too few persons", kind, month)
	}
	for _, m := range invited {
		set := fields{"person_id": m.person.id, "kind": kind, "on": on.date()}
		if kind == kindCallIn || persons > 1 {
			set["meeting_id"] = b.id(made, "meeting/%s/%d/%d", kind, month, no)
		}
		b.journal.insert(b.cast.lead.supervisor, made, on.at(meetingHour), "program_events",
			b.id(made, "event/%s/%d/%d/%d", kind, month, no, m.no), set)
	}
	return nil
}

// heldByLead lists the referred persons whom the lead organisation knew before a day.
func (b *builder) heldByLead(on day) []*matter {
	var known []*matter
	for _, m := range b.matters {
		if m.source != "" && m.source != sourceOutreach && m.referred < on {
			known = append(known, m)
		}
	}
	return known
}
