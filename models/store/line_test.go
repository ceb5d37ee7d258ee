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
