package cadence

import (
	"sort"
	"time"
)

// episode is one stretch of pursuit: from the opening, or a reopening, to the status
// that ended it. A zero end means that it goes on.
type episode struct {
	start, end time.Time
	first      bool
}

func (e episode) covers(t time.Time) bool {
	return !t.Before(e.start) && (e.end.IsZero() || t.Before(e.end))
}

// view is a Case put in order once: history sorted, attempts counted.
type view struct {
	Case
	zone     *time.Location
	episodes []episode
	attempts []counted
}

// counted is an attempt that counts, with its calendar date in the program's zone.
type counted struct {
	Attempt
	day Date
}

func viewOf(c Case) *view {
	v := &view{Case: c, zone: c.Zone}
	if v.zone == nil {
		v.zone = time.UTC
	}
	v.History = append([]StatusChange(nil), c.History...)
	sort.SliceStable(v.History, func(i, j int) bool { return v.History[i].At.Before(v.History[j].At) })
	v.episodes = episodesOf(c.OpenedAt, v.History)
	v.attempts = v.counting()
	return v
}

func episodesOf(opened time.Time, history []StatusChange) []episode {
	episodes := []episode{{start: opened, first: true}}
	for _, change := range history {
		last := &episodes[len(episodes)-1]
		running := last.end.IsZero()
		switch {
		case running && !inPursuit(change.To):
			last.end = change.At
		case !running && inPursuit(change.To):
			episodes = append(episodes, episode{start: change.At})
		}
	}
	return episodes
}

// statusAt gives the status in force at t.
func (v *view) statusAt(t time.Time) string {
	status := statusPursuing
	for _, change := range v.History {
		if change.At.After(t) {
			break
		}
		status = change.To
	}
	return status
}

// episodeAt gives the stretch of pursuit that t lies in.
func (v *view) episodeAt(t time.Time) (episode, bool) {
	for _, e := range v.episodes {
		if e.covers(t) {
			return e, true
		}
	}
	return episode{}, false
}

// counting gives the attempts that count, oldest first: not deleted, not suspect, on
// a day of pursuit (calendar dates, both ends counted), duplicated taps once.
// Source: docs/domain.md, section 3.
func (v *view) counting() []counted {
	type tap struct {
		worker, channel string
		minute          int64
	}
	attempts := append([]Attempt(nil), v.Attempts...)
	sort.Slice(attempts, func(i, j int) bool { return recordedBefore(attempts[i], attempts[j]) })
	seen := map[tap]bool{}
	kept := make([]counted, 0, len(attempts))
	for _, a := range attempts {
		key, day := tap{a.WorkerID, a.Channel, a.OccurredAt.Unix() / 60}, DateIn(a.OccurredAt, v.zone)
		if a.Deleted || a.ClockSuspect || seen[key] || !v.onPursuitDay(day) {
			continue
		}
		seen[key] = true
		kept = append(kept, counted{a, day})
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].OccurredAt.Before(kept[j].OccurredAt) })
	return kept
}

// recordedBefore orders attempts by their recording; the id decides a tie, so that
// the order in which rows were read is no matter.
func recordedBefore(a, b Attempt) bool {
	if !a.RecordedAt.Equal(b.RecordedAt) {
		return a.RecordedAt.Before(b.RecordedAt)
	}
	return a.ID < b.ID
}

func (v *view) onPursuitDay(day Date) bool {
	for _, e := range v.episodes {
		if v.dayOf(e, day) {
			return true
		}
	}
	return false
}

// dayOf tells whether day is a calendar date of e. The first episode has no lower
// bound: work done offline can be older than the server's record of the service.
func (v *view) dayOf(e episode, day Date) bool {
	if !e.first && day.Before(DateIn(e.start, v.zone)) {
		return false
	}
	return e.end.IsZero() || !DateIn(e.end, v.zone).Before(day)
}

// attemptsIn gives the counted attempts of an episode, oldest first.
func (v *view) attemptsIn(e episode) []counted {
	var inside []counted
	for _, a := range v.attempts {
		if v.dayOf(e, a.day) {
			inside = append(inside, a)
		}
	}
	return inside
}

// anchor gives when the pursuit of an episode began: its first outreach assignment,
// or the reopening when a worker was assigned before it.
func (v *view) anchor(e episode) (time.Time, bool) {
	var first time.Time
	for _, a := range v.Assignments {
		ended := !a.Ended.IsZero() && !a.Ended.After(e.start)
		tooLate := !e.end.IsZero() && !a.Started.Before(e.end)
		if a.Role != RoleWorker || ended || tooLate {
			continue
		}
		if start := later(a.Started, e.start, e.first); first.IsZero() || start.Before(first) {
			first = start
		}
	}
	return first, !first.IsZero()
}

// later gives an assignment's start, or the reopening it lived through. In the first
// episode the assignment alone counts, whichever row the server stored first.
func later(started, reopened time.Time, first bool) time.Time {
	if !first && started.Before(reopened) {
		return reopened
	}
	return started
}

// holder gives who is told of something that fell due: the earliest assigned user
// who holds the role at now and held it at due already. Supervisors hold theirs by
// membership; the first is told.
func (v *view) holder(role string, due, now time.Time) (Assignment, bool) {
	if role == RoleSupervisor {
		if len(v.Supervisors) == 0 {
			return Assignment{}, false
		}
		return Assignment{UserID: v.Supervisors[0], Role: role}, true
	}
	var best Assignment
	for _, a := range v.Assignments {
		if a.Role != role || !a.live(now) || a.Started.After(due) {
			continue
		}
		earlier := a.Started.Before(best.Started) || a.Started.Equal(best.Started) && a.UserID < best.UserID
		if best.UserID == "" || earlier {
			best = a
		}
	}
	return best, best.UserID != ""
}

func (a Assignment) live(now time.Time) bool {
	return !a.Inactive && !a.Started.After(now) && (a.Ended.IsZero() || a.Ended.After(now))
}

// holds tells whether a user holds a role at now.
func (v *view) holds(userID, role string, now time.Time) bool {
	if role == RoleSupervisor {
		for _, id := range v.Supervisors {
			if id == userID {
				return true
			}
		}
		return false
	}
	for _, a := range v.Assignments {
		if a.UserID == userID && a.Role == role && a.live(now) {
			return true
		}
	}
	return false
}
