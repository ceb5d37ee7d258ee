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
