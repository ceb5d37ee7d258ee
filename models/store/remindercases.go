package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"pursuit/models"
)

// ReminderCase is all that reminders of one service are judged by.
type ReminderCase struct {
	ServiceID, PersonID, OrgID string
	Track, Status              string
	ShortTermEndsOn            string
	CreatedAt                  time.Time
	Assignments                []ReminderAssignment
	Supervisors                []string // active, of the service's organisation, in the order of ids
	Attempts                   []ReminderAttempt
	History                    []ReminderStatus
	Items                      []ReminderItem
	Notes                      []ReminderNote
}

// ReminderAssignment is one user's time on a service; Ended is zero while it lives.
type ReminderAssignment struct {
	UserID, Role   string
	Started, Ended time.Time
	Active         bool // the user can sign in
}

// ReminderAttempt is one contact attempt.
type ReminderAttempt struct {
	ID, WorkerID, Channel, Outcome     string
	OccurredAt, RecordedAt, ReceivedAt time.Time
	ClockSuspect, PolicyException      bool
}

// ReminderStatus is one change of a service's status.
type ReminderStatus struct {
	From, To string
	At       time.Time
}

// ReminderItem is a dated action item of the person, given to one of their services.
type ReminderItem struct{ ID, OwnerID, DueOn, DoneOn string }

// Pushing states of a ReminderNote.
const (
	NoteNew     = ""        // of a reminder row that is not noted yet
	NoteWaiting = "waiting" // its push was not decided on
	NoteQueued  = "queued"  // its push is on its way
	NoteSent    = "sent"    // a device's push service took it
	NoteClosed  = "closed"  // it was settled before its push went out
)

// ReminderNote is a reminder row with what is known of its push.
type ReminderNote struct {
	ID, ServiceID string
	RuleKey       string // of the rule that made it; "" for one that a person made
	Kind          string
	UserID        string
	DueAt         time.Time
	RowState      string // of the row; "" when the row is gone
	SnoozedUntil  time.Time
	Push          string // a pushing state
	ReadyAt       time.Time
}

// caseLoader loads cases in a few queries, in a transaction or outside of one.
type caseLoader struct {
	s       *Store
	program int32
	query   func(query string, args ...any) (*sql.Rows, error)
	cases   map[string]*ReminderCase
	order   []*ReminderCase
}

// ReminderCases loads services with all that their reminders are judged by, in the
// order of ids. Services that do not exist (any more) are left out.
func (tx *ProgramTx) ReminderCases(services []string) ([]*ReminderCase, error) {
	l := caseLoader{s: tx.s, program: tx.Program.No, query: tx.query}
	return l.load(services)
}

// ReminderCases is the same outside of a transaction: a commit may fall between what
// is read of a service, which moves the service's clock.
func (s *Store) ReminderCases(ctx context.Context, program int32, services []string) ([]*ReminderCase, error) {
	l := caseLoader{s: s, program: program, query: func(query string, args ...any) (*sql.Rows, error) {
		return s.readQuery(ctx, query, args...)
	}}
	return l.load(services)
}

// ReminderCase loads one service outside of a transaction; not_found when there is none.
func (s *Store) ReminderCase(ctx context.Context, program int32, service string) (*ReminderCase, error) {
	if !models.ValidID(service) {
		return nil, models.NotFound()
	}
	found, err := s.ReminderCases(ctx, program, []string{service})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, models.NotFound()
	}
	return found[0], nil
}

func (l *caseLoader) load(services []string) ([]*ReminderCase, error) {
	l.cases = map[string]*ReminderCase{}
	for _, part := range []func([]string) error{l.services, l.assignments, l.attempts, l.history, l.notes, l.supervisors, l.items} {
		if err := part(services); err != nil {
			return nil, err
		}
	}
	return l.order, nil
}

// each runs a query over the program and a list of ids and scans every row.
func (l *caseLoader) each(what, query string, ids []string, scan func(*sql.Rows) error) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := l.query(query, l.program, l.s.ids(ids))
	if err != nil {
		return fmt.Errorf("load %s: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
	}
	return rows.Err()
}

func (l *caseLoader) services(ids []string) error {
	return l.each("services", `SELECT id, person_id, track, org_id, status, coalesce(short_term_ends_on, ''), coalesce(created_at, 0)
		FROM services WHERE program_no = ? AND `+l.s.in("id")+` ORDER BY id`, ids, func(rows *sql.Rows) error {
		var c ReminderCase
		var made int64
		err := rows.Scan(&c.ServiceID, &c.PersonID, &c.Track, &c.OrgID, &c.Status, &c.ShortTermEndsOn, &made)
		c.CreatedAt = fromMillis(made)
		l.cases[c.ServiceID] = &c
		l.order = append(l.order, &c)
		return err
	})
}

func (l *caseLoader) assignments(ids []string) error {
	return l.each("assignments", `SELECT a.service_id, a.user_id, a.role, coalesce(a.started_at, 0), coalesce(a.ended_at, 0), coalesce(u.active, false)
		FROM assignments a LEFT JOIN users u ON u.program_no = a.program_no AND u.id = a.user_id
		WHERE a.program_no = ? AND `+l.s.in("a.service_id")+` ORDER BY a.started_at, a.id`, ids, func(rows *sql.Rows) error {
		var service string
		var a ReminderAssignment
		var started, ended int64
		err := rows.Scan(&service, &a.UserID, &a.Role, &started, &ended, &a.Active)
		a.Started, a.Ended = fromMillis(started), momentOf(ended)
		if c := l.cases[service]; c != nil {
			c.Assignments = append(c.Assignments, a)
		}
		return err
	})
}

// momentOf is the time of milliseconds; 0 is the zero time.
func momentOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return fromMillis(ms)
}

func (l *caseLoader) attempts(ids []string) error {
	return l.each("attempts", `SELECT service_id, id, coalesce(CAST(worker_id AS TEXT), ''), channel, outcome, occurred_at,
		coalesce(recorded_at, 0), coalesce(received_at, 0), coalesce(clock_suspect, false), coalesce(policy_exception, false)
		FROM contact_attempts WHERE program_no = ? AND `+l.s.in("service_id"), ids, func(rows *sql.Rows) error {
		var service string
		var a ReminderAttempt
		var occurred, recorded, received int64
		err := rows.Scan(&service, &a.ID, &a.WorkerID, &a.Channel, &a.Outcome, &occurred, &recorded, &received, &a.ClockSuspect, &a.PolicyException)
		a.OccurredAt, a.RecordedAt, a.ReceivedAt = fromMillis(occurred), fromMillis(recorded), fromMillis(received)
		if c := l.cases[service]; c != nil {
			c.Attempts = append(c.Attempts, a)
		}
		return err
	})
}

func (l *caseLoader) history(ids []string) error {
	return l.each("status history", `SELECT service_id, coalesce("from", ''), coalesce("to", ''), coalesce(created_at, 0)
		FROM status_events WHERE program_no = ? AND `+l.s.in("service_id")+` ORDER BY seq`, ids, func(rows *sql.Rows) error {
		var service string
		var h ReminderStatus
		var at int64
		err := rows.Scan(&service, &h.From, &h.To, &at)
		h.At = fromMillis(at)
		if c := l.cases[service]; c != nil {
			c.History = append(c.History, h)
		}
		return err
	})
}

// notes loads what was raised by rule (its row may be gone) and the rows that people made.
func (l *caseLoader) notes(ids []string) error {
	const columns = `coalesce(CAST(r.user_id AS TEXT), CAST(n.user_id AS TEXT), ''), coalesce(r.due_at, n.ready_at, 0),
		coalesce(r.state, ''), coalesce(r.snoozed_until, 0), coalesce(n.state, ''), coalesce(n.ready_at, 0)`
	scan := func(rows *sql.Rows) error {
		var n ReminderNote
		var due, snoozed, ready int64
		err := rows.Scan(&n.ID, &n.ServiceID, &n.RuleKey, &n.Kind, &n.UserID, &due, &n.RowState, &snoozed, &n.Push, &ready)
		n.DueAt, n.SnoozedUntil, n.ReadyAt = fromMillis(due), momentOf(snoozed), momentOf(ready)
		if c := l.cases[n.ServiceID]; c != nil {
			c.Notes = append(c.Notes, n)
		}
		return err
	}
	err := l.each("reminders", `SELECT n.id, n.service_id, n.rule_key, n.kind, `+columns+`
		FROM reminder_notes n`+l.s.by("reminder_notes_by_service")+` LEFT JOIN reminders r ON r.program_no = n.program_no AND r.id = n.id
		WHERE n.program_no = ? AND `+l.s.in("n.service_id")+` ORDER BY n.id`, ids, scan)
	if err != nil {
		return err
	}
	return l.each("reminders", `SELECT r.id, r.service_id, '', coalesce(r.kind, 'manual'), `+columns+`
		FROM reminders r`+l.s.by("reminders_by_service_id")+` LEFT JOIN reminder_notes n ON n.program_no = r.program_no AND n.id = r.id
		WHERE r.program_no = ? AND `+l.s.in("r.service_id")+` AND n.id IS NULL ORDER BY r.id`, ids, scan)
}

func (l *caseLoader) supervisors([]string) error {
	of := map[string][]*ReminderCase{}
	var orgs []string
	for _, c := range l.order {
		if of[c.OrgID] == nil {
			orgs = append(orgs, c.OrgID)
		}
		of[c.OrgID] = append(of[c.OrgID], c)
	}
	return l.each("supervisors", `SELECT org_id, id FROM users WHERE program_no = ? AND `+l.s.in("org_id")+`
		AND role = 'supervisor' AND active ORDER BY id`, orgs, func(rows *sql.Rows) error {
		var org, user string
		err := rows.Scan(&org, &user)
		for _, c := range of[org] {
			c.Supervisors = append(c.Supervisors, user)
		}
		return err
	})
}

// items gives each dated action item to one service of its person: one that its owner
// is assigned to, else one in pursuit, else any; of several the one with the lowest id.
func (l *caseLoader) items([]string) error {
	var people []string
	seen := map[string]bool{}
	for _, c := range l.order {
		if !seen[c.PersonID] {
			seen[c.PersonID] = true
			people = append(people, c.PersonID)
		}
	}
	given := map[string]bool{}
	return l.each("action items", `SELECT i.id, coalesce(CAST(i.owner_id AS TEXT), ''), i.due_on, coalesce(i.done_on, ''), s.id
		FROM action_items i`+l.s.by("action_items_by_person_id")+` JOIN services s ON s.program_no = i.program_no AND s.person_id = i.person_id
		LEFT JOIN assignments a`+l.s.by("assignments_by_service_id")+` ON a.program_no = s.program_no AND a.service_id = s.id AND a.user_id = i.owner_id AND a.ended_at IS NULL
		WHERE i.program_no = ? AND `+l.s.in("i.person_id")+` AND i.due_on IS NOT NULL
		ORDER BY i.id, CASE WHEN a.id IS NULL THEN 1 ELSE 0 END, CASE WHEN s.status IN ('pursuing', 'slo_engaged') THEN 0 ELSE 1 END, s.id`,
		people, func(rows *sql.Rows) error {
			var i ReminderItem
			var service string
			err := rows.Scan(&i.ID, &i.OwnerID, &i.DueOn, &i.DoneOn, &service)
			if c := l.cases[service]; c != nil && !given[i.ID] {
				c.Items = append(c.Items, i)
			}
			given[i.ID] = true
			return err
		})
}

// Settings are rows of one scope: key to JSON value.
type Settings map[string]json.RawMessage

// settingsMax bounds the settings of a program that are read: a few keys an organisation.
const settingsMax = 10_000

// ReminderSettings loads the settings of a program, by organisation; "" is the
// program's own.
func (tx *ProgramTx) ReminderSettings() (map[string]Settings, error) {
	return scanSettings(tx.query(settingsQuery, tx.Program.No, settingsMax))
}

// ReminderSettings is the same outside of a transaction.
func (s *Store) ReminderSettings(ctx context.Context, program int32) (map[string]Settings, error) {
	return scanSettings(s.readQuery(ctx, settingsQuery, program, settingsMax))
}

const settingsQuery = `SELECT coalesce(CAST(org_id AS TEXT), ''), key, value FROM settings WHERE program_no = ? ORDER BY seq LIMIT ?`

func scanSettings(rows *sql.Rows, err error) (map[string]Settings, error) {
	if err != nil {
		return nil, fmt.Errorf("load settings: %w", err)
	}
	defer rows.Close()
	out := map[string]Settings{}
	for rows.Next() {
		var org, key, value string
		if err := rows.Scan(&org, &key, &value); err != nil {
			return nil, fmt.Errorf("read setting: %w", err)
		}
		if out[org] == nil {
			out[org] = Settings{}
		}
		out[org][key] = json.RawMessage(value)
	}
	return out, rows.Err()
}
