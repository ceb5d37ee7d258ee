package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A line to Postgres can go deaf: a router forgot it, a machine vanished, and neither
// side is told. What is waited for on it would never come, so every wait has an end.
const (
	connectLimit = 5 * time.Second // for a new connection, unless the URL has connect_timeout
	idleTrust    = time.Second     // of lying idle after which a connection is asked before it is used again
	pingLimit    = 2 * time.Second // for its answer
	goodbyeLimit = time.Second     // for saying goodbye; the other side may be gone

	// deafAfter is how long bytes may go unconfirmed, and a quiet line unanswered,
	// before the kernel gives it up (TCP_USER_TIMEOUT and keep-alives).
	deafAfter = 15 * time.Second
	probes    = 3

	listenQuiet = 5 * time.Second // of silence after which the listener asks whether anybody is there
	listenLimit = 3 * time.Second // for the answer
)

// settleSession tells the database to give up on us as we do on it: a transaction
// whose server vanished holds its program's lock, and every other instance waits for
// it. Between two statements of one lie milliseconds (a Reading has more time).
// Settings that the database does not know are left out.
const settleSession = `SELECT set_config(w.name, w.value, false) FROM (VALUES
	('idle_in_transaction_session_timeout', '10s'),
	('client_connection_check_interval', '5s'),
	('tcp_user_timeout', '15s'),
	('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
	) w (name, value) JOIN pg_settings USING (name)`

// watchLines puts an end to waits on lines that went deaf.
func (s *Store) watchLines(cfg *pgxpool.Config) {
	if cfg.ConnConfig.ConnectTimeout <= 0 {
		cfg.ConnConfig.ConnectTimeout = connectLimit
	}
	if cfg.PingTimeout <= 0 {
		cfg.PingTimeout = pingLimit
	}
	limit := cfg.PingTimeout
	cfg.ShouldPing = func(ctx context.Context, line pgxpool.ShouldPingParams) bool {
		return line.IdleDuration >= idleTrust && !s.hears(ctx, line.Conn, limit)
	}
	dialer := &net.Dialer{Timeout: cfg.ConnConfig.ConnectTimeout, Control: giveUpUnconfirmed, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: deafAfter / probes, Interval: deafAfter / probes, Count: probes}}
	cfg.ConnConfig.DialFunc = dialer.DialContext
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, settleSession)
		return err
	}
}

// hears asks a connection that lay idle whether it still does. When it does not,
// those that lie idle beside it are thrown away too: what made one line deaf made
// others so, and to ask each of them in turn would take a request longer than a phone
// waits. The pool then finds the one that was asked closed.
func (s *Store) hears(ctx context.Context, conn *pgx.Conn, limit time.Duration) bool {
	asked, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if conn.Ping(asked) == nil {
		return true
	}
	last, now := s.linesLost.Load(), time.Now().UnixNano()
	// Requests that found it out together need one new start, not one each.
	if ctx.Err() == nil && now-last > int64(limit) && s.linesLost.CompareAndSwap(last, now) {
		s.pool.Reset()
		slog.Warn("a line to the database went deaf; all that lay idle were thrown away")
	}
	return false
}

// nextNote waits for the next notification. In silence it asks the other side whether
// it is there; an error means that the line is to be thrown away.
func nextNote(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		quiet, cancel := context.WithTimeout(ctx, listenQuiet)
		note, err := conn.WaitForNotification(quiet)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return note, err
		}
		asked, cancel := context.WithTimeout(ctx, listenLimit)
		err = conn.Ping(asked)
		cancel()
		if err != nil {
			return nil, err
		}
	}
}

// listenTo asks for the notifications of a channel.
func listenTo(ctx context.Context, conn *pgx.Conn, channel string) error {
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	_, err := conn.Exec(ctx, "LISTEN "+channel)
	return err
}

// sayGoodbye ends a connection, in bounded time even when it is deaf.
func sayGoodbye(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbyeLimit)
	defer cancel()
	_ = conn.Close(ctx) // nothing is left to lose
}

// Away tells whether an error means that the database cannot be reached or does not
// answer now: trying again later may help.
func Away(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	var database *pgconn.PgError
	switch {
	case errors.As(err, &connect): // whatever the reason it gives: renamed, closed to us, not there
		return true
	case errors.As(err, &database):
		return awayCode(database.Code)
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return true
	}
	return closed(err)
}

// awayCode tells whether Postgres refuses because of its own state: no connection
// (class 08), no room (53), shutting down or starting up (57P), or a session that it
// gave up (25P03, 57014), or takes no writes (25006), as
// a standby.
func awayCode(code string) bool {
	if len(code) != 5 {
		return false
	}
	return code[:2] == "08" || code[:2] == "53" || code[:3] == "57P" || code == "25P03" || code == "57014" || code == "25006"
}

// closed tells whether the driver found its connection closed before it sent anything.
func closed(err error) bool {
	var unsent interface{ SafeToRetry() bool }
	return errors.As(err, &unsent) && unsent.SafeToRetry()
}
