package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

const (
	demoStart = 60 * time.Second // for a loaded machine and the race detector; a quiet one needs 1 s
	demoPoll  = 20 * time.Millisecond
)

// output is what a command prints, readable while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// startDemo runs `pursuit serve --demo` and answers what it greets with. It ends
// with the test.
func startDemo(t *testing.T, url string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var out, logged output
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--demo", "--addr", "127.0.0.1:0", "--database-url", url,
			"--key-file", filepath.Join(t.TempDir(), "key")}, &out, &logged)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the demo ended with code %d:\n%s", code, logged.String())
		}
	})
	for end := time.Now().Add(demoStart); time.Now().Before(end); time.Sleep(demoPoll) {
		if strings.Count(out.String(), "curl ") == 3 && strings.HasSuffix(out.String(), "; echo\n\n") {
			return out.String()
		}
		if len(ended) > 0 {
			break
		}
	}
	t.Fatalf("the demo did not greet:\n%s\n%s", out.String(), logged.String())
	return ""
}

var curlLine = regexp.MustCompile(`curl -s (?:--compressed )?(http://\S+) .*-d '([^']*)'`)

// perform makes the call of a printed curl line and decodes its answer.
func perform(t *testing.T, line, token string) map[string]any {
	t.Helper()
	parts := curlLine.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("not a curl line: %s", line)
	}
	req, err := http.NewRequest(http.MethodPost, parts[1], strings.NewReader(parts[2]))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.Contains(line, "Bearer $TOKEN") {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", parts[1], res.StatusCode, text, err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// What the demo prints is so: the three commands work as they stand (sign in, pull,
// push), and everybody who is named can sign in, one of each role.
func TestDemoGreets(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			text := startDemo(t, storetest.URL(t, dialect))
			var lines []string
			for _, line := range strings.Split(text, "\n") {
				if strings.Contains(line, "curl ") {
					lines = append(lines, line)
				}
			}
			token, _ := perform(t, lines[0], "")["access_token"].(string)
			changes, _ := perform(t, lines[1], token)["changes"].(map[string]any)
			if len(changes) == 0 {
				t.Error("the pull brought nothing")
			}
			results, _ := json.Marshal(perform(t, lines[2], token)["results"])
			if !strings.Contains(string(results), `"status":"applied"`) {
				t.Errorf("the push: %s", results)
			}
			signInsWork(t, text, lines[0])
		})
	}
}

func signInsWork(t *testing.T, text, login string) {
	t.Helper()
	emails := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)^  (\w+) +(\S+@\S+)$`).FindAllStringSubmatch(text, -1) {
		emails[found[1]] = found[2]
	}
	for _, role := range models.Roles {
		line := strings.Replace(login, emails[string(models.RoleOutreachWorker)], emails[string(role)], 1)
		user, _ := perform(t, line, "")["user"].(map[string]any)
		if user["role"] != string(role) {
			t.Errorf("%s signs in as %v", emails[string(role)], user["role"])
		}
	}
}

// A database that holds a program is refused, and left as it is.
func TestDemoRefusesAUsedDatabase(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		url := storetest.URL(t, dialect)
		s := storetest.OpenURL(t, url)
		if _, err := store.In(context.Background(), s, func(tx *store.Tx) (models.Program, error) {
			return tx.NewProgram(models.Program{ID: models.NewID(), Name: "City", TimeZone: "UTC"})
		}); err != nil {
			t.Fatal(err)
		}
		var out, logged output
		code := run(context.Background(), []string{"serve", "--demo", "--addr", "127.0.0.1:0", "--database-url", url,
			"--key-file", filepath.Join(t.TempDir(), "key")}, &out, &logged)
		if code != 1 || !strings.Contains(logged.String(), "without a program") {
			t.Errorf("%s: code %d, %s", dialect, code, logged.String())
		}
	}
}
