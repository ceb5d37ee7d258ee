package store

import (
	"context"
	"database/sql"
	"fmt"

	"pursuit/models"
)

// View is what one person counts as when they pull: the principals whose grants
// are theirs and since when, and the tables they may receive.
type View struct {
	Program  int32
	User     string // noID when the role holds no cases
	Org      string // noID when the role does not hold its organisation's
	UserFrom int64  // from here on the user's own grants count
	OrgFrom  int64  // from here on the organisation's count
	Tables   models.TableSet
	Standing [2]string // buckets held without a grant: the organisation's and the program's
	At       int64     // grants are looked at as they stood at this number, whatever came since
}

// NoPrincipal stands in a View for a principal whose grants do not count.
const NoPrincipal = noID

// The conditions below speak of the grants g of a view. effective is the number
// from which a grant counts: its own, or that of the membership that made it count.
const (
	ours      = `g.program_no = ? AND g.principal IN (?, ?) AND g.granted <= ?`
	standing  = `(g.revoked IS NULL OR g.revoked > ?)` // at View.At
	effective = `CASE WHEN g.principal = ? AND g.granted < ? THEN ? WHEN g.principal = ? AND g.granted < ? THEN ? ELSE g.granted END`
)

func (v View) ours() []any { return []any{v.Program, v.User, v.Org, v.At} }

func (v View) effective() []any {
	return []any{v.User, v.UserFrom, v.UserFrom, v.Org, v.OrgFrom, v.OrgFrom}
}

// args joins the parameters of the parts of a query.
func args(parts ...any) []any {
	var out []any
	for _, p := range parts {
		if list, ok := p.([]any); ok {
			out = append(out, list...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// visibleTable is the condition that a feed row's table is in the set; its
// parameter is the set as a number.
func (s *Store) visibleTable() string {
	if s.dialect == Postgres {
		return `(?::bigint >> f.tbl::int) & 1 = 1`
	}
	return `(? >> f.tbl) & 1 = 1`
}

// MembershipsOf loads a user's memberships, oldest first, ended ones included.
func (s *Store) MembershipsOf(ctx context.Context, program int32, user string) ([]models.Membership, error) {
	rows, err := s.readQuery(ctx, membershipsQuery, program, user)
	if err != nil {
		return nil, fmt.Errorf("load memberships: %w", err)
	}
	return scanMemberships(rows, user)
}

// GrantsMoved tells whether any grant of the view began after eff or ended after asOf.
func (s *Store) GrantsMoved(ctx context.Context, v View, eff, asOf int64) (bool, error) {
	var one int
	err := s.readRow(ctx, `SELECT count(*) FROM (
		SELECT * FROM (SELECT 1 AS hit FROM grants g WHERE `+ours+` AND g.granted > ? LIMIT 1) AS begun
		UNION ALL
		SELECT * FROM (SELECT 1 AS hit FROM grants g WHERE `+ours+` AND g.revoked > ? LIMIT 1) AS ended) AS moved`,
		args(v.ours(), eff, v.ours(), asOf)...).Scan(&one)
	if err != nil {
		return false, fmt.Errorf("look for moved grants: %w", err)
	}
	return one > 0, nil
}

// Dropped lists, in order and from after on, the buckets that the view then held and
// that the view now does not hold any more, each at its own number.
func (s *Store) Dropped(ctx context.Context, then, now View, after string, limit int) ([]string, error) {
	condition := standing
	if then.User == now.User && then.Org == now.Org {
		condition = `g.revoked > ?` // the usual case has an index of its own
	}
	rows, err := s.readQuery(ctx, `SELECT DISTINCT g.bucket FROM grants g WHERE `+ours+` AND `+condition+`
		AND g.bucket > ? AND NOT EXISTS (SELECT 1 FROM grants h`+s.by("grants_by_bucket")+` WHERE h.program_no = g.program_no AND h.bucket = g.bucket
			AND h.principal IN (?, ?) AND h.granted <= ? AND (h.revoked IS NULL OR h.revoked > ?))
		ORDER BY g.bucket LIMIT ?`,
		args(then.ours(), then.At, rowID(after), now.User, now.Org, now.At, now.At, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list dropped buckets: %w", err)
	}
	return scanIDs(rows)
}

// Held lists, in order and from after on, the buckets that the view holds by grants.
func (s *Store) Held(ctx context.Context, v View, after string, limit int) ([]string, error) {
	rows, err := s.readQuery(ctx, `SELECT DISTINCT g.bucket FROM grants g`+s.by("grants_by_bucket")+` WHERE `+ours+`
		AND `+standing+` AND g.bucket > ? ORDER BY g.bucket LIMIT ?`, args(v.ours(), v.At, rowID(after), limit)...)
	if err != nil {
		return nil, fmt.Errorf("list held buckets: %w", err)
	}
	return scanIDs(rows)
}

// HeldAmong gives those of the buckets that the view holds by grants, in order.
func (s *Store) HeldAmong(ctx context.Context, v View, buckets []string) ([]string, error) {
	rows, err := s.readQuery(ctx, `SELECT DISTINCT g.bucket FROM grants g WHERE `+ours+`
		AND `+standing+` AND `+s.in("g.bucket")+` ORDER BY g.bucket`, args(v.ours(), v.At, s.ids(buckets))...)
	if err != nil {
		return nil, fmt.Errorf("look up held buckets: %w", err)
	}
	return scanIDs(rows)
}

func scanIDs(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read id: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}
