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

// A touched service's clock says when it was touched, in numbers of the sequence far
// below any time: it is due at once, the first touched comes first, and no two
// commits leave the same clock. So who read the clock before the facts can tell
// afterwards whether anything happened since (see SetReminderClocks).
const touchedFrom = -1 << 52

const touchClock = `INSERT INTO reminder_clock (program_no, service_id, next_at) `
const touchedAgain = ` ON CONFLICT (program_no, service_id) DO UPDATE SET next_at = excluded.next_at`

func (tx *ProgramTx) touched() int64 { return touchedFrom + tx.Seq() }

// TouchReminders has services looked at for reminders as soon as the transaction
// has committed. One statement a kind, however many services.
func (tx *ProgramTx) TouchReminders(t ReminderTouch) error {
	no := tx.Program.No
	if len(t.Services) > 0 {
		err := tx.later(touchClock+`SELECT CAST(? AS INTEGER), t.id, CAST(? AS BIGINT) FROM (`+tx.s.each()+`) t WHERE true`+touchedAgain,
			no, tx.touched(), tx.s.ids(t.Services))
		if err != nil {
			return fmt.Errorf("touch services: %w", err)
		}
	}
	if err := tx.touchLogged(t.Logged); err != nil {
		return err
	}
	const of = `SELECT program_no, id, CAST(? AS BIGINT) FROM services WHERE program_no = ? AND `
	if len(t.People) > 0 {
		if err := tx.later(touchClock+of+tx.s.in("person_id")+touchedAgain, tx.touched(), no, tx.s.ids(t.People)); err != nil {
			return fmt.Errorf("touch services of people: %w", err)
		}
	}
	if len(t.Orgs) > 0 {
		if err := tx.later(touchClock+of+tx.s.in("org_id")+touchedAgain, tx.touched(), no, tx.s.ids(t.Orgs)); err != nil {
			return fmt.Errorf("touch services of organisations: %w", err)
		}
	}
	if t.Program {
		if err := tx.later(touchClock+of+`true`+touchedAgain, tx.touched(), no); err != nil {
			return fmt.Errorf("touch services of the program: %w", err)
		}
	}
	return nil
}

// touchLogged puts services with new attempts off a little, unless a reminder of one
// is open. A clock that is due already moves all the same, to show that something
// happened.
func (tx *ProgramTx) touchLogged(services []string) error {
	if len(services) == 0 {
		return nil
	}
	err := tx.later(touchClock+`SELECT CAST(? AS INTEGER), t.id, CASE WHEN EXISTS (SELECT 1 FROM reminders r
			WHERE r.program_no = ? AND r.service_id = t.id AND r.state IN ('pending', 'snoozed')) THEN CAST(? AS BIGINT) ELSE CAST(? AS BIGINT) END
		FROM (`+tx.s.each()+`) t WHERE true
		ON CONFLICT (program_no, service_id) DO UPDATE SET next_at = CASE WHEN reminder_clock.next_at < 0 THEN CAST(? AS BIGINT)
			WHEN reminder_clock.next_at <= excluded.next_at THEN reminder_clock.next_at - 1 ELSE excluded.next_at END`,
		tx.Program.No, tx.Program.No, tx.touched(), tx.Now.Add(loggedPause).UnixMilli(), tx.s.ids(services), tx.touched())
	if err != nil {
		return fmt.Errorf("touch services with new attempts: %w", err)
	}
	return nil
}

// DueService is a service whose clock says that it is to be looked at.
type DueService struct {
	ID string
	At int64 // what its clock says
}

// DueServices lists at most limit of the services of a program that are to be looked
// at now, the most urgent first.
func (s *Store) DueServices(ctx context.Context, program int32, now time.Time, limit int) ([]DueService, error) {
	rows, err := s.readQuery(ctx, `SELECT service_id, next_at FROM reminder_clock WHERE program_no = ? AND next_at <= ? ORDER BY next_at LIMIT ?`,
		program, now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list due services: %w", err)
	}
	defer rows.Close()
	var out []DueService
	for rows.Next() {
		var d DueService
		if err := rows.Scan(&d.ID, &d.At); err != nil {
			return nil, fmt.Errorf("read due service: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Unmoved gives those of some services whose clocks still say what they said: nothing
// happened to them since, and nobody else looked at them.
func (tx *ProgramTx) Unmoved(due []DueService) ([]DueService, error) {
	said := make(map[string]int64, len(due))
	ids := make([]string, len(due))
	for i, d := range due {
		said[d.ID], ids[i] = d.At, d.ID
	}
	rows, err := tx.query(`SELECT service_id, next_at FROM reminder_clock WHERE program_no = ? AND next_at IS NOT NULL AND `+tx.s.in("service_id"),
		tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return nil, fmt.Errorf("read clocks: %w", err)
	}
	defer rows.Close()
	out := make([]DueService, 0, len(due))
	for rows.Next() {
		var d DueService
		if err := rows.Scan(&d.ID, &d.At); err != nil {
			return nil, fmt.Errorf("read clock: %w", err)
		}
		if said[d.ID] == d.At {
			out = append(out, d)
		}
	}
	return out, rows.Err()
}

// SetReminderClocks stores when services are to be looked at next, where a clock
// still says what it said when their facts were read; the zero time is never, unless
// something of one changes.
func (tx *Tx) SetReminderClocks(program int32, due []DueService, next map[string]time.Time) error {
	if len(due) == 0 {
		return nil
	}
	at := make([]pgtype.Int8, len(due))
	for i, d := range due {
		if t := next[d.ID]; !t.IsZero() {
			at[i] = pgtype.Int8{Int64: t.UnixMilli(), Valid: true}
		}
	}
	if tx.s.dialect == Postgres {
		ids, said := make([]string, len(due)), make([]int64, len(due))
		for i, d := range due {
			ids[i], said[i] = d.ID, d.At
		}
		err := tx.later(`UPDATE reminder_clock c SET next_at = v.next FROM unnest(?::uuid[], ?::bigint[], ?::bigint[]) AS v(id, said, next)
			WHERE c.program_no = ? AND c.service_id = v.id AND c.next_at = v.said`, uuids(ids), said, at, program)
		if err != nil {
			return fmt.Errorf("set reminder clocks: %w", err)
		}
		return nil
	}
	for i, d := range due {
		_, err := tx.exec(`UPDATE reminder_clock SET next_at = ? WHERE program_no = ? AND service_id = ? AND next_at = ?`, at[i], program, d.ID, d.At)
		if err != nil {
			return fmt.Errorf("set reminder clock: %w", err)
		}
	}
	return nil
}
