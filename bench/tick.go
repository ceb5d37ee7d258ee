package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pursuit/sim/harness"
)

const (
	tickPushes     = 400
	tickPause      = 30 * time.Millisecond // longer than the 20 ms between two looks, as phones push
	tickBystanders = 20                    // streams of people whom none of it concerns
)

// ticks measures how long after a push its tickle arrives, on Postgres at a stream of
// another instance, while streams that it does not concern stay silent.
func (s *stand) ticks(ctx context.Context, w *worker) error {
	base, where := s.server.URL, "the same instance"
	if s.kind == harness.Postgres {
		beside, err := s.site.Start(ctx, map[string]string{"PURSUIT_LOG_LEVEL": "warn"})
		if err != nil {
			return err
		}
		defer func() { _ = beside.Stop() }() // a throw-away process
		base, where = beside.URL, "another instance"
	}
	page, err := w.Sync(ctx, w.Request(nil, &harness.Pull{}))
	if err != nil {
		return err
	}
	stream, err := elsewhere(w.Session, base).Live(ctx, page.Seq)
	if err != nil {
		return err
	}
	defer stream.Close()
	silent, err := s.bystanders(ctx, base)
	if err != nil {
		return err
	}
	fromSend, fromAnswer, err := s.tickTimes(ctx, w, stream)
	if err != nil {
		return err
	}
	for _, one := range silent {
		if n := len(one.Tickles); n > 0 {
			err = fmt.Errorf("a stream heard %d times of what does not concern it", n)
		}
		one.Close()
	}
	fmt.Printf("%-9s %d tickles at %s: after the push's answer p50 %.1f ms, p99 %.1f ms; after its sending p50 %.1f ms, p99 %.1f ms; %d others heard nothing\n",
		s.kind, len(fromSend), where, share(fromAnswer, 50), share(fromAnswer, 99), share(fromSend, 50), share(fromSend, 99), len(silent))
	return err
}

// elsewhere is the same session at another instance.
func elsewhere(session *harness.Session, base string) *harness.Session {
	client, copied := *session.Client, *session
	client.Base = base
	copied.Client = &client
	return &copied
}

func (s *stand) bystanders(ctx context.Context, base string) ([]*harness.Stream, error) {
	other, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	page, err := other.Sync(ctx, other.Request(nil, &harness.Pull{}))
	if err != nil {
		return nil, err
	}
	var list []*harness.Stream
	for range tickBystanders {
		one, err := elsewhere(other.Session, base).Live(ctx, page.Seq)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// tickTimes pushes one attempt after the other and gives, in milliseconds, when each
// was heard of, counted from its sending and from its answer; 0 when it was heard
// before. The commit lies between the two.
func (s *stand) tickTimes(ctx context.Context, w *worker, stream *harness.Stream) (fromSend, fromAnswer []float64, err error) {
	for range s.size(tickPushes) {
		sent := time.Now()
		page, err := w.Sync(ctx, w.Request(w.attempts(1), nil))
		if err != nil {
			return nil, nil, err
		}
		answered := time.Now()
		for heard := false; !heard; {
			select {
			case tickle := <-stream.Tickles:
				if heard = tickle.Seq >= page.Seq; heard {
					fromSend = append(fromSend, milliseconds(tickle.At.Sub(sent)))
					fromAnswer = append(fromAnswer, max(0, milliseconds(tickle.At.Sub(answered))))
				}
			case <-time.After(tickleLimit):
				return nil, nil, errors.New("a push was not heard of")
			}
		}
		time.Sleep(tickPause)
	}
	return fromSend, fromAnswer, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// share gives the value below which so many percent of the list lie.
func share(list []float64, percent int) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}
