package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pursuit/sim/harness"
)

const (
	reportRounds = 3   // of each request, cold and warm, and of its floor
	pageRounds   = 100 // of one that takes milliseconds: connections and the floor's have their statements planned, as on any day
	reportZone   = "America/Los_Angeles"
	floorLimit   = 10 * time.Second // a floor that took longer is not run again
	clearPeak    = "5"              // what /proc/PID/clear_refs takes to forget the peak of the resident set
)

// reports measures reports of a program with a million attempts and a database of its
// own: each asked of a server just started, after a write, and again without one, beside plain SQL that
// gives the same figures, which are compared.
func (s *stand) reports(ctx context.Context) error {
	site, err := harness.NewSite(ctx, s.kind, s.site.Binary, s.site.Dir, "reports_"+string(s.kind), s.site.Cluster)
	if err != nil {
		return err
	}
	r := &reporting{stand: &stand{kind: s.kind, site: site, quick: s.quick}}
	if r.server, err = site.Start(ctx, map[string]string{"PURSUIT_LOG_LEVEL": "warn"}); err != nil {
		return err
	}
	defer func() { _ = r.server.Stop() }() // a throw-away process
	if r.program, err = site.Bootstrap(ctx, r.server.URL, "reports"); err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.db.Close()
	begin := time.Now()
	if err := r.fill(ctx); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	fmt.Printf("%-9s filled with %d attempts in %d services in %.0f s\n", s.kind, r.past.services*reportEach, r.past.services, time.Since(begin).Seconds())
	for _, one := range r.asked() {
		if err := r.measure(ctx, one); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

// reporting is a stand with a past, and those who ask for reports of it.
type reporting struct {
	*stand
	past                 *history
	db                   *sql.DB
	director, supervisor *harness.Session // the supervisor's organisation runs a tenth
	writer               *worker
	sql                  floorSQL
}

// figures are an answer's numbers by name.
type figures map[string]float64

// question is a report as it is asked, read, and computed by plain SQL.
type question struct {
	name  string
	who   *harness.Session
	path  string
	read  func(harness.Answer) (figures, error)
	floor func(context.Context) (figures, error)

	rounds int // 0 = reportRounds
}

func (r *reporting) asked() []question {
	service := r.past.service(12*tenths + 5) // never out of pursuit
	window := "as_of=" + reportAsOf
	return []question{
		{"workers' table", r.director, "/v1/intensity/workers?limit=1000&" + window, readWorkers, r.floorWorkers, 0},
		{"weekly series and medians", r.director, "/v1/intensity/program?" + window, readProgram, r.floorProgram, 0},
		{"one service's page", r.director, "/v1/intensity/services/" + service + "?" + window, readService, r.floorService(service), pageRounds},
		{"yearly summary", r.director, fmt.Sprintf("/v1/reports/summary?year=%d&as_of=%[1]d-12-31", reportYear), readSummary, r.floorSummary, 0},
		{"export as CSV", r.supervisor, "/v1/export/contact_attempts?format=csv", readLines, r.floorCSV, 0},
		{"export as XLSX", r.supervisor, "/v1/export/contact_attempts?format=xlsx", readWorkbook, r.floorWorkbook, 0},
	}
}

func (r *reporting) open(ctx context.Context) error {
	zone, err := time.LoadLocation(reportZone)
	if err != nil {
		return err
	}
	first := time.Date(reportYear, time.January, 1, 0, 0, 0, 0, time.UTC)
	r.past = &history{services: r.size(reportServices), first: first.UnixMilli()}
	for i := range r.past.orgs {
		if r.past.orgs[i], err = r.program.Org(ctx, fmt.Sprint("Organisation ", i), "service_provider"); err != nil {
			return err
		}
	}
	if r.director, err = r.program.User(ctx, "director", r.program.OrgID); err != nil {
		return err
	}
	if r.supervisor, err = r.program.User(ctx, "supervisor", r.past.orgs[0]); err != nil {
		return err
	}
	if r.writer, err = r.stand.worker(ctx); err != nil {
		return err
	}
	r.sql = floorSQL{kind: r.kind, zone: zone, asOf: reportAsOf}
	r.db, err = r.openWriter()
	return err
}

// openWriter opens the server's database past the server.
func (s *stand) openWriter() (*sql.DB, error) {
	if s.kind == harness.Postgres {
		return sql.Open("pgx", s.site.URL())
	}
	file := strings.TrimPrefix(s.site.URL(), "sqlite://")
	return sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=cache_size(-16000)&_txlock=immediate")
}

// fill stores the past while the server is down.
func (r *reporting) fill(ctx context.Context) error {
	if err := r.server.Stop(); err != nil {
		return err
	}
	if err := r.db.QueryRowContext(ctx, `SELECT seq FROM sequences WHERE program_no = 1`).Scan(&r.past.seq); err != nil {
		return err
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := r.staff(ctx, tx); err != nil {
		return err
	}
	attempts := r.past.attempts()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`UPDATE sequences SET seq = seq + %d WHERE program_no = 1`, len(attempts))); err != nil {
		return err
	}
	var copied *pgx.Conn
	if r.kind == harness.Postgres {
		if copied, err = pgx.Connect(ctx, r.site.URL()); err != nil {
			return err
		}
		defer func() { _ = copied.Close(ctx) }() // it holds nothing any more
	}
	for _, list := range [][]rows{r.past.cases(), r.past.worked(attempts)} {
		for _, one := range list {
			if err := one.store(ctx, copied, tx); err != nil {
				return fmt.Errorf("%s: %w", one.table, err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	tidy := "VACUUM ANALYZE" // what autovacuum does within the hour
	if r.kind == harness.SQLite {
		tidy = "ANALYZE"
	}
	_, err = r.db.ExecContext(ctx, tidy)
	return errors.Join(err, r.server.Restart(ctx))
}

// staff stores the workers and case managers with a device each.
func (r *reporting) staff(ctx context.Context, tx *sql.Tx) error {
	for n := range reportWorkers + tenths {
		role := "outreach_worker"
		if n >= reportWorkers {
			role = "case_manager"
		}
		id, org := r.past.user(n), r.past.org(n)
		for _, query := range []string{
			fmt.Sprintf(`INSERT INTO users (program_no, id, org_id, email, email_key, name, role, password_hash, locale, time_zone, quiet_start, quiet_end, active, created_at, updated_at)
				VALUES (1, '%s', '%s', 'past%[3]d', 'past%[3]d', 'Worker %[3]d', '%s', '', 'en', '%s', '', '', TRUE, %d, %[6]d)`, id, org, n, role, reportZone, r.past.first),
			fmt.Sprintf(`INSERT INTO memberships (program_no, user_id, org_id, role, from_seq, from_at) VALUES (1, '%s', '%s', '%s', 1, %d)`, id, org, role, r.past.first),
			fmt.Sprintf(`INSERT INTO devices (program_no, user_id, id, name, platform, app_version, status, push_token, last_sync_at, created_at)
				VALUES (1, '%s', 'phone', 'phone', 'android', '1', 'active', '', %d, %d)`, id, dayNumber(reportAsOf)*millisADay-int64(n)*millisADay/60, r.past.first),
		} {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return err
			}
		}
	}
	return nil
}

// measure asks one question of a server just started, compares its figures with the
// floor's, and prints times, their ratio, and what the server's memory grew by.
func (r *reporting) measure(ctx context.Context, q question) error {
	if err := errors.Join(r.server.Stop(), r.server.Restart(ctx)); err != nil {
		return err
	}
	rounds := max(q.rounds, reportRounds)
	before := r.forgetPeak()
	var cold, warm, floor []float64
	var ours, theirs figures
	for round := range 2 * rounds {
		if round < rounds {
			if err := r.write(ctx); err != nil {
				return err
			}
		}
		took, found, err := q.ask(ctx)
		if err != nil {
			return err
		}
		if ours = found; round < rounds {
			cold = append(cold, took)
		} else {
			warm = append(warm, took)
		}
	}
	grown := r.peak() - before
	for begin := time.Now(); len(floor) == 0 || len(floor) < rounds && time.Since(begin) < floorLimit; {
		began := time.Now()
		var err error
		if theirs, err = q.floor(ctx); err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		floor = append(floor, milliseconds(time.Since(began)))
	}
	if err := ours.equal(theirs); err != nil {
		return err
	}
	first := cold[0]
	fmt.Printf("%-9s %-26s first %7.1f ms  after a write %7.1f ms  again %7.1f ms  floor %7.1f ms  ratio %.2f  memory +%d MB  (%d figures equal)\n",
		r.kind, q.name, first, median(cold), median(warm), median(floor), median(cold)/median(floor), grown>>20, len(ours))
	return nil
}

// ask gives the milliseconds until the whole answer is there, and its figures.
func (q question) ask(ctx context.Context) (float64, figures, error) {
	begin := time.Now()
	answer, err := q.who.Raw(ctx, http.MethodGet, q.path, nil, nil)
	if err != nil {
		return 0, nil, err
	}
	took := milliseconds(time.Since(begin))
	if answer.Status != http.StatusOK {
		return 0, nil, fmt.Errorf("status %d: %.300s", answer.Status, answer.Body)
	}
	found, err := q.read(answer)
	return took, found, err
}

// write pushes an attempt, so that nothing kept of an answer would do for the next.
func (r *reporting) write(ctx context.Context) error {
	_, err := r.writer.Sync(ctx, r.writer.Request(r.writer.attempts(1), nil))
	return err
}

// forgetPeak lets the kernel forget the peak of the server's memory, and gives what
// it holds now. Where it cannot, the peak is that since the start.
func (r *reporting) forgetPeak() int64 {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", r.server.Pid()), []byte(clearPeak), 0)
	return r.held("VmRSS")
}

func (r *reporting) peak() int64 { return r.held("VmHWM") }

// held reads a size of the server's process from /proc, in bytes; 0 where there is none.
func (r *reporting) held(name string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.server.Pid()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, name+": %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

// equal compares figures, which are rounded to two decimals at most.
func (f figures) equal(other figures) error {
	const rounding = 0.011
	if len(f) == 0 {
		return errors.New("an answer without figures")
	}
	for name := range other {
		if _, ok := f[name]; !ok && other[name] != 0 {
			return fmt.Errorf("%s: the answer has none, plain SQL %.2f", name, other[name])
		}
	}
	for name, ours := range f {
		theirs := other[name]
		if ours-theirs > rounding || theirs-ours > rounding {
			return fmt.Errorf("%s: the answer says %.2f, plain SQL %.2f", name, ours, theirs)
		}
	}
	return nil
}
