package store

import (
	"context"
	"fmt"
	"time"
)

// DuePush is one push to one device, taken by this process until its lease ends.
type DuePush struct {
	Program              int32
	ID, UserID, DeviceID string
	Kind                 string
	Tries                int // this one included
	MadeAt               time.Time
	Token, Locale        string // no token: the device is not to be told any more
}

const claimPushes = `UPDATE pushes SET next_at = ?, tries = tries + 1 WHERE state = 'planned' AND (program_no, id, user_id, device_id) IN (
	SELECT program_no, id, user_id, device_id FROM pushes WHERE state = 'planned' AND next_at <= ? ORDER BY next_at LIMIT ?`

// ClaimPushes takes at most limit pushes that are due, for as long as the lease: no
// other process gets them before it ends. One that dies leaves them to the others.
// Source: docs/adr/0008-push-delivery.md.
func (s *Store) ClaimPushes(ctx context.Context, lease time.Duration, limit int) ([]DuePush, error) {
	var one int
	err := s.readRow(ctx, `SELECT count(*) FROM (SELECT 1 AS hit FROM pushes WHERE state = 'planned' AND next_at <= ? LIMIT 1) AS due`,
		s.Clock().UnixMilli()).Scan(&one)
	if err != nil {
		return nil, fmt.Errorf("look for due pushes: %w", err)
	}
	if one == 0 { // a process with nothing to do writes nothing
		return nil, nil
	}
	return In(ctx, s, func(tx *Tx) ([]DuePush, error) {
		now := tx.Now.UnixMilli()
		rows, err := tx.query(claimPushes+s.skipLocked()+`) RETURNING program_no, id, user_id, device_id, kind, tries, made_at,
			coalesce((SELECT d.push_token FROM devices d JOIN users u ON u.program_no = d.program_no AND u.id = d.user_id AND u.active WHERE d.program_no = pushes.program_no AND d.user_id = pushes.user_id
				AND d.id = pushes.device_id AND d.status = 'active'), ''),
			coalesce((SELECT u.locale FROM users u WHERE u.program_no = pushes.program_no AND u.id = pushes.user_id), '')`,
			tx.Now.Add(lease).UnixMilli(), now, limit)
		if err != nil {
			return nil, fmt.Errorf("claim pushes: %w", err)
		}
		defer rows.Close()
		var out []DuePush
		for rows.Next() {
			var p DuePush
			var made int64
			if err := rows.Scan(&p.Program, &p.ID, &p.UserID, &p.DeviceID, &p.Kind, &p.Tries, &made, &p.Token, &p.Locale); err != nil {
				return nil, fmt.Errorf("read push: %w", err)
			}
			p.MadeAt = fromMillis(made)
			out = append(out, p)
		}
		return out, rows.Err()
	})
}

// PushOutcome is what became of a claimed push.
type PushOutcome struct {
	Push   DuePush
	State  string    // sent, failed, dropped, or planned: to be tried again
	NextAt time.Time // of the next try
	Forget bool      // the token is void
}

// States of a push to a device.
const (
	PushPlanned = "planned"
	PushSent    = "sent"
	PushFailed  = "failed"  // it can never go
	PushDropped = "dropped" // nobody is to be told any more
)

// RecordPushes stores what became of claimed pushes. A reminder counts as sent when
// one device's push service took it; when no device can be told any more it waits
// for the next device.
func (s *Store) RecordPushes(ctx context.Context, list []PushOutcome) error {
	if len(list) == 0 {
		return nil
	}
	return InTx(ctx, s, func(tx *Tx) error {
		var sent []DuePush
		for _, o := range list {
			if o.State == PushSent {
				sent = append(sent, o.Push)
			} else if err := tx.recordUnsent(o); err != nil {
				return err
			}
		}
		return tx.recordSent(sent)
	})
}

// recordSent stores that pushes went out, also those that were dropped while they
// were on their way.
func (tx *Tx) recordSent(list []DuePush) error {
	if tx.s.dialect == Postgres {
		return tx.recordSentPostgres(list)
	}
	for _, p := range list {
		_, err := tx.exec(`UPDATE pushes SET state = 'sent', sent_at = ? WHERE program_no = ? AND id = ? AND user_id = ? AND device_id = ?`,
			tx.Now.UnixMilli(), p.Program, p.ID, p.UserID, p.DeviceID)
		if err != nil {
			return fmt.Errorf("record sent push: %w", err)
		}
		_, err = tx.exec(`UPDATE reminder_notes SET state = 'sent' WHERE program_no = ? AND push_id = ? AND state = 'queued'`, p.Program, p.ID)
		if err != nil {
			return fmt.Errorf("record reminders of sent push: %w", err)
		}
	}
	return nil
}

func (tx *Tx) recordSentPostgres(list []DuePush) error {
	if len(list) == 0 {
		return nil
	}
	programs, ids := make([]int32, len(list)), make([]string, len(list))
	users, devices := make([]string, len(list)), make([]string, len(list))
	for i, p := range list {
		programs[i], ids[i], users[i], devices[i] = p.Program, p.ID, p.UserID, p.DeviceID
	}
	err := tx.later(`UPDATE pushes p SET state = 'sent', sent_at = ? FROM unnest(?::integer[], ?::uuid[], ?::uuid[], ?::text[]) AS v(program_no, id, user_id, device_id)
		WHERE p.program_no = v.program_no AND p.id = v.id AND p.user_id = v.user_id AND p.device_id = v.device_id`,
		tx.Now.UnixMilli(), programs, uuids(ids), uuids(users), devices)
	if err != nil {
		return fmt.Errorf("record sent pushes: %w", err)
	}
	err = tx.later(`UPDATE reminder_notes n SET state = 'sent' FROM (SELECT DISTINCT unnest(?::integer[]) AS program_no, unnest(?::uuid[]) AS id) v
		WHERE n.program_no = v.program_no AND n.push_id = v.id AND n.state = 'queued'`, programs, uuids(ids))
	if err != nil {
		return fmt.Errorf("record reminders of sent pushes: %w", err)
	}
	return nil
}

// recordUnsent stores a push that did not go out.
func (tx *Tx) recordUnsent(o PushOutcome) error {
	p := o.Push
	err := tx.later(`UPDATE pushes SET state = ?, next_at = CASE WHEN ? = 'planned' THEN ? ELSE next_at END
		WHERE program_no = ? AND id = ? AND user_id = ? AND device_id = ? AND state = 'planned'`,
		o.State, o.State, o.NextAt.UnixMilli(), p.Program, p.ID, p.UserID, p.DeviceID)
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
	if o.State == PushPlanned {
		return nil
	}
	err = tx.later(`UPDATE reminder_notes SET state = 'waiting', push_id = NULL, look_at = ? WHERE program_no = ? AND push_id = ? AND state = 'queued'
		AND NOT EXISTS (SELECT 1 FROM pushes o WHERE o.program_no = ? AND o.id = ? AND o.user_id = ? AND o.state IN ('planned', 'sent'))`,
		o.NextAt.UnixMilli(), p.Program, p.ID, p.Program, p.ID, p.UserID)
	if err != nil {
		return fmt.Errorf("record reminders of push: %w", err)
	}
	return nil
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

// RemoveOldPushes removes at most limit pushes decided on before a moment that went
// out or never will.
func (s *Store) RemoveOldPushes(ctx context.Context, before time.Time, limit int) error {
	return InTx(ctx, s, func(tx *Tx) error {
		_, err := tx.exec(`DELETE FROM pushes WHERE (program_no, id, user_id, device_id) IN (SELECT program_no, id, user_id, device_id
			FROM pushes WHERE made_at < ? AND state <> 'planned' ORDER BY made_at LIMIT ?)`, before.UnixMilli(), limit)
		if err != nil {
			return fmt.Errorf("remove old pushes: %w", err)
		}
		return nil
	})
}
