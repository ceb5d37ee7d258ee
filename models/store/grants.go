package store

import (
	"database/sql"
	"errors"
	"fmt"

	"pursuit/models"
)

const grantColumns = `bucket, principal, source, granted, revoked, granted_at, revoked_at`

// Grants loads every grant, ended ones included, of the given buckets.
func (tx *ProgramTx) Grants(buckets []string) ([]models.Grant, error) {
	if len(buckets) == 0 {
		return nil, nil
	}
	rows, err := tx.query(`SELECT `+grantColumns+` FROM grants WHERE program_no = ? AND `+tx.s.in("bucket"),
		tx.Program.No, tx.s.ids(buckets))
	if err != nil {
		return nil, fmt.Errorf("load grants: %w", err)
	}
	return scanGrants(rows)
}

// GrantsOf loads the standing grants of one principal.
func (tx *ProgramTx) GrantsOf(principal string) ([]models.Grant, error) {
	rows, err := tx.query(`SELECT `+grantColumns+` FROM grants WHERE program_no = ? AND principal = ? AND revoked IS NULL`,
		tx.Program.No, principal)
	if err != nil {
		return nil, fmt.Errorf("load grants of principal: %w", err)
	}
	return scanGrants(rows)
}

func scanGrant(row scanner) (models.Grant, error) {
	var g models.Grant
	var revoked, revokedAt sql.NullInt64
	var grantedAt int64
	if err := row.Scan(&g.Bucket, &g.Principal, &g.Source, &g.Granted, &revoked, &grantedAt, &revokedAt); err != nil {
		return g, fmt.Errorf("read grant: %w", err)
	}
	g.Revoked, g.GrantedAt = models.Forever, fromMillis(grantedAt)
	if revoked.Valid {
		g.Revoked, g.RevokedAt = revoked.Int64, fromMillis(revokedAt.Int64)
	}
	return g, nil
}

func scanGrants(rows *sql.Rows) ([]models.Grant, error) {
	defer rows.Close()
	var out []models.Grant
	for rows.Next() {
		g, err := scanGrant(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// SaveGrant writes a new grant, or the end of a standing one.
func (tx *ProgramTx) SaveGrant(g models.Grant) error {
	var revoked, revokedAt sql.NullInt64
	if !g.Live() {
		revoked = sql.NullInt64{Int64: g.Revoked, Valid: true}
		revokedAt = sql.NullInt64{Int64: g.RevokedAt.UnixMilli(), Valid: true}
	}
	err := tx.later(`INSERT INTO grants (program_no, `+grantColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (program_no, bucket, principal, source, granted)
		DO UPDATE SET revoked = excluded.revoked, revoked_at = excluded.revoked_at`,
		tx.Program.No, g.Bucket, g.Principal, g.Source, g.Granted, revoked, g.GrantedAt.UnixMilli(), revokedAt)
	if err != nil {
		return fmt.Errorf("save grant: %w", err)
	}
	return nil
}

// Memberships loads a user's memberships, oldest first, ended ones included.
func (tx *ProgramTx) Memberships(user string) ([]models.Membership, error) {
	rows, err := tx.query(membershipsQuery, tx.Program.No, user)
	if err != nil {
		return nil, fmt.Errorf("load memberships: %w", err)
	}
	return scanMemberships(rows, user)
}

const membershipsQuery = `SELECT org_id, role, from_seq, to_seq, from_at, to_at FROM memberships
	WHERE program_no = ? AND user_id = ? ORDER BY from_seq`

func scanMemberships(rows *sql.Rows, user string) ([]models.Membership, error) {
	defer rows.Close()
	var out []models.Membership
	for rows.Next() {
		m := models.Membership{UserID: user}
		var to, toAt sql.NullInt64
		var fromAt int64
		if err := rows.Scan(&m.OrgID, &m.Role, &m.From, &to, &fromAt, &toAt); err != nil {
			return nil, fmt.Errorf("read membership: %w", err)
		}
		m.To, m.FromAt = models.Forever, fromMillis(fromAt)
		if to.Valid {
			m.To, m.ToAt = to.Int64, fromMillis(toAt.Int64)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// SaveMembership writes a new membership, or the end of a standing one.
func (tx *ProgramTx) SaveMembership(m models.Membership) error {
	var to, toAt sql.NullInt64
	if m.To != models.Forever {
		to, toAt = sql.NullInt64{Int64: m.To, Valid: true}, sql.NullInt64{Int64: m.ToAt.UnixMilli(), Valid: true}
	}
	_, err := tx.exec(`INSERT INTO memberships (program_no, user_id, org_id, role, from_seq, to_seq, from_at, to_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (program_no, user_id, from_seq) DO UPDATE SET to_seq = excluded.to_seq, to_at = excluded.to_at`,
		tx.Program.No, m.UserID, m.OrgID, m.Role, m.From, to, m.FromAt.UnixMilli(), toAt)
	if err != nil {
		return fmt.Errorf("save membership: %w", err)
	}
	return nil
}

// Authors loads the users with the given ids as actors, with what they are now.
// Inactive users are among them: what they wrote before stays theirs.
func (tx *ProgramTx) Authors(ids []string) (map[string]models.Actor, error) {
	rows, err := tx.query(authorsQuery+tx.s.in("u.id"), tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return nil, fmt.Errorf("load authors: %w", err)
	}
	defer rows.Close()
	out := make(map[string]models.Actor, len(ids))
	for rows.Next() {
		a, err := tx.scanAuthor(rows)
		if err != nil {
			return nil, err
		}
		out[a.UserID] = a
	}
	return out, rows.Err()
}

const authorsQuery = `SELECT u.id, u.org_id, u.role, o.kind FROM users u
	JOIN orgs o ON o.program_no = u.program_no AND o.id = u.org_id WHERE u.program_no = ? AND `

func (tx *ProgramTx) scanAuthor(row scanner) (models.Actor, error) {
	a := models.Actor{Program: tx.Program.No, ProgramID: tx.Program.ID, TimeZone: tx.Program.TimeZone}
	if err := row.Scan(&a.UserID, &a.OrgID, &a.Role, &a.OrgKind); err != nil {
		return a, fmt.Errorf("read author: %w", err)
	}
	return a, nil
}

// LeadOrg gives the id of the program's lead organisation, the first made.
func (tx *ProgramTx) LeadOrg() (string, error) {
	var id string
	err := tx.row(`SELECT id FROM orgs WHERE program_no = ? AND kind = ? ORDER BY created_at, id LIMIT 1`,
		tx.Program.No, models.OrgLead).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find lead organisation: %w", err)
	}
	return id, nil
}
