package reports

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Verdict says whether an attempt counts, and why not.
type Verdict string

// The verdicts. Source: docs/domain.md, section 3.
const (
	Counted        Verdict = "counted"
	Deleted        Verdict = "deleted"
	ClockSuspect   Verdict = "clock_suspect"
	AfterAsOf      Verdict = "after_as_of"
	OutsidePursuit Verdict = "outside_pursuit"
	Duplicate      Verdict = "duplicate"
)

// tap is an attempt that counts unless another tap in its minute was recorded before it.
type tap struct {
	Attempt
	day   Date // local
	spell int  // index of the spell of pursuit it lies in
}

// sieve lets through the attempts of one service that count. It is fed in order of
// occurred_at and holds back one UTC minute, which is as far as duplicated taps reach.
type sieve struct {
	serviceID string
	pursuit   *pursuit
	window    *Window
	count     func(tap)
	judged    func(Attempt, Verdict) // may be nil

	last   time.Time
	minute int64
	held   []tap // of the current minute: one an author and channel
	spell  int   // spells before this one lie behind
}

// add takes the next attempt. It fails when the attempt is of another service or earlier than
// one before it: the caller's query is wrong then, and every figure would be.
func (v *sieve) add(a Attempt) error {
	if a.ServiceID != v.serviceID {
		return fmt.Errorf("count attempt %s: it belongs to another service", a.ID)
	}
	if a.OccurredAt.Before(v.last) {
		return fmt.Errorf("count attempt %s: it is out of order", a.ID)
	}
	v.last = a.OccurredAt
	day := DateOf(a.OccurredAt, v.window.Zone)
	switch {
	case a.Deleted:
		v.tell(a, Deleted)
	case a.ClockSuspect:
		v.tell(a, ClockSuspect)
	case !a.OccurredAt.Before(v.window.AsOf):
		v.tell(a, AfterAsOf)
	default:
		spell := v.pursuit.spellOf(day, v.spell)
		if spell < 0 {
			v.tell(a, OutsidePursuit)
			return nil
		}
		v.spell = spell
		v.hold(tap{Attempt: a, day: day, spell: spell})
	}
	return nil
}

// hold keeps the first recorded of the taps by one author over one channel in one minute.
func (v *sieve) hold(t tap) {
	minute := t.OccurredAt.Unix() / 60
	if minute != v.minute {
		v.flush()
		v.minute = minute
	}
	for i, h := range v.held {
		if h.WorkerID != t.WorkerID || h.Channel != t.Channel {
			continue
		}
		if recordedFirst(t.Attempt, h.Attempt) {
			v.tell(h.Attempt, Duplicate)
			v.held[i] = t
		} else {
			v.tell(t.Attempt, Duplicate)
		}
		return
	}
	v.held = append(v.held, t)
}

// flush lets the held minute through, in order of occurred_at.
func (v *sieve) flush() {
	slices.SortFunc(v.held, func(a, b tap) int {
		return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.ID, b.ID))
	})
	for _, t := range v.held {
		v.tell(t.Attempt, Counted)
		v.count(t)
	}
	v.held = v.held[:0]
}

func (v *sieve) tell(a Attempt, verdict Verdict) {
	if v.judged != nil {
		v.judged(a, verdict)
	}
}

func recordedFirst(a, b Attempt) bool {
	return cmp.Or(a.RecordedAt.Compare(b.RecordedAt), cmp.Compare(a.ID, b.ID)) < 0
}
