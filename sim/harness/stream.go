package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// tickleRoom is how many unread tickles a stream keeps: more than any test makes.
const tickleRoom = 1024

// Tickle is one event of the live stream, with the time it was read.
type Tickle struct {
	Seq int64
	At  time.Time
}

// Stream is an open live stream of one session.
type Stream struct {
	Tickles  chan Tickle
	Comments chan time.Time
	// Ended is closed when the server closed the stream or Close was called.
	Ended  chan struct{}
	cancel context.CancelFunc
}

// Live opens GET /v1/sync/live?since=… and reads it until Close.
func (s *Session) Live(ctx context.Context, since int64) (*Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/v1/sync/live?since=%d", s.Base, since), nil)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+s.Token)
	request.Header.Set("Accept", "text/event-stream")
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	answer, err := client.Do(request)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open the live stream: %w", err)
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		cancel()
		return nil, fmt.Errorf("open the live stream: status %d, content type %q", answer.StatusCode, kind)
	}
	stream := &Stream{Tickles: make(chan Tickle, tickleRoom), Comments: make(chan time.Time, tickleRoom),
		Ended: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(stream.Ended)
		stream.read(bufio.NewScanner(answer.Body))
		_ = answer.Body.Close() // the stream is over either way
	}()
	return stream, nil
}

func (s *Stream) read(lines *bufio.Scanner) {
	event := ""
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, ":"):
			s.Comments <- time.Now()
		case strings.HasPrefix(line, "event:"):
			event = strings.TrimSpace(strings.TrimPrefix(line, "event:"))
		case strings.HasPrefix(line, "data:") && event == "tickle":
			var tickle Tickle
			if json.Unmarshal([]byte(strings.TrimPrefix(line, "data:")), &tickle) == nil {
				tickle.At = time.Now()
				s.Tickles <- tickle
			}
		}
	}
}

// Close ends the stream.
func (s *Stream) Close() { s.cancel() }
