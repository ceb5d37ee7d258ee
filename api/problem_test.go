package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// marker stands for a value that no answer and no log may repeat.
const marker = "zzSecretValuezz"

func packed(text []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(text) // a buffer takes every write
	_ = w.Close()
	return buf.Bytes()
}

// Whatever is wrong with a body is told in the one shape, with its own code.
func TestBadBodies(t *testing.T) {
	bomb := packed(bytes.Repeat([]byte(" "), 100<<20))
	large := append([]byte(`{"email":"`), bytes.Repeat([]byte("a"), wireLimit)...)
	cases := []struct {
		name, encoding string
		body           []byte
		status         int
		code           string
	}{
		{"empty", "", nil, 400, "bad_json"},
		{"not JSON", "", []byte(marker), 400, "bad_json"},
		{"cut short", "", []byte(`{"email":"` + marker), 400, "bad_json"},
		{"two values", "", []byte(`{} {}`), 400, "bad_json"},
		{"not UTF-8", "", []byte("{\"email\":\"\xff\"}"), 400, "bad_json"},
		{"too deep", "", []byte(strings.Repeat(`[`, 33) + strings.Repeat(`]`, 33)), 400, "bad_json"},
		{"deep enough for trouble", "", []byte(strings.Repeat(`{"a":`, 50_000)), 400, "bad_json"},
		{"too large", "", large, 413, "body_too_large"},
		{"a bomb", "gzip", bomb, 413, "body_too_large"},
		{"not gzip", "gzip", []byte(`{"email":"` + marker + `"}`), 400, "bad_json"},
		{"gzip cut short", "gzip", packed([]byte(`{"email":"x"}`))[:20], 400, "bad_json"},
		{"gzip of nothing", "gzip", packed(nil), 400, "bad_json"},
		{"brotli", "br", []byte(marker), 415, "unsupported_encoding"},
		{"twice", "gzip, gzip", packed(packed([]byte("{}"))), 415, "unsupported_encoding"},
		{"an array", "", []byte(`["` + marker + `"]`), 422, "invalid_request"},
		{"a wrong type", "", []byte(`{"email":{"` + marker + `":1}}`), 422, "invalid_request"},
		{"a wrong type within", "", []byte(`{"device":{"id":["` + marker + `"]}}`), 422, "invalid_request"},
		{"nothing needed", "", []byte(`{}`), 422, "invalid_request"},
		{"null", "", []byte(`null`), 422, "invalid_request"},
		{"U+0000", "", []byte(`{"email":"` + marker + `\u0000@x","password":"p","device":{"id":"\u0000"}}`), 422, "invalid_request"},
	}
	onBoth(t, func(t *testing.T, s *site) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s := *s
				s.t = t
				a := s.call("POST", "/v1/auth/login", "", c.body, "Content-Encoding", c.encoding)
				a.problem(c.status, c.code)
				if bytes.Contains(a.body, []byte(marker)) {
					t.Errorf("the answer repeats a value: %s", a.body)
				}
			})
		}
		for _, text := range [][]byte{[]byte(`{"email":"x@y","password":"p"}`), packed([]byte(`{"email":"x@y","password":"p"}`))} {
			encoding := ""
			if text[0] != '{' {
				encoding = "gzip"
			}
			s.call("POST", "/v1/auth/login", "", text, "Content-Encoding", encoding).problem(401, "invalid_credentials")
		}
	})
}

// A body of exactly the limit is read, one byte more is not; told length or not.
func TestLimitsOfTheWire(t *testing.T) {
	body := func(size int) []byte {
		text := []byte(`{"email":"x@y","password":"p","more":""}`)
		return bytes.Replace(text, []byte(`""`), []byte(`"`+strings.Repeat("a", size-len(text))+`"`), 1)
	}
	e := echo.New()
	for _, told := range []bool{true, false} {
		for _, c := range []struct {
			body     []byte
			encoding string
			fits     bool
		}{
			{body(wireLimit), "", true}, {body(wireLimit + 1), "", false},
			{packed(body(unpackedLimit)), "gzip", true}, {packed(body(unpackedLimit + 1)), "gzip", false},
		} {
			r := httptest.NewRequest("POST", "/", bytes.NewReader(c.body))
			r.Header.Set("Content-Encoding", c.encoding)
			if !told {
				r.ContentLength = -1
			}
			_, err := readBody(e.NewContext(r, httptest.NewRecorder()), unpackedLimit)
			if fits := err == nil; fits != c.fits {
				t.Errorf("%d bytes %q: fits = %v, want %v (%v)", len(c.body), c.encoding, fits, c.fits, err)
			}
		}
	}
}

// All faults of a request are told at once, by place and without values.
func TestFaultsAreToldAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		a := s.call("POST", "/v1/users", s.admin.AccessToken, map[string]any{"email": marker, "name": " ", "password": "short",
			"role": marker, "org_id": marker, "locale": "not a " + marker, "time_zone": marker})
		p := a.problem(422, "invalid_request")
		var places []string
		for _, fault := range p.Errors {
			places = append(places, strings.TrimPrefix(fault.Location, "body."))
		}
		if got := strings.Join(places, " "); got != "email name password role org_id locale time_zone" {
			t.Errorf("faults at %s", got)
		}
		if bytes.Contains(a.body, []byte(marker)) {
			t.Errorf("the answer repeats a value: %s", a.body)
		}
	})
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/", "/v1", "/v2/sync", "/v1/" + marker, "/v1/../etc/passwd", "/%00"} {
			a := s.call("GET", path, "", nil)
			a.problem(404, "not_found")
			if bytes.Contains(a.body, []byte(marker)) {
				t.Errorf("the answer repeats the path: %s", a.body)
			}
		}
		a := s.call("DELETE", "/v1/users", s.admin.AccessToken, nil)
		a.problem(405, "method_not_allowed")
		if !strings.Contains(a.header.Get("Allow"), "POST") {
			t.Errorf("Allow is %q", a.header.Get("Allow"))
		}
		s.call("BREW", "/v1/users", "", nil).problem(405, "method_not_allowed")
		for _, id := range []string{models.NewID(), "x", "%00", "%ff", strings.Repeat("a", 3000)} {
			s.call("PATCH", "/v1/users/"+id, s.admin.AccessToken, map[string]any{"name": "N"}).problem(404, "not_found")
			s.call("POST", "/v1/devices/"+id+"/revoke", s.admin.AccessToken, nil).problem(404, "not_found")
			s.call("POST", "/v1/devices/"+id+"/wiped", s.admin.AccessToken, nil).problem(404, "not_found")
		}
	})
}

// A panic and a failing database are one answer each; neither they nor the log
// tell a value.
func TestFailuresOfTheServer(t *testing.T) {
	st := storetest.Open(t, store.SQLite)
	s := newSite(t, st)
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	s.server.echo.GET("/panic", func(echo.Context) error { panic(marker) })
	s.server.echo.GET("/late", func(c echo.Context) error { return fmt.Errorf("work: %w", context.DeadlineExceeded) })
	s.server.echo.GET("/database", func(c echo.Context) error { return fmt.Errorf("read: %w", sqlFault{}) })
	s.call("GET", "/panic", "", nil).problem(500, "internal")
	s.call("GET", "/database", "", nil).problem(500, "internal")
	if a := s.call("GET", "/late", "", nil); a.problem(503, "unavailable").Code != "" && a.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	s.call("GET", "/readyz", "", nil).into(200, nil)
	st.Close()
	s.call("GET", "/readyz", "", nil).problem(503, "unavailable")
	s.call("GET", "/healthz", "", nil).into(200, nil)
	if text := log.String(); strings.Contains(text, marker) || !strings.Contains(text, "a handler panicked") || !strings.Contains(text, "SQLSTATE 22P02") {
		t.Errorf("the log tells too much or too little:\n%s", text)
	}
	metrics := s.call("GET", "/metrics", "", nil)
	if want := `pursuit_http_requests_total{method="GET",route="/panic",status="500"} 1`; !strings.Contains(string(metrics.body), want) {
		t.Errorf("metrics lack %s", want)
	}
}

// sqlFault is an error as Postgres' driver gives it, quoting what was sent.
type sqlFault struct{}

func (sqlFault) Error() string    { return "ERROR: invalid input: " + marker + " (SQLSTATE 22P02)" }
func (sqlFault) SQLState() string { return "22P02" }

// The access log has ids and numbers, and nothing that people wrote.
func TestTheLogHasNoValues(t *testing.T) {
	s := newSite(t, storetest.Open(t, store.SQLite))
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	s.call("POST", "/v1/orgs", s.admin.AccessToken, map[string]any{"name": marker, "kind": "lead"})
	s.call("PATCH", "/v1/me?cursor="+marker, s.admin.AccessToken, map[string]any{"name": marker})
	s.call("POST", "/v1/auth/login", "", map[string]any{"email": marker + "@example.org", "password": marker})
	s.call(marker, "/v1/"+marker, marker, []byte(marker), "X-Request-Id", "with "+marker)
	if text := log.String(); strings.Contains(text, marker) || strings.Contains(text, "127.0.0.1") || strings.Count(text, "route=") != 4 {
		t.Errorf("the log of four requests:\n%s", text)
	}
	if !strings.Contains(log.String(), "user="+s.admin.User.ID) {
		t.Error("the log does not tell whose request it was")
	}
}

func TestRequestIDs(t *testing.T) {
	s := newSite(t, storetest.Open(t, store.SQLite))
	if got := s.call("GET", "/healthz", "", nil, "X-Request-Id", "abc-123").header.Get("X-Request-Id"); got != "abc-123" {
		t.Errorf("the caller's id became %q", got)
	}
	for _, id := range []string{"", "a b", strings.Repeat("a", 65), "<script>"} {
		if got := s.call("GET", "/healthz", "", nil, "X-Request-Id", id).header.Get("X-Request-Id"); !models.ValidID(got) {
			t.Errorf("id %q became %q", id, got)
		}
	}
}

// Errors that are none of ours say nothing about themselves.
func TestUnknownErrorsAreInternal(t *testing.T) {
	if e := asError(errors.New(marker)); e.Kind != models.KindInternal || strings.Contains(e.Error(), marker) {
		t.Errorf("an unknown error became %v", e)
	}
	for kind := models.KindInternal; kind <= models.KindUnavailable; kind++ {
		if statuses[kind] < 400 || http.StatusText(statuses[kind]) == "" {
			t.Errorf("kind %d has no status", kind)
		}
	}
}
