package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// PushKey names one push to one device, and which decision on it: a push that was
// settled or failed may be decided on once more. The job that sends it carries it; it
// holds ids alone.
type PushKey struct {
	Program  int32  `json:"program_no"`
	ID       string `json:"id"`
	UserID   string `json:"user_id"`
	DeviceID string `json:"device_id"`
	Round    int    `json:"round"`
}

// DuePush is a push that is to be sent.
type DuePush struct {
	PushKey

	Kind          string
	Token, Locale string // no token: the device is not to be told any more
}

// States of a push to a device.
const (
	PushPlanned = "planned"
	PushSent    = "sent"
	PushFailed  = "failed"  // it can never go
	PushDropped = "dropped" // nobody is to be told any more
)

// noClaim is the next_at of a push that a job sends. Servers from before the job queue
// took rows whose next_at had come; such a row has no job yet, see AdoptPushes.
const noClaim = math.MaxInt64

// keysOf writes the parameter of a query made by keys.
func keysOf(list []PushKey) (string, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("write push keys: %w", err)
	}
	return string(text), nil
}

// PushesToSend reads, of some keys, the pushes that are still to be sent: none that was
// settled, sent or decided on anew since its job was put in.
func (s *Store) PushesToSend(ctx context.Context, list []PushKey) ([]DuePush, error) {
	keys, err := keysOf(list)
	if err != nil {
		return nil, err
	}
	rows, err := s.readQuery(ctx, `SELECT p.program_no, p.id, p.user_id, p.device_id, p.tries, p.kind,
			coalesce((SELECT d.push_token FROM devices d JOIN users u ON u.program_no = d.program_no AND u.id = d.user_id AND u.active
				WHERE d.program_no = p.program_no AND d.user_id = p.user_id AND d.id = p.device_id AND d.status = 'active'), ''),
			coalesce((SELECT u.locale FROM users u WHERE u.program_no = p.program_no AND u.id = p.user_id), '')
		FROM (`+s.keys()+`) v CROSS JOIN pushes p WHERE p.program_no = v.program_no AND p.id = v.id AND p.user_id = v.user_id
			AND p.device_id = v.device_id AND p.state = 'planned' AND p.tries = v.round`, keys)
	if err != nil {
		return nil, fmt.Errorf("load pushes: %w", err)
	}
	defer rows.Close()
	var out []DuePush
	for rows.Next() {
		var p DuePush
		if err := rows.Scan(&p.Program, &p.ID, &p.UserID, &p.DeviceID, &p.Round, &p.Kind, &p.Token, &p.Locale); err != nil {
			return nil, fmt.Errorf("read push: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// PushOutcome is what became of a push.
type PushOutcome struct {
	Push   DuePush
	State  string    // sent, failed or dropped
	LookAt time.Time // when its reminders are looked at again; of those that did not go out
	Forget bool      // the token is void
}

// RecordPushes stores what became of pushes. A reminder counts as sent when one
// device's push service took it; when no device can be told any more it waits for the
// next device.
func (s *Store) RecordPushes(ctx context.Context, list []PushOutcome) error {
	if len(list) == 0 {
		return nil
	}
	return InTx(ctx, s, func(tx *Tx) error {
		var sent []PushKey
		for _, o := range list {
			if o.State == PushSent {
				sent = append(sent, o.Push.PushKey)
			} else if err := tx.recordUnsent(o); err != nil {
				return err
			}
		}
		return tx.recordSent(sent)
	})
}

// recordSent stores that pushes went out, also those that were dropped while they
// were on their way.
func (tx *Tx) recordSent(list []PushKey) error {
	if len(list) == 0 {
		return nil
	}
	keys, err := keysOf(list)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE pushes SET state = 'sent', sent_at = ? FROM (`+tx.s.keys()+`) v
		WHERE pushes.program_no = v.program_no AND pushes.id = v.id AND pushes.user_id = v.user_id AND pushes.device_id = v.device_id
			AND pushes.tries = v.round`, tx.Now.UnixMilli(), keys)
	if err != nil {
		return fmt.Errorf("record sent pushes: %w", err)
	}
	_, err = tx.exec(`UPDATE reminder_notes SET state = 'sent' FROM (SELECT DISTINCT program_no, id FROM (`+tx.s.keys()+`) w) v
		WHERE reminder_notes.program_no = v.program_no AND reminder_notes.push_id = v.id AND reminder_notes.state = 'queued'`, keys)
	if err != nil {
		return fmt.Errorf("record reminders of sent pushes: %w", err)
	}
	return nil
}

// recordUnsent stores that a push can never go out.
func (tx *Tx) recordUnsent(o PushOutcome) error {
	p := o.Push
	err := tx.later(`UPDATE pushes SET state = ? WHERE program_no = ? AND id = ? AND user_id = ? AND device_id = ? AND tries = ? AND state = 'planned'`,
		o.State, p.Program, p.ID, p.UserID, p.DeviceID, p.Round)
	if err != nil {
		return fmt.Errorf("record push: %w", err)
	}
	if o.Forget {
		err := tx.later(`UPDATE devices SET push_token = '' WHERE program_no = ? AND user_id = ? AND id = ? AND push_token = ?`,
			p.Program, p.UserID, p.DeviceID, p.Token)
		if err != nil {
			return fmt.Errorf("forget push token: %w", err)
		}
	}
	err = tx.later(`UPDATE reminder_notes SET state = 'waiting', push_id = NULL, look_at = ? WHERE program_no = ? AND push_id = ? AND state = 'queued'
		AND NOT EXISTS (SELECT 1 FROM pushes o WHERE o.program_no = ? AND o.id = ? AND o.user_id = ? AND o.state IN ('planned', 'sent'))`,
		o.LookAt.UnixMilli(), p.Program, p.ID, p.Program, p.ID, p.UserID)
	if err != nil {
		return fmt.Errorf("record reminders of push: %w", err)
	}
	return nil
}

const unclaimed = `state = 'planned' AND next_at <= ?`

// UnclaimedPushes tells whether there are pushes without a job: planned by a server
// from before the job queue, and not taken by one now.
func (s *Store) UnclaimedPushes(ctx context.Context) (bool, error) {
	var one int
	err := s.readRow(ctx, `SELECT count(*) FROM (SELECT 1 AS hit FROM pushes WHERE `+unclaimed+` LIMIT 1) AS due`, s.Clock().UnixMilli()).Scan(&one)
	if err != nil {
		return false, fmt.Errorf("look for pushes without a job: %w", err)
	}
	return one > 0, nil
}

// AdoptPushes takes at most limit pushes without a job for good: the caller puts their
// jobs in, in the same transaction.
func (tx *Tx) AdoptPushes(limit int) ([]PushKey, error) {
	rows, err := tx.query(`SELECT program_no, id, user_id, device_id, tries + 1 FROM pushes WHERE `+unclaimed+`
		ORDER BY next_at LIMIT ?`+tx.s.skipLocked(), tx.Now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("look for pushes without a job: %w", err)
	}
	defer rows.Close()
	var out []PushKey
	for rows.Next() {
		var k PushKey
		if err := rows.Scan(&k.Program, &k.ID, &k.UserID, &k.DeviceID, &k.Round); err != nil {
			return nil, fmt.Errorf("read push without a job: %w", err)
		}
		out = append(out, k)
	}
	if err := rows.Err(); err != nil || len(out) == 0 {
		return nil, err
	}
	keys, err := keysOf(out)
	if err != nil {
		return nil, err
	}
	_, err = tx.exec(`UPDATE pushes SET next_at = ?, tries = v.round FROM (`+tx.s.keys()+`) v
		WHERE pushes.program_no = v.program_no AND pushes.id = v.id AND pushes.user_id = v.user_id AND pushes.device_id = v.device_id`,
		int64(noClaim), keys)
	if err != nil {
		return nil, fmt.Errorf("adopt pushes: %w", err)
	}
	return out, nil
}

// OldestPush tells when the oldest push that has not gone out was decided on; false
// when there is none.
func (s *Store) OldestPush(ctx context.Context) (time.Time, bool, error) {
	var made int64
	err := s.readRow(ctx, `SELECT coalesce(min(made_at), 0) FROM pushes WHERE state = 'planned'`).Scan(&made)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for the oldest push: %w", err)
	}
	return fromMillis(made), made > 0, nil
}

const old = `made_at < ? AND state <> 'planned'`

// RemoveOldPushes removes at most limit pushes decided on before a moment that went
// out or never will.
func (s *Store) RemoveOldPushes(ctx context.Context, before time.Time, limit int) error {
	var one int
	err := s.readRow(ctx, `SELECT count(*) FROM (SELECT 1 AS hit FROM pushes WHERE `+old+` LIMIT 1) AS gone`, before.UnixMilli()).Scan(&one)
	if err != nil {
		return fmt.Errorf("look for old pushes: %w", err)
	}
	if one == 0 { // a process with nothing to do writes nothing
		return nil
	}
	return InTx(ctx, s, func(tx *Tx) error {
		_, err := tx.exec(`DELETE FROM pushes WHERE (program_no, id, user_id, device_id) IN (SELECT program_no, id, user_id, device_id
			FROM pushes WHERE `+old+` ORDER BY made_at LIMIT ?)`, before.UnixMilli(), limit)
		if err != nil {
			return fmt.Errorf("remove old pushes: %w", err)
		}
		return nil
	})
}
