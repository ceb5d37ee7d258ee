package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// The log is cut to nothing, with what it held; not while somebody reads an older state,
// whom it does not disturb. On Postgres there is nothing to do.
func TestEmptyingTheLog(t *testing.T) {
	ctx := context.Background()
	pg := storetest.Open(t, store.Postgres)
	if err := errors.Join(pg.EmptyLog(ctx), pg.Rewrite(ctx)); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "db")
	s := storetest.OpenURL(t, "sqlite://"+file)
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	write := func() {
		if _, err := s.SQLDB().Exec(`CREATE TABLE IF NOT EXISTS scratch (n INTEGER); INSERT INTO scratch (n) VALUES (1)`); err != nil {
			t.Fatal(err)
		}
	}
	write()
	err := store.InReading(ctx, s, func(r *store.Reading) error {
		before, err := r.OrgIDs(1) // begins the snapshot
		if err != nil {
			return err
		}
		write()
		if err := s.EmptyLog(ctx); !errors.Is(err, store.ErrLogInUse) {
			t.Errorf("while somebody reads: %v", err)
		}
		after, err := r.OrgIDs(1)
		if len(before) != len(after) {
			t.Error("the reader was disturbed")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, act := range map[string]func(context.Context) error{"emptied": s.EmptyLog, "written anew": s.Rewrite} {
		write()
		if err := act(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if found, err := os.Stat(file + "-wal"); err != nil || found.Size() != 0 {
			t.Errorf("%s: the log has %v, %v", name, found, err)
		}
	}
}
