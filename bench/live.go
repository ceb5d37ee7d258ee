package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"pursuit/sim/harness"
)

const (
	streamsOpen = 10_000
	opening     = 64 // streams being opened at a time
	tickleLimit = 30 * time.Second
)

// streams measures what open live streams cost and how soon all of them hear of one
// commit.
func (s *stand) streams(ctx context.Context) error {
	w, err := s.worker(ctx)
	if err != nil {
		return err
	}
	if err := s.ticks(ctx, w); err != nil {
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
