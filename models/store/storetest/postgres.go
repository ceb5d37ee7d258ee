package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"pursuit/models/store"
)

const (
	// ServerVariable names a Postgres server to use instead of a private one. Its
	// user must be allowed to create databases.
	ServerVariable = "PURSUIT_TEST_POSTGRES_URL"

	templateLock  = 7_290_613              // advisory lock: one process makes the template, the others wait
	createTries   = 50                     // the template is busy while another test copies it
	createWait    = 20 * time.Millisecond  // between two tries
	adminDeadline = 2 * time.Minute        // a loaded machine needs seconds
	objectInUse   = "55006"                // SQLSTATE: somebody is connected to the template
	databasePfx   = "pursuit_test_"        // of every database made here
	templatePfx   = databasePfx + "ready_" // of the migrated databases that tests copy
)

// server is the Postgres of this test process, started on first use.
var server = sync.OnceValues(func() (postgres, error) {
	if given := os.Getenv(ServerVariable); given != "" {
		return postgres{url: given}, nil
	}
	return startCluster()
})

// postgresURL makes a database by copying the migrated template.
func postgresURL(t testing.TB) string {
	t.Helper()
	running, err := server()
	base := running.url
	if err != nil {
		t.Fatalf("this test needs Postgres: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), adminDeadline)
	defer cancel()
	template, err := readyTemplate(ctx, base)
	if err != nil {
		t.Fatalf("prepare the test database: %v", err)
	}
	name := databasePfx + strings.ReplaceAll(uuid.NewString(), "-", "")
	if err := copyDatabase(ctx, base, template, name); err != nil {
		t.Fatalf("make the test database: %v", err)
	}
	dropAfter(t, base, name)
	return onDatabase(base, name)
}

// dropAfter drops a database after the test.
func dropAfter(t testing.TB, base, name string) {
	t.Cleanup(func() { // later tests do not need its room; a failed drop does no harm
		ctx, cancel := context.WithTimeout(context.Background(), adminDeadline)
		defer cancel()
		if err := execute(ctx, base, `DROP DATABASE IF EXISTS `+quote(name)+` WITH (FORCE)`); err != nil {
			t.Logf("drop the test database: %v", err)
		}
	})
}

// readyTemplate makes the database that tests copy, unless there is one already.
func readyTemplate(ctx context.Context, base string) (string, error) {
	digest, err := store.MigrationsDigest(store.Postgres)
	if err != nil {
		return "", err
	}
	name := templatePfx + digest
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return "", fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) // gives the lock back too
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, templateLock); err != nil {
		return "", fmt.Errorf("lock: %w", err)
	}
	var there bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	if err != nil || there {
		return name, err
	}
	making := name + "_making" // a process that died half-way must not leave a half-made template
	for _, statement := range []string{`DROP DATABASE IF EXISTS ` + quote(making) + ` WITH (FORCE)`, `CREATE DATABASE ` + quote(making)} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", fmt.Errorf("make the template: %w", err)
		}
	}
	if err := migrate(onDatabase(base, making)); err != nil {
		return "", err
	}
	return name, whileBusy(ctx, func() error {
		_, err := conn.Exec(ctx, `ALTER DATABASE `+quote(making)+` RENAME TO `+quote(name))
		return err
	})
}

func copyDatabase(ctx context.Context, base, from, to string) error {
	return whileBusy(ctx, func() error {
		return execute(ctx, base, `CREATE DATABASE `+quote(to)+` TEMPLATE `+quote(from))
	})
}

// whileBusy tries again while somebody is still connected to a database.
func whileBusy(ctx context.Context, step func() error) error {
	for try := 1; ; try++ {
		err := step()
		var pg *pgconn.PgError
		if err == nil || try == createTries || !errors.As(err, &pg) || pg.Code != objectInUse {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(createWait):
		}
	}
}

func execute(ctx context.Context, base, statement string) error {
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, statement)
	return err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// onDatabase is the address of another database of the same server.
func onDatabase(base, name string) string {
	address, err := url.Parse(base)
	if err != nil { // pgx connected with it before
		return base
	}
	address.Path = "/" + name
	return address.String()
}
