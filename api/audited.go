package api

import "github.com/labstack/echo/v4"

// audited records that the caller reads a report or an export, and of which rows
// when it is of few. When it cannot be recorded it must not be answered.
func (s *Server) audited(c echo.Context, action string, ids ...string) error {
	detail := struct {
		Query map[string][]string `json:"query,omitempty"` // codes, dates and ids; checked before
		IDs   []string            `json:"ids,omitempty"`
	}{c.QueryParams(), ids}
	return s.engine.Audit(c.Request().Context(), actorOf(c), action, detail)
}
