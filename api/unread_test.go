package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// A client that sends all of its body before it looks for an answer gets one, also
// when the answer was certain before the body.
func TestErrorsReachWhoeverSendsFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		for _, c := range []struct {
			token  string
			size   int
			status int
		}{{s.admin.AccessToken, wireLimit + 1, 413}, {s.admin.AccessToken, 12 << 20, 413}, {"no token", wireLimit, 401}} {
			line, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			must(t, err)
			defer line.Close()
			_, err = fmt.Fprintf(line, "POST /v1/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", c.token, c.size)
			must(t, err)
			if _, err = line.Write(bytes.Repeat([]byte(" "), c.size)); err != nil {
				t.Fatalf("%d bytes: the line was closed while they were sent: %v", c.size, err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(line), nil)
			if err != nil {
				t.Fatalf("%d bytes: no answer: %v", c.size, err)
			}
			answer.Body.Close()
			if answer.StatusCode != c.status {
				t.Errorf("%d bytes: status %d, want %d", c.size, answer.StatusCode, c.status)
			}
		}
	})
}

// A body that ends before it is whole was not read: it is bad_json in the one shape, and
// never an empty 200, which an app would take for an answer.
func TestABodyCutShortIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		const sync, login, freeze = "/v1/sync", "/v1/auth/login", "/v1/reports/summary/freeze"
		director := s.user(models.RoleDirector, "d@example.org").AccessToken
		for _, c := range []struct{ path, headers, body string }{
			{sync, "Content-Length: 100", `{"protocol":1}`},
			{sync, "Content-Length: 100", ""},
			{sync, "Content-Length: 100\r\nAccept-Encoding: gzip", `{"protocol":1}`},
			{sync, "Content-Length: 100\r\nContent-Encoding: gzip", string(packed([]byte(`{"protocol":1}`)))[:20]},
			{sync, "Transfer-Encoding: chunked", "e\r\n{\"protocol\":1}\r\n"},
			{sync, "Transfer-Encoding: chunked", "64\r\n{\"protocol\":1}"},
			{sync, "Transfer-Encoding: chunked", "e\r\n{\"protocol\":1}\r\n0\r\n"},
			{sync, "Transfer-Encoding: chunked", "zz\r\n{\"protocol\":1}\r\n0\r\n\r\n"},
			{sync, "Transfer-Encoding: chunked", "e\r\n{\"protocol\":1}XX0\r\n\r\n"},
			{login, "Content-Length: 100", `{"email":"x@y","password":"p"}`},
			{login, "Transfer-Encoding: chunked", "2\r\n{}\r\n"},
			{freeze, "Content-Length: 100", `{"year":2024}`},
		} {
			text, status := s.halfSent(c.path, director, c.headers, c.body)
			var p problem
			if status != 400 || json.Unmarshal(text, &p) != nil || p.Code != "bad_json" || p.Status != 400 {
				t.Errorf("%s, %q, %q: %d %q", c.path, c.headers, c.body, status, text)
			}
		}
	})
}

// Whoever has sent all and closes the sending side is answered, if only that the work ended.
func TestWhoClosesTheSendingSideIsAnswered(t *testing.T) {
	s := newSite(t, storetest.Open(t, store.SQLite))
	s.server.echo.GET("/slow", func(c echo.Context) error {
		<-c.Request().Context().Done()
		return c.Request().Context().Err()
	})
	line, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	must(t, err)
	defer line.Close()
	must(t, line.SetDeadline(time.Now().Add(halfSentLimit)))
	_, err = line.Write([]byte("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"))
	must(t, err)
	must(t, line.(*net.TCPConn).CloseWrite())
	answer, err := http.ReadResponse(bufio.NewReader(line), nil)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusServiceUnavailable || !bytes.Contains(text, []byte(`"unavailable"`)) {
		t.Errorf("answered %d %q", answer.StatusCode, text)
	}
}

// halfSentLimit ends a test whose server never answers.
const halfSentLimit = 30 * time.Second

// halfSent sends a request and closes the sending side of the line after its body.
func (s *site) halfSent(path, token, headers, body string) (text []byte, status int) {
	s.t.Helper()
	line, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	must(s.t, err)
	defer line.Close()
	must(s.t, line.SetDeadline(time.Now().Add(halfSentLimit)))
	_, err = fmt.Fprintf(line, "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n%s", path, token, headers, body)
	must(s.t, err)
	must(s.t, line.(*net.TCPConn).CloseWrite())
	answer, err := http.ReadResponse(bufio.NewReader(line), nil)
	must(s.t, err)
	defer answer.Body.Close()
	in := io.Reader(answer.Body)
	if answer.Header.Get("Content-Encoding") == "gzip" {
		if in, err = gzip.NewReader(in); err != nil {
			return nil, answer.StatusCode
		}
	}
	text, err = io.ReadAll(in)
	must(s.t, err)
	return text, answer.StatusCode
}

// What machines look at may be asked for its head alone.
func TestHeads(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/openapi.yaml": 200, "/docs": 200, "/v1/me": 405} {
			a, err := http.Head(s.url + path)
			must(t, err)
			a.Body.Close()
			if a.StatusCode != want {
				t.Errorf("HEAD %s: %d, want %d", path, a.StatusCode, want)
			}
		}
	})
}
