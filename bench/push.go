package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"pursuit/sim/harness"
)

const perPush = 20 // attempts a request

// worker is a device of an outreach worker with one case.
type worker struct {
	*harness.Session
	service string
	person  string
}

// worker makes a person, a service and a worker assigned to it.
func (s *stand) worker(ctx context.Context) (*worker, error) {
	org := s.program.OrgID
	lead, err := s.program.User(ctx, "case_manager", org)
	if err != nil {
		return nil, err
	}
	session, err := s.program.User(ctx, "outreach_worker", org)
	if err != nil {
		return nil, err
	}
	w := &worker{Session: session, service: harness.NewID(), person: harness.NewID()}
	referral := harness.NewID()
	insert := func(table, row string, set map[string]any) harness.Mutation {
		return harness.Mutation{ID: harness.NewID(), Table: table, Row: row, Op: "insert", At: harness.At(time.Now()), Set: set}
	}
	page, err := lead.Sync(ctx, lead.Request([]harness.Mutation{
		insert("people", w.person, map[string]any{"code": "Bench"}),
		insert("referrals", referral, map[string]any{"person_id": w.person, "source": "outreach", "referred_on": "2026-01-02"}),
		insert("services", w.service, map[string]any{"referral_id": referral, "person_id": w.person, "track": "slo_icm", "org_id": org}),
		insert("assignments", harness.NewID(), map[string]any{"service_id": w.service, "user_id": session.User.ID, "role": "outreach_worker"}),
	}, nil))
	if err != nil {
		return nil, err
	}
	for _, r := range page.Results {
		if r.Status != "applied" {
			return nil, fmt.Errorf("setting a case up: %s %s", r.Status, r.Code)
		}
	}
	return w, nil
}

func (w *worker) attempts(n int) []harness.Mutation {
	list := make([]harness.Mutation, n)
	for i := range list {
		now := time.Now()
		list[i] = harness.Mutation{ID: harness.NewID(), Table: "contact_attempts", Row: harness.NewID(), Op: "insert",
			At: harness.At(now), Set: map[string]any{"service_id": w.service, "channel": "call", "outcome": "no_answer",
				"occurred_at": harness.At(now.Add(-time.Minute)), "note": "Rang twice, nobody there."}}
	}
	return list
}

// pushes prepares request bodies, so that the client's share of the machine is small.
func (w *worker) pushes(n int) ([][]byte, error) {
	out := make([][]byte, n)
	for i := range out {
		var err error
		if out[i], err = json.Marshal(w.Request(w.attempts(perPush), nil)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *stand) push(ctx context.Context) error {
	for _, devices := range []int{1, 8, 32} {
		requests := s.size(400)
		if devices == 32 {
			requests = s.size(160)
		}
		workers := make([]*worker, devices)
		bodies := make([][][]byte, devices)
		for i := range workers {
			var err error
			if workers[i], err = s.worker(ctx); err != nil {
				return err
			}
			if bodies[i], err = workers[i].pushes(requests); err != nil {
				return err
			}
		}
		ours, err := pushAll(ctx, workers, bodies)
		if err != nil {
			return err
		}
		floor, err := s.pushFloor(ctx, devices, requests)
		if err != nil {
			return err
		}
		rows := float64(devices * requests * perPush * 3)
		s.report(fmt.Sprintf("push, %d devices x %d attempts", devices, perPush), "rows/s", rows/ours.Seconds(), rows/floor.Seconds())
	}
	return nil
}

func pushAll(ctx context.Context, workers []*worker, bodies [][][]byte) (time.Duration, error) {
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	begin := time.Now()
	for i, w := range workers {
		all.Go(func() {
			for _, body := range bodies[i] {
				answer, err := w.Raw(ctx, http.MethodPost, "/v1/sync", body, nil)
				if err == nil && answer.Status != http.StatusOK {
					err = fmt.Errorf("push: status %d", answer.Status)
				}
				if err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return time.Since(begin), nil
}
