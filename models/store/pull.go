package store

import (
	"context"
	"database/sql"
	"fmt"
)

// PageRow is one row of a pull. Doc is only good until the next row.
type PageRow struct {
	Table   int
	Seq     int64 // of the row's last change
	Eff     int64 // effective sequence: Seq, or that of what made it visible
	Pos     int64 // its place among the rows of one effective sequence: Seq, as a rule
	Deleted bool
	Doc     []byte // as models.Row.AppendDoc writes it
}

// idLength is the length of an id as text.
const idLength = 36

// ID is the row's id, read off the document: it stands first.
func (r PageRow) ID() []byte {
	const at = len(`{"id":"`)
	if len(r.Doc) < at+idLength {
		return nil
	}
	return r.Doc[at : at+idLength]
}

// Bucket is the row's bucket, read off the document: it stands third, after the
// number of digits that _v has.
func (r PageRow) Bucket() []byte {
	at := len(`{"id":"","_v":`) + idLength
	for at < len(r.Doc) && r.Doc[at] != ',' {
		at++
	}
	at += len(`,"_b":"`)
	if len(r.Doc) < at+idLength {
		return nil
	}
	return r.Doc[at : at+idLength]
}

// Visit is called for each row of a page in order; false ends the walk.
type Visit func(PageRow) bool

const pageColumns = `f.tbl, f.seq, f.deleted, f.doc`

// bySeqMost is how many changes of a program a worker's pull walks through in the
// order of the sequence; beyond, it goes by the buckets held, which are few.
const bySeqMost = 2000

// Ongoing visits, in the order of seq, the rows changed after from in buckets that the
// view holds now and held when the row changed. Rows changed after to come last: they
// were committed since the caller looked, and may have hidden an older change of theirs.
func (s *Store) Ongoing(ctx context.Context, v View, from, to, asOf int64, limit int, visit Visit) error {
	// held when it changed: by a grant that stands, or stood when the last page was made
	then := ` AND EXISTS (SELECT 1 FROM grants g` + s.by("grants_by_bucket") + ` WHERE ` + ours + ` AND g.bucket = f.bucket
		AND (g.revoked IS NULL OR g.revoked > ?) AND ` + effective + ` <= f.seq)`
	thenArgs := args(v.ours(), asOf, v.effective())
	rangeOf := `f.program_no = ? AND f.seq > ? AND ` + s.visibleTable()
	rangeArgs := []any{v.Program, from, int64(v.Tables)}
	if v.Org == NoPrincipal && to-from > bySeqMost {
		// DISTINCT and CROSS JOIN make both databases go bucket by bucket
		return s.visit(ctx, visit, `SELECT `+pageColumns+` FROM (
			SELECT DISTINCT g.bucket FROM grants g`+s.by("grants_by_bucket")+` WHERE `+ours+` AND `+standing+s.plusIDs()+`) AS held
			CROSS JOIN feed f`+s.by("feed_by_bucket")+` WHERE f.bucket = held.bucket AND `+rangeOf+` AND (`+s.in("f.bucket")+` OR (1 = 1`+then+`))
			ORDER BY f.seq LIMIT ?`,
			args(v.ours(), v.At, s.ids(v.Standing[:]), rangeArgs, s.ids(v.Standing[:]), thenArgs, limit)...)
	}
	return s.visit(ctx, visit, `SELECT `+pageColumns+` FROM feed f WHERE `+rangeOf+` AND (f.bucket IN (?, ?) OR (
		EXISTS (SELECT 1 FROM grants g`+s.by("grants_by_bucket")+` WHERE `+ours+` AND g.bucket = f.bucket AND `+standing+`)`+then+`))
		ORDER BY f.seq LIMIT ?`,
		args(rangeArgs, v.Standing[0], v.Standing[1], v.ours(), v.At, thenArgs, limit)...)
}

// plusIDs adds a list of ids, its parameter, to a column of ids.
func (s *Store) plusIDs() string {
	if s.dialect == Postgres {
		return ` UNION SELECT unnest(?::uuid[])`
	}
	return ` UNION SELECT value FROM json_each(?)`
}

// Opened visits, by effective sequence and seq, the rows last changed before their
// bucket came into view, where that was after (eff, pos) and not after to. Deleted
// rows are among them: the device may have held the bucket before.
func (s *Store) Opened(ctx context.Context, v View, eff, pos, to, asOf int64, limit int, visit Visit) error {
	begun, begunArgs := "", []any(nil)
	if v.UserFrom < eff && v.OrgFrom < eff { // only buckets granted since can have come into view
		begun = ` AND g.bucket IN (SELECT b.bucket FROM grants b` + s.by("grants_by_granted") + `
			WHERE b.program_no = ? AND b.principal IN (?, ?) AND b.granted >= ?)`
		begunArgs = []any{v.Program, v.User, v.Org, eff}
	}
	query := `SELECT ` + pageColumns + `, o.since FROM (
		SELECT g.bucket, min(` + effective + `) AS since, sum(CASE WHEN ` + standing + ` THEN 1 ELSE 0 END) AS live
			FROM grants g` + s.by("grants_by_bucket") + ` WHERE ` + ours + ` AND (g.revoked IS NULL OR g.revoked > ?)` + begun + ` GROUP BY g.bucket) AS o
		CROSS JOIN feed f` + s.by("feed_by_bucket") + ` WHERE o.live > 0 AND o.since >= ? AND o.since <= ? AND f.program_no = ? AND f.bucket = o.bucket
			AND f.seq < o.since AND (o.since > ? OR f.seq > ?) AND ` + s.visibleTable() + `
		ORDER BY o.since, f.seq LIMIT ?`
	return s.visit(ctx, visit, query, args(v.effective(), v.At, v.ours(), asOf, begunArgs, eff, to, v.Program, eff, pos, int64(v.Tables), limit)...)
}

// Widened visits, in the order of seq and after pos, the rows of the view's tables
// last changed before the number at, in buckets held before it (by a grant that
// stands, or stood when the last page was made) and now: the tables that a membership
// brought into view at that number.
func (s *Store) Widened(ctx context.Context, v View, at, pos, asOf int64, limit int, visit Visit) error {
	return s.visit(ctx, visit, `SELECT `+pageColumns+` FROM (SELECT g.bucket FROM grants g`+s.by("grants_by_bucket")+` WHERE `+ours+`
			AND (g.revoked IS NULL OR g.revoked > ?) GROUP BY g.bucket
			HAVING sum(CASE WHEN `+standing+` THEN 1 ELSE 0 END) > 0 AND min(`+effective+`) < ?`+s.plusIDs()+`) AS held
		CROSS JOIN feed f`+s.by("feed_by_bucket")+` WHERE f.program_no = ? AND f.bucket = held.bucket AND f.seq > ? AND f.seq < ? AND `+
		s.visibleTable()+` ORDER BY f.seq LIMIT ?`,
		args(v.ours(), asOf, v.At, v.effective(), at, s.ids(v.Standing[:]), v.Program, pos, at, int64(v.Tables), limit)...)
}

// Withdrawn visits, in the order of seq and after pos, the rows of the view's tables
// in buckets that the view then held and the view now holds, each at its own number: the tables that
// a membership took out of view, where the bucket itself stays, by whatever grant.
func (s *Store) Withdrawn(ctx context.Context, then, now View, pos int64, limit int, visit Visit) error {
	return s.visit(ctx, visit, `SELECT `+pageColumns+` FROM (SELECT DISTINCT g.bucket FROM grants g`+s.by("grants_by_bucket")+` WHERE `+ours+`
			AND `+standing+` AND EXISTS (SELECT 1 FROM grants h`+s.by("grants_by_bucket")+` WHERE h.program_no = g.program_no AND h.bucket = g.bucket
				AND h.principal IN (?, ?) AND h.granted <= ? AND (h.revoked IS NULL OR h.revoked > ?))`+s.plusIDs()+`) AS held
		CROSS JOIN feed f`+s.by("feed_by_bucket")+` WHERE f.program_no = ? AND f.bucket = held.bucket AND f.seq > ? AND `+
		s.visibleTable()+` ORDER BY f.seq LIMIT ?`,
		args(now.ours(), now.At, then.User, then.Org, then.At, then.At, s.ids(now.Standing[:]), now.Program, pos, int64(now.Tables), limit)...)
}

// Bucket visits, in the order of seq, the live rows of one bucket changed in (pos, upto].
func (s *Store) Bucket(ctx context.Context, v View, bucket string, pos, upto int64, limit int, visit Visit) error {
	return s.visit(ctx, visit, `SELECT `+pageColumns+` FROM feed f`+s.by("feed_by_bucket")+` WHERE f.program_no = ? AND f.bucket = ? AND f.seq > ? AND f.seq <= ?
		AND NOT f.deleted AND `+s.visibleTable()+` ORDER BY f.seq LIMIT ?`, v.Program, bucket, pos, upto, int64(v.Tables), limit)
}

// Walk visits the live rows of several buckets, bucket by bucket in the given order
// and within each by seq, of the first bucket only rows after pos, up to upto.
func (s *Store) Walk(ctx context.Context, v View, buckets []string, pos, upto int64, limit int, visit Visit) error {
	if s.dialect == SQLite || len(buckets) == 1 {
		return s.walkEach(ctx, v, buckets, pos, upto, limit, visit)
	}
	// The inner LIMIT makes the planner go through the buckets one by one in the
	// order given, reading each by its index, and stop when the page is full.
	return s.visit(ctx, visit, `SELECT l.tbl, l.seq, l.deleted, l.doc
		FROM unnest(?::uuid[]) WITH ORDINALITY AS b (id, n)
		CROSS JOIN LATERAL (SELECT `+pageColumns+` FROM feed f WHERE f.program_no = ? AND f.bucket = b.id
			AND f.seq > CASE WHEN b.n = 1 THEN ?::bigint ELSE 0 END AND f.seq <= ? AND NOT f.deleted AND `+s.visibleTable()+`
			ORDER BY f.seq LIMIT ?) AS l LIMIT ?`,
		s.ids(buckets), v.Program, pos, upto, int64(v.Tables), limit, limit)
}

// walkEach is Walk with a query a bucket: in process, a query costs less than a plan.
func (s *Store) walkEach(ctx context.Context, v View, buckets []string, pos, upto int64, limit int, visit Visit) error {
	left, more := limit, true
	for i := 0; i < len(buckets) && left > 0 && more; i++ {
		err := s.Bucket(ctx, v, buckets[i], pos, upto, left, func(r PageRow) bool {
			left--
			more = visit(r)
			return more
		})
		if err != nil {
			return err
		}
		pos = 0
	}
	return nil
}

func (s *Store) visit(ctx context.Context, visit Visit, query string, params ...any) error {
	rows, err := s.readQuery(ctx, query, params...)
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	withSince := len(columns) == 5
	var r PageRow
	var doc sql.RawBytes
	into := []any{&r.Table, &r.Seq, &r.Deleted, &doc}
	if withSince {
		into = append(into, &r.Eff)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read row of page: %w", err)
		}
		r.Doc, r.Pos = doc, r.Seq
		if !withSince {
			r.Eff = r.Seq
		}
		if !visit(r) {
			return nil
		}
	}
	return rows.Err()
}
