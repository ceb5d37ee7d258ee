package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/sync"
)

const actionLimit = 50 // characters of an action's name

// audit is GET /v1/audit: what people wrote and read, newest first, ids alone
// (docs/protocol.md, section 10).
func (s *Server) audit(c echo.Context) error {
	query, err := auditQuery(c)
	if err != nil {
		return err
	}
	limit, before, err := auditPage(c)
	if err != nil {
		return err
	}
	list, next, err := s.engine.ReadAudit(c.Request().Context(), actorOf(c), query, before, limit)
	if err != nil {
		return err
	}
	var cursor *string
	if next > 0 {
		text := base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, next, 10))
		cursor = &text
	}
	return c.JSON(http.StatusOK, map[string]any{"entries": list, "next": cursor})
}

// auditPage reads the query's limit and cursor: the number before which to begin.
func auditPage(c echo.Context) (limit int, before int64, err error) {
	limit = listDefault
	if text := c.QueryParam("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			return 0, 0, models.Invalid("query.limit", "must be a whole number above 0")
		}
	}
	if text := c.QueryParam("cursor"); text != "" {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(text) > cursorLimit {
			return 0, 0, badCursor()
		}
		if before, err = strconv.ParseInt(string(raw), 10, 64); err != nil || before < 1 {
			return 0, 0, badCursor()
		}
	}
	return min(limit, listLimit), before, nil
}

func auditQuery(c echo.Context) (sync.AuditQuery, error) {
	var q sync.AuditQuery
	var f faults
	id := func(name string, into *string) {
		if *into = c.QueryParam(name); *into != "" {
			f.id("query."+name, *into)
		}
	}
	id("actor", &q.Actor)
	id("row", &q.Row)
	for name, into := range map[string]*string{"device": &q.Device, "action": &q.Action} {
		if *into = c.QueryParam(name); !utf8.ValidString(*into) {
			f.add("query."+name, "is not text")
		}
	}
	f.text("query.device", q.Device, deviceIDLimit)
	f.text("query.action", q.Action, actionLimit)
	moment := func(name string, into *int64) {
		text := c.QueryParam(name)
		if text == "" {
			return
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			f.add("query."+name, "must be an RFC 3339 timestamp")
			return
		}
		*into = t.UnixMilli()
	}
	moment("from", &q.From)
	moment("to", &q.To)
	return q, f.err()
}
