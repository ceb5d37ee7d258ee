package quiet

import (
	"time"

	"pursuit/push/cadence"
)

// span is one stretch of quiet hours: from included, until not.
type span struct{ from, until time.Time }

// spanOf gives the quiet hours that begin on a date. Where clocks change, a time that
// is shown twice means the first and one that is never shown means the change, so a
// stretch has no hole and may be an hour longer or shorter, or empty.
func spanOf(h cadence.Hours, date cadence.Date, zone *time.Location) span {
	last := date
	if h.End < h.Start {
		last = date.AddDays(1)
	}
	return span{from: date.At(h.Start, zone), until: last.At(h.End, zone)}
}

// spanAt gives the quiet hours that t lies in.
func spanAt(t time.Time, h cadence.Hours, zone *time.Location) (span, bool) {
	if h.Start == h.End {
		return span{}, false
	}
	today := cadence.DateIn(t, zone)
	// Yesterday's may reach into today; where a clock change moves a start over
	// midnight, tomorrow's may have begun.
	for day := -1; day <= 1; day++ {
		s := spanOf(h, today.AddDays(day), zone)
		if !t.Before(s.from) && t.Before(s.until) {
			return s, true
		}
	}
	return span{}, false
}

// Quiet tells whether t lies in the person's quiet hours. Equal start and end mean
// that there are none.
func Quiet(t time.Time, h cadence.Hours, zone *time.Location) bool {
	_, quiet := spanAt(t, h, zone)
	return quiet
}

// Open gives the first instant, not before t, outside the person's quiet hours.
func Open(t time.Time, h cadence.Hours, zone *time.Location) time.Time {
	// Two stretches can touch only where a day vanishes; three never do.
	const touching = 3
	for range touching {
		s, quiet := spanAt(t, h, zone)
		if !quiet {
			break
		}
		t = s.until
	}
	return t.UTC()
}

// lastEnd gives when the latest quiet hours before t ended; zero if there are none.
func lastEnd(t time.Time, h cadence.Hours, zone *time.Location) time.Time {
	var end time.Time
	if h.Start == h.End {
		return end
	}
	today := cadence.DateIn(t, zone)
	for day := -2; day <= 0; day++ {
		s := spanOf(h, today.AddDays(day), zone)
		if s.from.Before(s.until) && !s.until.After(t) && s.until.After(end) {
			end = s.until
		}
	}
	return end
}
