package reports

import (
	"math"
	"slices"
	"sort"
	"time"
)

// plainCase counts one service the slow and obvious way: day by day, attempt against attempt.
type plainCase struct {
	w        Window
	c        Case
	attempts []Attempt
}

func (p plainCase) events() []StatusEvent {
	var seen []StatusEvent
	for _, e := range p.c.Events {
		if e.On.Before(p.c.Service.ReferredOn) {
			e.On = p.c.Service.ReferredOn
		}
		if !e.On.After(p.w.AsOfDay) {
			seen = append(seen, e)
		}
	}
	return seen // generated in the order of recording
}

// statusAt is the status at the end of a day.
func (p plainCase) statusAt(d Date) string {
	status := statusPursuing
	for _, e := range p.events() {
		if !e.On.After(d) {
			status = e.To
		}
	}
	return status
}

// pursuedOn asks whether the service was in pursuit at any moment of a day.
func (p plainCase) pursuedOn(d Date) bool {
	if d.Before(p.c.Service.ReferredOn) || d.After(p.w.AsOfDay) {
		return false
	}
	if d == p.c.Service.ReferredOn || inPursuit(p.statusAt(d.Plus(-1))) {
		return true
	}
	events := p.events()
	for i, e := range events {
		overruled := slices.ContainsFunc(events[i+1:], func(x StatusEvent) bool { return x.On.Before(d) })
		if e.On == d && inPursuit(e.To) && !overruled {
			return true
		}
	}
	return false
}

func (p plainCase) local(a Attempt) Date { return DateOf(a.OccurredAt, p.w.Zone) }

func (p plainCase) eligible(a Attempt) bool {
	return !a.Deleted && !a.ClockSuspect && a.OccurredAt.Before(p.w.AsOf) && p.pursuedOn(p.local(a))
}

// counted compares every attempt with every other.
func (p plainCase) counted() []Attempt {
	var out []Attempt
	for _, a := range p.attempts {
		if !p.eligible(a) {
			continue
		}
		beaten := false
		for _, b := range p.attempts {
			twin := b.ID != a.ID && p.eligible(b) && b.WorkerID == a.WorkerID && b.Channel == a.Channel &&
				b.OccurredAt.UTC().Format("2006-01-02 15:04") == a.OccurredAt.UTC().Format("2006-01-02 15:04")
			sooner := b.RecordedAt.Before(a.RecordedAt) || b.RecordedAt.Equal(a.RecordedAt) && b.ID < a.ID
			beaten = beaten || twin && sooner
		}
		if !beaten {
			out = append(out, a)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].OccurredAt.Before(out[j].OccurredAt) })
	return out
}

func (p plainCase) windowed() []Attempt {
	return slices.DeleteFunc(p.counted(), func(a Attempt) bool {
		d := p.local(a)
		return d.After(p.w.To) || d.Before(p.w.From)
	})
}

func (p plainCase) pursuitDays() int {
	n := 0
	for d := p.c.Service.ReferredOn; !d.After(p.w.To); d = d.Plus(1) {
		if !d.Before(p.w.From) && p.pursuedOn(d) {
			n++
		}
	}
	return n
}

// assignedAt is the first of all assignments, whoever was assigned.
func (p plainCase) assignedAt() time.Time {
	all := slices.DeleteFunc(slices.Clone(p.c.Assignments), func(a Assignment) bool { return !a.StartedAt.Before(p.w.AsOf) })
	sort.Slice(all, func(i, j int) bool { return all[i].StartedAt.Before(all[j].StartedAt) })
	if len(all) == 0 {
		return time.Time{}
	}
	return all[0].StartedAt
}

// longestGap looks at each run of days in pursuit by itself.
func (p plainCase) longestGap() *float64 {
	longest, any := 0.0, false
	for d := p.c.Service.ReferredOn; !d.After(p.w.AsOfDay); d = d.Plus(1) {
		if !p.pursuedOn(d) || p.pursuedOn(d.Plus(-1)) {
			continue
		}
		last := d
		for p.pursuedOn(last.Plus(1)) {
			last = last.Plus(1)
		}
		var marks []time.Time
		if assigned := p.assignedAt(); !assigned.IsZero() {
			if start := d.Start(p.w.Zone); start.After(assigned) {
				assigned = start
			}
			marks = append(marks, assigned)
		}
		for _, a := range p.counted() {
			if on := p.local(a); !on.Before(d) && !on.After(last) {
				marks = append(marks, a.OccurredAt)
			}
		}
		end := last.Plus(1).Start(p.w.Zone)
		if p.w.AsOf.Before(end) {
			end = p.w.AsOf
		}
		marks = append(marks, end)
		for i := 1; i < len(marks); i++ {
			if gap := marks[i].Sub(marks[i-1]); gap >= 0 {
				any, longest = true, math.Max(longest, gap.Hours()/24)
			}
		}
	}
	if !any {
		return nil
	}
	rounded := math.Round(longest*100) / 100
	return &rounded
}

// firstTo is the earliest day on which a status of the kind was reached.
func (p plainCase) firstTo(kind func(string) bool) *int {
	best := -1
	for _, e := range p.events() {
		if n := e.On.Sub(p.c.Service.ReferredOn); kind(e.To) && (best < 0 || n < best) {
			best = n
		}
	}
	if best < 0 {
		return nil
	}
	return &best
}

// waited is the case as the medians see it: days, and whether it came about.
func (p plainCase) waited(happened *int) waiting {
	if happened != nil {
		return waiting{*happened, true}
	}
	last := p.c.Service.ReferredOn
	for d := last; !d.After(p.w.AsOfDay); d = d.Plus(1) {
		if p.pursuedOn(d) {
			last = d
		}
	}
	return waiting{last.Sub(p.c.Service.ReferredOn), false}
}
