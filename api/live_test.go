package api

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"pursuit/models"
)

// line is an open live stream; its events come as they were written.
type line struct {
	t      testing.TB
	events chan string
	ended  chan struct{}
}

const soon = 20 * time.Second // far more than 250 ms, for a loaded machine

func (s *site) live(token, query string) *line {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/v1/sync/live"+query, nil)
	must(s.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultTransport.RoundTrip(r)
	must(s.t, err)
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/event-stream" || got.Header.Get("Content-Encoding") != "" {
		s.t.Fatalf("live answers %d %v", got.StatusCode, got.Header)
	}
	l := &line{t: s.t, events: make(chan string, 100), ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		defer got.Body.Close()
		event := ""
		for lines := bufio.NewScanner(got.Body); lines.Scan(); {
			if lines.Text() == "" {
				l.events <- event
				event = ""
				continue
			}
			event += lines.Text() + "\n"
		}
	}()
	if first := l.next(); !strings.HasPrefix(first, ":") {
		s.t.Fatalf("the stream opens with %q", first)
	}
	return l
}

func (l *line) next() string {
	l.t.Helper()
	select {
	case event := <-l.events:
		return event
	case <-time.After(soon):
		l.t.Fatal("nothing came")
	}
	return ""
}

func (l *line) tickled() {
	l.t.Helper()
	if event := l.next(); !strings.HasPrefix(event, "event: tickle\ndata: {\"seq\": ") {
		l.t.Fatalf("came %q, want a tickle", event)
	}
}

func (l *line) silent() {
	l.t.Helper()
	select {
	case event := <-l.events:
		l.t.Fatalf("came %q though nothing in scope changed", event)
	case <-time.After(300 * time.Millisecond):
	}
}

func (l *line) ends() {
	l.t.Helper()
	select {
	case <-l.ended:
	case <-time.After(soon):
		l.t.Fatal("the stream goes on")
	}
}

// run does what the server does beside requests, until the test ends.
func (s *site) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.server.engine.Run(ctx)
	}()
	s.t.Cleanup(func() { cancel(); <-done })
}

// person inserts one and answers the seq after it.
func (s *site) person(who session) int64 {
	s.t.Helper()
	var got struct{ Seq int64 }
	s.call("POST", "/v1/sync", who.AccessToken, map[string]any{"protocol": 1, "push": []map[string]any{{
		"id": models.NewID(), "table": "people", "row": models.NewID(), "op": "insert", "at": "2026-01-01T00:00:00Z",
		"set": map[string]any{"code": "K-1"}}}}).into(200, &got)
	return got.Seq
}

// A stream hears of what changes in its scope and of nothing else; it ends with its
// device's or user's right to be here, and with the server.
func TestLiveStreams(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.run()
		worker, other, boss := s.user(models.RoleOutreachWorker, "w@example.org"), s.user(models.RoleOutreachWorker, "o@example.org"),
			s.user(models.RoleSupervisor, "b@example.org")
		seq := s.person(worker)
		s.live(worker.AccessToken, "?since=0").tickled()
		since := "?since=" + strconv.FormatInt(seq, 10)
		mine, theirs, all := s.live(worker.AccessToken, since), s.live(other.AccessToken, since), s.live(boss.AccessToken, "")
		s.person(worker)
		mine.tickled()
		all.tickled()
		theirs.silent()

		s.call("PATCH", "/v1/users/"+other.User.ID, s.admin.AccessToken, map[string]any{"role": "supervisor"}).into(200, nil)
		theirs.tickled()
		for len(theirs.events) > 0 {
			<-theirs.events
		}
		s.person(worker)
		theirs.tickled()

		s.call("POST", "/v1/devices/"+other.DeviceID+"/revoke", s.admin.AccessToken, map[string]any{"user_id": other.User.ID}).into(200, nil)
		theirs.ends()
		s.call("PATCH", "/v1/users/"+boss.User.ID, s.admin.AccessToken, map[string]any{"active": false}).into(200, nil)
		all.ends()
		s.call("POST", "/v1/auth/logout", worker.AccessToken, nil)
		mine.ends()
		last := s.live(s.admin.AccessToken, "")
		s.server.Drain()
		last.ends()
	})
}

// A stream goes on when its access token has expired, as its session does.
func TestLiveOutlivesItsToken(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.run()
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		l := s.live(worker.AccessToken, "")
		s.pass(time.Hour)
		s.call("PATCH", "/v1/users/"+worker.User.ID, s.login("admin@example.org", "desk").AccessToken, map[string]any{"name": "New"}).into(200, nil)
		l.tickled() // the staff row
		l.silent()
	})
}

func TestLongPoll(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.run()
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		seq := s.person(worker)
		var got struct{ Seq int64 }
		s.call("GET", "/v1/sync/live?since=0&wait=1", worker.AccessToken, nil).into(200, &got)
		if got.Seq < seq {
			t.Errorf("seq %d, want at least %d", got.Seq, seq)
		}
		begin := time.Now()
		s.call("GET", "/v1/sync/live?wait=1&since="+strconv.FormatInt(seq, 10), worker.AccessToken, nil).into(204, nil)
		if took := time.Since(begin); took < 900*time.Millisecond {
			t.Errorf("wait=1 took %s", took)
		}
		answered := make(chan answer)
		go func() {
			answered <- s.call("GET", "/v1/sync/live?wait=20&since="+strconv.FormatInt(seq, 10), worker.AccessToken, nil)
		}()
		time.Sleep(100 * time.Millisecond)
		after := s.person(worker)
		(<-answered).into(200, &got)
		if got.Seq < after {
			t.Errorf("seq %d, want at least %d", got.Seq, after)
		}
		for _, query := range []string{"since=x", "since=-1", "wait=0", "wait=61", "wait=", "wait=1.5", "since=99999999999999999999"} {
			s.call("GET", "/v1/sync/live?"+query, worker.AccessToken, nil).problem(422, "invalid_request")
		}
	})
}
