package api

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"
)

const (
	packLevel = gzip.BestSpeed // a first pull is bound by packing, not by the database
	packFrom  = 1024           // bytes: smaller answers fit one network packet as they are
	packedOut = 32 << 10       // bytes of packed output that are sent at once
)

// packer packs what is written to it, and sends it on in large pieces.
type packer struct {
	*gzip.Writer
	out *bufio.Writer
}

var packers = sync.Pool{New: func() any {
	p := &packer{out: bufio.NewWriterSize(nil, packedOut)}
	var err error
	if p.Writer, err = gzip.NewWriterLevel(nil, packLevel); err != nil { // the level is a valid constant
		p.Writer = gzip.NewWriter(nil)
	}
	return p
}}

// newPacker begins a packed stream.
func newPacker(w io.Writer) *packer {
	p := packers.Get().(*packer)
	p.out.Reset(w)
	p.Reset(p.out)
	return p
}

// Flush sends all that was written so far.
func (p *packer) Flush() error {
	return errors.Join(p.Writer.Flush(), p.out.Flush())
}

// end ends the stream; the packer then serves another one.
func (p *packer) end() error {
	err := errors.Join(p.Close(), p.out.Flush())
	p.out.Reset(nil)
	packers.Put(p)
	return err
}

// pack sends answers gzipped to callers who accept it, but for small ones, event
// streams, workbooks, which are packed by themselves, and what is encoded already.
func pack(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		res := c.Response()
		res.Header().Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if !acceptsGzip(c.Request().Header.Get(echo.HeaderAcceptEncoding)) || c.Request().Method == http.MethodHead {
			return next(c)
		}
		plain := res.Writer
		w := &packedWriter{ResponseWriter: plain}
		res.Writer = w
		err := next(c)
		if err != nil && !res.Committed {
			c.Error(err) // through the packer too, while it is in place
			err = nil
		}
		w.finish()
		res.Writer = plain
		return err
	}
}

// acceptsGzip reads Accept-Encoding: gzip or * with a weight above 0.
func acceptsGzip(header string) bool {
	verdict := false
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "gzip" && name != "*" {
			continue
		}
		q := strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		wanted := params == "" || (err == nil && weight > 0)
		if name == "gzip" {
			return wanted
		}
		verdict = wanted
	}
	return verdict
}

// packedWriter holds an answer's first bytes back until it is known whether
// packing pays.
type packedWriter struct {
	http.ResponseWriter
	status int
	held   []byte
	packer *packer
	plain  bool
}

// WriteHeader implements http.ResponseWriter; the status is sent with the body.
func (w *packedWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	header := w.Header()
	if status == http.StatusNoContent || status == http.StatusNotModified || header.Get(echo.HeaderContentEncoding) != "" ||
		header.Get(echo.HeaderContentType) == contentTypes[formatXLSX] ||
		strings.HasPrefix(header.Get(echo.HeaderContentType), "text/event-stream") {
		w.sendPlain()
	}
}

// Write implements http.ResponseWriter.
func (w *packedWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.plain:
		return w.ResponseWriter.Write(p)
	case w.packer != nil:
		return w.packer.Write(p)
	case len(w.held)+len(p) < packFrom:
		w.held = append(w.held, p...)
		return len(p), nil
	}
	header := w.Header()
	header.Set(echo.HeaderContentEncoding, "gzip")
	header.Del(echo.HeaderContentLength)
	w.ResponseWriter.WriteHeader(w.status)
	w.packer = newPacker(w.ResponseWriter)
	if _, err := w.packer.Write(w.held); err != nil {
		return 0, err
	}
	w.held = nil
	return w.packer.Write(p)
}

func (w *packedWriter) sendPlain() {
	if w.plain || w.packer != nil {
		return
	}
	w.plain = true
	w.ResponseWriter.WriteHeader(w.status)
	if len(w.held) > 0 {
		// A caller who left shows at the next write.
		_, _ = w.ResponseWriter.Write(w.held)
		w.held = nil
	}
}

// finish sends what is held and ends the packed stream.
func (w *packedWriter) finish() {
	if w.packer != nil {
		_ = w.packer.end() // a caller who left shows in the access log
		w.packer, w.plain = nil, true
		return
	}
	if w.status != 0 {
		w.sendPlain()
	}
}

// Flush implements http.Flusher.
func (w *packedWriter) Flush() {
	if w.packer != nil {
		_ = w.packer.Flush() // as in finish
	} else if w.status != 0 {
		w.sendPlain()
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush() // a writer that cannot flush sends later
}

// Hijack implements http.Hijacker.
func (w *packedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController find the deadlines of the connection.
func (w *packedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
