package api

import (
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"pursuit/reports"
)

// auditedIDs is how many ids one entry of the audit holds of a table that is read.
const auditedIDs = 1000

// audited records that the caller reads a report or an export, and of which rows
// when it is of rows. When it cannot be recorded it must not be answered.
func (s *Server) audited(c echo.Context, action string, ids ...string) error {
	detail := struct {
		Query map[string][]string `json:"query,omitempty"` // codes, dates and ids; checked before
		IDs   []string            `json:"ids,omitempty"`
	}{c.QueryParams(), ids}
	return s.engine.Audit(c.Request().Context(), actorOf(c), action, detail)
}

// auditedTable has a table written and records the ids of its rows, which stand in a
// column of it, some at a time: at least one entry, also for a table without rows.
func (s *Server) auditedTable(c echo.Context, action, column string, t reports.Table, write func(reports.Table) error) error {
	place := slices.IndexFunc(t.Columns, func(col reports.TableColumn) bool { return col.Name == column })
	if place < 0 {
		return errors.New("a table has no column of ids: " + column)
	}
	var failed error
	ids, entries, rows := []string{}, 0, t.Rows
	note := func() error {
		entries++
		err := s.audited(c, action, ids...)
		ids = ids[:0]
		return err
	}
	t.Rows = func(yield func([]any) bool) {
		for row := range rows {
			if id, ok := row[place].(string); ok {
				ids = append(ids, id)
			}
			if len(ids) == auditedIDs {
				if failed = note(); failed != nil {
					return
				}
			}
			if !yield(row) {
				return
			}
		}
	}
	err := write(t)
	if failed == nil && (entries == 0 || len(ids) > 0) {
		failed = note()
	}
	return errors.Join(err, failed)
}
