package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to look into the server's database

	"pursuit/push/fcmtest"
	"pursuit/sim/harness"
)

const (
	remindServices = 100_000 // in pursuit, all due at once: the worst a server meets, after an upgrade
	remindRaised   = 10_000  // of which a reminder falls due
	remindPushes   = 20_000
	remindDevices  = 100
	remindLimit    = 5 * time.Minute // for one part
	remindPoll     = 5 * time.Millisecond
)

// remind measures reminders on a server of its own database: how long it takes to
// judge a caseload and to raise reminders, what a quiet look costs, how fast pushes
// go into the stand-in, and from an attempt's commit to its reminder being settled.
func (s *stand) remind(ctx context.Context) error {
	r := &reminding{stand: s, fcm: fcmtest.New()}
	defer r.fcm.Close()
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.db.Close()
	for _, part := range []func(context.Context) error{r.quiet, r.judge, r.raise, r.settle, r.send} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// reminding is a database with a hand in it, beside the server.
type reminding struct {
	*stand
	fcm    *fcmtest.Server
	db     *sql.DB
	worker *worker
	small  time.Duration // a quiet look at the small caseload
}

func (r *reminding) open(ctx context.Context) error {
	dir, err := os.MkdirTemp(r.site.Dir, "fcm-")
	if err != nil {
		return err
	}
	file, err := r.fcm.WriteCredentials(dir)
	if err != nil {
		return err
	}
	r.server.Set("PURSUIT_FCM_CREDENTIALS", file)
	r.server.Set("PURSUIT_FCM_ENDPOINT", r.fcm.URL())
	if r.worker, err = r.stand.worker(ctx); err != nil {
		return err
	}
	driver, source := "sqlite", strings.TrimPrefix(r.site.URL(), "sqlite://")
	if r.kind == harness.Postgres {
		driver, source = "pgx", r.site.URL()
	} else {
		source = "file:" + source + "?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_txlock=immediate"
	}
	r.db, err = sql.Open(driver, source)
	return err
}

// off runs fn while the server is down, and gives when the server was started again.
func (r *reminding) off(ctx context.Context, fn func(tx *sql.Tx) error) (begin time.Time, err error) {
	if err := r.server.Stop(); err != nil {
		return begin, err
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return begin, err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := fn(tx); err != nil {
		return begin, err
	}
	if err := tx.Commit(); err != nil {
		return begin, err
	}
	if r.kind == harness.Postgres { // what autovacuum does within the hour
		if _, err := r.db.ExecContext(ctx, "ANALYZE"); err != nil {
			return begin, err
		}
	}
	begin = time.Now()
	return begin, r.server.Restart(ctx)
}

// until waits until a count is what it should be.
func (r *reminding) until(ctx context.Context, query string, want int) error {
	for end := time.Now().Add(remindLimit); time.Now().Before(end); time.Sleep(remindPoll) {
		var n int
		if err := r.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return err
		}
		if n == want {
			return nil
		}
	}
	return fmt.Errorf("%q was not %d in %s", query, want, remindLimit)
}

// caseload stores services with a worker and some attempts, past the engine: what
// reminders read. age is how long ago the worker was assigned.
func (r *reminding) caseload(ctx context.Context, tx *sql.Tx, services, attempts int, age time.Duration) error {
	now := time.Now()
	assigned := now.Add(-age).UnixMilli()
	service, err := tx.PrepareContext(ctx, r.bind(`INSERT INTO services (program_no, id, seq, person_id, track, org_id, status, created_at) VALUES (1, ?, 1, ?, 'slo_icm', ?, 'pursuing', ?)`))
	if err != nil {
		return err
	}
	assignment, err := tx.PrepareContext(ctx, r.bind(`INSERT INTO assignments (program_no, id, seq, service_id, user_id, role, started_at) VALUES (1, ?, 1, ?, ?, 'outreach_worker', ?)`))
	if err != nil {
		return err
	}
	attempt, err := tx.PrepareContext(ctx, r.bind(`INSERT INTO contact_attempts (program_no, id, seq, service_id, worker_id, channel, outcome, occurred_at, recorded_at, received_at)
		VALUES (1, ?, 1, ?, ?, ?, 'no_answer', ?, ?, ?)`))
	if err != nil {
		return err
	}
	clock, err := tx.PrepareContext(ctx, r.bind(`INSERT INTO reminder_clock (program_no, service_id, next_at) VALUES (1, ?, 0)`))
	if err != nil {
		return err
	}
	user := r.worker.User.ID
	for range services {
		id := harness.NewID()
		if _, err := service.ExecContext(ctx, id, harness.NewID(), r.program.OrgID, assigned); err != nil {
			return err
		}
		if _, err := assignment.ExecContext(ctx, harness.NewID(), id, user, assigned); err != nil {
			return err
		}
		for n := range attempts {
			at := assigned + int64(n+1)*60_000
			if _, err := attempt.ExecContext(ctx, harness.NewID(), id, user, []string{"call", "text", "in_person_visit"}[n%3], at, at, at); err != nil {
				return err
			}
		}
		if _, err := clock.ExecContext(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (r *reminding) bind(query string) string {
	if r.kind == harness.SQLite {
		return query
	}
	var b strings.Builder
	for n, part := range strings.Split(query, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
	}
	return b.String()
}

const dueClocks = `SELECT count(*) FROM (SELECT 1 FROM reminder_clock WHERE program_no = 1 AND next_at <= %d LIMIT 1) AS due`

func (r *reminding) judged(ctx context.Context) error {
	return r.until(ctx, fmt.Sprintf(dueClocks, time.Now().UnixMilli()), 0)
}

func (r *reminding) line(what, text string, args ...any) {
	fmt.Printf("%-9s %-42s %s\n", r.kind, what, fmt.Sprintf(text, args...))
}
