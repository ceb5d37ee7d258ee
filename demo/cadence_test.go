package demo

import (
	"testing"
	"time"
)

// tried is one contact attempt as it stands in the records.
type tried struct {
	at               time.Time
	channel, outcome string
}

var reached = map[string]bool{"replied": true, "spoke": true, "met": true, "meeting_set": true, "accepted": true, "refused": true}

func attemptsOf(w *world) map[string][]tried {
	found := map[string][]tried{}
	for _, id := range w.order["contact_attempts"] {
		a := w.rows["contact_attempts"][id]
		at, err := time.Parse(time.RFC3339, a["occurred_at"].(string))
		if err != nil {
			continue
		}
		service := a["service_id"].(string)
		found[service] = append(found[service], tried{at, a["channel"].(string), a["outcome"].(string)})
	}
	return found
}

// pursuedThrough tells whether the service was pursued or engaged all the time.
func pursuedThrough(past []turned, from, to time.Time) bool {
	if past[0].at.After(from) {
		return false
	}
	for i, t := range past {
		ends := to
		if i+1 < len(past) {
			ends = past[i+1].at
		}
		if t.to != "pursuing" && t.to != "slo_engaged" && t.at.Before(to) && ends.After(from) {
			return false
		}
	}
	return true
}

func statusAt(past []turned, at time.Time) string {
	status := ""
	for _, t := range past {
		if !t.at.After(at) {
			status = t.to
		}
	}
	return status
}

// assignedAt is when each service was first given to a worker.
func assignedAt(plan Plan, w *world) map[string]time.Time {
	first := map[string]time.Time{}
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			r := w.rows[m.Table][m.Row]
			service, _ := r["service_id"].(string)
			if m.Table == "services" && w.users[step.Author].Role == "outreach_worker" {
				service = m.Row
			} else if m.Table != "assignments" || r["role"] != "outreach_worker" {
				continue
			}
			if _, there := first[service]; !there {
				first[service] = step.At
			}
		}
	}
	return first
}

// Every whole week of pursuit has the attempts that the cadence wants: three over two
// channels, one in person, to week 7; two to week 12; one to week 22.
func TestAttemptsFollowTheCadence(t *testing.T) {
	plan := built(t)
	w := replay(plan)
	attempts, judged := attemptsOf(w), 0
	for service, assigned := range assignedAt(plan, w) {
		local := assigned.In(pacific())
		monday := time.Date(local.Year(), local.Month(), local.Day()-(int(local.Weekday())+6)%7, 0, 0, 0, 0, pacific())
		for week := 1; week <= 22; week++ {
			from, to := monday.AddDate(0, 0, 7*(week-1)), monday.AddDate(0, 0, 7*week)
			begun := from
			if week == 1 {
				begun = assigned
			}
			if to.Year() > 2024 || !pursuedThrough(w.history[service], begun, to) {
				continue
			}
			n, visits, channels := 0, 0, map[string]bool{}
			for _, a := range attempts[service] {
				if !a.at.Before(begun) && a.at.Before(to) {
					n++
					channels[a.channel] = true
					if a.channel == "in_person_visit" {
						visits++
					}
				}
			}
			judged++
			if week <= 7 && (n < 3 || len(channels) < 2 || visits < 1) || week <= 12 && n < 2 || n < 1 {
				t.Errorf("service %s, week %d from %s: %d attempts, %d channels, %d visits", service, week, from.Format("01-02"), n, len(channels), visits)
			}
		}
	}
	if judged < 1500 {
		t.Errorf("only %d weeks judged", judged)
	}
}

// The first attempt comes in time: four hours for the hospital's cases, two business
// days for the others. Every service is tried.
func TestFirstAttemptIsInTime(t *testing.T) {
	plan := built(t)
	w := replay(plan)
	attempts := attemptsOf(w)
	for service, assigned := range assignedAt(plan, w) {
		due := assigned.Add(4 * time.Hour)
		if w.rows["services"][service]["track"] != "hhp" {
			due = assigned
			for days := 0; days < 2; {
				due = due.AddDate(0, 0, 1)
				if day := due.In(pacific()).Weekday(); day != time.Saturday && day != time.Sunday {
					days++
				}
			}
		}
		first := time.Time{}
		for _, a := range attempts[service] {
			if first.IsZero() || a.at.Before(first) {
				first = a.at
			}
		}
		if first.IsZero() || first.After(due) || first.Before(assigned) {
			t.Errorf("service %s (%s) assigned %s, first tried %s", service, w.rows["services"][service]["track"], assigned, first)
		}
	}
}

// Attempts lie between 8:00 and 20:00 on the program's clock, in the time of pursuit,
// nobody makes two in a minute, and nobody is reached before the case turns.
func TestAttemptsAreBelievable(t *testing.T) {
	plan := built(t)
	w := replay(plan)
	taken := map[string]bool{}
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			if m.Table != "contact_attempts" {
				continue
			}
			at, _ := w.rows[m.Table][m.Row]["occurred_at"].(string)
			if taken[step.Author+at] {
				t.Errorf("two attempts at %s", at)
			}
			taken[step.Author+at] = true
		}
	}
	for service, list := range attemptsOf(w) {
		past := w.history[service]
		for _, a := range list {
			if hour := a.at.In(pacific()).Hour(); hour < 8 || hour >= 20 {
				t.Errorf("attempt at %s", a.at.In(pacific()))
			}
			enrolling := a.outcome == "accepted" && statusAt(past, a.at) == "short_term"
			if !pursuedThrough(past, a.at, a.at.Add(time.Minute)) && !enrolling {
				t.Errorf("service %s tried at %s, out of pursuit", service, a.at)
			}
			if reached[a.outcome] && (len(past) < 2 || localDate(past[1].at) > localDate(a.at)) {
				t.Errorf("service %s: %s at %s, before any turn", service, a.outcome, a.at)
			}
		}
	}
}

// Every attempt was made while its author had the case.
func TestAttemptsAreMadeByWhoeverHasTheCase(t *testing.T) {
	plan := built(t)
	w := replay(plan)
	type post struct{ service, user string }
	from, until := map[post]time.Time{}, map[post]time.Time{}
	for service, assigned := range assignedAt(plan, w) { // a worker's own service is theirs at once
		from[post{service, w.history[service][0].by}] = assigned
	}
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			r := w.rows[m.Table][m.Row]
			if m.Table != "assignments" {
				continue
			}
			key := post{r["service_id"].(string), r["user_id"].(string)}
			if m.Op == "insert" {
				from[key] = step.At
				continue
			}
			ended, err := time.Parse(time.RFC3339, m.At)
			if err != nil {
				t.Fatal(err)
			}
			until[key] = ended
		}
	}
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			if m.Table != "contact_attempts" {
				continue
			}
			r := w.rows[m.Table][m.Row]
			key := post{r["service_id"].(string), step.Author}
			at, err := time.Parse(time.RFC3339, r["occurred_at"].(string))
			start, held := from[key]
			end, over := until[key]
			if err != nil || !held || at.Before(start) || over && !at.Before(end) {
				t.Errorf("service %s: %s tried at %s, and has the case from %s to %s", key.service, key.user, at, start, end)
			}
		}
	}
}

// Short-term services are closed on their last day or later, never before.
func TestShortTermServicesLastNinetyDays(t *testing.T) {
	closed := 0
	for service, past := range replay(built(t)).history {
		for i, turn := range past {
			if i == 0 || turn.to != "closed" || past[i-1].to != "short_term" {
				continue
			}
			closed++
			end := past[i-1].at.In(pacific()).AddDate(0, 0, 90)
			if localDate(turn.at) < localDate(end) {
				t.Errorf("service %s closed at %s, before %s", service, turn.at, end)
			}
		}
	}
	if closed < 10 {
		t.Errorf("%d short-term services closed", closed)
	}
}

// The probation officer is the last resort: approved by a supervisor, after the other
// six channels, eight attempts and three weeks, and before anybody was reached.
func TestProbationOfficerIsTheLastResort(t *testing.T) {
	plan := built(t)
	w := replay(plan)
	approved := map[string]time.Time{}
	for _, step := range plan.Steps {
		for _, m := range step.Push {
			if r := w.rows[m.Table][m.Row]; m.Op == "insert" && r["kind"] == "probation_officer_approval" && w.users[step.Author].Role == "supervisor" {
				approved[r["person_id"].(string)] = step.At
			}
		}
	}
	seen := 0
	for service, list := range attemptsOf(w) {
		for _, last := range list {
			if last.channel != "probation_officer" {
				continue
			}
			seen++
			person := w.rows["services"][service]["person_id"].(string)
			n, channels, oldest := 0, map[string]bool{}, last.at
			for _, a := range list {
				if a.at.Before(last.at) {
					n++
					channels[a.channel] = true
					if a.at.Before(oldest) {
						oldest = a.at
					}
					if reached[a.outcome] {
						t.Errorf("service %s: reached before the last resort", service)
					}
				}
			}
			at, there := approved[person]
			if !there || at.After(last.at) || n < 8 || len(channels) < 6 || last.at.Sub(oldest) < 21*24*time.Hour ||
				w.rows["people"][person]["supervision"] == "none" {
				t.Errorf("service %s: %d attempts over %d channels since %s, approved %v", service, n, len(channels), oldest, there)
			}
		}
	}
	if seen < 4 {
		t.Errorf("%d attempts through a probation officer", seen)
	}
}
