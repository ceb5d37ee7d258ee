package quiet

import (
	"sort"
	"strconv"
	"time"

	"pursuit/push/cadence"
)

// TypeDigest is the type of a push that stands for several reminders.
const TypeDigest = "digest"

// Person is who the pushes are for.
type Person struct {
	UserID string
	// Zone is the person's own; nil is UTC.
	Zone  *time.Location
	Hours cadence.Hours
	// Cap is how many pushes a local day may have before the digest; below 1 is 1.
	Cap int
	// Sent are the instants of pushes that went out to the person in the last two days,
	// digests included, tickles not. Older ones do no harm.
	Sent []time.Time
}

// Waiting is a reminder whose push has not gone out. ReadyAt is when it could have
// gone if nothing held it back: its due time, or the end of its snooze.
type Waiting struct {
	ID      string
	Type    string
	ReadyAt time.Time
}

// Push is one to be sent now. Covers are the ids of the waiting reminders that are
// told by it: its own, or all those of a digest.
type Push struct {
	Type   string
	ID     string
	Covers []string
}

// Round is what to do for a person now, and when to look again; a zero LookAt means
// that nothing waits.
type Round struct {
	Send   []Push
	LookAt time.Time
}

// Plan decides what goes out to a person now.
//
// In quiet hours nothing does. After them, two or more reminders that were held back
// go as one digest, a single one as itself; what became ready since goes one by one.
// When the day's cap is reached, what remains goes as one more digest, and what comes
// after that waits for the next local day. The id of a digest is made from the person,
// the local date and its number on that day, so a repeat after a crash has the same.
func Plan(p Person, waiting []Waiting, now time.Time) Round {
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	ready, later := split(waiting, now)
	if len(ready) == 0 {
		return Round{LookAt: p.lookAt(later)}
	}
	if Quiet(now, p.Hours, p.Zone) {
		return Round{LookAt: Open(now, p.Hours, p.Zone)}
	}
	var round Round
	held, fresh := p.heldBack(ready, now)
	today := localDay{person: p, date: cadence.DateIn(now, p.Zone), count: p.sentOn(now), limit: max(p.Cap, 1)}
	if len(held) > 1 && today.count < today.limit {
		round.Send = append(round.Send, today.digest(held))
	} else {
		fresh = ready
	}
	rest := today.single(fresh, &round)
	if len(rest) > 0 && today.count == today.limit {
		round.Send = append(round.Send, today.digest(rest))
		rest = nil
	}
	round.LookAt = p.lookAt(later)
	if len(rest) > 0 {
		round.LookAt = p.tomorrow(now)
	}
	return round
}

// localDay counts the pushes of one local day of a person.
type localDay struct {
	person       Person
	date         cadence.Date
	count, limit int
}

func (d *localDay) digest(of []Waiting) Push {
	push := Push{Type: TypeDigest, ID: cadence.NameID(TypeDigest, d.person.UserID, d.date.String(), strconv.Itoa(d.count))}
	for _, w := range of {
		push.Covers = append(push.Covers, w.ID)
	}
	d.count++
	return push
}

// single sends reminders one by one up to the limit and gives back the rest. The
// last place is not kept free: the digest has its own.
func (d *localDay) single(ready []Waiting, round *Round) []Waiting {
	for i, w := range ready {
		if d.count >= d.limit {
			return ready[i:]
		}
		round.Send = append(round.Send, Push{Type: w.Type, ID: w.ID, Covers: []string{w.ID}})
		d.count++
	}
	return nil
}

// split parts what is ready at now from what becomes ready later; both in order of
// time, then of id.
func split(waiting []Waiting, now time.Time) (ready, later []Waiting) {
	sorted := append([]Waiting(nil), waiting...)
	sort.Slice(sorted, func(i, j int) bool {
		if !sorted[i].ReadyAt.Equal(sorted[j].ReadyAt) {
			return sorted[i].ReadyAt.Before(sorted[j].ReadyAt)
		}
		return sorted[i].ID < sorted[j].ID
	})
	for i, w := range sorted {
		if w.ReadyAt.After(now) {
			return sorted[:i], sorted[i:]
		}
	}
	return sorted, nil
}

// heldBack parts what quiet hours or yesterday's cap held back from what became ready
// in the present open hours.
func (p Person) heldBack(ready []Waiting, now time.Time) (held, fresh []Waiting) {
	since := cadence.DateIn(now, p.Zone).At(0, p.Zone)
	if end := lastEnd(now, p.Hours, p.Zone); end.After(since) {
		since = end
	}
	for i, w := range ready {
		if !w.ReadyAt.Before(since) {
			return ready[:i], ready[i:]
		}
	}
	return ready, nil
}

// sentOn counts the pushes of the local day that now lies in.
func (p Person) sentOn(now time.Time) int {
	today, count := cadence.DateIn(now, p.Zone), 0
	for _, at := range p.Sent {
		if cadence.DateIn(at, p.Zone) == today {
			count++
		}
	}
	return count
}

// lookAt gives when the first of what becomes ready later may go.
func (p Person) lookAt(later []Waiting) time.Time {
	if len(later) == 0 {
		return time.Time{}
	}
	return Open(later[0].ReadyAt, p.Hours, p.Zone)
}

// tomorrow gives the first open instant of the next local day.
func (p Person) tomorrow(now time.Time) time.Time {
	next := cadence.DateIn(now, p.Zone).AddDays(1).At(0, p.Zone)
	return Open(next, p.Hours, p.Zone)
}
