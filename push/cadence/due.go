package cadence

import "time"

// Plan is what one look at a case asks to be done.
type Plan struct {
	// Raise are the reminders to insert, in the order in which they fell due.
	Raise []Reminder
	// Settle are changes to reminders that exist.
	Settle []Change
	// Next is when to look again if the case does not change before; zero is never.
	Next time.Time
}

// Evaluate does all that one look at a case needs: Due, Settle and NextDue, in terms
// of one another. Applying the plan and evaluating again at the same now asks for
// nothing more.
func Evaluate(c Case, existing []Existing, now time.Time) Plan {
	v := viewOf(c)
	slots := v.slots(now)
	raised := v.due(slots, keysOf(existing), now)
	return Plan{
		Raise:  raised,
		Settle: v.settle(existing, raised, now),
		Next:   v.nextDue(slots, existing, now),
	}
}

// Due gives the reminders that have fallen due at now and do not exist yet, in the
// order of time. Of each kind and escalation it is the latest one alone, so a server
// that slept for weeks wakes nobody with a pile.
func Due(c Case, existing []Existing, now time.Time) []Reminder {
	v := viewOf(c)
	return v.due(v.slots(now), keysOf(existing), now)
}

// NextDue gives the first instant after now at which Due would give something new if
// the case stayed as it is; zero if there is none. A scheduler stores it with the
// service and looks at no service before it, except when the service, its settings
// or its organisation's supervisors change.
func NextDue(c Case, existing []Existing, now time.Time) time.Time {
	v := viewOf(c)
	return v.nextDue(v.slots(now), existing, now)
}

func keysOf(existing []Existing) map[Key]bool {
	keys := make(map[Key]bool, len(existing))
	for _, e := range existing {
		keys[e.Key] = true
	}
	return keys
}

// due walks the slots (in the order of time) up to now, keeps the latest of each
// group, and gives those that still ask for something of somebody.
func (v *view) due(slots []slot, exists map[Key]bool, now time.Time) []Reminder {
	latest := map[string]int{}
	for i, s := range slots {
		if s.dueAt.After(now) {
			break
		}
		if group := s.key.group(); group != "" {
			latest[group] = i
		}
	}
	var raised []Reminder
	for i, s := range slots {
		if s.dueAt.After(now) {
			break
		}
		group := s.key.group()
		if s.met || exists[s.key] || s.isStale(now) || group != "" && latest[group] != i {
			continue
		}
		if user, role, ok := v.addressee(s, now); ok {
			raised = append(raised, v.reminder(s, user, role))
		}
	}
	return raised
}

func (v *view) reminder(s slot, user, role string) Reminder {
	return Reminder{
		Key: s.key, ServiceID: v.ServiceID, Kind: kindOf(s.key.Rule), DueAt: s.dueAt.UTC(),
		UserID: user, Role: role, Escalation: s.key.Step,
	}
}

// nextDue tries the foreseen instants after now in turn.
func (v *view) nextDue(slots []slot, existing []Existing, now time.Time) time.Time {
	exists := keysOf(existing)
	for _, r := range v.due(slots, exists, now) {
		exists[r.Key] = true
	}
	for _, s := range slots {
		if s.dueAt.After(now) && !s.met && !exists[s.key] && len(v.due(slots, exists, s.dueAt)) > 0 {
			return s.dueAt.UTC()
		}
	}
	return time.Time{}
}
