package store_test

import (
	"context"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// What a twin reads is of the moment of the reading it belongs to, not of its own.
func TestTwinSeesTheSameSnapshot(t *testing.T) {
	s, ctx := storetest.Open(t, store.Postgres), context.Background()
	add := func() (no int32) {
		p, err := store.In(ctx, s, func(tx *store.Tx) (models.Program, error) {
			return tx.NewProgram(models.Program{ID: models.NewID(), Name: "P", TimeZone: "UTC"})
		})
		if err != nil {
			t.Fatal(err)
		}
		return p.No
	}
	first := add()
	err := store.InReading(ctx, s, func(r *store.Reading) error {
		if _, err := r.Seq(first); err != nil {
			return err
		}
		second := add()
		twin := r.Twin()
		if twin == nil {
			t.Fatal("no twin, though connections are free")
		}
		defer twin.Close()
		if _, err := twin.Seq(first); err != nil {
			t.Errorf("the twin misses a program that was there: %v", err)
		}
		if _, err := twin.Seq(second); err == nil {
			t.Error("the twin sees a program made after the snapshot")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A reading whose twin is refused, for want of a connection, goes on alone; a twin
// that was cancelled in a query takes nothing with it.
func TestTwinIsNotNeeded(t *testing.T) {
	ctx := context.Background()
	lite := storetest.Open(t, store.SQLite)
	err := store.InReading(ctx, lite, func(r *store.Reading) error {
		if r.Twin() != nil {
			t.Error("SQLite gave a twin")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	s := storetest.Open(t, store.Postgres)
	for range 30 { // more than the pool has connections
		err := store.InReading(ctx, s, func(r *store.Reading) error {
			twin := r.Twin()
			if twin == nil {
				t.Fatal("no twin, though connections are free")
			}
			twin.Cancel()
			if _, err := twin.Seq(1); err == nil {
				t.Error("a cancelled twin still reads")
			}
			twin.Close()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
