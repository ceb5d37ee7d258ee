package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "deflate, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false,
		"*": true, "*;q=0": false, "br": false, "identity, *;q=0": false, "*;q=0, gzip": true, "gzip;q=0, *": false, "gzipped": false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("Accept-Encoding %q: %v, want %v", header, got, want)
		}
	}
}

// packedAnswer runs a handler behind the packer.
func packedAnswer(t *testing.T, accept string, handle echo.HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = answerError
	e.Use(pack)
	e.GET("/", handle)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

func unpacked(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Header().Get("Content-Encoding") == "" {
		return w.Body.String()
	}
	if n := w.Header().Get("Content-Length"); n != "" {
		t.Errorf("a packed answer tells the length %s", n)
	}
	r, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
	must(t, err)
	text, err := io.ReadAll(r)
	must(t, err)
	return string(text)
}

// Answers come out as they went in, packed only if large, accepted and not a stream.
func TestAnswersArePacked(t *testing.T) {
	long := strings.Repeat("a row; ", 2000)
	for _, c := range []struct {
		name, accept string
		packed       bool
		status       int
		want         string
		handle       echo.HandlerFunc
	}{
		{"large", "gzip", true, 200, long, func(c echo.Context) error { return c.String(200, long) }},
		{"large, not accepted", "", false, 200, long, func(c echo.Context) error { return c.String(200, long) }},
		{"small", "gzip", false, 201, "short", func(c echo.Context) error { return c.String(201, "short") }},
		{"in pieces", "gzip", true, 200, long, func(c echo.Context) error {
			c.Response().WriteHeader(200)
			for i := 0; i < len(long); i += 100 {
				if _, err := io.WriteString(c.Response(), long[i:i+100]); err != nil {
					return err
				}
			}
			return nil
		}},
		{"empty", "gzip", false, 204, "", func(c echo.Context) error { return c.NoContent(204) }},
		{"nothing at all", "gzip", false, 200, "", func(echo.Context) error { return nil }},
		{"a workbook", "gzip", false, 200, long, func(c echo.Context) error { return c.Blob(200, contentTypes[formatXLSX], []byte(long)) }},
		{"large, encoded already", "gzip", false, 200, long, func(c echo.Context) error {
			c.Response().Header().Set("Content-Encoding", "")
			c.Response().Header().Set("Content-Type", "text/event-stream")
			return c.Stream(200, "text/event-stream", strings.NewReader(long))
		}},
	} {
		w := packedAnswer(t, c.accept, c.handle)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != c.packed || w.Code != c.status {
			t.Errorf("%s: packed = %v with %d, want %v with %d", c.name, got, w.Code, c.packed, c.status)
		}
		if unpacked(t, w) != c.want {
			t.Errorf("%s: another body came out", c.name)
		}
		if w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: Vary is %q", c.name, w.Header().Get("Vary"))
		}
	}
}

// An event reaches the listener while the stream goes on.
func TestStreamsAreNotHeldBack(t *testing.T) {
	e := echo.New()
	e.Use(pack)
	end := make(chan struct{})
	e.GET("/", func(c echo.Context) error {
		c.Response().Header().Set("Content-Type", "text/event-stream")
		c.Response().WriteHeader(200)
		if err := http.NewResponseController(c.Response()).SetWriteDeadline(time.Time{}); err != nil {
			return err
		}
		if _, err := io.WriteString(c.Response(), "data: 1\n\n"); err != nil {
			return err
		}
		c.Response().Flush()
		<-end
		return nil
	})
	web := httptest.NewServer(e)
	defer web.Close()
	defer close(end)
	r, err := http.NewRequest("GET", web.URL, nil)
	must(t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	got, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	defer got.Body.Close()
	first := make([]byte, len("data: 1\n\n"))
	if _, err := io.ReadFull(got.Body, first); err != nil || string(first) != "data: 1\n\n" {
		t.Errorf("read %q, %v", first, err)
	}
}

// A file is packed once, with its length, for those who take it so, and says the same
// either way; a workbook never is.
func TestFilesArePackedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for format, want := range map[string]string{"csv": "gzip", "ndjson": "gzip", "xlsx": ""} {
			path := "/v1/export/people?format=" + format
			plain := s.call("GET", path, c.who[models.RoleSupervisor].AccessToken, nil, "Accept-Encoding", "identity")
			packed := s.call("GET", path, c.who[models.RoleSupervisor].AccessToken, nil, "Accept-Encoding", "gzip")
			if got := packed.header.Get("Content-Encoding"); got != want || plain.header.Get("Content-Encoding") != "" {
				t.Errorf("%s is packed as %q, and %q", format, got, plain.header.Get("Content-Encoding"))
			}
			body := packed.body
			if length := packed.header.Get("Content-Length"); length != strconv.Itoa(len(body)) {
				t.Errorf("%s tells the length %s of %d", format, length, len(body))
			}
			if want != "" {
				r, err := gzip.NewReader(bytes.NewReader(body))
				must(t, err)
				body, err = io.ReadAll(r)
				must(t, err)
			}
			if !bytes.Equal(body, plain.body) || len(body) == 0 {
				t.Errorf("%s differs: %d and %d bytes", format, len(body), len(plain.body))
			}
		}
	})
}
