package push

import (
	"context"
	"errors"
	gosync "sync"
	"testing"
	"time"
)

// What is asked while a call runs is answered by the next one, each question with its
// own answer, and no call has more than it may.
func TestGatherAnswersTogether(t *testing.T) {
	const most, questions = 8, 100
	var mu gosync.Mutex
	calls := 0
	g := newGather(most, func(_ context.Context, list []int) ([]int, error) {
		if len(list) > most {
			t.Errorf("%d questions at once", len(list))
		}
		mu.Lock()
		calls++
		mu.Unlock()
		time.Sleep(time.Millisecond) // others ask meanwhile
		out := make([]int, len(list))
		for i, q := range list {
			out[i] = q * 2
		}
		return out, nil
	})
	ctx, stop := context.WithCancel(t.Context())
	var serving, asking gosync.WaitGroup
	serving.Go(func() { g.serve(ctx) })
	for q := range questions {
		asking.Go(func() {
			if a, err := g.ask(t.Context(), q); err != nil || a != q*2 {
				t.Errorf("%d, %v to %d", a, err, q)
			}
		})
	}
	asking.Wait()
	stop()
	serving.Wait()
	if calls >= questions {
		t.Errorf("%d calls for %d questions", calls, questions)
	}
}

// An error is everybody's, and who gives up holds nobody up.
func TestGatherTellsErrors(t *testing.T) {
	broken := errors.New("broken")
	g := newGather(2, func(context.Context, []int) ([]int, error) { return nil, broken })
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go g.serve(ctx)
	if _, err := g.ask(t.Context(), 1); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	idle := newGather(1, func(context.Context, []int) ([]int, error) { return nil, nil })
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := idle.ask(gone, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
