package api

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
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

	recheckLimit = 10 * time.Second // for finding out who the caller is by now
)

// live is GET /v1/sync/live: a stream of tickles, or with wait one long poll
// (docs/protocol.md, section 7).
func (s *Server) live(c echo.Context) error {
	since, wait, err := liveQuery(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	f := &follower{server: s, who: actorOf(c), token: strings.Clone(bearer(c))}
	opening, cancel := context.WithTimeout(ctx, workLimit)
	defer cancel()
	newer, err := f.follow(opening, since)
	if err != nil {
		return err
	}
	// What changed between the request's check and the stream's opening rang no bell.
	if _, err = s.auth.Standing(opening, f.token); err == nil {
		if wait == 0 {
			return f.stream(c, newer)
		}
		err = f.poll(c, newer, wait)
	}
	f.end()
	return err
}

// liveQuery reads the query; since is -1 when it is not given, wait 0.
func liveQuery(c echo.Context) (since int64, wait time.Duration, err error) {
	since = -1
	q := newQuery(c, "since", "wait")
	if text, given := q.given("since"); given {
		if since, err = strconv.ParseInt(text, 10, 64); err != nil || since < 0 {
			q.add("query.since", "must be a whole number from 0")
		}
	}
	if text, given := q.given("wait"); given {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 1 || seconds > waitMost {
			q.add("query.wait", "must be whole seconds from 1 to "+strconv.Itoa(waitMost))
		}
		wait = time.Duration(seconds) * time.Second
	}
	return since, wait, q.err()
}

// follower is one open call of live.
type follower struct {
	server *Server
	who    models.Actor
	token  string
	scope  *sync.Stream
	told   int64 // the caller knows of everything up to here
}

// follow opens the stream of the person that the call speaks for now.
func (f *follower) follow(ctx context.Context, since int64) (newer bool, err error) {
	f.scope, f.told, newer, err = f.server.engine.Follow(ctx, f.who, since)
	return newer, err
}

func (f *follower) end() { f.server.engine.Unfollow(f.scope) }

// heard takes a ring of the bell and tells whether the caller must be told. An error
// means that the caller may not listen any more.
func (f *follower) heard(ctx context.Context) (bool, error) {
	if f.scope.Recheck() {
		who, err := f.server.auth.Standing(ctx, f.token)
		if err != nil {
			return false, err
		}
		if who != f.who { // another role or organisation has another scope
			f.end()
			f.who = who
			return f.follow(ctx, f.told)
		}
	}
	seq := f.scope.Seq()
	if seq <= f.told {
		return false, nil
	}
	f.told = seq
	return true, nil
}

// poll answers as soon as there is something to tell, or 204 after the wait.
func (f *follower) poll(c echo.Context, newer bool, wait time.Duration) error {
	ctx := c.Request().Context()
	end := time.NewTimer(wait)
	defer end.Stop()
	for !newer {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.server.closing:
			return c.NoContent(http.StatusNoContent)
		case <-end.C:
			return c.NoContent(http.StatusNoContent)
		case <-f.scope.Bell():
			var err error
			if newer, err = f.heard(ctx); err != nil {
				return err
			}
		}
	}
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, appendSeq(nil, f.told))
}

func appendSeq(b []byte, seq int64) []byte {
	b = append(b, `{"seq": `...)
	b = strconv.AppendInt(b, seq, 10)
	return append(b, '}')
}

// stream takes the connection over from the HTTP server and lets the request end:
// its stack and buffers would cost more than all the rest of a stream, for as long
// as it is open (docs/adr/0007-live-streams.md). The answer has no length; it ends
// with the connection.
func (f *follower) stream(c echo.Context, newer bool) error {
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // asks proxies not to gather what trickles
	header.Set(echo.HeaderConnection, "close")
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	err := header.Write(&head)
	head.WriteString("\r\n: open\n\n")
	if err != nil {
		f.end()
		return err
	}
	line, _, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		f.end()
		return err
	}
	c.Response().Committed = true
	go f.events(line, head.Bytes(), newer)
	return nil
}

// events tells until the caller leaves, the server drains or the session ends. A
// caller who left shows at the next writing, a comment at the latest.
func (f *follower) events(line net.Conn, first []byte, newer bool) {
	defer func() {
		if recover() != nil { // what panicked may hold values; the stack does not
			slog.Error("a live stream panicked", "stack", string(debug.Stack()))
		}
		f.end()
		_ = line.Close() // the stream is over either way
	}()
	if send(line, first) != nil {
		return
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		if newer && send(line, tickle(f.told)) != nil {
			return
		}
		newer = false
		select {
		case <-f.server.closing:
			return
		case <-beat.C:
			if send(line, []byte(": here\n\n")) != nil {
				return
			}
		case <-f.scope.Bell():
			var err error
			if newer, err = f.rung(); err != nil {
				return // told by the end of the stream; the next call says why
			}
		}
	}
}

// rung is heard outside of a request.
func (f *follower) rung() (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), recheckLimit)
	defer cancel()
	return f.heard(ctx)
}

func send(line net.Conn, text []byte) error {
	if err := line.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	_, err := line.Write(text)
	return err
}

func tickle(seq int64) []byte {
	b := append(make([]byte, 0, eventSize), "event: tickle\ndata: "...)
	return append(appendSeq(b, seq), "\n\n"...)
}
