package wire

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pursuit/sim/crew"
	"pursuit/sim/harness"
)

// answerBound is how long any request may go unanswered while the database is away:
// a phone waits a minute. The server's own limit is well below it.
const answerBound = 45 * time.Second

func ask(t *testing.T, session *harness.Session, method, path string, body any) harness.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answerBound)
	defer cancel()
	began := time.Now()
	answer, err := session.JSON(ctx, method, path, body)
	if err != nil {
		t.Errorf("%s %s went unanswered for %s: %v", method, path, time.Since(began).Round(time.Second), err)
	}
	t.Logf("%s %s: %d after %s", method, path, answer.Status, time.Since(began).Round(time.Millisecond))
	return answer
}

// awaitReady waits until /readyz answers a status.
func awaitReady(t *testing.T, server *harness.Server, want int) {
	t.Helper()
	client := harness.NewClient(server.URL, nil)
	began, last := time.Now(), 0
	for time.Since(began) < recovery {
		ctx, cancel := context.WithTimeout(t.Context(), answerBound)
		answer, err := client.JSON(ctx, http.MethodGet, "/readyz", nil)
		cancel()
		if err == nil && answer.Status == want {
			t.Logf("/readyz answers %d after %s", want, time.Since(began).Round(time.Millisecond))
			return
		}
		last = answer.Status
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("/readyz answers %d after %s, want %d", last, recovery, want)
}

// While the database swallows everything, every request is refused with a problem in
// bounded time and /readyz says so; once it is back, the server is too.
func TestDatabaseSilent(t *testing.T) {
	t.Parallel()
	s := stage(t, harness.Postgres)
	refuses(t, s, s.Database.Silence, s.Database.Heal)
}

// The same when it refuses connections.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	s := stage(t, harness.Postgres)
	refuses(t, s, s.Database.Cut, s.Database.Mend)
}

// call is a request of any kind.
type call struct {
	method, path string
	body         any
}

// askedWhileAway is one request of every sort that needs the database.
func askedWhileAway(session *harness.Session, cursor *string, person harness.Mutation) map[string]call {
	return map[string]call{
		"push":    {http.MethodPost, "/v1/sync", session.Request([]harness.Mutation{person}, nil)},
		"pull":    {http.MethodPost, "/v1/sync", session.Request(nil, &harness.Pull{})},
		"digests": {http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": cursor}},
		"login":   {http.MethodPost, "/v1/auth/login", harness.LoginBody(session.Tokens.User.Email, harness.Password, harness.NewID())},
		"refresh": {http.MethodPost, "/v1/auth/refresh", map[string]any{"refresh_token": session.RefreshToken}},
		"me":      {http.MethodGet, "/v1/me", nil},
		"devices": {http.MethodGet, "/v1/devices", nil},
		"report":  {http.MethodGet, "/v1/intensity/workers", nil},
		"ready":   {http.MethodGet, "/readyz", nil},
	}
}

func refuses(t *testing.T, s *Stage, away func(), back func() error) {
	t.Helper()
	c := enlist(t, s, 3, s.Far.URL)
	session := c.Members[0].Session
	session.HTTP = harness.NewHTTP("")
	session.Base = s.Far.URL
	if _, err := c.Members[0].Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	away()
	person := harness.Insert("people", map[string]any{"code": "Away"})
	var group sync.WaitGroup
	for name, request := range askedWhileAway(session, c.Members[0].Cursor, person) {
		group.Go(func() {
			answer := ask(t, session, request.method, request.path, request.body)
			if answer.Status != http.StatusServiceUnavailable || answer.Code() == "" ||
				!strings.HasPrefix(answer.Header.Get("Content-Type"), "application/problem+json") {
				t.Errorf("%s: status %d, %q, want 503 with a problem", name, answer.Status, answer.Body)
			}
		})
	}
	group.Wait()
	if err := back(); err != nil {
		t.Fatal(err)
	}
	awaitReady(t, s.Far, http.StatusOK)
	if err := c.Flush(t.Context(), recovery); err != nil {
		t.Fatal(err)
	}
	answer := ask(t, session, http.MethodPost, "/v1/sync", session.Request([]harness.Mutation{person}, nil))
	var page harness.Page
	if err := answer.Decode(&page); err != nil || len(page.Results) != 1 || page.Results[0].Status != "applied" {
		t.Errorf("the push, sent again: %s, %v", answer.Body, err)
	}
}

// When the lines that are open go deaf but new ones are whole, nobody has to mend
// anything: the server notices, opens new lines, and its live streams tick again.
func TestDeafLinesAreNoticed(t *testing.T) {
	t.Parallel()
	s := stage(t, harness.Postgres)
	c := enlist(t, s, 4, s.Far.URL, s.Near.URL)
	work(t, c, "clear skies", *spellLength)
	watcher := c.Members[0].Session
	watcher.Base = s.Far.URL
	stream, err := watcher.Live(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	s.Database.HalfOpen()
	began := time.Now()
	if err := c.Flush(t.Context(), recovery); err != nil {
		t.Fatal(err)
	}
	t.Logf("all sent after %s", time.Since(began).Round(time.Millisecond))
	awaitReady(t, s.Far, http.StatusOK)
	awaitTickle(t, s, c.Members[2], stream)
	if err := c.Judge(t.Context()); err != nil {
		t.Error(err)
	}
}

// An instance that freezes, perhaps in a transaction that holds the program, does not
// hold the other up for long, and loses nothing when it goes on.
func TestFrozenInstance(t *testing.T) {
	t.Parallel()
	s := stage(t, harness.Postgres)
	c := enlist(t, s, 5, s.Far.URL, s.Near.URL)
	for range 3 {
		work(t, c, "clear skies", *spellLength)
		freezing, cancel := context.WithTimeout(t.Context(), *spellLength)
		working := make(chan error, 1)
		go func() { working <- c.Work(freezing) }()
		time.Sleep(*spellLength / 3)
		if err := s.Far.Freeze(); err != nil {
			t.Fatal(err)
		}
		if err := <-working; err != nil {
			t.Fatal(err)
		}
		cancel()
		for _, member := range c.Members {
			member.Bases = []string{s.Near.URL}
		}
		began := time.Now()
		if err := c.Flush(t.Context(), recovery); err != nil {
			t.Fatal(err)
		}
		t.Logf("all sent to the other after %s", time.Since(began).Round(time.Millisecond))
		if err := s.Far.Thaw(); err != nil {
			t.Fatal(err)
		}
		for _, member := range c.Members {
			member.Bases = []string{s.Far.URL, s.Near.URL}
		}
	}
	awaitReady(t, s.Far, http.StatusOK)
	if err := c.Flush(t.Context(), recovery); err != nil {
		t.Fatal(err)
	}
	if err := c.Judge(t.Context()); err != nil {
		t.Error(err)
	}
}

// awaitTickle lets a member write through the near server until the stream at the
// far one ticks for it.
func awaitTickle(t *testing.T, s *Stage, writer *crew.Member, stream *harness.Stream) {
	t.Helper()
	writer.Bases = []string{s.Near.URL}
	if answered, err := writer.Turn(t.Context()); err != nil || !answered {
		t.Fatalf("a push at the near server: answered %v, %v", answered, err)
	}
	page, err := writer.Sync(t.Context(), writer.Request(nil, writer.NextPull()))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for {
		select {
		case tickle := <-stream.Tickles:
			if tickle.Seq >= page.Seq {
				t.Logf("the live stream ticks again after %s", time.Since(began).Round(time.Millisecond))
				return
			}
		case <-stream.Ended:
			t.Fatal("the live stream ended")
		case <-time.After(recovery):
			t.Fatalf("no tickle for %d after %s", page.Seq, recovery)
		}
	}
}
