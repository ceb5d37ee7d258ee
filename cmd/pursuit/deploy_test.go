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

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// Every metric that the board and the alerts ask for is one that the server has.
func TestDeployAsksForMetricsThatExist(t *testing.T) {
	address := regexp.MustCompile(`http://[0-9.:]+`).FindString(startDemo(t, storetest.URL(t, store.SQLite)))
	get := func(path string) string {
		res, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	get("/healthz") // so that a request was counted
	metrics := get("/metrics")
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
			if !strings.Contains(metrics, "\n"+name) {
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

// A backup of a running server comes back whole, over nothing that stands, and
// `pursuit restored` begins a new epoch.
func TestBackupAndRestore(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			url, dir := storetest.URL(t, dialect), t.TempDir()
			startDemo(t, url)
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
