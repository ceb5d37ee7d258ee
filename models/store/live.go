package store

import (
	"context"
	"fmt"

	"pursuit/models"
)

// Reach says why a change concerns somebody.
type Reach int

// The reasons. What the engine makes of them stands in sync/live.go.
const (
	ReachGrant  Reach = iota + 1 // a row changed in a bucket that the principal holds by a grant, or held until then
	ReachBucket                  // a row changed in an organisation's or the program's own bucket
	ReachMoved                   // a grant to the principal began or ended
	ReachMember                  // the user's role or organisation changed
)

// Touch is one principal (a user, an organisation or the program) that commits
// concerned, with the tables in which they did.
type Touch struct {
	Reach     Reach
	Principal string
	Tables    models.TableSet
}

// touchedQuery asks once for everything that happened in a range of the sequence.
// Its answer has a row for a principal and table at most, however many rows changed.
//
// CROSS JOIN and the named indexes make SQLite go from what changed to its grants.
func (s *Store) touchedQuery() string {
	return `WITH changed AS MATERIALIZED (
		SELECT DISTINCT bucket, tbl FROM feed` + s.by("feed_by_seq") + ` WHERE program_no = ? AND seq > ? AND seq <= ?)
	SELECT DISTINCT 1, g.principal, c.tbl FROM changed c CROSS JOIN grants g WHERE g.program_no = ? AND g.bucket = c.bucket
		AND (g.revoked IS NULL OR g.revoked > ?)
	UNION ALL
	SELECT 2, c.bucket, c.tbl FROM changed c CROSS JOIN orgs o WHERE o.program_no = ? AND o.id = c.bucket
	UNION ALL
	SELECT 2, c.bucket, c.tbl FROM changed c CROSS JOIN programs p WHERE p.no = ? AND p.id = c.bucket
	UNION ALL
	SELECT DISTINCT 3, principal, 0 FROM grants` + s.by("grants_begun") + ` WHERE program_no = ? AND granted > ? AND granted <= ?
	UNION ALL
	SELECT DISTINCT 3, principal, 0 FROM grants` + s.by("grants_ended") + ` WHERE program_no = ? AND revoked > ? AND revoked <= ?
	UNION ALL
	SELECT DISTINCT 4, user_id, 0 FROM memberships WHERE program_no = ? AND from_seq > ? AND from_seq <= ?`
}

// Touched tells whom the commits with after < seq <= upto concerned. All of them are
// committed: the order of the sequence is the order of commit.
func (s *Store) Touched(ctx context.Context, program int32, after, upto int64) ([]Touch, error) {
	rows, err := s.readQuery(ctx, s.touchedQuery(), program, after, upto, program, after, program, program,
		program, after, upto, program, after, upto, program, after, upto)
	if err != nil {
		return nil, fmt.Errorf("look up whom a change concerns: %w", err)
	}
	defer rows.Close()
	var out []Touch
	at := map[Touch]int{} // by reach and principal
	for rows.Next() {
		var key Touch
		var table int
		if err := rows.Scan(&key.Reach, &key.Principal, &table); err != nil {
			return nil, fmt.Errorf("read whom a change concerns: %w", err)
		}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, key)
		}
		if key.Reach == ReachGrant || key.Reach == ReachBucket {
			out[i].Tables |= 1 << table
		} else {
			out[i].Tables = models.AllTables
		}
	}
	return out, rows.Err()
}
