package store_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pursuit/models/store"
)

// A server and commands may be started at once on a fresh file: each finds the schema
// made, by itself or by another.
func TestMigrateAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fresh.db")
	stores := make([]*store.Store, 4)
	for i := range stores {
		s, err := store.Open(ctx, store.Config{URL: "sqlite://" + file})
		must(t, err)
		t.Cleanup(s.Close)
		stores[i] = s
	}
	var all sync.WaitGroup
	failed := make(chan error, len(stores))
	for _, s := range stores {
		all.Go(func() {
			if err := s.Migrate(ctx); err != nil {
				failed <- err
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	for _, s := range stores {
		if ok, err := s.Migrated(ctx); err != nil || !ok {
			t.Errorf("migrated: %v, %v", ok, err)
		}
	}
}

// The file is the one that was named, to the letter, and for its owner alone.
func TestFileNamesAreTakenToTheLetter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d%41")
	file := filepath.Join(dir, "50%20.db")
	s, err := store.Open(ctx, store.Config{URL: "sqlite://" + file})
	must(t, err)
	defer s.Close()
	must(t, s.Migrate(ctx))
	about, err := os.Stat(file)
	must(t, err)
	if about.Size() == 0 || about.Mode().Perm() != 0o600 {
		t.Errorf("the file has %d bytes and mode %v", about.Size(), about.Mode())
	}
}
