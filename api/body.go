package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"
	"github.com/tidwall/gjson"

	"pursuit/models"
)

// The limits of docs/protocol.md, section 2.
const (
	wireLimit     = 4 << 20   // bytes of a body as it was sent
	unpackedLimit = 16 << 20  // bytes after unpacking: a page of a bomb is no page
	formLimit     = 256 << 10 // the same for every call but sync's: some of them are open to anybody, many at once
	depthLimit    = 32        // JSON arrays and objects within each other

	// unreadLimit is how much of a body that nobody will look at is taken in before
	// an error is answered. Many clients read the answer only when all is sent: to
	// them a line closed before that is no answer at all, and they try again.
	unreadLimit = 16 << 20
)

// takeUnread takes what is left of a request's body off the line, up to unreadLimit
// bytes. Who asked first (Expect: 100-continue) has not sent it and need not.
func takeUnread(r *http.Request) {
	if r.Body == nil || r.Header.Get("Expect") != "" {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, unreadLimit) // the answer goes out whatever comes of it
}

func badJSON(text string) error { return models.E(models.KindBadRequest, "bad_json", text) }

func tooLarge() error {
	return models.E(models.KindTooLarge, "body_too_large", "The body is too large.")
}

// unpackers keeps gzip readers, whose tables are costly to make.
var unpackers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// readBody reads a request's body: unpacked, of at most so many bytes, as JSON text of
// bounded depth in valid UTF-8. It does not check that the JSON is whole.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	r, onWire := c.Request(), min(limit, wireLimit)
	if r.ContentLength > onWire {
		return nil, tooLarge()
	}
	wire := &capped{from: r.Body, left: onWire}
	var text []byte
	var err error
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get(echo.HeaderContentEncoding))); encoding {
	case "", "identity":
		text, err = readAll(wire, r.ContentLength)
	case "gzip", "x-gzip":
		text, err = unpack(wire, limit)
	default:
		return nil, models.E(models.KindEncoding, "unsupported_encoding", "Send the body plain or with gzip.")
	}
	switch {
	case models.AsError(err) != nil:
		return nil, err
	case err != nil:
		return nil, badJSON("The body could not be read to its end.")
	}
	return text, checkText(text)
}

func unpack(wire io.Reader, limit int64) ([]byte, error) {
	reader := unpackers.Get().(*gzip.Reader)
	defer unpackers.Put(reader)
	if err := reader.Reset(wire); err != nil {
		return nil, err
	}
	return readAll(&capped{from: reader, left: limit}, 0)
}

// capped reads at most left bytes; what is longer is too large.
type capped struct {
	from io.Reader
	left int64
}

func (r *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	n, err := r.from.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, tooLarge()
	}
	return n, err
}

// readAll reads to the end, into one piece if the length was told.
func readAll(from io.Reader, told int64) ([]byte, error) {
	var buf bytes.Buffer
	if told > 0 {
		buf.Grow(int(told) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(from)
	return buf.Bytes(), err
}

// checkText tells whether a text may be handed to a JSON decoder.
func checkText(text []byte) error {
	if !utf8.Valid(text) {
		return badJSON("The body is not valid UTF-8.")
	}
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > depthLimit {
				return badJSON("The JSON is nested too deep.")
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// request is a body that can tell what is wrong with it.
type request interface{ check(*faults) }

// decode reads a body into a new T and checks it. What is no JSON is bad_json; members
// that the call does not know, of the wrong type or with a faulty value are
// invalid_request, named all at once (members.go).
func decode[T any, P interface {
	*T
	request
}](c echo.Context) (T, error) {
	text, err := readBody(c, formLimit)
	if err != nil {
		var none T
		return none, err
	}
	return parse[T, P](text)
}

// decodeOr is decode for calls whose body may be absent.
func decodeOr[T any, P interface {
	*T
	request
}](c echo.Context) (T, error) {
	var none T
	text, err := readBody(c, formLimit)
	if err != nil || len(text) == 0 || string(text) == "null" {
		return none, err
	}
	return parse[T, P](text)
}

func parse[T any, P interface {
	*T
	request
}](text []byte) (T, error) {
	var in T
	if !json.Valid(text) {
		return in, badJSON("The body is not JSON.")
	}
	r := memberReader{wanted: func(string) string { return "" }}
	if says, ok := any(P(&in)).(interface{ wanted(member string) string }); ok {
		r.wanted = says.wanted
	}
	_, r.lenient = any(P(&in)).(interface{ leaveUnknown() })
	r.object("", gjson.ParseBytes(text), reflect.ValueOf(&in).Elem())
	var checked faults
	P(&in).check(&checked)
	return in, r.and(checked).err()
}
