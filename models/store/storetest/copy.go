package storetest

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Copy makes a database that holds what another one made here does, and answers its
// address. Nobody may be connected to the other meanwhile. It goes away after the test.
func Copy(t testing.TB, from string) string {
	t.Helper()
	if path, isSQLite := strings.CutPrefix(from, "sqlite://"); isSQLite {
		to := filepath.Join(t.TempDir(), "copy.db")
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(`VACUUM INTO ?`, to); err != nil {
			t.Fatalf("copy the test database: %v", err)
		}
		return "sqlite://" + to
	}
	return copyPostgres(t, from)
}

// copyPostgres copies a database within the server of this process.
func copyPostgres(t testing.TB, from string) string {
	t.Helper()
	running, err := server()
	if err != nil {
		t.Fatalf("this test needs Postgres: %v", err)
	}
	address, err := url.Parse(from)
	if err != nil {
		t.Fatal("the address of a test database is none")
	}
	ctx, cancel := context.WithTimeout(context.Background(), adminDeadline)
	defer cancel()
	name := databasePfx + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := copyDatabase(ctx, running.url, strings.TrimPrefix(address.Path, "/"), name); err != nil {
		t.Fatalf("copy the test database: %v", err)
	}
	dropAfter(t, running.url, name)
	return onDatabase(running.url, name)
}
