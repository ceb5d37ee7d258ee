package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Top is a bucket with the number of its last change, deletions included.
type Top struct {
	Bucket string
	Seq    int64
}

// Tops lists, in order and from after on, the buckets that the view holds with or
// without a grant, each with the number of its last change: one index probe a bucket.
func (s *Store) Tops(ctx context.Context, v View, after string, limit int) ([]Top, error) {
	rows, err := s.readQuery(ctx, `SELECT h.bucket, coalesce((SELECT max(f.seq) FROM feed f`+s.by("feed_by_bucket")+`
			WHERE f.program_no = ? AND f.bucket = h.bucket), 0)
		FROM (SELECT bucket FROM (SELECT g.bucket FROM grants g`+s.by("grants_by_bucket")+` WHERE `+ours+`
			AND `+standing+s.plusIDs()+`) AS held WHERE bucket > ? ORDER BY bucket LIMIT ?) AS h ORDER BY h.bucket`,
		args(v.Program, v.ours(), v.At, s.ids(v.Standing[:]), rowID(after), limit)...)
	if err != nil {
		return nil, fmt.Errorf("list buckets: %w", err)
	}
	defer rows.Close()
	var out []Top
	for rows.Next() {
		var t Top
		if err := rows.Scan(&t.Bucket, &t.Seq); err != nil {
			return nil, fmt.Errorf("read bucket: %w", err)
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// KeyRow is a row without its content. Its strings are only good until the next row.
type KeyRow struct {
	Bucket  []byte
	Table   int
	ID      []byte
	Seq     int64
	Deleted bool
}

// BucketKeys visits the rows of several buckets, deleted ones included, in no order.
func (s *Store) BucketKeys(ctx context.Context, program int32, buckets []string, visit func(KeyRow)) error {
	rows, err := s.readQuery(ctx, `SELECT f.bucket, f.tbl, f.id, f.seq, f.deleted FROM feed f`+s.by("feed_by_bucket")+`
		WHERE f.program_no = ? AND `+s.in("f.bucket"), program, s.ids(buckets))
	if err != nil {
		return fmt.Errorf("read buckets: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var bucket, id sql.RawBytes
		var k KeyRow
		if err := rows.Scan(&bucket, &k.Table, &id, &k.Seq, &k.Deleted); err != nil {
			return fmt.Errorf("read row of bucket: %w", err)
		}
		k.Bucket, k.ID = bucket, id
		visit(k)
	}
	return rows.Err()
}

// News is what happened to a view after a number: Moved when grants or memberships
// of it did, and each bucket of the program in which rows changed.
type News struct {
	Moved   bool
	Changed []Top
}

// NewsOf tells what happened after a number and up to the view's own. It reads each
// change in between, so the caller keeps them few.
func (s *Store) NewsOf(ctx context.Context, v View, user string, after int64) (News, error) {
	var n News
	rows, err := s.readQuery(ctx, `SELECT NULL, 0 WHERE EXISTS (SELECT 1 FROM grants g`+s.by("grants_by_granted")+` WHERE `+ours+` AND g.granted > ?)
			OR EXISTS (SELECT 1 FROM grants g`+s.by("grants_by_revoked")+` WHERE `+ours+` AND g.revoked > ?)
			OR EXISTS (SELECT 1 FROM memberships m WHERE m.program_no = ? AND m.user_id = ? AND m.from_seq > ?)
		UNION ALL
		SELECT bucket, max(seq) FROM feed`+s.by("feed_by_seq")+` WHERE program_no = ? AND seq > ? AND seq <= ? GROUP BY bucket`,
		args(v.ours(), after, v.ours(), after, v.Program, user, after, v.Program, after, v.At)...)
	if err != nil {
		return n, fmt.Errorf("look for news: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var bucket sql.NullString
		var t Top
		if err := rows.Scan(&bucket, &t.Seq); err != nil {
			return n, fmt.Errorf("read news: %w", err)
		}
		if t.Bucket = bucket.String; !bucket.Valid {
			n.Moved = true
			continue
		}
		n.Changed = append(n.Changed, t)
	}
	return n, rows.Err()
}
