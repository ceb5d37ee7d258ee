package reports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// attemptsPerService bounds the timeline of one service: a call an hour for a year.
const attemptsPerService = 10_000

// servicesSorted bounds a whole list sorted by a figure, which is held in memory.
const servicesSorted = 100_000

// errListTooLong says how to get the same rows.
func errListTooLong() error {
	return models.Invalid("query.sort", fmt.Sprintf("sorts at most %d services in a file; leave it out or narrow the filters", servicesSorted))
}

// ServicesPage is a page of the intensity of services.
type ServicesPage struct {
	Window   Window
	Services []ServiceFigures
	Next     *Place // nil at the end
}

// Services counts a page of services in the order of a sort key (SortKeys; "" is
// service_id). after is the place where the page before ended, now the moment that
// the first page looked from; both are zero for the first page.
//
// Sorted by service_id a page costs what it shows; by a figure it costs a count of
// every service in scope, of which no more than two pages are held.
func (l *Loader) Services(ctx context.Context, who models.Actor, f Filter, sort string, limit int, after *Place, now time.Time) (ServicesPage, error) {
	var out ServicesPage
	compare, ok := ServiceOrder(orServiceID(sort))
	if !ok {
		return out, models.Invalid("query.sort", "is not a figure")
	}
	err := l.read(ctx, who, f, now, func(r *reading) error {
		out.Window = r.window
		best := ranking{compare: compare, limit: limit + 1}
		err := r.eachService(f, sort, after, limit+1, func(s ServiceFigures) bool {
			best.add(s)
			return orServiceID(sort) != "service_id" || len(best.rows) <= limit
		})
		out.Services = best.first()
		return err
	})
	if len(out.Services) > limit {
		out.Services = out.Services[:limit]
		place := PlaceOf(orServiceID(sort), out.Services[limit-1])
		out.Next = &place
	}
	return out, err
}

func orServiceID(sort string) string {
	if sort == "" {
		return "service_id"
	}
	return sort
}

// eachService counts the services of a filter after a place, by id, until each says stop.
func (r *reading) eachService(f Filter, sort string, after *Place, page int, each func(ServiceFigures) bool) error {
	n, _, err := r.intensity()
	if err != nil {
		return err
	}
	from, size := "", casesMost
	if orServiceID(sort) == "service_id" {
		size = page
		if after != nil {
			from = after.ServiceID
		}
	}
	return r.count(n, from, size, func(s ServiceFigures) (bool, error) {
		if !f.keeps(s, r.window) || after != nil && !after.after(orServiceID(sort), s) {
			return true, nil
		}
		return each(s), nil
	})
}

// keeps tells whether a counted service passes the filters that only counting can
// judge. One that was referred after the window is not there yet.
func (f Filter) keeps(s ServiceFigures, w Window) bool {
	return !s.ReferredOn.After(w.AsOfDay) && (f.Status == "" || s.Status == f.Status) &&
		(f.WorkerID == "" || string(s.WorkerID) == f.WorkerID)
}

// ranking keeps the first rows of an order, and at most twice as many while it gathers.
type ranking struct {
	compare func(a, b ServiceFigures) int
	limit   int
	rows    []ServiceFigures
}

func (k *ranking) add(s ServiceFigures) {
	k.rows = append(k.rows, s)
	if len(k.rows) >= 2*k.limit {
		k.rows = slices.Clip(k.first())
	}
}

func (k *ranking) first() []ServiceFigures {
	slices.SortFunc(k.rows, k.compare)
	return k.rows[:min(len(k.rows), k.limit)]
}

// WriteServices hands a table of every service of a filter to write. In the order of
// service_id its rows stream from the database; by a figure they are held and sorted.
func (l *Loader) WriteServices(ctx context.Context, who models.Actor, f Filter, sort string, write func(Table) error) error {
	compare, ok := ServiceOrder(orServiceID(sort))
	if !ok {
		return models.Invalid("query.sort", "is not a figure")
	}
	return l.read(ctx, who, f, time.Time{}, func(r *reading) error {
		if orServiceID(sort) != "service_id" {
			return r.writeSorted(f, sort, compare, write)
		}
		var failed error
		err := write(ServicesTable(r.window, func(yield func(ServiceFigures) bool) {
			failed = r.eachService(f, "", nil, casesMost, yield)
		}))
		return errors.Join(failed, err)
	})
}

func (r *reading) writeSorted(f Filter, sort string, compare func(a, b ServiceFigures) int, write func(Table) error) error {
	var all []ServiceFigures
	err := r.eachService(f, sort, nil, casesMost, func(s ServiceFigures) bool {
		all = append(all, s)
		return len(all) <= servicesSorted
	})
	if err != nil {
		return err
	}
	if len(all) > servicesSorted {
		return errListTooLong()
	}
	slices.SortFunc(all, compare)
	return write(ServicesTable(r.window, slices.Values(all)))
}

// ServicePage is one service with its attempts, oldest first.
type ServicePage struct {
	Window   Window
	Figures  ServiceFigures
	Timeline []TimelineEntry
}

// Service counts one service. One that does not exist or may not be seen is not_found.
func (l *Loader) Service(ctx context.Context, who models.Actor, id string, f Filter) (ServicePage, error) {
	var out ServicePage
	if !models.ValidID(id) {
		return out, models.NotFound()
	}
	err := l.read(ctx, who, f, time.Time{}, func(r *reading) error {
		r.scope.Service = id
		var attempts []Attempt
		var words store.Words
		found, err := r.Case(r.scope, &words, func(a store.ReportAttempt) error {
			if len(attempts) == attemptsPerService {
				return fmt.Errorf("service %s has more than %d attempts", id, attemptsPerService)
			}
			attempts = append(attempts, attemptOf(a, id, &words))
			return nil
		})
		if err != nil {
			return err
		}
		if len(found.Services) == 0 {
			return models.NotFound()
		}
		c, err := r.joined(found.Services[0], found.Events, found.Assignments)
		if err != nil {
			return err
		}
		var holders []Worker
		for _, u := range found.Workers {
			holders = append(holders, r.worker(u))
		}
		out.Window = r.window
		out.Figures, out.Timeline, err = OneService(r.window, holders, c, attempts)
		return err
	})
	return out, err
}
