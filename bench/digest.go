package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"pursuit/sim/harness"
)

const (
	digestCases  = 50 // a worker's: with 58 attempts each they make 3,000 rows
	digestVisits = 58
	coldStarts   = 7 // restarts of the server, each with one digest that finds nothing remembered
)

// digest measures digests of a worker's 3,000 rows against an idle pull: by a server
// that was just started, with nothing new in the program, after a change elsewhere
// in it, and after a change in the worker's own scope.
func (s *stand) digest(ctx context.Context) error {
	w, err := s.caseload(ctx, digestCases, digestVisits)
	if err != nil {
		return err
	}
	other, err := s.worker(ctx)
	if err != nil {
		return err
	}
	cursor, err := w.cursor(ctx)
	if err != nil {
		return err
	}
	idle := []byte(`{"protocol":1,"schema":1,"pull":{"cursor":"` + cursor + `"}}`)
	ask := []byte(`{"cursor":"` + cursor + `"}`)
	if err := s.coldDigest(ctx, w, idle, ask); err != nil {
		return err
	}
	n := s.size(500)
	bare, err := s.times(ctx, w, "/v1/sync", idle, n, nil)
	if err != nil {
		return err
	}
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
		s.digestLine(kind.name, took, pull, bare)
	}
	return nil
}

// digestLine prints a time beside that of an idle pull after the same change, and of
// one when nothing at all is new, which is answered from memory.
func (s *stand) digestLine(what string, took, pull, bare float64) {
	fmt.Printf("%-9s digests of 3,000 rows, %-26s %6.2f ms, %5.1f times an idle pull then (%.2f ms), %5.1f times one of nothing new (%.2f ms)\n",
		s.kind, what, took, took/pull, pull, took/bare, bare)
}

// coldDigest measures the first digest after a start, once a first idle pull has
// opened connections and read keys.
func (s *stand) coldDigest(ctx context.Context, w *worker, idle, ask []byte) error {
	var first, pulls []float64
	for range coldStarts {
		if err := errors.Join(s.server.Stop(), s.server.Restart(ctx)); err != nil {
			return err
		}
		pull, err := s.times(ctx, w, "/v1/sync", idle, s.size(50), nil)
		if err != nil {
			return err
		}
		took, err := s.times(ctx, w, "/v1/sync/digests", ask, 1, nil)
		if err != nil {
			return err
		}
		first, pulls = append(first, took), append(pulls, pull)
	}
	s.digestLine("cold", median(first), median(pulls), median(pulls))
	return nil
}

// cursor pulls everything and gives the place after it.
func (w *worker) cursor(ctx context.Context) (string, error) {
	head := answerHead{}
	for !head.Complete {
		var cursor any
		if head.Cursor != "" {
			cursor = head.Cursor
		}
		var err error
		if head, _, err = (puller{w.Session}).page(ctx, "/v1/sync", cursor); err != nil {
			return "", err
		}
	}
	return head.Cursor, nil
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
