package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"pursuit/models"
)

// InsertSession stores a new session, begun and used now.
func (tx *Tx) InsertSession(se models.Session) error {
	now := tx.Now.UnixMilli()
	_, err := tx.exec(`INSERT INTO sessions (program_no, id, user_id, device_id, generation, used_at, created_at, ended)
		VALUES (?, ?, ?, ?, ?, ?, ?, '')`, se.Program, se.ID, se.UserID, se.DeviceID, se.Generation, now, now)
	if err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	return nil
}

// TrimSessions ends the oldest sessions of a device beyond the newest `keep`.
func (tx *Tx) TrimSessions(program int32, userID, deviceID string, keep int) error {
	n, err := tx.exec(`UPDATE sessions SET ended = ? WHERE program_no = ? AND user_id = ? AND device_id = ? AND ended = ''
		AND id NOT IN (SELECT id FROM sessions WHERE program_no = ? AND user_id = ? AND device_id = ? AND ended = ''
			ORDER BY used_at DESC, id DESC LIMIT ?)`,
		string(models.EndLogout), program, userID, deviceID, program, userID, deviceID, keep)
	if err != nil {
		return fmt.Errorf("trim sessions: %w", err)
	}
	if n == 0 {
		return nil
	}
	return tx.sessionsChanged(program, userID)
}

// UseSession gives a session its next generation, used now.
func (tx *Tx) UseSession(program int32, id string, generation int64) error {
	_, err := tx.exec(`UPDATE sessions SET generation = ?, used_at = ? WHERE program_no = ? AND id = ?`,
		generation, tx.Now.UnixMilli(), program, id)
	if err != nil {
		return fmt.Errorf("use session: %w", err)
	}
	return nil
}

// SessionScope says which of a user's sessions are meant.
type SessionScope struct {
	Program  int32
	UserID   string
	Session  string // only this one; "" = all
	Device   string // only those of this device; "" = all
	NotOnDev string // none of this device; "" = no exception
}

// EndSessions ends the sessions in scope that still live.
func (tx *Tx) EndSessions(scope SessionScope, why models.SessionEnd) error {
	query := `UPDATE sessions SET ended = ? WHERE program_no = ? AND user_id = ? AND ended = ''`
	args := []any{string(why), scope.Program, scope.UserID}
	if scope.Session != "" {
		query, args = query+` AND id = ?`, append(args, scope.Session)
	}
	if scope.Device != "" {
		query, args = query+` AND device_id = ?`, append(args, scope.Device)
	}
	if scope.NotOnDev != "" {
		query, args = query+` AND device_id <> ?`, append(args, scope.NotOnDev)
	}
	n, err := tx.exec(query, args...)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if n == 0 {
		return nil
	}
	return tx.sessionsChanged(scope.Program, scope.UserID)
}

const sessionState = `SELECT s.user_id, s.device_id, s.generation, s.used_at, s.created_at, s.ended,
		p.id, p.time_zone, u.org_id, o.kind, u.role, u.active, d.status
	FROM sessions s
	JOIN programs p ON p.no = s.program_no
	JOIN users u ON u.program_no = s.program_no AND u.id = s.user_id
	JOIN orgs o ON o.program_no = u.program_no AND o.id = u.org_id
	JOIN devices d ON d.program_no = s.program_no AND d.user_id = s.user_id AND d.id = s.device_id
	WHERE s.program_no = ? AND s.id = ?`

// HoldSession reads a session and what it stands on, and keeps others from
// changing it until the transaction ends; not_found when there is none.
func (tx *Tx) HoldSession(program int32, id string) (models.SessionState, error) {
	return scanSession(tx.row(sessionState+tx.s.forUpdate("s"), program, id), program, id)
}

// SessionState reads a session and what it stands on; not_found when there is none.
func (s *Store) SessionState(ctx context.Context, program int32, id string) (models.SessionState, error) {
	return scanSession(s.readSQL.QueryRowContext(ctx, s.sql(sessionState), program, id), program, id)
}

func scanSession(row *sql.Row, program int32, id string) (models.SessionState, error) {
	st := models.SessionState{Session: models.Session{Program: program, ID: id}, Actor: models.Actor{Program: program}}
	var used, created int64
	err := row.Scan(&st.UserID, &st.DeviceID, &st.Generation, &used, &created, &st.End,
		&st.Actor.ProgramID, &st.Actor.TimeZone, &st.Actor.OrgID, &st.Actor.OrgKind, &st.Actor.Role,
		&st.UserActive, &st.Device)
	if errors.Is(err, sql.ErrNoRows) {
		return st, models.NotFound()
	}
	if err != nil {
		return st, fmt.Errorf("read session: %w", err)
	}
	st.UsedAt, st.CreatedAt = fromMillis(used), fromMillis(created)
	st.Actor.UserID, st.Actor.DeviceID = st.UserID, st.DeviceID
	return st, nil
}

// PurgeSessions removes sessions that nobody used since before.
func (s *Store) PurgeSessions(ctx context.Context, before time.Time) error {
	return InTx(ctx, s, func(tx *Tx) error {
		if _, err := tx.exec(`DELETE FROM sessions WHERE used_at < ?`, before.UnixMilli()); err != nil {
			return fmt.Errorf("purge sessions: %w", err)
		}
		return nil
	})
}
