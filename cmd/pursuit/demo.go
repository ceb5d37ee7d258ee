package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"pursuit/api/auth"
	"pursuit/demo"
	"pursuit/demo/stage"
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

// serveDemo serves an invented program and prints how to sign in.
func (s *settings) serveDemo(cmd *cobra.Command) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	fresh, remove, err := s.forDemo(cmd.Flags().Changed("database-url"))
	if err != nil {
		return err
	}
	defer remove()
	app, err := fresh.open(ctx, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer app.store.Close()
	plan, err := fill(ctx, app.databaseURL)
	if err != nil {
		return err
	}
	return app.serve(ctx, func(address string) { greet(out, address, plan, app.store.Clock()) })
}

// fill plays the demo's plan into an empty database. The one password of all its
// users is hashed once.
func fill(ctx context.Context, url string) (demo.Plan, error) {
	plan, err := demo.Build()
	if err != nil {
		return plan, fmt.Errorf("write the demo's plan: %w", err)
	}
	hash, err := auth.NewHasher(auth.StandardCost).Hash(ctx, demo.Password)
	if err != nil {
		return plan, err
	}
	return plan, stage.Play(ctx, url, plan, hash)
}

// Ids of the attempt that the printed command sends: sent again, it is a duplicate.
const (
	greetingMutation = "01930000-0000-7000-8000-00000000d001"
	greetingAttempt  = "01930000-0000-7000-8000-00000000d002"
)

// greet prints the sign-ins and three commands that work as they stand.
func greet(out io.Writer, address string, plan demo.Plan, now time.Time) {
	signIns := plan.SignIns()
	worker := signIns[0]
	fmt.Fprintf(out, "\n%s\n%s\n\n", plan.Program.Name, "Counts: "+demo.Source+". Everybody in it is invented.")
	fmt.Fprintf(out, "Sign in at %s with the password %s\n\n", address, demo.Password)
	for _, user := range signIns {
		fmt.Fprintf(out, "  %-18s %s\n", user.Role, user.Email)
	}
	fmt.Fprintf(out, "\nA worker's phone signs in, pulls its cases and pushes an attempt:\n\n")
	fmt.Fprintf(out, `TOKEN=$(curl -s %s/v1/auth/login -H 'Content-Type: application/json' -d '{"email":"%s","password":"%s","device":{"id":"phone-1","name":"Phone 1","platform":"android","app_version":"1.0"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')`+"\n\n",
		address, worker.Email, demo.Password)
	fmt.Fprintf(out, `curl -s --compressed %s/v1/sync -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"protocol":1,"pull":{"cursor":null,"limit":3}}'; echo`+"\n\n", address)
	cases := plan.OpenCases(worker.ID)
	if len(cases) == 0 {
		return
	}
	at := now.UTC().Format(time.RFC3339)
	fmt.Fprintf(out, `curl -s %s/v1/sync -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"protocol":1,"push":[{"id":"%s","table":"contact_attempts","row":"%s","op":"insert","base":0,"at":"%s","set":{"service_id":"%s","channel":"call","outcome":"left_message","occurred_at":"%s"}}]}'; echo`+"\n\n",
		address, greetingMutation, greetingAttempt, at, cases[len(cases)-1], at)
}
