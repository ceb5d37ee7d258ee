package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

const (
	requestIDLimit = 64
	actorKey       = "actor"
	stackLimit     = 4096 // bytes of a panic's stack that are logged
)

// identify gives each request an id: the caller's, if it is a plain one, or ours.
func identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !plainID(id) {
			id = models.NewID()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

func plainID(id string) bool {
	for i := 0; i < len(id); i++ {
		if c := id[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return id != "" && len(id) <= requestIDLimit
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// record measures and logs each request, once it is answered: ids and numbers
// only. It answers errors itself, so that what is recorded is what was sent.
func (s *Server) record(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begin := time.Now()
		s.metrics.open.Inc()
		defer s.metrics.open.Dec()
		if err := next(c); err != nil {
			takeUnread(c.Request())
			c.Error(err)
		}
		took := time.Since(begin)
		route := c.Path()
		if route == "" {
			route = "unknown"
		}
		status := c.Response().Status
		s.metrics.observe(c.Request().Method, route, status, took)
		level := slog.LevelInfo
		if quiet[route] {
			level = slog.LevelDebug
		}
		ctx := c.Request().Context()
		if !slog.Default().Enabled(ctx, level) {
			return nil
		}
		slog.LogAttrs(ctx, level, "request", slog.String("request", requestID(c)),
			slog.String("method", knownMethod(c.Request().Method)), slog.String("route", route),
			slog.Int("status", status), slog.Int64("bytes", c.Response().Size),
			slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("user", actorOf(c).UserID))
		return nil
	}
}

// quiet routes are asked every few seconds by machines.
var quiet = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// knownMethod keeps what a caller made up out of logs and metrics.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "OTHER"
}

// survive turns a panic of a handler into an error. Its value may quote what
// somebody sent: its type and place are logged.
func survive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if fault, ok := cause.(error); ok && errors.Is(fault, http.ErrAbortHandler) {
				panic(cause)
			}
			stack := debug.Stack()
			slog.Error("a handler panicked", "request", requestID(c), "route", c.Path(),
				"type", fmt.Sprintf("%T", cause), "stack", string(stack[:min(len(stack), stackLimit)]))
			err = internal()
		}()
		return next(c)
	}
}

// harden sets the headers that every answer carries.
func harden(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set(echo.HeaderXContentTypeOptions, "nosniff")
		if strings.HasPrefix(c.Request().URL.Path, "/v1/") {
			header.Set(echo.HeaderCacheControl, "no-store")
		}
		return next(c)
	}
}

// workLimit bounds what a request's work may take once it is read. It is more than
// the engine's own limit for a push, and less than a phone waits: a database that
// does not answer is told as 503, so that the phone knows to come back.
const workLimit = 25 * time.Second

// limited ends a request's work after workLimit.
func limited(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		whole := c.Request()
		ctx, cancel := context.WithTimeout(whole.Context(), workLimit)
		defer cancel()
		c.SetRequest(whole.WithContext(ctx))
		defer c.SetRequest(whole) // who writes the answer looks whether the caller left
		return next(c)
	}
}

// bearer gives the token of the Authorization header, or "".
func bearer(c echo.Context) string {
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// signedIn lets a request pass that speaks for a user of one of the roles (none
// named: of any).
func (s *Server) signedIn(roles []models.Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			who, err := s.auth.Check(c.Request().Context(), bearer(c))
			if err != nil {
				return err
			}
			if !mayCall(who.Role, roles) {
				return models.Forbidden("This call is not for your role.")
			}
			c.Set(actorKey, who)
			return next(c)
		}
	}
}

func mayCall(role models.Role, roles []models.Role) bool {
	for _, allowed := range roles {
		if role == allowed {
			return true
		}
	}
	return len(roles) == 0
}

// actorOf tells who a request speaks for; the zero Actor on routes for anyone.
func actorOf(c echo.Context) models.Actor {
	who, _ := c.Get(actorKey).(models.Actor)
	return who
}

// addressFrom makes what tells a client's address: the socket's peer, or, when the
// peer is a trusted proxy, the last address of X-Forwarded-For that is not one.
func addressFrom(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, prefix := range trusted {
		network := &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
