package api

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/reports"
)

// viewed is what every answer of a report begins with.
type viewed struct {
	AsOf reports.Date  `json:"as_of"`
	From *reports.Date `json:"from"` // null = from the beginning
	To   reports.Date  `json:"to"`
}

func newViewed(w reports.Window) viewed {
	v := viewed{AsOf: w.AsOfDay, To: w.To}
	if !w.From.IsZero() {
		v.From = &w.From
	}
	return v
}

// servicesCursor is where a page of services ended: the moment that the list's first page
// looked from, and the last row.
type servicesCursor struct {
	Now   int64         `json:"t"` // milliseconds
	Place reports.Place `json:"p"`
}

// servicesFrom reads where a page of services begins: now and without a place when no
// cursor is given. Files, which have no pages, have no cursors either.
func (s *Server) servicesFrom(c echo.Context) (from servicesCursor, err error) {
	place, err := openCursor(c)
	if err != nil || place == nil {
		return servicesCursor{Now: s.store.Clock().UnixMilli()}, err
	}
	if json.Unmarshal(place, &from) != nil || !knownYear(time.UnixMilli(from.Now).UTC().Year()) || !models.ValidID(from.Place.ServiceID) {
		return from, badCursor()
	}
	return from, nil
}

// intensityServices is GET /v1/intensity/services (docs/domain.md, section 3).
func (s *Server) intensityServices(c echo.Context) error {
	q := newList(c, "worker_id", "org_id", "status", "track", "from", "to", "as_of", "sort", "format")
	f := q.window()
	f.WorkerID, f.OrgID = q.id("worker_id"), q.id("org_id")
	f.Status, f.Track = q.code("status", "services"), q.code("track", "services")
	sort, format, limit := q.sort(), q.format(), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	from, err := s.servicesFrom(c)
	if err != nil {
		return err
	}
	if format != formatJSON {
		return file(c, "services", format, func(w io.Writer) error {
			return s.reports.WriteServices(c.Request().Context(), actorOf(c), f, sort, func(t reports.Table) error {
				return s.auditedTable(c, "report.services", "service_id", t, func(t reports.Table) error { return writeTables(w, format, t) })
			})
		})
	}
	return s.servicesPage(c, f, sort, limit, from)
}

func (s *Server) servicesPage(c echo.Context, f reports.Filter, sort string, limit int, from servicesCursor) error {
	var after *reports.Place
	if from.Place.ServiceID != "" {
		after = &from.Place
	}
	page, err := s.reports.Services(c.Request().Context(), actorOf(c), f, sort, limit, after, time.UnixMilli(from.Now))
	if err != nil {
		return err
	}
	if err := s.audited(c, "report.services", each(page.Services, func(f reports.ServiceFigures) string { return f.ServiceID })...); err != nil {
		return err
	}
	var next *string
	if page.Next != nil {
		place, err := json.Marshal(servicesCursor{Now: from.Now, Place: *page.Next})
		if err != nil {
			return err
		}
		text := sealCursor(c, place)
		next = &text
	}
	return c.JSON(http.StatusOK, struct {
		viewed
		Services []reports.ServiceFigures `json:"services"`
		Next     *string                  `json:"next"`
	}{newViewed(page.Window), notNull(page.Services), next})
}

// notNull makes an empty list of no list.
func notNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// intensityService is GET /v1/intensity/services/{id}.
func (s *Server) intensityService(c echo.Context) error {
	q := newQuery(c, "from", "to", "as_of", "format")
	f, format := q.window(), q.format()
	if err := q.err(); err != nil {
		return err
	}
	page, err := s.reports.Service(c.Request().Context(), actorOf(c), c.Param("id"), f)
	if err != nil {
		return err
	}
	if err := s.audited(c, "report.service", page.Figures.ServiceID); err != nil {
		return err
	}
	if format != formatJSON {
		return tables(c, "service", format, reports.ServiceBook(page)...)
	}
	return c.JSON(http.StatusOK, struct {
		viewed
		reports.ServiceFigures
		Timeline []reports.TimelineEntry `json:"timeline"`
	}{newViewed(page.Window), page.Figures, notNull(page.Timeline)})
}

// intensityWorkers is GET /v1/intensity/workers.
func (s *Server) intensityWorkers(c echo.Context) error {
	q := newList(c, "worker_id", "org_id", "track", "from", "to", "as_of", "format")
	f := q.window()
	f.WorkerID, f.OrgID, f.Track = q.id("worker_id"), q.id("org_id"), q.code("track", "services")
	format := q.format()
	limit, after, err := q.page(1)
	if err != nil {
		return err
	}
	found, err := s.workersTable(c, f)
	if err != nil {
		return err
	}
	if format != formatJSON {
		return tables(c, "workers", format, reports.WorkersTable(found.Window, found.Workers))
	}
	list, next := nextCursor(c, workersAfter(found.Workers, after[0]), limit, func(w reports.WorkerFigures) string { return w.WorkerID })
	return c.JSON(http.StatusOK, struct {
		viewed
		Workers []reports.WorkerFigures `json:"workers"`
		Next    *string                 `json:"next"`
	}{newViewed(found.Window), notNull(list), next})
}

func (s *Server) workersTable(c echo.Context, f reports.Filter) (reports.WorkersPage, error) {
	if err := s.audited(c, "report.workers"); err != nil {
		return reports.WorkersPage{}, err
	}
	return s.reports.Workers(c.Request().Context(), actorOf(c), f)
}

// workersAfter is the rest of the table after a worker; all of it when they left it.
func workersAfter(list []reports.WorkerFigures, id string) []reports.WorkerFigures {
	for i, w := range list {
		if w.WorkerID == id {
			return list[i+1:]
		}
	}
	return list
}

// intensityProgram is GET /v1/intensity/program.
func (s *Server) intensityProgram(c echo.Context) error {
	q := newQuery(c, "org_id", "track", "from", "to", "as_of", "format")
	f := q.window()
	f.OrgID, f.Track = q.id("org_id"), q.code("track", "services")
	format := q.format()
	if err := q.err(); err != nil {
		return err
	}
	if err := s.audited(c, "report.program"); err != nil {
		return err
	}
	found, err := s.reports.Program(c.Request().Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	if format != formatJSON {
		return tables(c, "program", format, reports.WeeksTable(found.Window, found.Figures))
	}
	return c.JSON(http.StatusOK, struct {
		viewed
		reports.ProgramFigures
	}{newViewed(found.Window), found.Figures})
}
