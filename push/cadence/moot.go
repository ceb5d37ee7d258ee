package cadence

import (
	"strings"
	"time"
)

// Reasons for a Change, for the audit and for tests.
const (
	// WhyMoot: what it asked for happened in time; the server learned it late.
	WhyMoot = "moot"
	// WhyOver: the pursuit, the short-term services or the action item is over.
	WhyOver = "over"
	// WhySuperseded: a later reminder of the same kind and escalation took its place.
	WhySuperseded = "superseded"
	// WhyReassigned: the person it was for no longer holds the case.
	WhyReassigned = "reassigned"
)

// Change is what happens to a reminder that exists: a new State, or a new UserID
// (whose push has then not been sent). Exactly one of the two is set.
type Change struct {
	Key    Key
	State  string
	UserID string
	Why    string
}

// Settle gives the changes to open reminders after raised were added.
//
// One that became moot, because what it asked for happened in time though it arrived
// late, is cancelled when its push has not gone out and done when it has; so is one
// whose pursuit is over. An older one of a group gives way to a newer: cancelled. A
// worker's successor inherits what is open, except the first attempt, for which they
// have a time of their own. An attempt made after the due time changes nothing: the
// person completes an overdue reminder themselves.
func Settle(c Case, existing []Existing, raised []Reminder, now time.Time) []Change {
	return viewOf(c).settle(existing, raised, now)
}

func (v *view) settle(existing []Existing, raised []Reminder, now time.Time) []Change {
	latest := map[string]time.Time{}
	for _, e := range existing {
		latest[e.Key.group()] = latestOf(latest[e.Key.group()], e.DueAt)
	}
	for _, r := range raised {
		latest[r.Key.group()] = latestOf(latest[r.Key.group()], r.DueAt)
	}
	var changes []Change
	for _, e := range existing {
		if !e.open() {
			continue
		}
		group := e.Key.group()
		superseded := group != "" && latest[group].After(e.DueAt)
		if change, ok := v.settleOne(e, superseded, now); ok {
			changes = append(changes, change)
		}
	}
	return changes
}

func latestOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (v *view) settleOne(e Existing, superseded bool, now time.Time) (Change, bool) {
	answered := StateCancelled
	if e.Sent {
		answered = StateDone
	}
	switch {
	case v.over(e, now):
		return Change{Key: e.Key, State: answered, Why: WhyOver}, true
	case v.moot(e, now):
		return Change{Key: e.Key, State: answered, Why: WhyMoot}, true
	case superseded:
		return Change{Key: e.Key, State: StateCancelled, Why: WhySuperseded}, true
	}
	return v.readdress(e, now)
}

// over tells whether what the reminder was about has ended.
func (v *view) over(e Existing, now time.Time) bool {
	switch {
	case pursuitRule(e.Key.Rule):
		running, ok := v.episodeAt(now)
		return !ok || e.DueAt.Before(running.start)
	case e.Key.Rule == ruleShortTermEnding:
		ends, ok := v.shortTermEnd(now)
		return !ok || ends.String() != e.Key.Period
	case e.Key.Rule == ruleActionItem:
		item, ok := v.item(e.Key)
		return ok && (!item.DoneOn.IsZero() || item.key() != e.Key)
	case e.Key.Rule == rulePolicyException:
		for _, a := range v.Attempts {
			if a.ID == e.Key.Period {
				return a.Deleted || !a.PolicyException
			}
		}
		return true // the attempt is gone
	}
	return false
}

func (v *view) item(key Key) (ActionItem, bool) {
	id, _, _ := strings.Cut(key.Period, "@")
	for _, item := range v.Items {
		if item.ID == id {
			return item, true
		}
	}
	return ActionItem{}, false
}

// moot tells whether what a reminder of the running pursuit asked for had happened
// when it fell due.
func (v *view) moot(e Existing, now time.Time) bool {
	running, ok := v.episodeAt(now)
	if !ok {
		return false
	}
	inTime := v.attemptsIn(running)
	for i, a := range inTime {
		if a.OccurredAt.After(e.DueAt) {
			inTime = inTime[:i]
			break
		}
	}
	switch e.Key.Rule {
	case ruleFirstAttempt:
		return len(inTime) > 0
	case ruleWeeklyAttempts, ruleWeeklyInPerson:
		return v.weekMet(e.Key, running, inTime)
	case ruleSilence:
		start, err := time.Parse(instantLayout, e.Key.Period)
		return err == nil && len(inTime) > 0 && inTime[len(inTime)-1].OccurredAt.After(start)
	case ruleReviewDay90:
		return anyReached(inTime)
	}
	return false
}

func (v *view) weekMet(key Key, running episode, attempts []counted) bool {
	monday, err := ParseDate(key.Period)
	anchor, ok := v.anchor(running)
	if err != nil || !ok {
		return false
	}
	band, ok := v.Settings.band(v.Track, weekOf(monday, DateIn(anchor, v.zone)))
	return ok && effortIn(monday, attempts).meets(band, key.Rule)
}

// readdress hands an open reminder on when its person no longer holds the case and
// somebody else does.
func (v *view) readdress(e Existing, now time.Time) (Change, bool) {
	roles := []string{roleOfStep(e.Key.Step)}
	switch e.Key.Rule {
	case ruleShortTermEnding:
		roles = dutyRoles()
	case ruleActionItem:
		item, ok := v.item(e.Key)
		if !ok || item.OwnerID != "" {
			return Change{Key: e.Key, UserID: item.OwnerID, Why: WhyReassigned}, ok && item.OwnerID != e.UserID
		}
		roles = dutyRoles()
	}
	for _, role := range roles {
		if v.holds(e.UserID, role, now) {
			return Change{}, false
		}
	}
	if e.Key.Rule == ruleFirstAttempt {
		return Change{Key: e.Key, State: StateCancelled, Why: WhyReassigned}, true
	}
	for _, role := range roles {
		if a, ok := v.holder(role, now, now); ok {
			return Change{Key: e.Key, UserID: a.UserID, Why: WhyReassigned}, true
		}
	}
	return Change{}, false
}
