package reports_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/reports"
)

// The size that the figures of docs/reports.md speak of; -short takes a hundredth.
const (
	benchServices = 50_000
	benchEach     = 20
	benchUsers    = 200
)

// BenchmarkReports measures every report over a million attempts in fifty thousand
// services on each database, the memory that stays reachable at its peak, and beside
// them the plain SQL that touches the same rows.
func BenchmarkReports(b *testing.B) {
	for _, dialect := range storetest.Dialects {
		b.Run(string(dialect), func(b *testing.B) { benchReports(b, storetest.Open(b, dialect)) })
	}
}

func benchReports(b *testing.B, s *store.Store) {
	services := benchServices
	if testing.Short() {
		services /= 100
	}
	who := fillBench(b, s, services, benchEach)
	l, ctx := reports.NewLoader(s), context.Background()
	services100 := func(sort string) func() error {
		return func() error {
			_, err := l.Services(ctx, who, reports.Filter{}, sort, 100, nil, time.Time{})
			return err
		}
	}
	for _, run := range []struct {
		name string
		do   func() error
	}{
		{"workers", func() error { _, err := l.Workers(ctx, who, reports.Filter{}); return err }},
		{"program", func() error { _, err := l.Program(ctx, who, reports.Filter{}); return err }},
		{"services-by-id", services100("")},
		{"services-by-gap", services100("-longest_gap_days")},
		{"service", func() error { _, err := l.Service(ctx, who, benchID(1, 7), reports.Filter{}); return err }},
		{"summary", func() error { _, err := l.Summary(ctx, who, 2026, reports.Date{}); return err }},
		{"plain-sql", func() error { return plainSQL(ctx, s) }},
	} {
		b.Run(run.name, func(b *testing.B) {
			peak := watchHeap(b)
			for b.Loop() {
				if err := run.do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(peak(), "MiB-peak")
		})
	}
}

// watchHeap samples what the heap takes from the system until the answer is asked for.
func watchHeap(b *testing.B) func() float64 {
	b.Helper()
	runtime.GC()
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
			select {
			case <-done:
				most <- peak
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() float64 { close(done); return float64(<-most) / (1 << 20) }
}

func benchID(kind, n int) string {
	return fmt.Sprintf("01900000-%04d-7000-8000-%012d", kind, n)
}

// fillBench writes services with so many attempts each into the typed tables by SQL, and
// answers the director.
func fillBench(b testing.TB, s *store.Store, services, each int) models.Actor {
	b.Helper()
	ctx := context.Background()
	p, err := store.In(ctx, s, func(tx *store.Tx) (models.Program, error) {
		return tx.NewProgram(models.Program{ID: models.NewID(), Name: "P", TimeZone: "America/Los_Angeles"})
	})
	if err != nil {
		b.Fatal(err)
	}
	series := func(n int) string { return fmt.Sprintf(`generate_series(0, %d) AS g (n)`, n-1) }
	id := func(kind int, n string) string {
		return fmt.Sprintf(`CAST('01900000-%04d-7000-8000-' || lpad(CAST(%s AS TEXT), 12, '0') AS UUID)`, kind, n)
	}
	if s.Dialect() == store.SQLite {
		series = func(n int) string {
			return fmt.Sprintf(`(WITH RECURSIVE g (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g WHERE n < %d) SELECT n FROM g) AS g`, n-1)
		}
		id = func(kind int, n string) string {
			return fmt.Sprintf(`('01900000-%04d-7000-8000-' || printf('%%012d', %s))`, kind, n)
		}
	}
	const start = 1_772_500_000_000 // 2026-03-03
	for _, fill := range []string{
		fmt.Sprintf(`INSERT INTO users (program_no, id, org_id, email, email_key, name, role, password_hash, locale, time_zone, quiet_start, quiet_end, active, created_at, updated_at)
			SELECT %d, %s, %s, 'w' || n, 'w' || n, 'W', 'outreach_worker', '', 'en', '', '', '', TRUE, 0, 0 FROM %s`, p.No, id(2, "n"), id(3, "0"), series(benchUsers)),
		fmt.Sprintf(`INSERT INTO people (program_no, id, seq, code) SELECT %d, %s, n, 'code ' || n FROM %s`, p.No, id(4, "n"), series(services)),
		fmt.Sprintf(`INSERT INTO referrals (program_no, id, seq, person_id, source, referred_on, created_at)
			SELECT %d, %s, n, %s, 'shooting_review', '2026-03-02', %d FROM %s`, p.No, id(5, "n"), id(4, "n"), start, series(services)),
		fmt.Sprintf(`INSERT INTO services (program_no, id, seq, referral_id, person_id, track, org_id, status, created_at)
			SELECT %d, %s, n, %s, %s, 'slo_icm', %s, CASE WHEN n %% 3 = 0 THEN 'slo_engaged' ELSE 'pursuing' END, %d FROM %s`,
			p.No, id(1, "n"), id(5, "n"), id(4, "n"), id(3, "0"), start, series(services)),
		fmt.Sprintf(`INSERT INTO status_events (program_no, id, seq, service_id, "from", "to", "on", created_at)
			SELECT %d, %s, n, %s, 'pursuing', 'slo_engaged', '2026-05-01', %d FROM %s WHERE n %% 3 = 0`,
			p.No, id(6, "n"), id(1, "n"), start, series(services)),
		fmt.Sprintf(`INSERT INTO assignments (program_no, id, seq, service_id, user_id, role, started_at)
			SELECT %d, %s, n, %s, %s, 'outreach_worker', %d FROM %s`, p.No, id(7, "n"), id(1, "n"), id(2, fmt.Sprintf("n %% %d", benchUsers)), start, series(services)),
		fmt.Sprintf(`INSERT INTO contact_attempts (program_no, id, seq, service_id, channel, outcome, occurred_at, note, worker_id, recorded_at, received_at, late, clock_suspect, policy_exception, created_at)
			SELECT %d, %s, n, %s, CASE n %% 3 WHEN 0 THEN 'call' WHEN 1 THEN 'text' ELSE 'in_person_visit' END,
			CASE n %% 5 WHEN 0 THEN 'spoke' ELSE 'no_answer' END, %d + CAST(n AS BIGINT) * 7000, 'knocked twice, nobody came to the door this time', %s,
			%d + CAST(n AS BIGINT) * 7000 + 60000, %d + CAST(n AS BIGINT) * 7000 + 3600000, FALSE, FALSE, FALSE, %d FROM %s`,
			p.No, id(8, "n"), id(1, fmt.Sprintf("n %% %d", services)), start, id(2, fmt.Sprintf("n %% %d", benchUsers)), start, start, start, series(services*each)),
		`ANALYZE`,
	} {
		if _, err := s.SQLDB().ExecContext(ctx, fill); err != nil {
			b.Fatalf("%v in %.80s", err, strings.TrimSpace(fill))
		}
	}
	return models.Actor{Program: p.No, TimeZone: p.TimeZone, Role: models.RoleDirector}
}

// plainSQL computes the worker table's effort as one query would: taps of a minute
// once, counts, channels, and on Postgres the median freshness.
func plainSQL(ctx context.Context, s *store.Store) error {
	median := `percentile_cont(0.5) WITHIN GROUP (ORDER BY received_at - occurred_at)`
	if s.Dialect() == store.SQLite {
		median = `avg(received_at - occurred_at)`
	}
	rows, err := s.SQLDB().QueryContext(ctx, `WITH taps AS (SELECT a.worker_id, a.channel, a.outcome, a.occurred_at, a.received_at,
			row_number() OVER (PARTITION BY a.service_id, a.worker_id, a.channel, a.occurred_at / 60000 ORDER BY a.recorded_at, a.id) AS n
			FROM contact_attempts a JOIN services v ON v.program_no = a.program_no AND v.id = a.service_id WHERE NOT a.clock_suspect)
		SELECT worker_id, count(*), count(DISTINCT channel), sum(CASE WHEN outcome = 'spoke' THEN 1 ELSE 0 END), max(occurred_at), `+median+`
		FROM taps WHERE n = 1 GROUP BY worker_id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
