package reports

import (
	"context"
	"fmt"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// What is read at a time. The database passes over the attempts once for each page of
// services, so pages are large, and their attempts are held in 60 bytes each; histories
// take a kilobyte a service, so they are read for a part of the page.
const (
	casesMost    = 13_000  // services of a page
	attemptsHeld = 400_000 // and attempts of it; with more it is read again in halves
	casesLeast   = 500     // services of a page that is not halved any more
	casesPerPart = 2000    // services with their histories
)

// Loader reads from the typed tables what the counting half counts, in one snapshot
// a report and within what the caller may see. It is safe for concurrent use.
//
// Memory: the attempts of one page of services and the histories of a part of it.
type Loader struct {
	store *store.Store
	slots chan struct{} // one for each report that is being read
	noted NotedSyncs
}

// NotedSyncs tells, by user, when devices of a program last synced, as far as the database may
// not know it yet.
type NotedSyncs func(program int32) map[string]time.Time

// readingsAtOnce bounds the reports that are read at a time: each takes a connection
// for seconds, and pulls must never wait for one.
const readingsAtOnce = 4

// NewLoader makes a loader over a store, which knows when workers last synced from there alone.
func NewLoader(s *store.Store) *Loader {
	return &Loader{store: s, slots: make(chan struct{}, readingsAtOnce), noted: func(int32) map[string]time.Time { return nil }}
}

// Knowing makes a loader that also knows of the syncs that are noted and not stored yet.
func (l *Loader) Knowing(noted NotedSyncs) *Loader {
	return &Loader{store: l.store, slots: l.slots, noted: noted}
}

// snapshot runs fn over one snapshot, when its turn has come.
func (l *Loader) snapshot(ctx context.Context, fn func(*store.Reading) error) error {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for other reports: %w", ctx.Err())
	}
	defer func() { <-l.slots }()
	return store.InReading(ctx, l.store, fn)
}

// Filter narrows a report within what its caller may see. Empty fields narrow nothing.
type Filter struct {
	From, To, AsOf Date
	OrgID          string
	WorkerID       string // who holds the service as of as_of
	Status         string // as of as_of
	Track          string
}

// forbidden is the answer to a role that reads no report of the kind.
func forbidden() error { return models.Forbidden("This report is not for your role.") }

// scopeOf is what a role may count: a worker their own services, case managers and
// supervisors their organisation's, a director the program's. Others nothing, and law
// enforcement nothing in any role. Source: docs/domain.md, sections 3 and 6.
func scopeOf(who models.Actor) (store.ReportScope, error) {
	scope := store.ReportScope{Program: who.Program}
	if who.OrgKind == models.OrgLawEnforcement {
		return scope, forbidden()
	}
	switch who.Role {
	case models.RoleOutreachWorker:
		scope.Worker = who.UserID
	case models.RoleCaseManager, models.RoleSupervisor:
		scope.Org = who.OrgID
	case models.RoleDirector:
	default:
		return scope, forbidden()
	}
	return scope, nil
}

// seesNames tells whether a reader is shown the names of staff and the codes of
// persons. A director reads the program without them.
func seesNames(who models.Actor) bool { return who.Role != models.RoleDirector }

// narrow adds what a caller asked for to what they may see.
func (f Filter) narrow(scope store.ReportScope) store.ReportScope {
	scope.Org2, scope.Track = f.OrgID, f.Track
	if f.WorkerID != "" && scope.Worker == "" {
		scope.Worker, scope.Ever = f.WorkerID, true // who held it then may not hold it now
	}
	return scope
}

// reading is one report being read.
type reading struct {
	*store.Reading
	who    models.Actor
	window Window
	scope  store.ReportScope
	noted  map[string]time.Time // syncs that the snapshot may not know, by user
}

// read opens a snapshot for a caller and works out the window. asOf, when not zero,
// stands for now: the later pages of a list look from where its first page looked.
func (l *Loader) read(ctx context.Context, who models.Actor, f Filter, now time.Time, do func(*reading) error) error {
	scope, err := scopeOf(who)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(who.TimeZone)
	if err != nil {
		return fmt.Errorf("load the program's time zone: %w", err)
	}
	noted := l.noted(who.Program) // before the snapshot: what is stored meanwhile is in one or both
	return l.snapshot(ctx, func(r *store.Reading) error {
		if now.IsZero() {
			now = r.Now
		}
		w, err := NewWindow(zone, f.From, f.To, f.AsOf, now)
		if err != nil {
			return models.Invalid("query.from", "must not be after to, which is as_of unless given")
		}
		return do(&reading{Reading: r, who: who, window: w, scope: f.narrow(scope), noted: noted})
	})
}

// intensity starts a count that knows every user's organisation, name and last sync.
func (r *reading) intensity() (*Intensity, map[string]store.ReportWorker, error) {
	users, err := r.Workers(r.who.Program)
	if err != nil {
		return nil, nil, err
	}
	workers, byID := make([]Worker, 0, len(users)), make(map[string]store.ReportWorker, len(users))
	for _, u := range users {
		w := r.worker(u)
		if seesNames(r.who) {
			w.Name = u.Name
		}
		workers = append(workers, w)
		byID[u.UserID] = u
	}
	return NewIntensity(r.window, workers), byID, nil
}

// worker is a user without a name, with the last sync that anybody knows of.
func (r *reading) worker(u store.ReportWorker) Worker {
	w := Worker{UserID: u.UserID, OrgID: u.OrgID, LastSyncAt: u.LastSyncAt}
	if at := r.noted[u.UserID]; at.After(w.LastSyncAt) {
		w.LastSyncAt = at
	}
	return w
}

// count counts every service of the scope by id, from after on, first a page of the
// given size. each gets the figures of a service and says whether to go on.
func (r *reading) count(n *Intensity, after string, page int, each func(ServiceFigures) (bool, error)) error {
	return r.pages(after, page, func(p *attemptPage) (bool, error) { return r.countPage(n, p, each) })
}

// countPage counts the services of a page.
func (r *reading) countPage(n *Intensity, page *attemptPage, each func(ServiceFigures) (bool, error)) (bool, error) {
	var part []Case
	after := page.after
	for i, attempts := range page.services() {
		if len(part) == 0 {
			services, err := r.Services(r.scope, after, min(casesPerPart, len(page.ids)-i))
			if err != nil {
				return false, err
			}
			if part, err = r.cases(services); err != nil {
				return false, err
			}
			after = services[len(services)-1].ID
		}
		count := n.Begin(part[0])
		part = part[1:]
		for a := range attempts {
			if err := count.Add(a); err != nil {
				return false, err
			}
		}
		if more, err := each(count.Finish()); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// cases joins services with their histories.
func (r *reading) cases(services []store.ReportService) ([]Case, error) {
	ids := make([]string, len(services))
	for i, s := range services {
		ids[i] = s.ID
	}
	events, err := r.StatusEvents(r.who.Program, ids)
	if err != nil {
		return nil, err
	}
	assignments, err := r.Assignments(r.who.Program, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Case, len(services))
	for i, s := range services {
		if out[i], err = r.joined(s, events[s.ID], assignments[s.ID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// joined makes a case of a service with its history.
func (r *reading) joined(s store.ReportService, events []store.ReportEvent, assignments []store.ReportAssignment) (c Case, err error) {
	if c.Service, err = serviceOf(s); err != nil {
		return c, err
	}
	if !seesNames(r.who) {
		c.Service.PersonCode = ""
	}
	if c.Events, err = eventsOf(events); err != nil {
		return c, err
	}
	for _, a := range assignments {
		c.Assignments = append(c.Assignments, Assignment{ID: a.ID, ServiceID: a.ServiceID, UserID: a.UserID,
			Role: a.Role, StartedAt: a.StartedAt, EndedAt: a.EndedAt})
	}
	return c, nil
}
