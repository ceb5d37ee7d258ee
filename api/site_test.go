package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"pursuit/api/auth"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/push"
	"pursuit/push/fcm"
	"pursuit/sync"
)

const password = "correct horse battery staple"

// cheap hashes make tests quick; what they must hold does not depend on the cost.
var cheap = auth.Cost{Passes: 1, MemoryKiB: 64}

// site is a server of a program with an admin who is signed in.
type site struct {
	t      testing.TB
	server *Server
	url    string
	store  *store.Store
	auth   *auth.Service
	made   sync.Bootstrapped
	admin  session
	ahead  *atomic.Int64 // nanoseconds added to now
}

// session is a signed-in device, as tokenAnswer tells of it.
type session struct {
	AccessToken  string  `json:"access_token"`
	RefreshToken string  `json:"refresh_token"`
	DeviceID     string  `json:"device_id"`
	ExpiresIn    int     `json:"expires_in"`
	User         profile `json:"user"`
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// onBoth runs a test on a fresh site of each database.
func onBoth(t *testing.T, test func(t *testing.T, s *site)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { test(t, newSite(t, st)) })
}

func newSite(t testing.TB, st *store.Store, trusted ...netip.Prefix) *site {
	t.Helper()
	ctx := context.Background()
	s := &site{t: t, store: st, ahead: new(atomic.Int64)}
	st.Clock = func() time.Time { return models.Millis(time.Now().Add(time.Duration(s.ahead.Load()))) }
	var err error
	s.auth, err = auth.New(ctx, st, auth.SealingKey{1}, auth.NewHasher(cheap))
	must(t, err)
	engine, err := sync.New(ctx, st, slog.Default())
	must(t, err)
	metrics, err := NewRegistry()
	must(t, err)
	reminders, err := push.New(push.Config{Store: st, Rows: engine, Sender: fcm.NewLog(slog.Default()), Log: slog.Default()})
	must(t, err)
	s.server, err = New(Config{Store: st, Auth: s.auth, Engine: engine, Accounts: engine, Push: reminders, Metrics: metrics, Trusted: trusted})
	must(t, err)
	web := httptest.NewServer(s.server.Handler())
	t.Cleanup(web.Close)
	s.url = web.URL
	hash, err := s.auth.Passwords.Hash(ctx, password)
	must(t, err)
	s.made, err = engine.Bootstrap(ctx, sync.NewProgram{Name: "Program", TimeZone: "America/Los_Angeles",
		AdminEmail: "admin@example.org", AdminPasswordHash: hash})
	must(t, err)
	s.admin = s.login("admin@example.org", "desk")
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pass lets time go by.
func (s *site) pass(d time.Duration) { s.ahead.Add(int64(d)) }

// call sends a body as JSON (nil: none; []byte: as it is) and holds the answer
// against the contract.
func (s *site) call(method, path, token string, body any, headers ...string) answer {
	s.t.Helper()
	raw, ok := body.([]byte)
	if !ok && body != nil {
		var err error
		raw, err = json.Marshal(body)
		must(s.t, err)
	}
	r, err := http.NewRequest(method, s.url+path, bytes.NewReader(raw))
	must(s.t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultTransport.RoundTrip(r)
	must(s.t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	must(s.t, err)
	a := answer{t: s.t, status: got.StatusCode, header: got.Header, body: text}
	s.holdsContract(r, a)
	return a
}

// into wants a status and decodes the answer.
func (a answer) into(status int, v any) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %.300s", a.status, status, a.body)
	}
	if v != nil {
		must(a.t, json.Unmarshal(a.body, v))
	}
}

// problem wants an error answer with a status and a code.
func (a answer) problem(status int, code string) problem {
	a.t.Helper()
	var p problem
	if a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Fatalf("status %d is no problem but %s: %.300s", a.status, a.header.Get("Content-Type"), a.body)
	}
	a.into(status, &p)
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" || p.Type == "" {
		a.t.Fatalf("problem %s, want code %s", a.body, code)
	}
	return p
}

func loginFor(email, device string) map[string]any {
	return map[string]any{"email": email, "password": password,
		"device": map[string]any{"id": device, "name": "phone", "platform": "android", "app_version": "1.0"}}
}

func (s *site) login(email, device string) (out session) {
	s.t.Helper()
	s.call("POST", "/v1/auth/login", "", loginFor(email, device)).into(200, &out)
	return out
}

// user makes a user of the lead organisation and signs them in on a phone.
func (s *site) user(role models.Role, email string) session {
	s.t.Helper()
	s.call("POST", "/v1/users", s.admin.AccessToken, map[string]any{"email": email, "name": "Somebody",
		"password": password, "role": role, "org_id": s.made.OrgID}).into(201, nil)
	return s.login(email, "phone of "+email)
}

// newSiteBeside makes a second program on a site's server and signs its admin in.
func newSiteBeside(t *testing.T, s *site) session {
	t.Helper()
	ctx := context.Background()
	hash, err := s.auth.Passwords.Hash(ctx, password)
	must(t, err)
	_, err = s.server.engine.Bootstrap(ctx, sync.NewProgram{Name: "Other", TimeZone: "UTC",
		AdminEmail: "other@example.org", AdminPasswordHash: hash})
	must(t, err)
	return s.login("other@example.org", "other-desk")
}
