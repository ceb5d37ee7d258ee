package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"pursuit/models/store"
	"pursuit/push"
	"pursuit/push/fcm"
	"pursuit/sim/harness"
	"pursuit/sync"
)

const (
	quietCaseload = 1000 // what a quiet look is compared with
	quietLooks    = 200
	settlings     = 10
	chunk         = 500 // services of one step of the floor, as the server's
)

// quiet makes the small caseload and measures a look at which nothing is due.
func (r *reminding) quiet(ctx context.Context) error {
	if _, err := r.off(ctx, func(tx *sql.Tx) error { return r.caseload(ctx, tx, quietCaseload, 3, time.Hour) }); err != nil {
		return err
	}
	if err := r.judged(ctx); err != nil {
		return err
	}
	var err error
	r.small, err = r.look(ctx)
	return err
}

// look gives the median time of a look at which nothing is due, in a process of its own.
func (r *reminding) look(ctx context.Context) (time.Duration, error) {
	s, err := store.Open(ctx, store.Config{URL: r.site.URL()})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	log := slog.New(slog.DiscardHandler)
	engine, err := sync.New(ctx, s, log)
	if err != nil {
		return 0, err
	}
	service, err := push.New(push.Config{Store: s, Rows: engine, Sender: fcm.NewLog(log), Log: log})
	if err != nil {
		return 0, err
	}
	times := make([]time.Duration, quietLooks)
	for i := range times {
		begin := time.Now()
		if err := service.Look(ctx); err != nil {
			return 0, err
		}
		times[i] = time.Since(begin)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// judge measures a caseload that is due at once and asks for nothing.
func (r *reminding) judge(ctx context.Context) error {
	services := r.size(remindServices)
	begin, err := r.off(ctx, func(tx *sql.Tx) error { return r.caseload(ctx, tx, services, 3, time.Hour) })
	if err != nil {
		return err
	}
	if err := r.judged(ctx); err != nil {
		return err
	}
	ours := time.Since(begin)
	used := r.used()
	floor, err := r.floor(ctx, services)
	if err != nil {
		return err
	}
	r.report(fmt.Sprintf("judge %d services, none due", services), "services/s", float64(services)/ours.Seconds(), float64(services)/floor.Seconds())
	r.line("  of it", "%.1f s, %.1f s of processor time, %d MB at most", ours.Seconds(), used.processor.Seconds(), used.megabytes)
	large, err := r.look(ctx)
	if err != nil {
		return err
	}
	r.line("a look at which nothing is due", "%d services %s, %d services %s, ratio %.2f",
		quietCaseload, r.small, quietCaseload+services, large, float64(large)/float64(r.small))
	return nil
}

// floor reads the same rows and sets the same clocks, with nothing in between.
func (r *reminding) floor(ctx context.Context, services int) (time.Duration, error) {
	ids, err := r.ids(ctx, services)
	if err != nil {
		return 0, err
	}
	in := "IN (SELECT value FROM json_each(?))"
	if r.kind == harness.Postgres {
		in = "= ANY(CAST($1 AS uuid[]))"
	}
	begin := time.Now()
	for some := range slices.Chunk(ids, chunk) {
		list, err := r.list(some)
		if err != nil {
			return 0, err
		}
		for _, query := range []string{
			`SELECT id, person_id, track, org_id, status, created_at FROM services WHERE program_no = 1 AND id ` + in,
			`SELECT service_id, user_id, role, started_at, ended_at FROM assignments WHERE program_no = 1 AND service_id ` + in,
			`SELECT service_id, id, worker_id, channel, outcome, occurred_at, recorded_at FROM contact_attempts WHERE program_no = 1 AND service_id ` + in,
		} {
			if err := r.drain(ctx, query, list); err != nil {
				return 0, err
			}
		}
		if _, err := r.db.ExecContext(ctx, `UPDATE reminder_clock SET next_at = next_at + 1 WHERE program_no = 1 AND service_id `+in, list); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

func (r *reminding) ids(ctx context.Context, limit int) ([]string, error) {
	rows, err := r.db.QueryContext(ctx, fmt.Sprintf(`SELECT CAST(service_id AS TEXT) FROM reminder_clock LIMIT %d`, limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

func (r *reminding) list(ids []string) (string, error) {
	if r.kind == harness.Postgres {
		return "{" + strings.Join(ids, ",") + "}", nil
	}
	text, err := json.Marshal(ids)
	return string(text), err
}

func (r *reminding) drain(ctx context.Context, query, list string) error {
	rows, err := r.db.QueryContext(ctx, query, list)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	into := make([]any, len(columns))
	for i := range into {
		into[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// raise measures services of which each has a reminder to be made.
func (r *reminding) raise(ctx context.Context) error {
	services := r.size(remindRaised)
	begin, err := r.off(ctx, func(tx *sql.Tx) error { return r.caseload(ctx, tx, services, 1, 73*time.Hour) })
	if err != nil {
		return err
	}
	if err := r.judged(ctx); err != nil {
		return err
	}
	took := time.Since(begin)
	var rows int
	if err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM reminders`).Scan(&rows); err != nil {
		return err
	}
	r.line(fmt.Sprintf("raise reminders of %d services", services), "%.0f services/s, %.0f rows/s", float64(services)/took.Seconds(), float64(rows)/took.Seconds())
	return nil
}

// settle measures from the answer to an attempt's push to the reminder that it makes
// moot being closed in the database.
func (r *reminding) settle(ctx context.Context) error {
	r.server.Set("PURSUIT_SCHEDULER_INTERVAL", "1s")
	if _, err := r.off(ctx, func(*sql.Tx) error { return nil }); err != nil {
		return err
	}
	var times []time.Duration
	for range r.size(settlings) {
		took, err := r.settleOne(ctx)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	r.line("attempt committed to reminder closed", "median %s, slowest of %d %s", times[len(times)/2].Round(time.Millisecond),
		len(times), times[len(times)-1].Round(time.Millisecond))
	return nil
}

func (r *reminding) settleOne(ctx context.Context) (time.Duration, error) {
	w, err := r.stand.worker(ctx)
	if err != nil {
		return 0, err
	}
	for _, query := range []string{ // the first attempt of a hospital's case is due after four hours
		`UPDATE services SET track = 'hhp' WHERE id = '` + w.service + `'`,
		fmt.Sprintf(`UPDATE assignments SET started_at = started_at - %d WHERE service_id = '`+w.service+`'`, (4*time.Hour + time.Minute).Milliseconds()),
		`UPDATE reminder_clock SET next_at = 0 WHERE service_id = '` + w.service + `'`,
	} {
		if _, err := r.db.ExecContext(ctx, query); err != nil {
			return 0, err
		}
	}
	count := `SELECT count(*) FROM reminders WHERE service_id = '` + w.service + `' AND state `
	if err := r.until(ctx, count+`= 'pending'`, 1); err != nil {
		return 0, err
	}
	attempt := w.attempts(1)
	attempt[0].Set["occurred_at"] = harness.At(time.Now().Add(-2 * time.Hour))
	page, err := w.Sync(ctx, w.Request(attempt, nil))
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if len(page.Results) != 1 || page.Results[0].Status != "applied" {
		return 0, errors.New("the attempt was not applied")
	}
	err = r.until(ctx, count+`IN ('cancelled', 'done')`, 1)
	return time.Since(begin), err
}

// send measures the pushes of a morning into the stand-in, from their jobs being put in
// (they are planned as by a server from before the job queue) to the last record.
func (r *reminding) send(ctx context.Context) error {
	each := r.size(remindPushes) / remindDevices
	now := time.Now().UnixMilli()
	before := len(r.fcm.Taken())
	begin, err := r.off(ctx, func(tx *sql.Tx) error {
		for d := range remindDevices {
			device := fmt.Sprintf("phone-%d", d)
			_, err := tx.ExecContext(ctx, r.bind(`INSERT INTO devices (program_no, user_id, id, name, platform, app_version, status, push_token, last_sync_at, created_at)
				VALUES (1, ?, ?, 'phone', 'android', '1', 'active', ?, 0, ?)`), r.worker.User.ID, device, "token-"+device, now)
			if err != nil {
				return err
			}
		}
		for range each {
			id := harness.NewID()
			for d := range remindDevices {
				_, err := tx.ExecContext(ctx, r.bind(`INSERT INTO pushes (program_no, id, user_id, device_id, kind, state, tries, next_at, made_at, sent_at)
					VALUES (1, ?, ?, ?, 'silence', 'planned', 0, 0, ?, 0)`), id, r.worker.User.ID, fmt.Sprintf("phone-%d", d), now)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.until(ctx, `SELECT count(*) FROM (SELECT 1 FROM pushes WHERE state = 'planned' LIMIT 1) AS left_over`, 0); err != nil {
		return err
	}
	took, used, sent := time.Since(begin), r.used(), len(r.fcm.Taken())-before
	if sent < each*remindDevices {
		return fmt.Errorf("%d pushes arrived, want %d", sent, each*remindDevices)
	}
	r.line(fmt.Sprintf("send %d pushes into the stand-in", each*remindDevices), "%.0f pushes/s, %.0f a second of the server's processor time",
		float64(each*remindDevices)/took.Seconds(), float64(each*remindDevices)/used.processor.Seconds())
	return nil
}

// usage is what the server's process took so far.
type usage struct {
	processor time.Duration
	megabytes int
}

// used reads it from /proc; zero where there is none.
func (r *reminding) used() usage {
	var out usage
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.server.Pid()))
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(status)) {
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &out.megabytes); n == 1 {
			out.megabytes /= 1024
			break
		}
	}
	times, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.server.Pid()))
	if err != nil {
		return out
	}
	fields := strings.Fields(string(times[strings.LastIndexByte(string(times), ')')+1:]))
	var user, system int64
	if len(fields) > 12 {
		_, _ = fmt.Sscan(fields[11], &user)
		_, _ = fmt.Sscan(fields[12], &system)
	}
	out.processor = time.Duration(user+system) * 10 * time.Millisecond
	return out
}
