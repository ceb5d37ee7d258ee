package demo

import (
	"slices"

	"pursuit/models"
)

// syncOf is when somebody next syncs: phones on Sunday evening, desks on Friday.
func syncOf(user *User, made moment) moment {
	if user.Role == models.RoleOutreachWorker {
		return made.fieldSync()
	}
	return made.officeSync()
}

var knownAs = map[string][]string{
	"family":              {"Aunt Examplewood", "Brother Samplefield", "Grandmother Storyborn", "Cousin Specimen"},
	"friend":              {"Friend from school (invented)", "Old neighbour (invented)"},
	"current_participant": {"Participant Amber", "Participant Jade"},
	"probation_officer":   {"Officer Notareal"},
	"service_provider":    {"Clinic Exampleville"},
}

// meetContacts lets the first worker find people who know the individual.
func (b *builder) meetContacts(m *matter, d *dice) {
	shares := []share{{"family", 48}, {"friend", 24}, {"current_participant", 18}, {"service_provider", 10}}
	var relations []string
	for range d.below(3) {
		relations = append(relations, d.draw(shares))
	}
	if m.supervised() && d.percent(60) {
		relations = append(relations, "probation_officer")
	}
	s := m.services[0]
	for i, relation := range relations {
		made := (s.assigned.day() + day(d.between(0, 2))).at(d.between(14*60, 19*60))
		if made >= s.spans()[0].to {
			continue
		}
		c := contact{id: b.id(made, "contact/%d/%d", m.no, i), relation: relation, from: made.fieldSync()}
		m.contacts = append(m.contacts, c)
		set := fields{"person_id": m.person.id, "name": pick(d, knownAs[relation]), "relation": relation,
			"phones": []string{b.phone()}, "ok_to_contact": !d.percent(8)}
		if d.percent(20) {
			set["notes"] = "Willing to help.\nCall in the evening."
		}
		b.journal.insert(s.workerAt(made), made, c.from, "known_contacts", c.id, set)
	}
}

// supervised tells whether there is a probation or parole officer.
func (m *matter) supervised() bool {
	return slices.Contains([]string{"probation", "parole", "post_prison"}, m.person.supervision)
}

// contactFor picks the known contact through whom an attempt went, if there is one.
func (m *matter) contactFor(d *dice, a *attempt) string {
	wanted := map[string][]string{channelFamily: {"family", "friend"}, channelParticipant: {"current_participant"},
		channelOfficer: {"probation_officer"}}[a.channel]
	var known []string
	for _, c := range m.contacts {
		if slices.Contains(wanted, c.relation) && c.from < a.when {
			known = append(known, c.id)
		}
	}
	if len(known) == 0 {
		return ""
	}
	return pick(d, known)
}

// lastResort adds an attempt through the probation officer where everything else was
// tried and a supervisor approved it on the Monday before.
func (b *builder) lastResort(s *service, d *dice) {
	if !s.matter.supervised() || b.officers >= officersAYear {
		return
	}
	end := s.spans()[0].to
	for _, c := range s.course {
		if c.reach != nil {
			end = min(end, c.reach.when)
		}
	}
	monday := s.assigned.day().monday() + (officerWeek-1)*daysAWeek
	for ; (monday + daysAWeek).at(0) <= end; monday += daysAWeek {
		if s.allTried(monday.at(0)) {
			break
		}
	}
	if (monday + daysAWeek).at(0) > end {
		return
	}
	b.officers++
	approved := monday.at(mondayHour)
	worker := s.workerAt(approved)
	b.journal.insert(s.team.supervisor, approved-10, approved, "action_items", b.id(approved, "approval/%s", s.id),
		fields{"person_id": s.matter.person.id, "kind": "probation_officer_approval", "owner_id": worker.ID,
			"text": "Approved: contact through the probation officer.", "due_on": (monday + friday).date()})
	a := &attempt{by: worker, channel: channelOfficer, when: b.reserve(worker, (monday + wednesday).at(d.between(10*60, 16*60)))}
	a.outcome = d.draw(silent[channelOfficer])
	b.colour(s, d, a)
	s.attempts = append(s.attempts, a)
	s.sortAttempts()
}

// allTried tells whether by then the six other channels and enough attempts were made.
func (s *service) allTried(by moment) bool {
	tried, channels := 0, map[string]bool{}
	for _, a := range s.attempts {
		if a.when < by {
			tried++
			channels[a.channel] = true
		}
	}
	return tried >= officerTries && len(channels) == rungs && s.attempts[0].when+officerDays*minutesADay <= by
}

// remind has the case manager set the worker a reminder in some pursuits.
func (b *builder) remind(s *service, d *dice) {
	sp := s.spans()[0]
	weeks := int(sp.to.day()-s.assigned.day()) / daysAWeek
	if weeks < 6 || !d.percent(35) {
		return
	}
	tuesday := s.assigned.day().monday() + day(d.between(2, weeks-3)*daysAWeek) + 1
	made, due := tuesday.at(d.between(9*60, 16*60)), (tuesday + daysAWeek + 1).at(10*60)
	worker := s.workerAt(made)
	if worker != s.workerAt(due.fieldSync()) {
		return
	}
	id := b.id(made, "reminder/%s", s.id)
	b.journal.insert(s.manager, made, made.officeSync(), "reminders", id, fields{"service_id": s.id, "user_id": worker.ID,
		"kind": "manual", "due_at": b.calendar.stamp(due), "note": pick(d, []string{"Try the evening hours.",
			"Ask the aunt for a new number.", "Bring the intake form.", "Two people for this visit, please."})})
	done := due + moment(d.between(30, 600))
	switch {
	case d.percent(20):
		b.journal.patch(worker, due+5, due.fieldSync(), "reminders", id,
			fields{"state": "snoozed", "snoozed_until": b.calendar.stamp(due + 2*minutesADay)})
	case d.percent(12):
		b.journal.patch(s.manager, due+60, (due + 60).officeSync(), "reminders", id, fields{"state": "cancelled"})
	default:
		b.journal.patch(worker, done, done.fieldSync(), "reminders", id, fields{"state": "done"})
	}
}

// consent lets some of those enrolled allow another provider to know of them.
func (b *builder) consent(s *service, d *dice) {
	for _, c := range s.course {
		if c.to != statusEnrolled || !d.percent(35) {
			continue
		}
		other := b.cast.teams[0].org.ID
		if other == s.team.org.ID {
			other = b.cast.teams[1].org.ID
		}
		made := c.when + moment(d.between(5, 30))
		on := c.when.day()
		b.journal.insert(c.by, made, made.officeSync(), "consents", b.id(made, "consent/%s", s.id), fields{
			"person_id": s.matter.person.id, "recipient_org_id": other, "scope": "Name, phone and services received.",
			"signed_on": on.date(), "expires_on": on.time().AddDate(1, 0, 0).Format(models.DateLayout)})
	}
}

var tasks = [...]string{
	"Check whether the family needs relocation.",
	"Find out which school or employer could help.",
	"Agree who calls first.\nReport back next week.",
	"Ask the clinic about the follow-up appointment.",
}

// coordinate notes an action item of the weekly coordination meeting.
func (b *builder) coordinate(m *matter, d *dice) {
	if len(m.services) == 0 || !d.percent(40) {
		return
	}
	s := m.services[0]
	meeting := (s.assigned.day() + day(d.between(7, 21))).monday() + thursday
	done := (meeting + day(d.between(5, 12))).workday()
	if done > lastTurn || (s.ended > 0 && done.at(0).officeSync() >= s.ended) {
		return
	}
	owner := m.keeper
	if d.percent(50) {
		owner = s.manager
	}
	made := meeting.at(meetingHour - 20)
	id := b.id(made, "action/%d", m.no)
	b.journal.insert(m.keeper, made, meeting.at(meetingHour), "action_items", id, fields{"person_id": m.person.id,
		"kind": "task", "meeting_on": meeting.date(), "text": pick(d, tasks[:]), "owner_id": owner.ID,
		"due_on": (meeting + daysAWeek).date()})
	if d.percent(85) {
		at := done.at(d.between(9*60, 16*60))
		b.journal.patch(owner, at, at.officeSync(), "action_items", id, fields{"done_on": done.date()})
	}
}

// learn adds what workers found out about the person: a new number after a dead one,
// notes after the first talk.
func (b *builder) learn(m *matter, d *dice) {
	for _, s := range m.services {
		for _, a := range s.attempts {
			if a.outcome == "number_disconnected" && d.percent(30) && len(m.person.phones) == 1 {
				m.person.phones = append(slices.Clone(m.person.phones), b.phone())
				made := a.when + 5
				b.journal.patch(a.by, made, made.fieldSync(), "people", m.person.id, fields{"phones": m.person.phones})
			}
		}
		for _, c := range s.course {
			if c.to == statusEngaged && d.percent(50) {
				notes := "After the first talk:\n- " + pick(d, []string{"wants work", "worried about a younger brother", "needs a doctor"}) +
					"\n- " + pick(d, []string{"mornings are bad", "likes to walk and talk", "bring a coffee"})
				if m.person.notes != "" {
					notes = m.person.notes + "\n" + notes
				}
				m.person.notes = notes
				b.journal.patch(c.by, c.when+3, (c.when + 3).fieldSync(), "people", m.person.id, fields{"notes": notes})
			}
		}
	}
}
