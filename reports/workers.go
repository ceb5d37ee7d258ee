package reports

import (
	"cmp"
	"slices"
	"time"
)

// staleAfter is how long a worker's devices may be silent before what is shown of them is
// called stale. Source: docs/domain.md, section 3.
const staleAfter = 72 * time.Hour

// WorkerFigures is one row of the worker table. Attempts count for who made them, whoever
// holds the service now; outcomes for who held it as outreach worker on that date.
type WorkerFigures struct {
	WorkerID string `json:"worker_id"`
	Name     string `json:"name,omitempty"`
	OrgID    string `json:"org_id"`
	Effort          // pursuit_days: dates on which they held a service in pursuit, summed over services
	Services int    `json:"services" doc:"Services in pursuit that they hold as of as_of"`
	// NeverAttempted counts those of Services that nobody has tried.
	NeverAttempted       int      `json:"never_attempted"`
	Engaged              int      `json:"engaged" doc:"Services that first engaged in the window while they held them"`
	Enrolled             int      `json:"enrolled" doc:"Services that first enrolled in the window while they held them"`
	LastAttemptAt        *Instant `json:"last_attempt_at"`
	DaysSinceLastAttempt *float64 `json:"days_since_last_attempt"`
	LastSyncAt           *Instant `json:"last_sync_at"`
	Stale                bool     `json:"stale" doc:"No sync for more than 72 hours, or never any"`
}

type workerCount struct {
	Worker
	tally             tally
	pursuitDays       int
	services, never   int
	engaged, enrolled int
	last              time.Time
}

func (n *Intensity) worker(id string) *workerCount {
	if n.recent != nil && n.recent.UserID == id { // most attempts of a service are one worker's
		return n.recent
	}
	w := n.workers[id]
	if w == nil {
		w = &workerCount{Worker: Worker{UserID: id}}
		n.workers[id] = w
	}
	n.recent = w
	return w
}

// silence answers when a worker last synced and whether that is too long ago.
func (n *Intensity) silence(id string) (*Instant, bool) {
	at := n.worker(id).LastSyncAt
	return moment(at), at.IsZero() || n.window.looksFrom().Sub(at) > staleAfter
}

// credit adds a finished service to those who held it.
func (n *Intensity) credit(s *ServiceCount, f ServiceFigures) {
	held := map[string][]span{}
	for _, a := range s.c.Assignments {
		if a.Deleted || a.Role != roleOutreachWorker || !a.StartedAt.Before(n.window.AsOf) {
			continue
		}
		to := n.window.To
		if end := DateOf(a.EndedAt, n.window.Zone); !end.IsZero() {
			to = earlier(to, end)
		}
		from := later(DateOf(a.StartedAt, n.window.Zone), n.window.From)
		held[a.UserID] = append(held[a.UserID], span{from: from, to: to})
	}
	for id, spans := range held {
		n.worker(id).pursuitDays += overlapDays(s.pursuit.spells, union(spans))
	}
	if f.WorkerID != "" && s.pursuit.open {
		w := n.worker(string(f.WorkerID))
		w.services++
		if f.NeverAttempted {
			w.never++
		}
	}
	if w := n.holderOn(s, s.pursuit.engagedOn); w != nil {
		w.engaged++
	}
	if w := n.holderOn(s, s.pursuit.enrolledOn); w != nil {
		w.enrolled++
	}
}

// holderOn is who held the service at the end of a date, nil when that is nobody or the date
// lies outside the window.
func (n *Intensity) holderOn(s *ServiceCount, on Date) *workerCount {
	if on.IsZero() || !n.window.span().holds(on) {
		return nil
	}
	id := holderAt(s.c.Assignments, on.End(n.window.Zone))
	if id == "" {
		return nil
	}
	return n.worker(id)
}

// Workers returns the worker table so far, by organisation, name and id.
func (n *Intensity) Workers() []WorkerFigures {
	out := make([]WorkerFigures, 0, len(n.workers))
	for id, w := range n.workers {
		f := WorkerFigures{
			WorkerID: id, Name: w.Name, OrgID: w.OrgID,
			Effort:   w.tally.effort(w.pursuitDays),
			Services: w.services, NeverAttempted: w.never,
			Engaged: w.engaged, Enrolled: w.enrolled,
			LastAttemptAt: moment(w.last),
		}
		if !w.last.IsZero() {
			f.DaysSinceLastAttempt = days(n.window.AsOf.Sub(w.last))
		}
		f.LastSyncAt, f.Stale = n.silence(id)
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b WorkerFigures) int {
		return cmp.Or(cmp.Compare(a.OrgID, b.OrgID), cmp.Compare(a.Name, b.Name), cmp.Compare(a.WorkerID, b.WorkerID))
	})
	return out
}
