package reports

import (
	"context"
	"slices"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// WorkersPage is the worker table.
type WorkersPage struct {
	Window  Window
	Workers []WorkerFigures
}

// Workers counts the worker table: the active outreach workers in view and whoever
// else made an attempt or held a service in the window. Workers see their own row,
// case managers and supervisors those of their organisation's staff, a director
// every row without names.
//
// A worker's row counts every attempt they made, on cases that others hold now too.
func (l *Loader) Workers(ctx context.Context, who models.Actor, f Filter) (WorkersPage, error) {
	var out WorkersPage
	err := l.read(ctx, who, Filter{From: f.From, To: f.To, AsOf: f.AsOf, OrgID: f.OrgID, Track: f.Track}, time.Time{}, func(r *reading) error {
		out.Window = r.window
		r.scope.Ever, r.scope.Given = r.scope.Worker != "", r.scope.Org != "" || r.scope.Org2 != ""
		n, users, err := r.intensity()
		if err != nil {
			return err
		}
		if err := r.count(n, "", casesMost, all); err != nil {
			return err
		}
		out.Workers = slices.DeleteFunc(n.Workers(), func(w WorkerFigures) bool {
			return !r.shows(w, users[w.WorkerID]) || f.WorkerID != "" && f.WorkerID != w.WorkerID
		})
		return nil
	})
	return out, err
}

func all(ServiceFigures) (bool, error) { return true, nil }

// shows tells whether a row belongs into the worker table of the caller.
func (r *reading) shows(w WorkerFigures, u store.ReportWorker) bool {
	switch {
	case r.scope.Worker != "" && w.WorkerID != r.who.UserID:
		return false
	case r.scope.Org != "" && u.OrgID != r.scope.Org, r.scope.Org2 != "" && u.OrgID != r.scope.Org2:
		return false
	}
	working := u.Active && u.Role == string(models.RoleOutreachWorker)
	return working || w.Attempts > 0 || w.Services > 0 || w.PursuitDays > 0
}

// ProgramPage is the weekly series and the medians of all services in view.
type ProgramPage struct {
	Window  Window
	Figures ProgramFigures
}

// Program counts all services in view, week by week, without a name.
func (l *Loader) Program(ctx context.Context, who models.Actor, f Filter) (ProgramPage, error) {
	var out ProgramPage
	err := l.read(ctx, who, Filter{From: f.From, To: f.To, AsOf: f.AsOf, OrgID: f.OrgID, Track: f.Track}, time.Time{}, func(r *reading) error {
		out.Window = r.window
		n, _, err := r.intensity()
		if err != nil {
			return err
		}
		if err := r.count(n, "", casesMost, all); err != nil {
			return err
		}
		out.Figures = n.Program()
		return nil
	})
	return out, err
}
