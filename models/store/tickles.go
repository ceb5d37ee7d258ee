package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"pursuit/models"
)

// SleepingDevice is a device that can be woken by a tickle.
type SleepingDevice struct{ UserID, OrgID, Role, DeviceID string }

// SleepingDevices lists the active devices with a push token of some users and of the
// users of some organisations, or of everybody in a program, at most limit.
func (s *Store) SleepingDevices(ctx context.Context, program int32, principals []string, everybody bool, limit int) ([]SleepingDevice, error) {
	query := `SELECT d.user_id, u.org_id, u.role, d.id FROM devices d JOIN users u ON u.program_no = d.program_no AND u.id = d.user_id
		WHERE d.program_no = ? AND d.push_token <> '' AND d.status = 'active' AND u.active`
	params := []any{program}
	if !everybody {
		query += ` AND (` + s.in("d.user_id") + ` OR ` + s.in("u.org_id") + `)`
		params = append(params, s.ids(principals), s.ids(principals))
	}
	rows, err := s.readQuery(ctx, query+` ORDER BY d.user_id, d.id LIMIT ?`, append(params, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list sleeping devices: %w", err)
	}
	defer rows.Close()
	var out []SleepingDevice
	for rows.Next() {
		var d SleepingDevice
		if err := rows.Scan(&d.UserID, &d.OrgID, &d.Role, &d.DeviceID); err != nil {
			return nil, fmt.Errorf("read sleeping device: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Tickled is what became of a wish to tickle a device.
type Tickled struct {
	Token string // to send to; "" when it is not this caller's to send
	Known bool   // somebody told the device of it already
}

// ClaimTickle takes the right to tell a device that the sequence reached upto: once,
// and no sooner than since after the last tickle, however many processes try.
func (tx *Tx) ClaimTickle(program int32, d SleepingDevice, upto int64, since time.Time) (Tickled, error) {
	n, err := tx.exec(`INSERT INTO tickles (program_no, user_id, device_id, at, seq) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (program_no, user_id, device_id) DO UPDATE SET at = excluded.at, seq = excluded.seq
		WHERE tickles.at <= ? AND tickles.seq < excluded.seq`,
		program, d.UserID, d.DeviceID, tx.Now.UnixMilli(), upto, since.UnixMilli())
	if err != nil {
		return Tickled{}, fmt.Errorf("claim tickle: %w", err)
	}
	if n == 0 {
		var told int64
		err := tx.row(`SELECT seq FROM tickles WHERE program_no = ? AND user_id = ? AND device_id = ?`, program, d.UserID, d.DeviceID).Scan(&told)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return Tickled{}, fmt.Errorf("read tickle: %w", err)
		}
		return Tickled{Known: told >= upto}, nil
	}
	device, err := tx.Device(program, d.UserID, d.DeviceID)
	if err != nil || device.Status != models.DeviceActive {
		return Tickled{Known: true}, err
	}
	return Tickled{Token: device.PushToken, Known: device.PushToken == ""}, nil
}

// KnowTickles notes that devices know of the sequence up to a number without a tickle.
func (s *Store) KnowTickles(ctx context.Context, program int32, devices []SleepingDevice, upto int64) error {
	if len(devices) == 0 {
		return nil
	}
	return InTx(ctx, s, func(tx *Tx) error {
		for _, d := range devices {
			err := tx.later(`INSERT INTO tickles (program_no, user_id, device_id, at, seq) VALUES (?, ?, ?, 0, ?)
				ON CONFLICT (program_no, user_id, device_id) DO UPDATE SET seq = excluded.seq WHERE tickles.seq < excluded.seq`,
				program, d.UserID, d.DeviceID, upto)
			if err != nil {
				return fmt.Errorf("note who knows: %w", err)
			}
		}
		return nil
	})
}

// ForgetToken takes a void push token away from a device that still has it.
func (s *Store) ForgetToken(ctx context.Context, program int32, d SleepingDevice, token string) error {
	return InTx(ctx, s, func(tx *Tx) error {
		_, err := tx.exec(`UPDATE devices SET push_token = '' WHERE program_no = ? AND user_id = ? AND id = ? AND push_token = ?`,
			program, d.UserID, d.DeviceID, token)
		if err != nil {
			return fmt.Errorf("forget push token: %w", err)
		}
		return nil
	})
}
