package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"pursuit/api/auth"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/push"
	"pursuit/reports"
	"pursuit/sync"
)

const (
	headerTimeout = 10 * time.Second // for a request's header
	bodyTimeout   = 2 * time.Minute  // for a whole request: 4 MiB over a poor phone line
	answerTimeout = 3 * time.Minute  // for a whole answer; live streams lift it
	idleTimeout   = 2 * time.Minute  // of a kept connection
	headerBytes   = 64 << 10
)

// Accounts writes organisations and users, which are synced rows too.
type Accounts interface {
	CreateOrg(ctx context.Context, who models.Actor, org models.Org) (models.Org, error)
	CreateUser(ctx context.Context, who models.Actor, user models.User) (models.User, error)
	UpdateUser(ctx context.Context, who models.Actor, id string, change func(*models.User) error) (models.User, error)
}

// Reminders is what the server tells of reminders and their pushes.
type Reminders interface {
	CredentialRefused() bool
	Explain(ctx context.Context, program int32, service string) (push.Preview, error)
}

// Config is what a server is made of.
type Config struct {
	Store    *store.Store
	Auth     *auth.Service
	Accounts Accounts
	Engine   *sync.Engine
	Metrics  *prometheus.Registry
	Push     Reminders
	Trusted  []netip.Prefix // proxies whose X-Forwarded-For is believed
}

// Server answers HTTP. It is safe for concurrent use.
type Server struct {
	echo     *echo.Echo
	store    *store.Store
	auth     *auth.Service
	accounts Accounts
	engine   *sync.Engine
	push     Reminders // nil: this server sends none
	reports  *reports.Loader
	registry *prometheus.Registry
	metrics  *metrics
	docs     []byte

	closing chan struct{}
}

// New makes a server; it does not listen.
func New(cfg Config) (*Server, error) {
	s := &Server{store: cfg.Store, auth: cfg.Auth, accounts: cfg.Accounts, engine: cfg.Engine, push: cfg.Push, reports: reports.NewLoader(cfg.Store).Knowing(cfg.Auth.NotedSyncs), registry: cfg.Metrics,
		closing: make(chan struct{})}
	var err error
	if s.metrics, err = newMetrics(cfg.Metrics, cfg.Engine); err != nil {
		return nil, err
	}
	if s.docs, err = renderDocs(); err != nil {
		return nil, err
	}
	s.echo = echo.New()
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = answerError
	s.echo.IPExtractor = addressFrom(cfg.Trusted)
	s.echo.Use(identify, s.record, pack, survive, harden)
	for _, r := range s.routes() {
		s.echo.Add(r.method, r.path, r.handle, s.guard(r)...)
		if r.who.anyone && r.method == http.MethodGet { // those who only look whether it is there
			s.echo.Add(http.MethodHead, r.path, r.handle)
		}
	}
	return s, nil
}

// Handler answers requests.
func (s *Server) Handler() http.Handler { return s.echo }

// HTTP makes the listening half: time and size limits around Handler.
func (s *Server) HTTP() *http.Server {
	return &http.Server{Handler: s.echo, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout,
		WriteTimeout: answerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes}
}

// Drain makes /readyz refuse and ends live streams, so that a shutdown need not
// wait for those who only listen. It may be called once.
func (s *Server) Drain() { close(s.closing) }

// Draining is closed when the server is about to end.
func (s *Server) Draining() <-chan struct{} { return s.closing }
