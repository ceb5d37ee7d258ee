package fcmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxKept bounds what is kept of the messages taken; older ones are dropped.
	maxKept = 100_000
	// maxBody is more than any message that FCM takes.
	maxBody = 64 << 10
	// maxPayload is FCM's limit of what a device gets, in bytes of JSON.
	maxPayload = 4096
)

// Project is the id of the project that the stand-in serves.
const Project = "pursuit-test"

// Taken is one message that was accepted.
type Taken struct {
	// Token is the device token it was sent to.
	Token string
	// Data is its data payload.
	Data map[string]string
	// Title and Body are its notification's; empty for a silent message.
	Title, Body string
	// JSON is the message as it came.
	JSON json.RawMessage
	At   time.Time
}

// Server is the stand-in. It is safe for use by many goroutines.
type Server struct {
	http    *httptest.Server
	account account
	closing chan struct{}

	mu       sync.Mutex
	any      []Answer
	devices  map[string][]Answer
	oauth    []Answer
	issued   map[string]bool
	taken    []Taken
	attempts map[string]int
	fetches  int
}

// New starts a stand-in on loopback; Close stops it.
func New() *Server {
	s := &Server{account: newAccount(), closing: make(chan struct{}), devices: map[string][]Answer{}, issued: map[string]bool{}, attempts: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /v1/projects/{project}/{call}", s.send)
	s.http = httptest.NewServer(mux)
	return s
}

// Close stops the stand-in and cuts what is under way. It is called once.
func (s *Server) Close() {
	close(s.closing)
	s.http.CloseClientConnections()
	s.http.Close()
}

// URL is the base address, without /v1: what PURSUIT_FCM_ENDPOINT takes.
func (s *Server) URL() string { return s.http.URL }

// OnAny programs answers for requests to any device, in turn, before those of OnDevice.
// No answers clears them.
func (s *Server) OnAny(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.any = answers
}

// OnDevice programs answers for requests to one device, in turn. No answers clears them.
func (s *Server) OnDevice(token string, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[token] = answers
}

// OnToken programs answers of the token endpoint, in turn. No answers clears them.
func (s *Server) OnToken(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth = answers
}

// RevokeTokens makes every access token given out so far void.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued = map[string]bool{}
}

// Taken gives the messages accepted so far, in order.
func (s *Server) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Taken(nil), s.taken...)
}

// Attempts counts the requests for one device, refused ones included.
func (s *Server) Attempts(token string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts[token]
}

// TokenFetches counts the requests to the token endpoint.
func (s *Server) TokenFetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// take gives the first answer of a list that has some of its times left.
func take(answers []Answer) (Answer, []Answer) {
	if len(answers) == 0 {
		return Answer{}, nil
	}
	first := answers[0]
	switch {
	case first.Times == Always:
		return first, answers
	case first.Times > 1:
		rest := append([]Answer{first.For(first.Times - 1)}, answers[1:]...)
		return first, rest
	}
	return first, answers[1:]
}

// fault gives the programmed answer for a request to a device.
func (s *Server) fault(token string) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts[token]++
	var answer Answer
	if len(s.any) > 0 {
		answer, s.any = take(s.any)
		return answer
	}
	answer, s.devices[token] = take(s.devices[token])
	return answer
}

// applied waits and writes a fault; false lets the request through.
func (s *Server) applied(w http.ResponseWriter, r *http.Request, answer Answer) bool {
	if answer.Delay > 0 {
		select {
		case <-time.After(answer.Delay):
		case <-r.Context().Done():
		case <-s.closing:
		}
	}
	if answer.Status == 0 && !answer.Reset {
		return false
	}
	answer.write(w)
	return true
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("call") != "messages:send" || r.PathValue("project") != Project {
		Answer{Status: 404, Code: "NOT_FOUND", Text: "Project not found."}.write(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		InvalidField("message").write(w)
		return
	}
	message, badField := readMessage(body)
	if s.applied(w, r, s.fault(message.Token)) {
		return
	}
	if !s.authorised(r) {
		Unauthenticated().write(w)
		return
	}
	if badField != "" {
		InvalidField(badField).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_ = json.NewEncoder(w).Encode(map[string]string{"name": "projects/" + Project + "/messages/" + strconv.Itoa(s.keep(message))})
}

func (s *Server) authorised(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	return bearer && s.issued[token]
}

func (s *Server) keep(message Taken) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) >= maxKept {
		s.taken = s.taken[1:]
	}
	s.taken = append(s.taken, message)
	return len(s.taken)
}
