package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/sync"
)

const (
	beatEvery   = 20 * time.Second // a comment this often keeps proxies from cutting the line
	waitMost    = 60               // seconds of a long poll; proxies commonly cut above
	streamWrite = 10 * time.Second // for one event: whoever takes longer is gone
	eventSize   = 64
)

// live is GET /v1/sync/live: a stream of tickles, or with wait one long poll
// (docs/protocol.md, section 7).
func (s *Server) live(c echo.Context) error {
	since, wait, err := liveQuery(c)
	if err != nil {
		return err
	}
	f := &follower{server: s, c: c, who: actorOf(c), token: bearer(c)}
	newer, err := f.follow(since)
	if err != nil {
		return err
	}
	defer func() { s.engine.Unfollow(f.stream) }()
	// What changed between the request's check and the stream's opening rang no bell.
	if _, err := s.auth.Standing(c.Request().Context(), f.token); err != nil {
		return err
	}
	if wait > 0 {
		return f.poll(newer, wait)
	}
	return f.events(newer)
}

// liveQuery reads the query; since is -1 when it is not given, wait 0.
func liveQuery(c echo.Context) (since int64, wait time.Duration, err error) {
	since = -1
	var f faults
	if text := c.QueryParam("since"); text != "" {
		if since, err = strconv.ParseInt(text, 10, 64); err != nil || since < 0 {
			f.add("query.since", "must be a whole number from 0")
		}
	}
	if c.QueryParams().Has("wait") {
		seconds, err := strconv.Atoi(c.QueryParam("wait"))
		if err != nil || seconds < 1 || seconds > waitMost {
			f.add("query.wait", "must be whole seconds from 1 to "+strconv.Itoa(waitMost))
		}
		wait = time.Duration(seconds) * time.Second
	}
	return since, wait, f.err()
}

// follower is one open call of live.
type follower struct {
	server *Server
	c      echo.Context
	who    models.Actor
	token  string
	stream *sync.Stream
	told   int64 // the caller knows of everything up to here
}

// follow opens the stream of the person that the call speaks for now.
func (f *follower) follow(since int64) (newer bool, err error) {
	f.stream, f.told, newer, err = f.server.engine.Follow(f.c.Request().Context(), f.who, since)
	return newer, err
}

// heard takes a ring of the bell and tells whether the caller must be told. An error
// means that the caller may not listen any more.
func (f *follower) heard() (bool, error) {
	if f.stream.Recheck() {
		who, err := f.server.auth.Standing(f.c.Request().Context(), f.token)
		if err != nil {
			return false, err
		}
		if who != f.who { // another role or organisation has another scope
			f.server.engine.Unfollow(f.stream)
			f.who = who
			return f.follow(f.told)
		}
	}
	seq := f.stream.Seq()
	if seq <= f.told {
		return false, nil
	}
	f.told = seq
	return true, nil
}

// poll answers as soon as there is something to tell, or 204 after the wait.
func (f *follower) poll(newer bool, wait time.Duration) error {
	end := time.NewTimer(wait)
	defer end.Stop()
	for !newer {
		select {
		case <-f.c.Request().Context().Done():
			return f.c.Request().Context().Err()
		case <-f.server.closing:
			return f.c.NoContent(http.StatusNoContent)
		case <-end.C:
			return f.c.NoContent(http.StatusNoContent)
		case <-f.stream.Bell():
			var err error
			if newer, err = f.heard(); err != nil {
				return err
			}
		}
	}
	return f.c.Blob(http.StatusOK, echo.MIMEApplicationJSON, appendSeq(nil, f.told))
}

func appendSeq(b []byte, seq int64) []byte {
	b = append(b, `{"seq": `...)
	b = strconv.AppendInt(b, seq, 10)
	return append(b, '}')
}

// events streams until the caller leaves, the server drains or the session ends.
func (f *follower) events(newer bool) error {
	res := f.c.Response()
	control := http.NewResponseController(res)
	// Without this the server's limits for a whole request would end the stream. A
	// writer that knows no deadlines has none.
	_ = control.SetReadDeadline(time.Time{})
	res.Header().Set(echo.HeaderContentType, "text/event-stream")
	res.Header().Set("X-Accel-Buffering", "no") // asks proxies not to gather what trickles
	res.WriteHeader(http.StatusOK)
	send := func(text []byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(streamWrite))
		if _, err := res.Write(text); err != nil {
			return err
		}
		return control.Flush()
	}
	if send([]byte(": open\n\n")) != nil {
		return nil // the caller left
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		if newer && send(tickle(f.told)) != nil {
			return nil
		}
		newer = false
		select {
		case <-f.c.Request().Context().Done():
			return nil
		case <-f.server.closing:
			return nil
		case <-beat.C:
			if send([]byte(": here\n\n")) != nil {
				return nil
			}
		case <-f.stream.Bell():
			var err error
			if newer, err = f.heard(); err != nil {
				return nil // told by the end of the stream; the next call says why
			}
		}
	}
}

func tickle(seq int64) []byte {
	b := append(make([]byte, 0, eventSize), "event: tickle\ndata: "...)
	return append(appendSeq(b, seq), "\n\n"...)
}
