package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"pursuit/sim/harness"
)

const (
	digestCases  = 50 // a worker's: with 58 attempts each they make 3,000 rows
	digestVisits = 58
	streamsOpen  = 10_000
	opening      = 64 // streams being opened at a time
	tickleLimit  = 30 * time.Second
)

// digest measures digests of a worker's 3,000 rows against an idle pull: with
// nothing new in the program, after a change elsewhere in it, and after a change in
// the worker's own scope.
func (s *stand) digest(ctx context.Context) error {
	w, err := s.caseload(ctx, digestCases, digestVisits)
	if err != nil {
		return err
	}
	other, err := s.worker(ctx)
	if err != nil {
		return err
	}
	head := answerHead{}
	for !head.Complete {
		var cursor any
		if head.Cursor != "" {
			cursor = head.Cursor
		}
		if head, _, err = (puller{w.Session}).page(ctx, "/v1/sync", cursor); err != nil {
			return err
		}
	}
	idle := []byte(`{"protocol":1,"schema":1,"pull":{"cursor":"` + head.Cursor + `"}}`)
	ask := []byte(`{"cursor":"` + head.Cursor + `"}`)
	n := s.size(500)
	for _, kind := range []struct {
		name   string
		change *worker
	}{{"nothing new", nil}, {"a change elsewhere", other}, {"a change in its own scope", w}} {
		took, err := s.times(ctx, w, "/v1/sync/digests", ask, n, kind.change)
		if err != nil {
			return err
		}
		if kind.change == w { // then no pull is idle
			kind.change = other
		}
		pull, err := s.times(ctx, w, "/v1/sync", idle, n, kind.change)
		if err != nil {
			return err
		}
		fmt.Printf("%-9s digests of 3,000 rows, %-26s %6.2f ms, %4.1f times an idle pull of %.2f ms\n", s.kind, kind.name, took, took/pull, pull)
	}
	return nil
}

// times gives the median time of a call in milliseconds, with a push of somebody
// before each when one is given.
func (s *stand) times(ctx context.Context, w *worker, path string, body []byte, n int, before *worker) (float64, error) {
	var list []float64
	for range n {
		if before != nil {
			if _, err := before.Sync(ctx, before.Request(before.attempts(1), nil)); err != nil {
				return 0, err
			}
		}
		begin := time.Now()
		answer, err := w.Raw(ctx, http.MethodPost, path, body, map[string]string{"Content-Type": "application/json"})
		if err != nil || answer.Status != http.StatusOK {
			return 0, fmt.Errorf("%s: status %d, %w", path, answer.Status, err)
		}
		list = append(list, float64(time.Since(begin).Microseconds())/1000)
	}
	return median(list), nil
}

// caseload makes a worker with several cases and attempts at each.
func (s *stand) caseload(ctx context.Context, cases, visits int) (*worker, error) {
	lead, err := s.program.User(ctx, "case_manager", s.program.OrgID)
	if err != nil {
		return nil, err
	}
	session, err := s.program.User(ctx, "outreach_worker", s.program.OrgID)
	if err != nil {
		return nil, err
	}
	w := &worker{Session: session}
	for range cases {
		person, referral := harness.NewID(), harness.NewID()
		w.service = harness.NewID()
		insert := func(table, row string, set map[string]any) harness.Mutation {
			return harness.Mutation{ID: harness.NewID(), Table: table, Row: row, Op: "insert", At: harness.At(time.Now()), Set: set}
		}
		_, err := lead.Sync(ctx, lead.Request([]harness.Mutation{
			insert("people", person, map[string]any{"code": "Bench"}),
			insert("referrals", referral, map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-01-02"}),
			insert("services", w.service, map[string]any{"referral_id": referral, "person_id": person, "track": "slo_icm", "org_id": s.program.OrgID}),
			insert("assignments", harness.NewID(), map[string]any{"service_id": w.service, "user_id": session.User.ID, "role": "outreach_worker"}),
		}, nil))
		if err != nil {
			return nil, err
		}
		if _, err := w.Sync(ctx, w.Request(w.attempts(visits), nil)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// streams measures what open live streams cost and how soon all of them hear of one
// commit.
func (s *stand) streams(ctx context.Context) error {
	w, err := s.worker(ctx)
	if err != nil {
		return err
	}
	page, err := w.Sync(ctx, w.Request(nil, &harness.Pull{}))
	if err != nil {
		return err
	}
	n := s.size(streamsOpen)
	before := s.memory()
	heard := make(chan time.Time, n)
	lines, err := s.openStreams(ctx, w, page.Seq, n, heard)
	defer func() {
		for _, line := range lines {
			_ = line.Close() // nobody waits for them
		}
	}()
	if err != nil {
		return err
	}
	after := s.memory()
	fmt.Printf("%-9s %d live streams: the server holds %d MB, %d MB more than before, %.1f KB a stream\n",
		s.kind, n, after>>20, (after-before)>>20, float64(after-before)/1024/float64(n))
	if _, err := w.Sync(ctx, w.Request(w.attempts(1), nil)); err != nil {
		return err
	}
	pushed := time.Now()
	var first, last time.Duration
	limit := time.After(tickleLimit)
	for i := range n {
		select {
		case at := <-heard:
			last = max(last, at.Sub(pushed))
			if i == 0 {
				first = at.Sub(pushed)
			}
		case <-limit:
			return fmt.Errorf("%d of %d streams heard of a commit", i, n)
		}
	}
	fmt.Printf("%-9s one commit for all of them: the first heard %.0f ms after the push's answer, the last %.0f ms; the server holds %d MB\n",
		s.kind, first.Seconds()*1000, last.Seconds()*1000, s.memory()>>20)
	return nil
}

// openStreams opens streams by hand: a client's own connection would cost more than
// the server's.
func (s *stand) openStreams(ctx context.Context, w *worker, since int64, n int, heard chan<- time.Time) ([]net.Conn, error) {
	var mu sync.Mutex
	var lines []net.Conn
	var first error
	var all sync.WaitGroup
	room := make(chan struct{}, opening)
	for range n {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			line, err := s.openStream(ctx, w, since, heard)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				first = err
				return
			}
			lines = append(lines, line)
		})
	}
	all.Wait()
	return lines, first
}

func (s *stand) openStream(ctx context.Context, w *worker, since int64, heard chan<- time.Time) (net.Conn, error) {
	var d net.Dialer
	line, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(s.server.URL, "http://"))
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(line, "GET /v1/sync/live?since=%d HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", since, w.Token)
	if err != nil {
		return nil, errors.Join(err, line.Close())
	}
	lines := bufio.NewReaderSize(line, 512)
	for {
		text, err := lines.ReadString('\n')
		if err != nil {
			return nil, errors.Join(err, line.Close())
		}
		if strings.HasPrefix(text, ": open") {
			break
		}
	}
	go func() {
		for {
			text, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(text, "event: tickle") {
				heard <- time.Now()
			}
		}
	}()
	return line, nil
}
