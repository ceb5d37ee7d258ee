package reports

import (
	"errors"
	"time"
)

// Window says from where and over what a report looks.
type Window struct {
	Zone *time.Location // the program's
	From Date           // first date counted; unset: from the beginning
	To   Date           // last date counted, never after AsOfDay
	// AsOf is the first instant that is not seen; AsOfDay the last date that is.
	AsOf    time.Time
	AsOfDay Date
	// Now bounds what can be said about devices: a report as of tonight does not call a
	// worker silent for the hours that have not passed.
	Now time.Time
}

// NewWindow makes a window. An as_of date means the end of that day in the zone; unset, the
// report looks from now. An unset to, or one after as_of, ends at as_of. It fails when there
// is no zone or when from lies after to, or after as_of while to is unset.
func NewWindow(zone *time.Location, from, to, asOf Date, now time.Time) (Window, error) {
	if zone == nil {
		return Window{}, errors.New("make window: no time zone")
	}
	if !from.IsZero() && !to.IsZero() && from.After(to) {
		return Window{}, errors.New("make window: from lies after to")
	}
	w := Window{Zone: zone, From: from, To: to, Now: now}
	if asOf.IsZero() {
		w.AsOfDay = DateOf(now, zone)
		w.AsOf = now.Add(time.Nanosecond) // what happened in this instant is seen
	} else {
		w.AsOfDay = asOf
		w.AsOf = asOf.End(zone)
	}
	if to.IsZero() && from.After(w.AsOfDay) {
		return Window{}, errors.New("make window: from lies after as_of, which it ends at")
	}
	if to.IsZero() || to.After(w.AsOfDay) {
		w.To = w.AsOfDay
	}
	return w, nil
}

// span is the window as dates.
func (w Window) span() span { return span{from: w.From, to: w.To} }

// looksFrom is the moment against which silence of a device is measured.
func (w Window) looksFrom() time.Time {
	if !w.Now.IsZero() && w.Now.Before(w.AsOf) {
		return w.Now
	}
	return w.AsOf
}
