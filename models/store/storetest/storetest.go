package storetest

import (
	"context"
	"path/filepath"
	"testing"

	"pursuit/models/store"
)

// Dialects lists the databases that every test runs on.
var Dialects = []store.Dialect{store.SQLite, store.Postgres}

// Each runs a test once on each database, as subtests named by the dialect. The
// store is migrated, empty and closed after the test.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, dialect := range Dialects {
		t.Run(string(dialect), func(t *testing.T) { test(t, Open(t, dialect)) })
	}
}

// Open gives a migrated, empty store that is closed after the test.
func Open(t testing.TB, dialect store.Dialect) *store.Store {
	t.Helper()
	return OpenURL(t, URL(t, dialect))
}

// OpenURL opens a database made by URL, perhaps one more time: the way to be a
// second server instance. The store is closed after the test.
func OpenURL(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Config{URL: url})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// URL makes a migrated, empty database that goes away after the test, and answers
// its address.
func URL(t testing.TB, dialect store.Dialect) string {
	t.Helper()
	if dialect == store.Postgres {
		return postgresURL(t)
	}
	url := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
	if err := migrate(url); err != nil {
		t.Fatal(err)
	}
	return url
}

func migrate(url string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(ctx)
}
