package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"pursuit/sync"
)

const actionLimit = 50 // characters of an action's name

// audit is GET /v1/audit: what people wrote and read, newest first, ids alone
// (docs/protocol.md, section 3).
func (s *Server) audit(c echo.Context) error {
	q := newList(c, "actor", "device", "action", "row", "from", "to")
	about := sync.AuditQuery{Row: q.id("row")}
	about.Actor, about.Device, about.Action = q.id("actor"), q.named("device", deviceIDLimit), q.named("action", actionLimit)
	about.From, about.To = q.moment("from"), q.moment("to")
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	before, err := auditBefore(c)
	if err != nil {
		return err
	}
	list, next, err := s.engine.ReadAudit(c.Request().Context(), actorOf(c), about, before, limit)
	if err != nil {
		return err
	}
	var cursor *string
	if next > 0 {
		text := sealCursor(c, strconv.AppendInt(nil, next, 10))
		cursor = &text
	}
	return c.JSON(http.StatusOK, map[string]any{"entries": list, "next": cursor})
}

// auditBefore reads the number before which a page begins; 0 at the start.
func auditBefore(c echo.Context) (int64, error) {
	place, err := openCursor(c)
	if err != nil || place == nil {
		return 0, err
	}
	before, err := strconv.ParseInt(string(place), 10, 64)
	if err != nil || before < 1 {
		return 0, badCursor()
	}
	return before, nil
}

// named reads the name of something; "" when it is not given.
func (q *query) named(name string, max int) string {
	text, given := q.given(name)
	if given && (text == "" || !utf8.ValidString(text)) {
		q.add("query."+name, fmt.Sprintf("must be a name of 1 to %d characters", max))
	}
	q.text("query."+name, text, max)
	return text
}

// moment reads a timestamp, in milliseconds; 0 when it is not given.
func (q *query) moment(name string) int64 {
	text, given := q.given(name)
	if !given {
		return 0
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		q.add("query."+name, "must be an RFC 3339 timestamp like 2026-11-20T17:04:05Z; a + within it is written %2B")
		return 0
	}
	return t.UnixMilli()
}
