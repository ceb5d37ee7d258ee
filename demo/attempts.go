package demo

// attempt is one contact attempt of one user.
type attempt struct {
	when    moment
	by      *User
	channel string
	outcome string
	contact string // id of the known contact, if any
	minutes int    // 0 = not noted
	note    string
	spot    int // 1 + index into riverSpots; 0 = no coordinates
}

// try makes one attempt, at the next free minute of whoever has the case.
func (b *builder) try(s *service, d *dice, channel string, when moment, within span) {
	a := &attempt{by: s.workerAt(when), channel: channel}
	a.when = b.reserve(a.by, when)
	if a.when >= within.to || a.when <= within.from {
		return
	}
	mix := silent
	if s.engagedAt(a.when) {
		mix = talking
	}
	a.outcome = d.draw(mix[channel])
	b.colour(s, d, a)
	s.attempts = append(s.attempts, a)
}

// reach makes the attempt in which the individual is reached, and a turn follows.
func (b *builder) reach(s *service, d *dice, t turn, by *User, minute int) *attempt {
	a := &attempt{by: by, when: b.reserve(by, t.on.at(minute))}
	switch t.to {
	case statusEngaged:
		way := pick(d, breakthrough[:])
		a.channel, a.outcome = way[0], way[1]
	case statusRefused:
		a.channel, a.outcome = pick(d, []string{channelCall, channelVisit, channelText}), "refused"
	case statusUnable:
		a.channel, a.outcome = channelCall, "spoke"
	default:
		a.channel, a.outcome = channelVisit, "accepted"
	}
	b.colour(s, d, a)
	return a
}

// colour adds what people note with an attempt: how long it took, where, who, a word.
func (b *builder) colour(s *service, d *dice, a *attempt) {
	switch a.outcome {
	case "spoke":
		a.minutes = d.between(3, 25)
	case "met", "accepted", "refused":
		a.minutes = d.between(15, 75)
	}
	if a.channel == channelVisit && d.percent(25) {
		a.spot = 1 + d.below(len(riverSpots))
	}
	if lines := remarks[a.outcome]; len(lines) > 0 && d.percent(12) {
		a.note = pick(d, lines)
	}
	a.contact = s.matter.contactFor(d, a)
}

// record writes down the attempts and turns of a service.
func (b *builder) record(s *service) {
	for i, a := range s.attempts {
		set := fields{"service_id": s.id, "channel": a.channel, "outcome": a.outcome, "occurred_at": b.calendar.stamp(a.when)}
		if a.contact != "" {
			set["known_contact_id"] = a.contact
		}
		if a.minutes > 0 {
			set["duration_minutes"] = a.minutes
		}
		if a.note != "" {
			set["note"] = a.note
		}
		if a.spot > 0 {
			set["latitude"], set["longitude"] = riverSpots[a.spot-1][0], riverSpots[a.spot-1][1]
		}
		b.journal.insert(a.by, a.when+1, syncOf(a.by, a.when+1), "contact_attempts", b.id(a.when, "attempt/%s/%d", s.id, i), set)
	}
	for _, c := range s.course {
		b.journal.patch(c.by, c.when, syncOf(c.by, c.when), "services", s.id, c.set())
	}
}
