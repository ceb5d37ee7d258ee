package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
)

// digestsBody asks for digests; a device without a cursor may compare too.
type digestsBody struct {
	ofAnyVersion
	Cursor json.RawMessage `json:"cursor"`
	After  string          `json:"after"` // next of the answer before, where a scope does not fit into one
}

func (b *digestsBody) check(f *faults) {
	if b.After != "" {
		f.id("body.after", b.After)
	}
}

// digests is POST /v1/sync/digests (docs/protocol.md, section 8).
func (s *Server) digests(c echo.Context) error {
	in, err := decode[digestsBody](c)
	if err != nil {
		return err
	}
	cursor := ""
	if len(in.Cursor) > 0 && string(in.Cursor) != "null" && (json.Unmarshal(in.Cursor, &cursor) != nil || cursor == "") {
		return badCursor()
	}
	d, err := s.engine.Digests(c.Request().Context(), actorOf(c), cursor, in.After)
	if err != nil {
		return err
	}
	b := append(make([]byte, 0, len(d.Buckets)+128), `{"seq":`...)
	b = strconv.AppendInt(b, d.Seq, 10)
	b = append(b, `,"cursor_seq":`...)
	b = strconv.AppendInt(b, d.CursorSeq, 10)
	b = append(b, `,"buckets":`...)
	b = append(b, d.Buckets...)
	if d.Next != "" {
		b = append(append(append(b, `,"next":"`...), d.Next...), '"')
	}
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, append(b, '}'))
}
