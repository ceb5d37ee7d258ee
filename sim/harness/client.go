package harness

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// requestLimit bounds one request; a full push on a loaded machine stays far below.
	requestLimit = 60 * time.Second
	// answerLimit bounds what is read of one answer: a page is about 1 MiB.
	answerLimit = 64 << 20
	// idleConnections lets all devices of a simulation keep theirs.
	idleConnections = 64
)

// Client speaks HTTP to one server, with a bearer token once it has one.
type Client struct {
	Base  string
	Token string
	HTTP  *http.Client
}

// NewClient makes a client of a server's address. All clients may share one
// *http.Client; nil makes a new one.
func NewClient(base string, shared *http.Client) *Client {
	if shared == nil {
		shared = NewHTTP("")
	}
	return &Client{Base: base, HTTP: shared}
}

// NewHTTP makes an HTTP client that never unpacks answers by itself, so that tests
// see what was on the wire. With source set, it connects from that loopback
// address: the way to be another phone to the server's lock-out.
func NewHTTP(source string) *http.Client {
	dialer := &net.Dialer{Timeout: requestLimit}
	if source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	return &http.Client{Timeout: requestLimit, Transport: &http.Transport{
		DialContext: dialer.DialContext, DisableCompression: true, MaxIdleConnsPerHost: idleConnections,
	}}
}

// Answer is one HTTP answer, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the answer's JSON into a value.
func (a Answer) Decode(into any) error {
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("decode an answer of status %d: %w: %.200s", a.Status, err, a.Body)
	}
	return nil
}

// Problem is an error answer, docs/protocol.md section 2.
type Problem struct {
	Type, Title, Detail, Code string
	Status                    int
	Errors                    []struct{ Location, Message string }
}

// Code answers the stable code of an error answer, or "" when it has none.
func (a Answer) Code() string {
	var problem Problem
	if json.Unmarshal(a.Body, &problem) != nil {
		return ""
	}
	return problem.Code
}

// JSON sends a body as JSON (nil: none) and reads the answer.
func (c *Client) JSON(ctx context.Context, method, path string, body any) (Answer, error) {
	if body == nil {
		return c.Raw(ctx, method, path, nil, nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return Answer{}, fmt.Errorf("encode a request: %w", err)
	}
	return c.Raw(ctx, method, path, text, map[string]string{"Content-Type": "application/json"})
}

// Raw sends bytes with headers as they are and reads the answer. An answer that
// comes gzipped although nobody accepted it is left as it is.
func (c *Client) Raw(ctx context.Context, method, path string, body []byte, headers map[string]string) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("make a request: %w", err)
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }() // read whole: closing can lose nothing
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer of %s %s: %w", method, path, err)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: text}, nil
}

// Gzip packs bytes as a request with Content-Encoding: gzip carries them.
func Gzip(text []byte) []byte {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	// A bytes.Buffer takes every write.
	_, _ = writer.Write(text)
	_ = writer.Close()
	return packed.Bytes()
}

// Gunzip unpacks an answer with Content-Encoding: gzip.
func Gunzip(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(reader, answerLimit))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return text, nil
}
