package demo

import "fmt"

var reviewReasons = [...]string{
	"Connected to a recent incident; retaliation likely.",
	"Named in the weekly review as at the highest risk.",
	"Previously shot; group conflict is active.",
	"Close to the injured person of last week.",
}

var partnerReasons = map[string]string{
	sourceJustice:   "On the caseload; asks for support outside supervision.",
	sourceCommunity: "Family asked for help after threats.",
	sourceOutreach:  "Met on the block; asked what the programme offers.",
}

// openMonth brings in everybody of a month's cohort: persons, assessments, referrals,
// services and assignments.
func (b *builder) openMonth(month int, drafts []draft) {
	reviews := reviewDays(month)
	for i, dr := range drafts {
		d := diceFor(fmt.Sprintf("case/%d/%d", month, i))
		m := &matter{draft: dr, no: len(b.matters)}
		b.matters = append(b.matters, m)
		switch dr.source {
		case "", sourceReview:
			m.review = reviews[i%len(reviews)]
			m.referred = m.review + day(d.between(0, 2))
		case sourceOutreach:
			m.referred = otherDay(d, month).monday() + day(d.between(0, wednesday))
			if m.referred < firstOf(month) {
				m.referred += daysAWeek
			}
		default:
			m.referred = otherDay(d, month)
		}
		b.enter(m, d)
	}
}

// reviewDays are the Wednesdays on which a month's shooting reviews sit; a referral of
// two days later still lies in the month, and December's come before the holidays.
func reviewDays(month int) []day {
	last := firstOf(month+1) - 3
	if month == monthsAYear {
		last = firstOf(month) + 14
	}
	var days []day
	for d := firstOf(month); d <= last; d++ {
		if d.weekday() == wednesday {
			days = append(days, d)
		}
	}
	return days
}

// otherDay is a working day of the month, neither its first nor one of its last.
func otherDay(d *dice, month int) day {
	return day(d.between(int(firstOf(month))+1, int(firstOf(month+1))-5)).workday()
}

func (b *builder) enter(m *matter, d *dice) {
	lead := &b.cast.lead
	m.keeper = lead.managers[m.no%len(lead.managers)]
	switch m.source {
	case "", sourceReview:
		made := m.review.at(reviewHour - d.between(10, 50))
		m.person = b.personFor(d, m.disposition, made)
		b.journal.insert(m.keeper, made, m.review.at(reviewHour), "people", m.person.id, m.person.row(d))
		assessment := b.assess(m, d, made)
		if m.source != "" {
			made = m.referred.at(referHour - d.between(5, 60))
			referral := b.refer(m, m.keeper, made, m.referred.at(referHour), assessment, pick(d, reviewReasons[:]))
			b.sendOut(m, d, m.keeper, made, referral)
		}
	case sourceJustice:
		m.keeper = lead.supervisor // the lead organisation holds what a partner enters
		partner := pick(d, b.cast.partners.partners)
		made := m.referred.at(partnerHour - d.between(3, 40))
		referral := b.bring(m, d, partner, made, m.referred.at(partnerHour))
		b.sendOut(m, d, m.keeper, m.referred.at(referHour-d.between(5, 60)), referral)
	case sourceCommunity:
		made := m.referred.at(referHour - d.between(5, 60))
		referral := b.bring(m, d, m.keeper, made, m.referred.at(referHour))
		b.sendOut(m, d, m.keeper, made, referral)
	case sourceOutreach:
		b.takeUp(m, d)
	}
}

// bring enters a person with a referral that no shooting review made.
func (b *builder) bring(m *matter, d *dice, author *User, made, pushed moment) string {
	m.person = b.personFor(d, m.disposition, made)
	b.journal.insert(author, made, pushed, "people", m.person.id, m.person.row(d))
	return b.refer(m, author, made, pushed, "", partnerReasons[m.source])
}

// assess enters the shooting review's assessment of a person.
func (b *builder) assess(m *matter, d *dice, made moment) string {
	id := b.id(made, "assessment/%d", m.no)
	unfit := m.disposition == dispositionUnfit || m.disposition == dispositionPPS
	found := m.person.factors(d, !unfit)
	set := fields{"person_id": m.person.id, "shooting_review_on": m.review.date(), "disposition": m.disposition}
	if !unfit && d.percent(6) {
		doubt(found)
		set["override"], set["override_reason"] = "yes", "The review knows of a recent threat that the factors do not show."
	}
	switch found["arrests_5_8"] {
	case "yes":
		set["arrest_count"] = d.between(5, 8)
	case "no":
		set["arrest_count"] = d.between(0, 4)
	}
	set["factors"] = found
	b.journal.insert(m.keeper, made, m.review.at(reviewHour), "assessments", id, set)
	return id
}

// doubt turns factors into unknown ones until too few are left for a plain yes.
func doubt(found map[string]string) {
	yes := 0
	for _, key := range factorKeys {
		if found[key] == "yes" {
			yes++
		}
	}
	for _, key := range factorKeys[2:] { // sex and age are known
		if yes >= fullRisk && found[key] == "yes" {
			found[key] = "unknown"
			yes--
		}
	}
}

func (b *builder) refer(m *matter, author *User, made, pushed moment, assessment, reason string) string {
	id := b.id(made, "referral/%d", m.no)
	set := fields{"person_id": m.person.id, "source": m.source, "referred_on": m.referred.date(), "reason": reason}
	if assessment != "" {
		set["assessment_id"] = assessment
	}
	b.journal.insert(author, made, pushed, "referrals", id, set)
	return id
}

// sendOut refers the person out to the organisations of the wanted tracks, whose
// supervisors assign the cases on the next working day.
func (b *builder) sendOut(m *matter, d *dice, author *User, made moment, referral string) {
	for i, g := range m.goals {
		t := b.cast.provider(g.track)
		s := b.service(m, i, g, t, author, made, m.referred.at(referHour), referral)
		when := (m.referred + 1).workday()
		if when.weekday() == friday && g.track != trackHHP {
			when += daysAWeek - friday // a first week of three days is for the hospital's cases
		}
		s.assigned = when.at(assignHour)
		worker := t.next(t.workers, nil)
		s.stints = []stint{{worker, s.assigned}}
		b.assign(s, s.manager, "case_manager", s.assigned)
		b.assign(s, worker, "outreach_worker", s.assigned)
	}
}

// takeUp is an outreach worker's own referral: they open the service in their own
// organisation, and the server assigns it to them.
func (b *builder) takeUp(m *matter, d *dice) {
	t := b.cast.provider(m.goals[0].track)
	worker := t.next(t.workers, nil)
	pushed := m.referred.at(outreachHour)
	referral := b.bring(m, d, worker, pushed-10, pushed)
	s := b.service(m, 0, m.goals[0], t, worker, pushed-10, pushed, referral)
	s.assigned, s.auto = pushed, true
	s.stints = []stint{{worker, pushed}}
	b.assign(s, s.manager, "case_manager", (m.referred + 1).workday().at(assignHour))
	m.keeper = s.manager
}

func (b *builder) service(m *matter, i int, g goal, t *team, author *User, made, pushed moment, referral string) *service {
	s := &service{goal: g, id: b.id(made, "service/%d/%d", m.no, i), matter: m, team: t, manager: t.next(t.managers, nil)}
	t.load[g.track]++
	m.services = append(m.services, s)
	b.journal.insert(author, made, pushed, "services", s.id, fields{"referral_id": referral,
		"person_id": m.person.id, "track": g.track, "org_id": t.org.ID})
	return s
}

// assign is the provider's supervisor giving the case to one of their people.
func (b *builder) assign(s *service, to *User, role string, when moment) {
	id := b.id(when, "assignment/%s/%d", s.id, len(s.jobs))
	s.jobs = append(s.jobs, id)
	b.journal.insert(s.team.supervisor, when-moment(2), when, "assignments", id,
		fields{"service_id": s.id, "user_id": to.ID, "role": role})
}

func (b *builder) id(when moment, format string, args ...any) string {
	return idFor(b.calendar.instant(when), fmt.Sprintf(format, args...))
}
