package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
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

const password = "correct horse battery staple"

// site is a working folder and a database for commands to run on.
type site struct {
	t    *testing.T
	dir  string
	args []string
}

// onBoth runs a test on each database, with no setting from outside.
func onBoth(t *testing.T, test func(t *testing.T, s site)) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			alone(t)
			dir := t.TempDir()
			s := site{t, dir, []string{"--addr=127.0.0.1:0", "--key-file=" + filepath.Join(dir, "the.key"), "--database-url=sqlite://" + filepath.Join(dir, "db")}}
			if dialect == store.Postgres {
				s.args[2] = "--database-url=" + storetest.URL(t, dialect)
			}
			must(t, os.WriteFile(filepath.Join(dir, "password"), []byte(password+"\n"), 0o600))
			test(t, s)
		})
	}
}

// alone takes every setting out of the test's environment.
func alone(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, envPrefix) && name != storetest.ServerVariable {
			t.Setenv(name, "") // restores it after the test
			must(t, os.Unsetenv(name))
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// command runs one command and wants an exit code.
func command(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(context.Background(), args, &out, &errs); got != code {
		t.Fatalf("pursuit %v ends with %d, want %d:\n%s%s", args, got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

func (s site) command(code int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	return command(s.t, code, append(args, s.args...)...)
}

func (s site) bootstrap(code int, email string) (stdout, stderr string) {
	s.t.Helper()
	return s.command(code, "bootstrap", "--program=P of "+email, "--time-zone=America/Los_Angeles", "--admin-email="+email,
		"--admin-password-file="+filepath.Join(s.dir, "password"))
}

// log is a buffer that a server writes while the test reads.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var serving = regexp.MustCompile(`msg=serving address=(\S+)`)

// serve starts a server and answers its address and what stops it, giving the code.
func (s site) serve() (url string, stop func() int, text *log) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	text = new(log)
	code := make(chan int, 1)
	go func() { code <- run(ctx, append([]string{"serve"}, s.args...), io.Discard, text) }()
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		if found := serving.FindStringSubmatch(text.String()); found != nil {
			return found[1], func() int { cancel(); return <-code }, text
		}
		select {
		case got := <-code:
			s.t.Fatalf("the server ended with %d:\n%s", got, text)
		default:
		}
	}
	s.t.Fatalf("the server did not start:\n%s", text)
	return "", nil, nil
}

func post(t *testing.T, url string, body map[string]any) (status int, answer map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	got, err := http.Post(url, "application/json", bytes.NewReader(text))
	must(t, err)
	defer got.Body.Close()
	must(t, json.NewDecoder(got.Body).Decode(&answer))
	return got.StatusCode, answer
}

// A new server: bootstrap, serve, sign in, rotate the keys under it, stop.
func TestAServersLife(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		out, _ := s.bootstrap(0, "a@example.org")
		var made map[string]string
		must(t, json.Unmarshal([]byte(out), &made))
		for _, id := range []string{"program_id", "org_id", "user_id"} {
			if !models.ValidID(made[id]) {
				t.Errorf("%s is %q", id, made[id])
			}
		}
		url, stop, text := s.serve()
		s.bootstrap(0, "b@example.org") // another program, while the server runs
		_, stderr := s.bootstrap(1, "A@example.org")
		if strings.Contains(stderr, "a@example.org") || !strings.Contains(stderr, "conflict") {
			t.Errorf("a taken address is answered %s", stderr)
		}
		login := map[string]any{"email": "b@example.org", "password": password}
		status, before := post(t, url+"/v1/auth/login", login)
		if status != 200 {
			t.Fatalf("sign-in is answered %d %v", status, before)
		}
		out, _ = s.command(0, "keys", "rotate")
		_, after := post(t, url+"/v1/auth/login", login)
		keys, err := http.Get(url + "/.well-known/jwks.json")
		must(t, err)
		published, err := io.ReadAll(keys.Body)
		must(t, err)
		keys.Body.Close()
		if strings.Count(string(published), `"kid"`) != 2 || !strings.Contains(string(published), strings.TrimSpace(out)) {
			t.Errorf("published after rotation: %s", published)
		}
		for _, tokens := range []map[string]any{before, after} {
			r, err := http.NewRequest("GET", url+"/v1/me", nil)
			must(t, err)
			r.Header.Set("Authorization", "Bearer "+tokens["access_token"].(string))
			got, err := http.DefaultClient.Do(r)
			must(t, err)
			got.Body.Close()
			if got.StatusCode != 200 {
				t.Errorf("a token is answered %d after rotation", got.StatusCode)
			}
		}
		if code := stop(); code != 0 {
			t.Errorf("stopping ends with %d:\n%s", code, text)
		}
		s.command(0, "migrate")
	})
}

// A request that began is answered before the server ends.
func TestShutdownFinishesWhatBegan(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.bootstrap(0, "a@example.org")
		url, stop, _ := s.serve()
		body, send := io.Pipe()
		answered := make(chan int, 1)
		go func() {
			got, err := http.Post(url+"/v1/auth/login", "application/json", body)
			if err != nil {
				t.Errorf("the request was cut off: %v", err)
				answered <- 0
				return
			}
			got.Body.Close()
			answered <- got.StatusCode
		}()
		_, err := io.WriteString(send, `{"email":"a@example.org",`)
		must(t, err)
		time.Sleep(100 * time.Millisecond) // the request has begun
		ended := make(chan int, 1)
		go func() { ended <- stop() }()
		time.Sleep(100 * time.Millisecond)
		_, err = io.WriteString(send, `"password":"`+password+`"}`)
		must(t, err)
		must(t, send.Close())
		if status := <-answered; status != 200 {
			t.Errorf("the request that began is answered %d", status)
		}
		if code := <-ended; code != 0 {
			t.Errorf("stopping ends with %d", code)
		}
	})
}

// A server that cannot open its keys says what to do instead of starting.
func TestServeWithAnotherKeyFile(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		_, stop, _ := s.serve()
		stop()
		must(t, os.Remove(filepath.Join(s.dir, "the.key")))
		_, stderr := s.command(1, "serve")
		if !strings.Contains(stderr, "PURSUIT_KEY_FILE") {
			t.Errorf("another key file is answered %s", stderr)
		}
	})
}
