package api

import (
	"bytes"
	stdgzip "compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

// FuzzBody: whatever bytes come as a body, plain or called gzip, readBody gives a
// text within the limits that is what was sent, or a fault of the caller: it never
// panics and never gives more than what is there.
func FuzzBody(f *testing.F) {
	good := packed([]byte(`{"protocol":1}`))
	f.Add("gzip", good)
	f.Add("gzip", append(bytes.Clone(good), good...))
	f.Add("gzip", good[:len(good)-3])
	f.Add("x-gzip", packed(bytes.Repeat([]byte(" "), 1<<16)))
	f.Add("gzip", packed(bytes.Repeat([]byte("["), depthLimit+1)))
	f.Add("gzip", packed([]byte("\xff")))
	f.Add("", []byte(`{"a":"[[["}`))
	f.Add("identity", []byte("\"\\"))
	f.Add("br", []byte("x"))
	e := echo.New()
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		request := httptest.NewRequest(http.MethodPost, "/v1/sync", bytes.NewReader(body))
		request.Header[echo.HeaderContentEncoding] = []string{encoding}
		text, err := readBody(e.NewContext(request, httptest.NewRecorder()))
		if err != nil {
			known := models.AsError(err)
			if known == nil || known.Kind != models.KindBadRequest && known.Kind != models.KindTooLarge && known.Kind != models.KindEncoding {
				t.Fatalf("%v", err)
			}
			return
		}
		want, failed := body, error(nil)
		if strings.Contains(strings.ToLower(encoding), "gzip") {
			want, failed = unpackedByTheLibrary(body)
		}
		if failed != nil || !bytes.Equal(text, want) || len(text) > unpackedLimit {
			t.Fatalf("%d bytes came out, want %d (%v)", len(text), len(want), failed)
		}
	})
}

func unpackedByTheLibrary(body []byte) ([]byte, error) {
	reader, err := stdgzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(reader, unpackedLimit+1))
}

// FuzzListCursor: a cursor of a list is bad_cursor or names a place, which the cursor
// made of it names again.
func FuzzListCursor(f *testing.F) {
	id := models.NewID()
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(id)), 1)
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(id+"/phone/1")), 2)
	f.Add("AAAA", 2)
	f.Add("", 1)
	f.Fuzz(func(t *testing.T, text string, parts int) {
		if parts < 1 || parts > 3 {
			return
		}
		after, err := readCursor(text, parts)
		if err != nil {
			if known := models.AsError(err); known == nil || known.Code != "bad_cursor" {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := readCursor(base64.RawURLEncoding.EncodeToString([]byte(strings.Join(after, "/"))), parts)
		if err != nil || !models.ValidID(after[0]) || strings.Join(again, "/") != strings.Join(after, "/") {
			t.Fatalf("%q names %q and then %q, %v", text, after, again, err)
		}
	})
}
