package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pursuit/demo"
	"pursuit/demo/stage"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// asksForMetricsThatExist wants every metric of the board and the alerts to be one
// that the server at the address has.
func asksForMetricsThatExist(t *testing.T, address string) {
	t.Helper()
	res, err := http.Get(address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	metrics, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b(?:pursuit|process|go)_[a-z_]+\b`)
	for _, file := range []string{"grafana.json", "alerts.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		asked := names.FindAllString(string(text), -1)
		slices.Sort(asked)
		if len(asked) == 0 {
			t.Errorf("%s asks for nothing", file)
		}
		for _, name := range slices.Compact(asked) {
			if !strings.Contains(string(metrics), "\n"+name) {
				t.Errorf("%s asks for %s, which is no metric", file, name)
			}
		}
	}
}

// script runs one of deploy's scripts.
func script(t *testing.T, name, url, key string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(filepath.Join("..", "..", "deploy", name), args...)
	cmd.Env = append(os.Environ(), "PURSUIT_DATABASE_URL="+url, "PURSUIT_KEY_FILE="+key, "PURSUIT=true")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// A backup of a database in use comes back whole, over nothing that stands, and
// `pursuit restored` begins a new epoch.
func TestBackupAndRestore(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			url, dir := storetest.URL(t, dialect), t.TempDir()
			begin(t, url)
			key := filepath.Join(dir, "key")
			if err := os.WriteFile(key, []byte("sealed"), 0o600); err != nil {
				t.Fatal(err)
			}
			backup, err := script(t, "backup.sh", url, key, filepath.Join(dir, "backups"))
			if err != nil {
				t.Fatalf("backup: %v: %s", err, backup)
			}
			if out, err := script(t, "restore.sh", url, key, backup); err == nil {
				t.Errorf("restored over a database that stands: %s", out)
			}
			fresh, freshKey := emptyURL(t, dialect), filepath.Join(dir, "new.key")
			if out, err := script(t, "restore.sh", fresh, freshKey, backup); err != nil {
				t.Fatalf("restore: %v: %s", err, out)
			}
			if text, err := os.ReadFile(freshKey); err != nil || string(text) != "sealed" {
				t.Errorf("the key file: %q, %v", text, err)
			}
			before, after := head(t, url), head(t, fresh)
			if before != after {
				t.Errorf("restored %v, was %v", after, before)
			}
			var out, logged output
			if code := run(context.Background(), []string{"restored", "--database-url", fresh}, &out, &logged); code != 0 {
				t.Fatalf("restored: %s", logged.String())
			}
			if again := head(t, fresh); again.Epoch == after.Epoch || again.Seq <= after.Seq {
				t.Errorf("after `restored` the head is %v, was %v", again, after)
			}
		})
	}
}

// begin makes a small program at url, which stays open for the test.
func begin(t *testing.T, url string) {
	t.Helper()
	plan, err := demo.Build()
	if err != nil {
		t.Fatal(err)
	}
	plan.Steps = plan.Steps[:10]
	if err := stage.Play(context.Background(), url, plan, "hash"); err != nil {
		t.Fatal(err)
	}
	storetest.OpenURL(t, url)
}

func head(t *testing.T, url string) store.Head {
	t.Helper()
	h, err := storetest.OpenURL(t, url).Head(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// emptyURL names a database without any table.
func emptyURL(t *testing.T, dialect store.Dialect) string {
	t.Helper()
	if dialect == store.SQLite {
		return "sqlite://" + filepath.Join(t.TempDir(), "restored.db")
	}
	url := storetest.URL(t, dialect)
	s := storetest.OpenURL(t, url)
	for _, statement := range []string{"DROP SCHEMA public CASCADE", "CREATE SCHEMA public"} {
		if _, err := s.SQLDB().Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	return url
}
