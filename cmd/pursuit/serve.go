package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	gosync "sync"
	"time"

	"github.com/spf13/cobra"

	"pursuit/api"
	"pursuit/push"
	"pursuit/retention"
	"pursuit/sync"
)

// drainLimit bounds how long a shutdown waits for requests that began before it.
const drainLimit = 20 * time.Second

func newServe(s *settings) *cobra.Command {
	var withDemo bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer phones and browsers",
		Long: `Brings the schema up to date and answers until it is told to end (SIGTERM, Ctrl-C);
then it finishes the requests that began and ends. Several instances may serve one
Postgres; a SQLite file is one instance's.

With --demo it fills a database with an invented program first and prints how to
sign in: a fresh one in a temporary folder that goes away with the server, or the
one that is set, if it holds no program yet.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if withDemo {
				return s.serveDemo(cmd)
			}
			app, err := s.open(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer app.store.Close()
			return app.serve(cmd.Context(), func(string) {})
		},
	}
	cmd.Flags().BoolVar(&withDemo, "demo", false, "serve an invented program")
	return cmd
}

// serve answers until ctx ends. It calls ready with its own address, such as
// http://127.0.0.1:8080, when it can be called.
func (a *application) serve(ctx context.Context, ready func(address string)) error {
	server, background, err := a.assemble(ctx)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	address := "http://" + listener.Addr().String()
	paceCollections()
	slog.Info("serving", "address", address, "database", string(a.store.Dialect()))
	ready(address)

	// Background work outlives the last request, so that it stores what that left.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running gosync.WaitGroup
	for _, task := range background {
		running.Go(func() { task(work) })
	}
	defer running.Wait()
	defer stop()
	return answer(ctx, server, listener)
}

// assemble makes the server and the work that goes on beside it.
func (a *application) assemble(ctx context.Context) (*api.Server, []func(context.Context), error) {
	signIn, err := a.signIn(ctx)
	if err != nil {
		return nil, nil, err
	}
	metrics, err := api.NewRegistry()
	if err != nil {
		return nil, nil, fmt.Errorf("make metrics: %w", err)
	}
	engine, err := sync.New(ctx, a.store, slog.Default())
	if err != nil {
		return nil, nil, err
	}
	engine.SweepEvery(a.scheduler)
	engine.CheckSettings(push.CheckSetting)
	reminders, err := a.reminders(ctx, engine, metrics)
	if err != nil {
		return nil, nil, err
	}
	server, err := api.New(api.Config{Store: a.store, Auth: signIn, Accounts: engine, Engine: engine, Push: reminders, Metrics: metrics, Trusted: a.trusted})
	if err != nil {
		return nil, nil, err
	}
	purge := func(ctx context.Context) { retention.New(a.store).Run(ctx, a.scheduler) }
	return server, []func(context.Context){signIn.Run, engine.Run, reminders.Run, purge}, nil
}

// answer serves until ctx ends, and then lets the requests finish that began.
func answer(ctx context.Context, server *api.Server, listener net.Listener) error {
	web := server.HTTP()
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	slog.Info("ending; requests that began are finished")
	server.Drain()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	err := web.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		slog.Warn("some requests did not finish in time")
		err = web.Close()
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
