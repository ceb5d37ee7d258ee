package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

// previewReminder is GET /v1/reminders/preview (docs/reminders.md): which rule of a
// service fires next, and why. A service that the caller does not see is not there.
func (s *Server) previewReminder(c echo.Context) error {
	q := newQuery(c, "service_id")
	service := q.id("service_id")
	if service == "" {
		q.add("query.service_id", "must be given")
	}
	if err := q.err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if held, err := s.engine.Holds(ctx, actorOf(c), service); err != nil || !held {
		if err == nil {
			err = models.NotFound()
		}
		return err
	}
	if s.push == nil {
		return models.NotFound()
	}
	preview, err := s.push.Explain(ctx, actorOf(c).Program, service)
	if err != nil {
		return err
	}
	if err := s.audited(c, "reminder.preview", service); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, preview)
}
