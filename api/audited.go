package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

// auditor records that a person did or saw something.
type auditor interface {
	Audit(ctx context.Context, who models.Actor, action string, detail any) error
}

// audited records that the caller reads a report or an export, and of which rows
// when it is of few. When it cannot be recorded it must not be answered.
func (s *Server) audited(c echo.Context, action string, ids ...string) error {
	detail := struct {
		Query map[string][]string `json:"query,omitempty"` // codes, dates and ids; checked before
		IDs   []string            `json:"ids,omitempty"`
	}{c.QueryParams(), ids}
	a, ok := any(s.engine).(auditor)
	if !ok {
		return nil
	}
	return a.Audit(c.Request().Context(), actorOf(c), action, detail)
}
