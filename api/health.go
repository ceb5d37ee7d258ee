package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyLimit is how long a database may take to answer before it counts as away.
const readyLimit = 3 * time.Second

var alive = map[string]string{"status": "ok"}

// health answers as long as the process lives.
func (s *Server) health(c echo.Context) error { return c.JSON(http.StatusOK, alive) }

// ready answers 200 while the database is reachable and has this binary's schema.
func (s *Server) ready(c echo.Context) error {
	select {
	case <-s.closing:
		return unavailable()
	default:
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyLimit)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return unavailable()
	}
	if ok, err := s.store.Migrated(ctx); err != nil || !ok { // an older backup may be restored under a running server
		return unavailable()
	}
	if s.push != nil && s.push.CredentialRefused() { // phones still sync, and an instance less would help nobody
		return c.JSON(http.StatusOK, map[string]string{"status": "ok", "push": "credential_refused"})
	}
	return c.JSON(http.StatusOK, alive)
}

// scrape answers the metrics as Prometheus reads them.
func (s *Server) scrape(c echo.Context) error {
	promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(c.Response(), c.Request())
	return nil
}

// publicKeys answers the keys that verify access tokens (RFC 7517).
func (s *Server) publicKeys(c echo.Context) error {
	keys, err := s.auth.PublicKeys(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"keys": keys})
}
