package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"pursuit/push"
	"pursuit/push/fcm"
	"pursuit/sync"
)

// reminders makes what raises reminders and sends pushes. A credential that FCM refuses
// stops nothing else: rows are raised, pushes wait.
func (a *application) reminders(ctx context.Context, engine *sync.Engine, metrics prometheus.Registerer) (*push.Service, error) {
	if a.fcmFile == "" {
		slog.Info("no push credentials are set: pushes are written to the log and reach no phone")
	}
	sender, err := fcm.Open(context.WithoutCancel(ctx), fcm.Config{CredentialsFile: a.fcmFile, Endpoint: a.fcmEndpoint}, slog.Default())
	if err != nil {
		return nil, err
	}
	service, err := push.New(push.Config{Store: a.store, Rows: engine, Live: engine, Sender: sender, Log: slog.Default(),
		Interval: a.scheduler, Tickles: a.fcmFile != ""})
	if err != nil {
		return nil, err
	}
	return service, service.Register(metrics)
}
