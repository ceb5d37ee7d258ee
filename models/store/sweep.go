package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"pursuit/models"
)

// OverdueGroups lists groups of mutations that have waited since before a moment
// (milliseconds), the oldest first.
func (s *Store) OverdueGroups(ctx context.Context, program int32, before int64, limit int) ([]string, error) {
	rows, err := s.readQuery(ctx, `SELECT grp FROM deferred WHERE program_no = ? AND since < ?
		GROUP BY grp ORDER BY min(since), grp LIMIT ?`, program, before, limit)
	if err != nil {
		return nil, fmt.Errorf("look for overdue mutations: %w", err)
	}
	return scanIDs(rows)
}

// RipeGroups lists groups of waiting mutations of which the row they wait for is
// there and held by their author now, the oldest first: the roles and grants of
// docs/protocol.md, section 6. It begins behind the place in the order of arrival
// where the last call ended, and gives where this one did, 0 when there are no more.
// CROSS JOIN makes SQLite begin with what waits.
func (s *Store) RipeGroups(ctx context.Context, p models.Program, after int64, limit int) ([]string, int64, error) {
	rows, err := s.readQuery(ctx, `SELECT d.grp, min(d.ord) FROM deferred d
		CROSS JOIN users u CROSS JOIN feed f
		WHERE d.program_no = ? AND u.program_no = d.program_no AND u.id = d.user_id
		AND f.program_no = d.program_no AND f.id = d.wants AND NOT f.deleted AND (f.bucket = u.org_id OR f.bucket = ? OR EXISTS (
			SELECT 1 FROM grants g WHERE g.program_no = d.program_no AND g.bucket = f.bucket AND g.revoked IS NULL
				AND (g.principal = u.id AND u.role NOT IN (?, ?) OR g.principal = u.org_id AND u.role = ?)))
		GROUP BY d.grp HAVING min(d.ord) > ? ORDER BY min(d.ord) LIMIT ?`,
		p.No, p.ID, models.RoleDirector, models.RoleAdmin, models.RoleSupervisor, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("look for mutations that need not wait: %w", err)
	}
	defer rows.Close()
	var groups []string
	last := int64(0)
	for rows.Next() {
		var group string
		if err := rows.Scan(&group, &last); err != nil {
			return nil, 0, fmt.Errorf("read waiting mutation: %w", err)
		}
		groups = append(groups, group)
	}
	if len(groups) < limit {
		last = 0
	}
	return groups, last, rows.Err()
}

// DeferredGroups loads whole groups of waiting mutations in the order of arrival.
func (tx *ProgramTx) DeferredGroups(groups []string, limit int) ([]Deferred, error) {
	return tx.deferred(tx.s.in("grp"), limit, tx.s.ids(groups))
}

// OldestChange tells when the row with the lowest number above the given one was
// last changed; false when there is none.
func (s *Store) OldestChange(ctx context.Context, program int32, above int64) (time.Time, bool, error) {
	var doc []byte
	err := s.readRow(ctx, `SELECT doc FROM feed`+s.by("feed_by_seq")+` WHERE program_no = ? AND seq > ? ORDER BY seq LIMIT 1`,
		program, above).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read oldest change: %w", err)
	}
	return changedAt(doc), true, nil
}

// changedAt is when a stored document was written; the beginning of time when it
// does not say, so that it never holds up what comes after it.
func changedAt(doc []byte) time.Time {
	t, _ := models.ParseTime(gjson.GetBytes(doc, "updated_at").Str)
	return t
}

// Collected is what one step of collection did.
type Collected struct {
	Floor      int64 // all that changed up to here is older than the horizon
	Tombstones int64
	Versions   int64
	More       bool // the next step will find something too
}

// CollectTombstones removes the deleted rows last changed before the horizon and
// what is kept of former versions of all rows that old, looking at most at limit
// rows above the floor, and moves the floor.
func (tx *ProgramTx) CollectTombstones(horizon time.Time, limit int) (Collected, error) {
	var floor int64
	err := tx.row(`SELECT floor FROM sequences WHERE program_no = ?`, tx.Program.No).Scan(&floor)
	if err != nil {
		return Collected{}, fmt.Errorf("read floor: %w", err)
	}
	c := Collected{Floor: floor}
	if err := tx.oldRows(&c, horizon, limit); err != nil || c.Floor == floor {
		return c, err
	}
	c.Versions, err = tx.exec(`DELETE FROM versions WHERE program_no = ? AND EXISTS (SELECT 1 FROM feed f
			WHERE f.program_no = versions.program_no AND f.id = versions.id AND f.tbl = versions.tbl AND f.seq > ? AND f.seq <= ?)
		AND id IN (SELECT g.id FROM feed g`+tx.s.by("feed_by_seq")+` WHERE g.program_no = ? AND g.seq > ? AND g.seq <= ?)`,
		tx.Program.No, floor, c.Floor, tx.Program.No, floor, c.Floor)
	if err != nil {
		return c, fmt.Errorf("collect versions: %w", err)
	}
	c.Tombstones, err = tx.exec(`DELETE FROM feed WHERE program_no = ? AND seq > ? AND seq <= ? AND deleted`, tx.Program.No, floor, c.Floor)
	if err != nil {
		return c, fmt.Errorf("collect tombstones: %w", err)
	}
	if _, err = tx.exec(`UPDATE sequences SET floor = ? WHERE program_no = ?`, c.Floor, tx.Program.No); err != nil {
		return c, fmt.Errorf("move floor: %w", err)
	}
	return c, nil
}

// oldRows finds how far the floor may move.
func (tx *ProgramTx) oldRows(c *Collected, horizon time.Time, limit int) error {
	rows, err := tx.query(`SELECT seq, doc FROM feed`+tx.s.by("feed_by_seq")+` WHERE program_no = ? AND seq > ? ORDER BY seq LIMIT ?`,
		tx.Program.No, c.Floor, limit)
	if err != nil {
		return fmt.Errorf("read old rows: %w", err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var seq int64
		var doc sql.RawBytes
		if err := rows.Scan(&seq, &doc); err != nil {
			return fmt.Errorf("read old row: %w", err)
		}
		if !changedAt(doc).Before(horizon) {
			return nil
		}
		c.Floor, n = seq, n+1
	}
	c.More = n == limit
	return rows.Err()
}

// CollectVersions removes former versions that nobody can need: those followed, up
// to the floor, by another version of the same row. It looks at about limit of them,
// in the order of row ids from after on, and tells where to go on; "" at the end.
func (tx *ProgramTx) CollectVersions(floor int64, after string, limit int) (next string, removed int64, err error) {
	next, err = tx.idBeyond(`SELECT id FROM versions WHERE program_no = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?`, after, limit)
	if err != nil {
		return "", 0, err
	}
	query, params := `DELETE FROM versions WHERE program_no = ? AND id > ?`, []any{tx.Program.No, rowID(after)}
	if next != "" {
		query, params = query+` AND id <= ?`, append(params, next)
	}
	removed, err = tx.exec(query+` AND seq < ? AND EXISTS (SELECT 1 FROM versions later WHERE later.program_no = versions.program_no
		AND later.id = versions.id AND later.tbl = versions.tbl AND later.seq > versions.seq AND later.seq <= ?)`, append(params, floor, floor)...)
	if err != nil {
		return "", 0, fmt.Errorf("collect versions: %w", err)
	}
	return next, removed, nil
}

func (tx *ProgramTx) idBeyond(query, after string, limit int) (string, error) {
	var id string
	err := tx.row(query, tx.Program.No, rowID(after), limit).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read place: %w", err)
	}
	return id, nil
}

// OldMutations lists, in the order of ids from after on, mutations received before a
// moment, among about limit, and tells where to go on; "" at the end.
func (tx *ProgramTx) OldMutations(before time.Time, after string, limit int) (ids []string, next string, err error) {
	next, err = tx.idBeyond(`SELECT id FROM mutations WHERE program_no = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?`, after, limit)
	if err != nil {
		return nil, "", err
	}
	query, params := `SELECT id FROM mutations WHERE program_no = ? AND id > ?`, []any{tx.Program.No, rowID(after)}
	if next != "" {
		query, params = query+` AND id <= ?`, append(params, next)
	}
	rows, err := tx.query(query+` AND received_at < ?
		AND NOT EXISTS (SELECT 1 FROM deferred d WHERE d.program_no = mutations.program_no AND d.mutation_id = mutations.id)`,
		append(params, before.UnixMilli())...)
	if err != nil {
		return nil, "", fmt.Errorf("list old mutations: %w", err)
	}
	ids, err = scanIDs(rows)
	return ids, next, err
}

// ForgetMutations removes mutations with their results: a replay of one would be new.
func (tx *ProgramTx) ForgetMutations(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.exec(`DELETE FROM mutations WHERE program_no = ? AND `+tx.s.in("id"), tx.Program.No, tx.s.ids(ids)); err != nil {
		return fmt.Errorf("forget mutations: %w", err)
	}
	return nil
}
