package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/sync"
)

// sync is POST /v1/sync: push, then pull (docs/protocol.md, section 4). It writes its
// answer by hand, for a page's documents are handed through as they are stored.
func (s *Server) sync(c echo.Context) error {
	body, err := readBody(c, unpackedLimit)
	if err != nil {
		return err
	}
	req, err := sync.Decode(body)
	if err != nil {
		return err
	}
	who := actorOf(c)
	ctx, cancel := context.WithTimeout(c.Request().Context(), workLimit)
	defer cancel()
	answer, err := s.engine.Sync(ctx, who, req)
	if err != nil {
		return err
	}
	s.auth.Synced(who)
	res := c.Response()
	res.Header().Set(echo.HeaderContentType, echo.MIMEApplicationJSON)
	res.WriteHeader(http.StatusOK)
	err = writeAnswer(res, answer)
	if answer.Page != nil {
		answer.Page.Release()
	}
	return err
}

// writeAnswer writes the answer of a sync. An error means that the caller left.
func writeAnswer(w io.Writer, a sync.Answer) error {
	b := append(make([]byte, 0, 1024), `{"protocol":1,"epoch":"`...)
	b = append(b, a.Epoch...)
	b = append(b, `","server_time":"`...)
	b = append(b, models.FormatTime(a.Time)...)
	b = append(b, `","seq":`...)
	b = strconv.AppendInt(b, a.Seq, 10)
	b = append(b, `,"results":`...)
	b = appendJSON(b, a.Results)
	if p := a.Page; p != nil {
		b = append(b, `,"changes":`...)
		if _, err := w.Write(b); err != nil {
			return err
		}
		if err := p.WriteChanges(w); err != nil {
			return err
		}
		b = appendPage(b[:0], p)
	}
	b = append(b, `,"directive":`...)
	b = appendJSON(b, a.Directive)
	_, err := w.Write(append(b, '}'))
	return err
}

// appendPage appends what stands beside a page's changes.
func appendPage(b []byte, p *sync.Page) []byte {
	b = append(b, `,"drop":`...)
	b = appendJSON(b, p.Drop)
	b = append(b, `,"cursor":"`...)
	b = append(b, p.Cursor...)
	b = append(b, `","complete":`...)
	b = strconv.AppendBool(b, p.Complete)
	if p.Replace {
		b = append(b, `,"replace":true`...)
	}
	return b
}

// appendJSON appends a value of the project's own types, which always marshal.
func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, text...)
}

// schema is GET /v1/sync/schema.
func (s *Server) schema(c echo.Context) error {
	return c.JSON(http.StatusOK, sync.DescribeSchema())
}

// receipts is GET /v1/referrals/receipts: all that a referral partner ever sees.
func (s *Server) receipts(c echo.Context) error {
	limit, after, err := newList(c).page(1)
	if err != nil {
		return err
	}
	list, err := s.engine.Receipts(c.Request().Context(), actorOf(c), after[0], limit+1)
	if err != nil {
		return err
	}
	list, next := nextCursor(c, list, limit, func(r sync.Receipt) string { return r.ID })
	if len(list) > 0 {
		if err := s.audited(c, "referrals.receipts", each(list, func(r sync.Receipt) string { return r.ID })...); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"receipts": each(list, func(r sync.Receipt) sync.Receipt { return r }), "next": next})
}
