package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"pursuit/sim/harness"
)

const pageRows = 1000

// puller asks for pages over one connection, gzipped, as a phone does.
type puller struct {
	*harness.Session
}

// answerHead is what a pull needs of an answer.
type answerHead struct {
	Cursor   string `json:"cursor"`
	Complete bool   `json:"complete"`
}

func (p puller) page(ctx context.Context, path string, cursor any) (answerHead, int, error) {
	body, err := json.Marshal(map[string]any{"protocol": 1, "schema": 1, "pull": map[string]any{"cursor": cursor, "limit": pageRows}})
	if err != nil {
		return answerHead{}, 0, err
	}
	answer, err := p.Raw(ctx, http.MethodPost, path, body, map[string]string{"Accept-Encoding": "gzip", "Content-Type": "application/json"})
	if err != nil {
		return answerHead{}, 0, err
	}
	if answer.Status != http.StatusOK {
		return answerHead{}, 0, fmt.Errorf("pull: status %d", answer.Status)
	}
	text := answer.Body
	if answer.Header.Get("Content-Encoding") == "gzip" {
		if text, err = harness.Gunzip(text); err != nil {
			return answerHead{}, 0, err
		}
	}
	// only the end is read as JSON: decoding rows is the client's cost, not ours
	end := strings.LastIndex(string(text), `"cursor":"`)
	if end < 0 {
		return answerHead{}, 0, errors.New("an answer without a cursor")
	}
	var head answerHead
	rest := string(text[end+len(`"cursor":"`):])
	head.Cursor, rest, _ = strings.Cut(rest, `"`)
	head.Complete = strings.Contains(rest, `"complete":true`)
	return head, strings.Count(string(text), `"_v":`), nil
}

// all pulls until complete and gives the rows and the time.
func (p puller) all(ctx context.Context, path string) (int, time.Duration, error) {
	begin, rows := time.Now(), 0
	var cursor any
	for {
		head, n, err := p.page(ctx, path, cursor)
		if err != nil {
			return 0, 0, err
		}
		rows += n
		if head.Complete {
			return rows, time.Since(begin), nil
		}
		cursor = head.Cursor
	}
}

// pull measures the first pull of 100,000 rows: a worker with one large case, and a
// supervisor with many small ones.
func (s *stand) pull(ctx context.Context) error {
	want := s.size(100_000)
	w, err := s.worker(ctx)
	if err != nil {
		return err
	}
	if err := s.fill(ctx, w, want); err != nil {
		return err
	}
	supervisor, err := s.program.User(ctx, "supervisor", s.program.OrgID)
	if err != nil {
		return err
	}
	floor, stop, err := s.floorServer(ctx, w)
	if err != nil {
		return err
	}
	defer stop()
	for name, session := range map[string]*harness.Session{"worker": w.Session, "supervisor": supervisor} {
		before := s.memory()
		var ours, theirs []float64
		rows := 0
		for range 3 {
			n, took, err := puller{session}.all(ctx, "/v1/sync")
			if err != nil {
				return err
			}
			rows = n
			ours = append(ours, float64(n)/took.Seconds())
			at := *session
			at.Client = harness.NewClient(floor, session.HTTP)
			at.Client.Token = session.Token
			n, took, err = puller{&at}.all(ctx, "/sync")
			if err != nil {
				return err
			}
			theirs = append(theirs, float64(n)/took.Seconds())
		}
		s.report(fmt.Sprintf("first pull of %d rows, %s", rows, name), "rows/s", median(ours), median(theirs))
		fmt.Printf("%-9s first pull, %s: memory grew by %d MB\n", s.kind, name, (s.memory()-before)>>20)
	}
	return nil
}

// fill pushes attempts until a worker's case has n of them.
func (s *stand) fill(ctx context.Context, w *worker, n int) error {
	var all sync.WaitGroup
	failed := make(chan error, 4)
	for range 4 {
		all.Go(func() {
			for range n / 4 / 500 {
				page, err := w.Sync(ctx, w.Request(w.attempts(500), nil))
				if err == nil && page.Results[0].Status != "applied" {
					err = fmt.Errorf("filling: %s", page.Results[0].Status)
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// memory is the server's resident set in bytes.
func (s *stand) memory() int64 {
	matches, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return 0
	}
	for _, path := range matches {
		env, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(env), "PURSUIT_ADDR="+strings.TrimPrefix(s.server.URL, "http://")) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(path), "status"))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(status), "\n") {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
				if err == nil {
					return kb << 10
				}
			}
		}
	}
	return 0
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// idle measures pulls that bring nothing, one device after the other request.
func (s *stand) idle(ctx context.Context) error {
	w, err := s.worker(ctx)
	if err != nil {
		return err
	}
	floor, stop, err := s.floorServer(ctx, w)
	if err != nil {
		return err
	}
	defer stop()
	head, _, err := puller{w.Session}.page(ctx, "/v1/sync", nil)
	if err != nil {
		return err
	}
	body := []byte(`{"protocol":1,"schema":1,"pull":{"cursor":"` + head.Cursor + `"}}`)
	at := harness.NewClient(floor, w.HTTP)
	at.Token = w.Token
	n := s.size(20_000)
	for _, devices := range []int{1, 8} {
		ours, err := repeat(ctx, w.Client, http.MethodPost, "/v1/sync", body, devices, n)
		if err != nil {
			return err
		}
		theirs, err := repeat(ctx, at, http.MethodPost, "/idle", body, devices, n)
		if err != nil {
			return err
		}
		s.report(fmt.Sprintf("idle pull, %d at a time", devices), "req/s", float64(n)/ours.Seconds(), float64(n)/theirs.Seconds())
	}
	return nil
}

func repeat(ctx context.Context, c *harness.Client, method, path string, body []byte, devices, n int) (time.Duration, error) {
	return together(devices, n/devices, func() error {
		answer, err := c.Raw(ctx, method, path, body, map[string]string{"Content-Type": "application/json"})
		if err == nil && answer.Status != http.StatusOK {
			err = fmt.Errorf("%s: status %d", path, answer.Status)
		}
		return err
	})
}

// delta measures pulls of ten new rows, in a small store and in a large one.
func (s *stand) delta(ctx context.Context) error {
	var medians []float64
	sizes := []int{s.size(10_000), s.size(1_000_000)}
	quiet, err := s.worker(ctx)
	if err != nil {
		return err
	}
	other, err := s.worker(ctx)
	if err != nil {
		return err
	}
	have := 0
	for _, size := range sizes {
		if err := s.fill(ctx, other, max(2000, size-have)); err != nil {
			return err
		}
		have = size
		took, err := s.deltas(ctx, quiet)
		if err != nil {
			return err
		}
		medians = append(medians, took)
		fmt.Printf("%-9s ten new rows in a store of %7d        %8.2f ms\n", s.kind, size, took)
	}
	fmt.Printf("%-9s ten new rows, large store against small     ratio %.2f\n", s.kind, medians[1]/medians[0])
	return nil
}

func (s *stand) deltas(ctx context.Context, w *worker) (float64, error) {
	p := puller{w.Session}
	head, _, err := p.page(ctx, "/v1/sync", nil)
	if err != nil {
		return 0, err
	}
	var times []float64
	for range 50 {
		if _, err := w.Sync(ctx, w.Request(w.attempts(10), nil)); err != nil {
			return 0, err
		}
		begin := time.Now()
		for {
			next, _, err := p.page(ctx, "/v1/sync", head.Cursor)
			if err != nil {
				return 0, err
			}
			head = next
			if head.Complete {
				break
			}
		}
		times = append(times, float64(time.Since(begin).Microseconds())/1000)
	}
	return median(times), nil
}
