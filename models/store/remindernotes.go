package store

import (
	"context"
	"fmt"
	"time"

	"pursuit/models"
)

const saveNote = `INSERT INTO reminder_notes (program_no, id, service_id, rule_key, kind, user_id, ready_at, look_at, state, push_id)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (program_no, id) DO UPDATE SET user_id = excluded.user_id,
	ready_at = excluded.ready_at, look_at = excluded.look_at, state = excluded.state, push_id = NULL`

// dropUncovered drops the pushes of a reminder that no other reminder waits for.
const dropUncovered = `UPDATE pushes SET state = 'dropped' WHERE program_no = ? AND state = 'planned' AND id IN (
	SELECT n.push_id FROM reminder_notes n WHERE n.program_no = ? AND n.id = ? AND n.push_id IS NOT NULL)
	AND NOT EXISTS (SELECT 1 FROM reminder_notes o WHERE o.program_no = ? AND o.push_id = pushes.id AND o.id <> ? AND o.state = 'queued')`

// SaveReminderNote stores where a reminder stands with its push: waiting from its
// ready time on, or closed. A push of it that has not gone out is dropped, unless it
// is a digest that tells of others too.
func (tx *ProgramTx) SaveReminderNote(n ReminderNote) error {
	no := tx.Program.No
	if n.Push != NoteSent {
		if err := tx.later(dropUncovered, no, no, n.ID, no, n.ID); err != nil {
			return fmt.Errorf("drop push: %w", err)
		}
	}
	var user any
	if n.UserID != "" {
		user = n.UserID
	}
	ready := n.ReadyAt.UnixMilli()
	if err := tx.later(saveNote, no, n.ID, n.ServiceID, n.RuleKey, n.Kind, user, ready, ready, n.Push); err != nil {
		return fmt.Errorf("save reminder note: %w", err)
	}
	return nil
}

// PushPerson is somebody for whom reminders wait.
type PushPerson struct {
	UserID, OrgID        string
	TimeZone             string // "" = the program's
	QuietStart, QuietEnd string // "" = the settings'
	Waiting              []ReminderNote
	Sent                 []time.Time // pushes decided on lately, each once
	Devices              []string    // active ones with a push token
}

// PeopleToTell tells whether anybody's waiting reminders are to be looked at now.
func (s *Store) PeopleToTell(ctx context.Context, program int32, now time.Time) (bool, error) {
	var one int
	err := s.readRow(ctx, `SELECT count(*) FROM (SELECT 1 AS hit FROM reminder_notes WHERE program_no = ? AND state = 'waiting'
		AND look_at <= ? AND user_id IS NOT NULL LIMIT 1) AS due`, program, now.UnixMilli()).Scan(&one)
	if err != nil {
		return false, fmt.Errorf("look for waiting reminders: %w", err)
	}
	return one > 0, nil
}

// PeopleToTell loads at most limit people of whom a waiting reminder is to be looked
// at now, with all that waits for them and what they were sent since.
func (tx *ProgramTx) PeopleToTell(since time.Time, limit int) ([]PushPerson, error) {
	rows, err := tx.query(`SELECT DISTINCT user_id FROM reminder_notes WHERE program_no = ? AND state = 'waiting' AND look_at <= ?
		AND user_id IS NOT NULL ORDER BY user_id LIMIT ?`, tx.Program.No, tx.Now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list people to tell: %w", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, err
	}
	people := make([]PushPerson, len(ids))
	at := make(map[string]*PushPerson, len(ids))
	for i, id := range ids {
		people[i].UserID = id
		at[id] = &people[i]
	}
	for _, part := range []func([]string, map[string]*PushPerson, time.Time) error{tx.persons, tx.waitingOf, tx.sentTo, tx.devicesWithToken} {
		if err := part(ids, at, since); err != nil {
			return nil, err
		}
	}
	return people, nil
}

func (tx *ProgramTx) persons(ids []string, at map[string]*PushPerson, _ time.Time) error {
	rows, err := tx.query(`SELECT id, org_id, time_zone, quiet_start, quiet_end FROM users WHERE program_no = ? AND `+tx.s.in("id"),
		tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return fmt.Errorf("load people: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p PushPerson
		if err := rows.Scan(&p.UserID, &p.OrgID, &p.TimeZone, &p.QuietStart, &p.QuietEnd); err != nil {
			return fmt.Errorf("read person: %w", err)
		}
		*at[p.UserID] = p
	}
	return rows.Err()
}

func (tx *ProgramTx) waitingOf(ids []string, at map[string]*PushPerson, _ time.Time) error {
	rows, err := tx.query(`SELECT id, user_id, kind, ready_at FROM reminder_notes WHERE program_no = ? AND state = 'waiting' AND `+
		tx.s.in("user_id"), tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return fmt.Errorf("load waiting reminders: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n ReminderNote
		var ready int64
		if err := rows.Scan(&n.ID, &n.UserID, &n.Kind, &ready); err != nil {
			return fmt.Errorf("read waiting reminder: %w", err)
		}
		n.ReadyAt = fromMillis(ready)
		at[n.UserID].Waiting = append(at[n.UserID].Waiting, n)
	}
	return rows.Err()
}

func (tx *ProgramTx) sentTo(ids []string, at map[string]*PushPerson, since time.Time) error {
	rows, err := tx.query(`SELECT user_id, min(made_at) FROM pushes WHERE program_no = ? AND `+tx.s.in("user_id")+
		` AND made_at >= ? AND state IN ('planned', 'sent') GROUP BY user_id, id`, tx.Program.No, tx.s.ids(ids), since.UnixMilli())
	if err != nil {
		return fmt.Errorf("load sent pushes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var user string
		var made int64
		if err := rows.Scan(&user, &made); err != nil {
			return fmt.Errorf("read sent push: %w", err)
		}
		at[user].Sent = append(at[user].Sent, fromMillis(made))
	}
	return rows.Err()
}

func (tx *ProgramTx) devicesWithToken(ids []string, at map[string]*PushPerson, _ time.Time) error {
	rows, err := tx.query(`SELECT user_id, id FROM devices WHERE program_no = ? AND `+tx.s.in("user_id")+
		` AND status = ? AND push_token <> '' ORDER BY user_id, id`, tx.Program.No, tx.s.ids(ids), string(models.DeviceActive))
	if err != nil {
		return fmt.Errorf("load devices: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var user, id string
		if err := rows.Scan(&user, &id); err != nil {
			return fmt.Errorf("read device: %w", err)
		}
		at[user].Devices = append(at[user].Devices, id)
	}
	return rows.Err()
}

// LookLater puts off a person's waiting reminders that are ready.
func (tx *ProgramTx) LookLater(user string, at time.Time) error {
	err := tx.later(`UPDATE reminder_notes SET look_at = ? WHERE program_no = ? AND user_id = ? AND state = 'waiting' AND look_at <= ?`,
		at.UnixMilli(), tx.Program.No, user, tx.Now.UnixMilli())
	if err != nil {
		return fmt.Errorf("put reminders off: %w", err)
	}
	return nil
}

// NewPush is one push to a person, to be sent to each of their devices.
type NewPush struct {
	ID, UserID, Kind string
	Devices          []string
	Covers           []string // ids of the reminders that it tells of
}

const planPush = `INSERT INTO pushes (program_no, id, user_id, device_id, kind, state, tries, next_at, made_at, sent_at)
	VALUES (?, ?, ?, ?, ?, 'planned', 1, ?, ?, 0) ON CONFLICT (program_no, id, user_id, device_id)
	DO UPDATE SET state = 'planned', tries = pushes.tries + 1, next_at = excluded.next_at, made_at = excluded.made_at, sent_at = 0
	RETURNING tries`

// PlanPushes stores pushes, each for each of its devices, and binds the reminders to
// them. It gives what is to be sent: the caller puts the jobs in, in the same transaction.
func (tx *ProgramTx) PlanPushes(list []NewPush) ([]PushKey, error) {
	var keys []PushKey
	var kinds []string
	for _, p := range list {
		for _, device := range p.Devices {
			keys = append(keys, PushKey{Program: tx.Program.No, ID: p.ID, UserID: p.UserID, DeviceID: device})
			kinds = append(kinds, p.Kind)
		}
		err := tx.later(`UPDATE reminder_notes SET state = 'queued', push_id = ? WHERE program_no = ? AND `+tx.s.in("id"),
			p.ID, tx.Program.No, tx.s.ids(p.Covers))
		if err != nil {
			return nil, fmt.Errorf("bind reminders: %w", err)
		}
	}
	now := tx.Now.UnixMilli()
	err := tx.ask(len(keys), func(i int) (query string, args []any, into any) {
		k := keys[i]
		return planPush, []any{k.Program, k.ID, k.UserID, k.DeviceID, kinds[i], int64(noClaim), now}, &keys[i].Round
	})
	if err != nil {
		return nil, fmt.Errorf("plan pushes: %w", err)
	}
	return keys, nil
}

// TellAgain has a user's waiting reminders looked at now: they have a new device.
func (tx *Tx) TellAgain(program int32, user string) error {
	_, err := tx.exec(`UPDATE reminder_notes SET look_at = 0 WHERE program_no = ? AND user_id = ? AND state = 'waiting'
		AND ready_at <= ?`, program, user, tx.Now.UnixMilli())
	if err != nil {
		return fmt.Errorf("look at reminders again: %w", err)
	}
	return nil
}
