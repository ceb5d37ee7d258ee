package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// A database that is away or does not answer is told from one that refuses what it
// was asked: only the first is worth another try.
func TestAway(t *testing.T) {
	for name, err := range map[string]error{
		"refused":       &net.OpError{Op: "dial", Err: errors.New("connection refused")},
		"silent":        context.DeadlineExceeded,
		"cut":           io.ErrUnexpectedEOF,
		"shutting down": &pgconn.PgError{Code: "57P01"},
		"starting up":   &pgconn.PgError{Code: "57P03"},
		"no room":       &pgconn.PgError{Code: "53300"},
		"line lost":     &pgconn.PgError{Code: "08006"},
		"a standby":     &pgconn.PgError{Code: "25006"},
	} {
		if !store.Away(fmt.Errorf("read rows: %w", err)) {
			t.Errorf("%s: %v is not away", name, err)
		}
	}
	for name, err := range map[string]error{
		"not found":   models.NotFound(),
		"wrong query": &pgconn.PgError{Code: "42601"},
		"unique":      &pgconn.PgError{Code: "23505"},
		"caller left": context.Canceled,
		"odd code":    &pgconn.PgError{Code: "x"},
	} {
		if store.Away(fmt.Errorf("read rows: %w", err)) {
			t.Errorf("%s: %v is away", name, err)
		}
	}
}

// A database that takes no writes, as after a failover, or is closed to us is away too:
// it is not ready, and phones are asked to come again.
func TestPostgresThatRefuses(t *testing.T) {
	for name, statement := range map[string]string{
		"read only": `ALTER DATABASE %s SET default_transaction_read_only = on`,
		"closed":    `UPDATE pg_database SET datallowconn = false WHERE datname = '%s'`,
	} {
		s := storetest.Open(t, store.Postgres)
		program, _ := newProgram(t, s)
		database := s.Pool().Config().ConnConfig.Database
		must(t, s.Ping(ctx))
		_, err := s.Pool().Exec(ctx, fmt.Sprintf(statement, database))
		must(t, err)
		s.Pool().Reset()
		if err := s.Ping(ctx); err == nil {
			t.Errorf("%s: ping finds nothing wrong", name)
		}
		err = store.InProgram(ctx, s, program.No, func(tx *store.ProgramTx) error {
			return tx.Audit(store.AuditEntry{Action: "push", Detail: []byte("{}")})
		})
		if !store.Away(err) {
			t.Errorf("%s: a write answers %v", name, err)
		}
	}
}
