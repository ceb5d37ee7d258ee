package fcm

import (
	"context"
	"log/slog"
)

// Log is the sender of a server without credentials: it writes type and id.
type Log struct{ log *slog.Logger }

// NewLog gives a sender that writes to log.
func NewLog(log *slog.Logger) *Log { return &Log{log: log} }

// Send writes one line and refuses what FCM would be refused.
func (l *Log) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	l.log.InfoContext(ctx, "push not sent, no credentials", slog.Any("push", m))
	return nil
}
