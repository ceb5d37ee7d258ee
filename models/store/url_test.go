package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pursuit/models/store"
)

// What Open could never use is known without opening it, and is not repeated.
func TestCheckURL(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"text": "hello, this is secret text", "short": "SQL", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"sqlite://x.db": "", "sqlite://" + dir + "/empty": "", "sqlite://" + dir + "/not/yet/x.db": "",
		"postgres://u:p@h/db": "", "postgres://u:p@h:5432/db?sslmode=disable": "", "postgresql:///db?host=/run/postgresql": "",
		"postgres://u:p@h1:5432,h2:5433/db": "", "postgres://[::1]:5432/db": "", "postgres://h/db?sslmode=require&connect_timeout=3": "",
		"sqlite://": "name a file", "sqlite://:memory:": "name a file", "sqlite://x?secret": "without ?", "sqlite://" + dir: "not a folder",
		"sqlite://" + dir + "/text": "SQLite database", "sqlite://" + dir + "/short": "SQLite database", "sqlite://" + dir + "/text/x.db": "",
		"mysql://u:secret@h/db": "postgres://…", "user=u password=secret host=h": "postgres://…", "postgres:u:secret@h/db": "postgres://…",
		"postgres://u:secret@h:99999/db": "port", "postgres://u:secret@h:0/db": "port", "postgres://u:secret@[::1]:70000/db": "port",
		"postgres://u:secret@h/db?sslmode=bogus": "sslmode", "postgres://u:secret%2@h/db": "driver", "postgres://u:secret@h:port/db": "driver",
		"postgres://u:secret@h/db?pool_max_conns=many": "driver", "postgres://u:secret@h/db?sslmode=verify-full&sslrootcert=/nowhere": "driver",
	} {
		if text == "sqlite://"+dir+"/text/x.db" {
			want = "file" // its folder is a file
		}
		err := store.CheckURL(text)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s is answered %v, want %q", text, err, want)
		}
	}
}
