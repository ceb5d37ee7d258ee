package cadence

import (
	"fmt"
	"time"
)

// Explanation says which reminder of a service comes next if nothing more happens.
// Words carries no name, code, track or organisation: roles, counts and times only.
type Explanation struct {
	// Next is the reminder that comes next; it is due already when Now is set. Its Key
	// is zero when none is foreseen.
	Next  Reminder
	Now   bool
	Words string
}

const whenLayout = "Monday 2 January 2006 at 15:04 MST"

// Explain says which rule fires next, when, for whom and why, in words for people
// who tune the settings or wonder about a silence. Times are in the program's zone.
func Explain(c Case, existing []Existing, now time.Time) Explanation {
	v := viewOf(c)
	slots := v.slots(now)
	exists := keysOf(existing)
	if raised := v.due(slots, exists, now); len(raised) > 0 {
		return Explanation{Next: raised[0], Now: true, Words: v.words(raised[0], now)}
	}
	at := v.nextDue(slots, existing, now)
	if at.IsZero() {
		return Explanation{Words: v.whyNothing(now)}
	}
	next := v.due(slots, exists, at)[0]
	return Explanation{Next: next, Words: v.words(next, now)}
}

func (v *view) words(r Reminder, now time.Time) string {
	when := r.DueAt.In(v.zone).Format(whenLayout)
	return fmt.Sprintf("%s The %s is reminded on %s.", v.why(r, now), roleWords(r), when)
}

func roleWords(r Reminder) string {
	if r.Key.Rule == ruleActionItem {
		return "owner"
	}
	switch r.Role {
	case RoleCaseManager:
		return "case manager"
	case RoleSupervisor:
		return "supervisor"
	}
	return "outreach worker"
}

// why gives the reason for one reminder.
func (v *view) why(r Reminder, now time.Time) string {
	switch r.Key.Rule {
	case ruleFirstAttempt:
		return "No attempt has been recorded since the assignment."
	case ruleWeeklyAttempts, ruleWeeklyInPerson:
		return v.whyWeek(r, now)
	case ruleSilence:
		return fmt.Sprintf("No attempt for %d days, step %d of %d.", v.Settings.SilenceDays[r.Key.Step], r.Key.Step+1, Steps)
	case ruleReviewDay90:
		return fmt.Sprintf("The person has not been reached in %d days.", reviewDays)
	case ruleReviewMonth5:
		return fmt.Sprintf("The pursuit has lasted %d months.", reviewMonths)
	case ruleShortTermEnding:
		return fmt.Sprintf("Short-term services end on %s, %d days later.", r.Key.Period, shortTermNoticeDays)
	case rulePolicyException:
		return "An attempt through the probation officer lacked what is wanted before it."
	}
	return "An action item is due."
}

func (v *view) whyWeek(r Reminder, now time.Time) string {
	running, _ := v.episodeAt(now)
	anchor, _ := v.anchor(running)
	monday, err := ParseDate(r.Key.Period)
	if err != nil {
		return ""
	}
	week := weekOf(monday, DateIn(anchor, v.zone))
	band, _ := v.Settings.band(v.Track, week)
	done := effortIn(monday, v.attemptsIn(running))
	if r.Key.Rule == ruleWeeklyInPerson {
		return fmt.Sprintf("Week %d asks for %d in person; %d recorded.", week, band.InPerson, done.inPerson)
	}
	return fmt.Sprintf("Week %d asks for %d attempts over %d channels; %d over %d recorded.",
		week, band.Attempts, max(band.Channels, 1), done.attempts, done.channels)
}

// whyNothing gives the reason for there being nothing to come.
func (v *view) whyNothing(now time.Time) string {
	running, ok := v.episodeAt(now)
	if !ok {
		return "The service is not in pursuit; nothing is due by itself."
	}
	if _, ok := v.anchor(running); !ok {
		return "No outreach worker has been assigned; the rules count from an assignment."
	}
	return "Everything foreseen has been reminded of, or nobody holds the roles to be told."
}
