package storetest_test

import (
	"context"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// Each test's database is migrated, and what one test writes no other test sees.
func TestEachHasItsOwnDatabase(t *testing.T) {
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				ctx := context.Background()
				if ready, err := s.Migrated(ctx); err != nil || !ready {
					t.Fatalf("migrated = %v, %v", ready, err)
				}
				before, err := s.Programs(ctx)
				if err != nil || len(before) != 0 {
					t.Fatalf("a fresh database holds %d programs, %v", len(before), err)
				}
				_, err = store.In(ctx, s, func(tx *store.Tx) (models.Program, error) {
					return tx.NewProgram(models.Program{ID: models.NewID(), Name: "P", TimeZone: "UTC"})
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// A copy holds what its original held, and what is written to it stays there.
func TestACopyIsADatabaseOfItsOwn(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			first := storetest.URL(t, dialect)
			newProgram(t, first)
			for range 2 {
				if n := newProgram(t, storetest.Copy(t, first)); n != 2 {
					t.Errorf("a copy with one more program holds %d", n)
				}
			}
		})
	}
}

// newProgram makes a program in a database and answers how many there are then.
func newProgram(t *testing.T, url string) int {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = store.In(ctx, s, func(tx *store.Tx) (models.Program, error) {
		return tx.NewProgram(models.Program{ID: models.NewID(), Name: "P", TimeZone: "UTC"})
	})
	if err != nil {
		t.Fatal(err)
	}
	programs, err := s.Programs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return len(programs)
}
