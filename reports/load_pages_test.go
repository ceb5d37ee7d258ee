package reports_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/reports"
)

// Four pages and a bit: the later ones are read ahead on Postgres.
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

// An attempt counts for who made it in their supervisor's table too, after the case was
// given to another organisation; what others did before is not counted there.
func TestWorkersOfACaseGivenAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		who, ctx := fillBench(t, s, 10, 3), context.Background()
		who.Role, who.OrgID = models.RoleSupervisor, benchID(3, 0)
		attempts := func() (n int) {
			t.Helper()
			page, err := reports.NewLoader(s).Workers(ctx, who, reports.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range page.Workers {
				n += w.Attempts
			}
			return n
		}
		if got := attempts(); got != 30 {
			t.Fatalf("%d attempts before, want 30", got)
		}
		for _, query := range []string{
			`UPDATE services SET org_id = '` + benchID(3, 1) + `' WHERE id IN ('` + benchID(1, 4) + `', '` + benchID(1, 5) + `')`,
			`INSERT INTO transfers (program_no, id, seq, service_id, from_org_id, to_org_id, state) SELECT program_no, '` + benchID(9, 1) + `', 1, id,
				'` + benchID(3, 0) + `', '` + benchID(3, 1) + `', 'accepted' FROM services WHERE id = '` + benchID(1, 4) + `'`,
		} {
			if _, err := s.SQLDB().ExecContext(ctx, query); err != nil {
				t.Fatal(err)
			}
		}
		if got := attempts(); got != 27 { // one service was given, the other never theirs
			t.Errorf("%d attempts after, want 27", got)
		}
	})
}

// Of a service out of the scope no attempt is told, on either database.
func TestACaseOutOfScopeTellsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		who := fillBench(t, s, 10, 3)
		for org, want := range map[string]int{benchID(3, 0): 3, benchID(3, 1): 0} {
			seen, words := 0, store.Words{}
			scope := store.ReportScope{Program: who.Program, Org: org, Service: benchID(1, 4)}
			err := store.InReading(context.Background(), s, func(r *store.Reading) error {
				found, err := r.Case(scope, &words, func(store.ReportAttempt) error { seen++; return nil })
				if err == nil && (len(found.Services) > 0) != (want > 0) {
					t.Errorf("%d services, want them: %v", len(found.Services), want > 0)
				}
				return err
			})
			if err != nil || seen != want {
				t.Errorf("%d attempts are told, want %d (%v)", seen, want, err)
			}
		}
	})
}
