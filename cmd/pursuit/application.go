package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"pursuit/api/auth"
	"pursuit/models"
	"pursuit/models/store"
)

// application is what most commands need: valid settings and an open, migrated
// database.
type application struct {
	config
	store *store.Store
}

// open checks the settings, sets the log up, opens the database and brings its
// schema up to date. The caller closes the store.
func (s *settings) open(ctx context.Context, logTo io.Writer) (*application, error) {
	cfg, err := s.validate()
	if err != nil {
		return nil, fmt.Errorf("settings are not valid:\n%w", err)
	}
	return cfg.open(ctx, logTo)
}

func (c config) open(ctx context.Context, logTo io.Writer) (*application, error) {
	slog.SetDefault(newLogger(c, logTo))
	for _, name := range unknownSettings(os.Environ()) {
		slog.Warn("there is no such setting", "name", name)
	}
	if c.clockOffset != 0 {
		slog.Warn("the clock is shifted for a test", "offset", c.clockOffset.String())
	}
	st, err := store.Open(ctx, store.Config{URL: c.databaseURL, Clock: models.SystemClock(c.clockOffset)})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := st.Migrate(ctx); err != nil {
		st.Close()
		return nil, err
	}
	return &application{config: c, store: st}, nil
}

func newLogger(c config, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if c.logJSON {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// signIn makes the sign-in service, and the key file and first signing key of a
// new server.
func (a *application) signIn(ctx context.Context) (*auth.Service, error) {
	seal, err := auth.LoadKeyFile(a.keyFile)
	if err != nil {
		return nil, err
	}
	return auth.New(ctx, a.store, seal, auth.NewHasher(auth.StandardCost))
}
