package reports

import (
	"cmp"
	"slices"
	"time"
)

// pursuit is what the status events of a service say, as of a date.
type pursuit struct {
	start  Date   // first date of pursuit
	status string // as of the date
	before string // the same, but for a closed service the status it was closed from
	spells []span // in pursuit: ascending, apart by at least one date, cut at the date
	open   bool   // still in pursuit; not yet, when it starts after the date

	engagedOn  Date // first slo_engaged or beyond
	enrolledOn Date
}

// pursue reads a service's history up to and including asOf.
//
// Events are taken in the order they were recorded; each holds from its own date on and
// replaces what earlier recorded ones said about later dates, so a back-dated correction is
// honoured and the last word recorded is the standing status. The date of a change belongs to
// both sides: an attempt made on the day of enrolment was made in pursuit.
func pursue(s Service, events []StatusEvent, asOf Date, zone *time.Location) pursuit {
	p := pursuit{start: pursuitStart(s, zone), status: statusPursuing, before: statusPursuing}
	type segment struct {
		from   Date
		status string
	}
	segments := []segment{{from: p.start, status: statusPursuing}}
	for _, e := range recorded(s, events, zone) {
		on := later(e.On, p.start)
		if on.After(asOf) {
			continue
		}
		segments = slices.DeleteFunc(segments, func(x segment) bool { return x.from.After(on) })
		segments = append(segments, segment{from: on, status: e.To})
		p.note(e, on)
	}
	var spells []span
	for i, x := range segments {
		if !inPursuit(x.status) {
			continue
		}
		until := asOf
		if i+1 < len(segments) {
			until = segments[i+1].from
		}
		spells = append(spells, span{from: x.from, to: until})
	}
	p.spells = union(spells)
	p.open = inPursuit(p.status) && !p.start.After(asOf)
	return p
}

// note takes in one event that is in force on the date on.
func (p *pursuit) note(e StatusEvent, on Date) {
	if e.To == statusClosed {
		switch {
		case e.From != "" && e.From != statusClosed:
			p.before = e.From
		case p.status != statusClosed:
			p.before = p.status
		}
	} else {
		p.before = e.To
	}
	p.status = e.To
	if engagedOrBeyond(e.To) && (p.engagedOn.IsZero() || on.Before(p.engagedOn)) {
		p.engagedOn = on
	}
	if e.To == statusEnrolled && (p.enrolledOn.IsZero() || on.Before(p.enrolledOn)) {
		p.enrolledOn = on
	}
}

// end is the last date of pursuit, or the start when it was never in pursuit.
func (p pursuit) end() Date {
	if len(p.spells) == 0 {
		return p.start
	}
	return p.spells[len(p.spells)-1].to
}

// spellOf finds the spell that holds a date, looking from one on; -1 when there is none.
func (p pursuit) spellOf(d Date, from int) int {
	for i := from; i < len(p.spells); i++ {
		if p.spells[i].holds(d) {
			return i
		}
	}
	return -1
}

// pursuitStart is the referral's date. A service's created_at is no substitute while there is
// one: history that is entered later would have been pursued before it existed.
func pursuitStart(s Service, zone *time.Location) Date {
	if !s.ReferredOn.IsZero() {
		return s.ReferredOn
	}
	return DateOf(s.CreatedAt, zone)
}

// recorded returns a service's events in the order of recording, each with a date. Where they
// do not lead to the row's own status, the row's status_on closes the gap.
func recorded(s Service, events []StatusEvent, zone *time.Location) []StatusEvent {
	out := slices.Clone(events)
	for i := range out {
		if out[i].On.IsZero() {
			out[i].On = DateOf(out[i].CreatedAt, zone)
		}
	}
	slices.SortFunc(out, func(a, b StatusEvent) int {
		return cmp.Or(cmp.Compare(a.V, b.V), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	standing, since := statusPursuing, Date{}
	if len(out) > 0 {
		standing, since = out[len(out)-1].To, out[len(out)-1].On
	}
	if s.Status != "" && s.Status != standing {
		if !s.StatusOn.IsZero() {
			since = s.StatusOn
		}
		out = append(out, StatusEvent{From: standing, To: s.Status, On: since})
	}
	return out
}
