package reports_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/reports"
)

// Three pages and a bit: the later ones are read ahead on Postgres.
const pagedServices = 53_000

// Every service is counted once, whichever page it is on and whatever is read ahead,
// and a reader who stops in the middle of it leaves nothing behind.
func TestReportsOfManyPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		who := fillBench(t, s, pagedServices, 2)
		l, ctx := reports.NewLoader(s), context.Background()
		program, err := l.Program(ctx, who, reports.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if got := program.Figures.Services; got != pagedServices {
			t.Errorf("the program has %d services, want %d", got, pagedServices)
		}
		if got := program.Figures.Attempts; got != 2*pagedServices {
			t.Errorf("the program has %d attempts, want %d", got, 2*pagedServices)
		}
		workers, err := l.Workers(ctx, who, reports.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		attempts := 0
		for _, w := range workers.Workers {
			attempts += w.Attempts
		}
		if attempts != 2*pagedServices {
			t.Errorf("the workers made %d attempts, want %d", attempts, 2*pagedServices)
		}
		stopped, cancel := context.WithCancelCause(ctx)
		left := errors.New("the reader left")
		time.AfterFunc(150*time.Millisecond, func() { cancel(left) })
		if _, err := l.Program(stopped, who, reports.Filter{}); err == nil {
			t.Log("the report was done before its reader left")
		}
		if _, err := l.Program(ctx, who, reports.Filter{}); err != nil {
			t.Errorf("after a reader left: %v", err)
		}
	})
}
