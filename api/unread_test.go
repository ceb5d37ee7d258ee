package api

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
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
