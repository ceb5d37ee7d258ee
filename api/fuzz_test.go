package api

import (
	"bytes"
	stdgzip "compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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
		text, err := readBody(e.NewContext(request, httptest.NewRecorder()), unpackedLimit)
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

// FuzzListCursor: a text is bad_cursor unless it is, to the byte, what was sealed for the
// list; what is sealed names its place again, as a key of so many parts or as bad_cursor.
func FuzzListCursor(f *testing.F) {
	e := echo.New()
	asking := func(cursor string) echo.Context {
		return e.NewContext(httptest.NewRequest(http.MethodGet, "/v1/orgs?limit=1&cursor="+url.QueryEscape(cursor), nil), httptest.NewRecorder())
	}
	id := models.NewID()
	f.Add(id, 1)
	f.Add(id+"/phone/1", 2)
	f.Add(sealCursor(asking(""), []byte(id))+"\n", 1)
	f.Add("AAAA", 2)
	f.Add("", 1)
	f.Fuzz(func(t *testing.T, text string, parts int) {
		if parts < 1 || parts > 3 {
			return
		}
		if place, err := openCursor(asking(text)); err == nil && text != "" && sealCursor(asking(""), place) != text {
			t.Fatalf("%q is taken for the cursor of %q", text, place)
		}
		sealed := sealCursor(asking(""), []byte(text))
		place, err := openCursor(asking(sealed))
		if text != "" && len(sealed) <= cursorLimit && (err != nil || string(place) != text) {
			t.Fatalf("%q is opened as %q, %v", text, place, err)
		}
		_, after, err := newList(asking(sealed)).page(parts)
		if err != nil {
			if known := models.AsError(err); known == nil || known.Code != "bad_cursor" {
				t.Fatalf("%v", err)
			}
		} else if !models.ValidID(after[0]) || strings.Join(after, "/") != text {
			t.Fatalf("%q names %q", text, after)
		}
	})
}
