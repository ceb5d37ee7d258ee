package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// ReminderTouch is what a commit touched, by which services must be looked at again.
type ReminderTouch struct {
	Services []string // these services
	Logged   []string // services with new attempts only: at once where a reminder is open, else soon
	People   []string // all services of these people
	Orgs     []string // all services of these organisations
	Program  bool     // every service of the program
}

// Any tells whether something was touched.
func (t ReminderTouch) Any() bool {
	return t.Program || len(t.Services)+len(t.Logged)+len(t.People)+len(t.Orgs) > 0
}

// loggedPause is how long a service without open reminders may wait to be looked at
// after an attempt: it can only move what is due in some days, and a busy worker's
// attempts are looked at together.
const loggedPause = 30 * time.Second

const touchClock = `INSERT INTO reminder_clock (program_no, service_id, next_at) `
const touchedAgain = ` ON CONFLICT (program_no, service_id) DO UPDATE SET next_at = 0`

// TouchReminders has services looked at for reminders as soon as the transaction
// has committed. One statement a kind, however many services.
func (tx *ProgramTx) TouchReminders(t ReminderTouch) error {
	no := tx.Program.No
	if len(t.Services) > 0 {
		err := tx.later(touchClock+`SELECT CAST(? AS INTEGER), t.id, 0 FROM (`+tx.s.each()+`) t WHERE true`+touchedAgain, no, tx.s.ids(t.Services))
		if err != nil {
			return fmt.Errorf("touch services: %w", err)
		}
	}
	if err := tx.touchLogged(t.Logged); err != nil {
		return err
	}
	const of = `SELECT program_no, id, 0 FROM services WHERE program_no = ? AND `
	if len(t.People) > 0 {
		if err := tx.later(touchClock+of+tx.s.in("person_id")+touchedAgain, no, tx.s.ids(t.People)); err != nil {
			return fmt.Errorf("touch services of people: %w", err)
		}
	}
	if len(t.Orgs) > 0 {
		if err := tx.later(touchClock+of+tx.s.in("org_id")+touchedAgain, no, tx.s.ids(t.Orgs)); err != nil {
			return fmt.Errorf("touch services of organisations: %w", err)
		}
	}
	if t.Program {
		if err := tx.later(touchClock+of+`true`+touchedAgain, no); err != nil {
			return fmt.Errorf("touch services of the program: %w", err)
		}
	}
	return nil
}

func (tx *ProgramTx) touchLogged(services []string) error {
	if len(services) == 0 {
		return nil
	}
	err := tx.later(touchClock+`SELECT CAST(? AS INTEGER), t.id, CASE WHEN EXISTS (SELECT 1 FROM reminders r
			WHERE r.program_no = ? AND r.service_id = t.id AND r.state IN ('pending', 'snoozed')) THEN 0 ELSE CAST(? AS BIGINT) END
		FROM (`+tx.s.each()+`) t WHERE true
		ON CONFLICT (program_no, service_id) DO UPDATE SET next_at = CASE WHEN reminder_clock.next_at <= excluded.next_at
			THEN reminder_clock.next_at ELSE excluded.next_at END`,
		tx.Program.No, tx.Program.No, tx.Now.Add(loggedPause).UnixMilli(), tx.s.ids(services))
	if err != nil {
		return fmt.Errorf("touch services with new attempts: %w", err)
	}
	return nil
}

// RemindersDue tells whether any service of a program is to be looked at now.
func (s *Store) RemindersDue(ctx context.Context, program int32, now time.Time) (bool, error) {
	var one int
	err := s.readRow(ctx, `SELECT count(*) FROM (SELECT 1 AS hit FROM reminder_clock WHERE program_no = ? AND next_at <= ? LIMIT 1) AS due`,
		program, now.UnixMilli()).Scan(&one)
	if err != nil {
		return false, fmt.Errorf("look for due services: %w", err)
	}
	return one > 0, nil
}

// DueServices lists the services that are to be looked at now, the most urgent first.
func (tx *ProgramTx) DueServices(limit int) ([]string, error) {
	rows, err := tx.query(`SELECT service_id FROM reminder_clock WHERE program_no = ? AND next_at <= ? ORDER BY next_at, service_id LIMIT ?`,
		tx.Program.No, tx.Now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list due services: %w", err)
	}
	return scanIDs(rows)
}

// SetReminderClocks stores when services are to be looked at next; the zero time is
// never, unless something of one changes.
func (tx *ProgramTx) SetReminderClocks(services []string, next map[string]time.Time) error {
	at := make([]pgtype.Int8, len(services))
	for i, id := range services {
		if t := next[id]; !t.IsZero() {
			at[i] = pgtype.Int8{Int64: t.UnixMilli(), Valid: true}
		}
	}
	if tx.s.dialect == Postgres {
		err := tx.later(`UPDATE reminder_clock c SET next_at = v.next FROM (SELECT unnest(?::uuid[]) AS id, unnest(?::bigint[]) AS next) v
			WHERE c.program_no = ? AND c.service_id = v.id`, uuids(services), at, tx.Program.No)
		if err != nil {
			return fmt.Errorf("set reminder clocks: %w", err)
		}
		return nil
	}
	for i, id := range services {
		_, err := tx.exec(`UPDATE reminder_clock SET next_at = ? WHERE program_no = ? AND service_id = ?`, at[i], tx.Program.No, id)
		if err != nil {
			return fmt.Errorf("set reminder clock: %w", err)
		}
	}
	return nil
}
