package reports

import "time"

// Intensity counts the effort of many services, one after the other, and gathers the worker
// table and the program's figures on the way. It is fed by one goroutine.
type Intensity struct {
	window  Window
	workers map[string]*workerCount
	recent  *workerCount // the one asked for last
	program programCount
}

// NewIntensity starts a count. Workers listed get a row in the worker table whether or not
// they hold a service; others get one when they appear.
func NewIntensity(w Window, workers []Worker) *Intensity {
	n := &Intensity{window: w, workers: make(map[string]*workerCount, len(workers))}
	for _, worker := range workers {
		n.worker(worker.UserID).Worker = worker
	}
	return n
}

// Begin starts one service. Finish the one before it first.
func (n *Intensity) Begin(c Case) *ServiceCount {
	s := &ServiceCount{
		of: n, c: c,
		pursuit:    pursue(c.Service, c.Events, n.window.AsOfDay, n.window.Zone),
		assignedAt: firstAssignment(c.Assignments, n.window.AsOf),
	}
	s.sieve = sieve{serviceID: c.Service.ID, pursuit: &s.pursuit, window: &n.window, count: s.count}
	s.gaps = gaps{pursuit: &s.pursuit, window: &n.window, assignedAt: s.assignedAt}
	return s
}

// attempted notes an attempt that counts, in the window or not.
func (n *Intensity) attempted(t tap) {
	w := n.worker(t.WorkerID)
	if t.OccurredAt.After(w.last) {
		w.last = t.OccurredAt
	}
}

// counted adds an attempt of the window to its author's row and to its week.
func (n *Intensity) counted(t tap) {
	n.worker(t.WorkerID).tally.add(t.Attempt)
	n.program.attempt(t)
}

// finished adds a whole service.
func (n *Intensity) finished(s *ServiceCount, f ServiceFigures) {
	n.credit(s, f)
	n.program.service(s, f, n.window)
}

// firstAssignment is when somebody was first assigned, an outreach worker or a case manager;
// zero when there is no assignment before asOf. Source: docs/domain.md, section 3.
func firstAssignment(assignments []Assignment, asOf time.Time) (first time.Time) {
	for _, a := range assignments {
		if a.Deleted || !a.StartedAt.Before(asOf) {
			continue
		}
		if first.IsZero() || a.StartedAt.Before(first) {
			first = a.StartedAt
		}
	}
	return first
}

// holderAt is the outreach worker who holds a service just before a moment, the last assigned
// when several do; empty when nobody does.
func holderAt(assignments []Assignment, at time.Time) string {
	var held Assignment
	for _, a := range assignments {
		if a.Deleted || a.Role != roleOutreachWorker || !a.StartedAt.Before(at) {
			continue
		}
		if !a.EndedAt.IsZero() && a.EndedAt.Before(at) {
			continue
		}
		sooner := a.StartedAt.Before(held.StartedAt) || a.StartedAt.Equal(held.StartedAt) && a.ID < held.ID
		if held.UserID == "" || !sooner {
			held = a
		}
	}
	return held.UserID
}
