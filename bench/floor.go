package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the driver the server uses

	"pursuit/sim/harness"
)

// The floor's tables hold what a push writes: the typed row, the feed row with its
// document, and the mutation with its result.
var floorTables = []string{
	`CREATE TABLE floor_typed (program_no INT, id %[1]s, seq BIGINT, service_id %[1]s, channel TEXT, outcome TEXT, occurred_at BIGINT,
		note TEXT, worker_id %[1]s, recorded_at BIGINT, received_at BIGINT, late BOOLEAN, PRIMARY KEY (program_no, id))`,
	`CREATE INDEX floor_typed_by_service ON floor_typed (program_no, service_id, occurred_at)`,
	`CREATE TABLE floor_feed (program_no INT, tbl INT, id %[1]s, seq BIGINT, bucket %[1]s, deleted BOOLEAN, doc TEXT, meta TEXT)`,
	`CREATE UNIQUE INDEX floor_feed_by_row ON floor_feed (program_no, id, tbl)`,
	`CREATE UNIQUE INDEX floor_feed_by_seq ON floor_feed (program_no, seq)`,
	`CREATE INDEX floor_feed_by_bucket ON floor_feed (program_no, bucket, seq)`,
	`CREATE TABLE floor_mutations (program_no INT, id %[1]s, hash %[2]s, user_id %[1]s, received_at BIGINT, v BIGINT, PRIMARY KEY (program_no, id))`,
	`CREATE TABLE floor_sequence (program_no INT PRIMARY KEY, seq BIGINT)`,
	`INSERT INTO floor_sequence VALUES (1, 0)`,
}

// document is a stored attempt of about the size the server stores.
func document(id, service string) string {
	return fmt.Sprintf(`{"id":"%s","_v":123456,"_b":"%s","service_id":"%s","channel":"call","outcome":"no_answer",`+
		`"occurred_at":"2026-01-02T03:04:05.000Z","known_contact_id":null,"duration_minutes":null,"note":"Rang twice, nobody there.",`+
		`"latitude":null,"longitude":null,"worker_id":"%s","late":false,"clock_suspect":false}`, id, service, service, service)
}

const floorMeta = `{"w":[{"v":123456,"d":"01890000-0000-7000-8000-000000000000","u":"01890000-0000-7000-8000-000000000000","a":1700000000000}]}`

func (s *stand) pushFloor(ctx context.Context, devices, requests int) (time.Duration, error) {
	if s.kind == harness.Postgres {
		return s.pushFloorPostgres(ctx, devices, requests)
	}
	return s.pushFloorSQLite(ctx, devices, requests)
}

func (s *stand) pushFloorPostgres(ctx context.Context, devices, requests int) (time.Duration, error) {
	cfg, err := pgxpool.ParseConfig(s.site.URL())
	if err != nil {
		return 0, err
	}
	cfg.MaxConns = int32(devices)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	for _, t := range []string{"typed", "feed", "mutations", "sequence"} {
		if _, err := pool.Exec(ctx, "DROP TABLE IF EXISTS floor_"+t); err != nil {
			return 0, err
		}
	}
	for _, q := range floorTables {
		if len(q) > 6 && q[:6] != "INSERT" {
			q = fmt.Sprintf(q+"%.0[1]s%.0[2]s", "UUID", "BYTEA")
		}
		if _, err := pool.Exec(ctx, q); err != nil {
			return 0, err
		}
	}
	var seq atomic.Int64
	return together(devices, requests, func() error { return floorPush(ctx, pool, &seq) })
}

func together(devices, requests int, one func() error) (time.Duration, error) {
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	begin := time.Now()
	for range devices {
		all.Go(func() {
			for range requests {
				if err := one(); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return time.Since(begin), nil
}

func floorPush(ctx context.Context, pool *pgxpool.Pool, seq *atomic.Int64) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	service := harness.NewID()
	ids, docs, seqs, hashes := make([]string, perPush), make([]string, perPush), make([]int64, perPush), make([][]byte, perPush)
	at := time.Now().UnixMilli()
	for i := range ids {
		ids[i] = harness.NewID()
		docs[i] = document(ids[i], service)
		seqs[i] = seq.Add(1)
		hashes[i] = []byte(ids[i])[:16]
	}
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO floor_typed SELECT 1, id, seq, $3, 'call', 'no_answer', $4::bigint, 'Rang twice, nobody there.', $3, $4::bigint, $4::bigint, false
			FROM unnest($1::uuid[], $2::bigint[]) AS x (id, seq)`, []any{ids, seqs, service, at}},
		{`INSERT INTO floor_feed SELECT 1, 7, id, seq, $4, false, doc, $5 FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS x (id, seq, doc)`,
			[]any{ids, seqs, docs, service, floorMeta}},
		{`INSERT INTO floor_mutations SELECT 1, id, hash, $3, $4::bigint, seq FROM unnest($1::uuid[], $2::bigint[], $5::bytea[]) AS x (id, seq, hash)`,
			[]any{ids, seqs, service, at, hashes}},
		{`UPDATE floor_sequence SET seq = seq + $1 WHERE program_no = 1`, []any{perPush}},
	} {
		if _, err := tx.Exec(ctx, q.sql, q.args...); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

func (s *stand) pushFloorSQLite(ctx context.Context, devices, requests int) (time.Duration, error) {
	file := filepath.Join(s.site.Dir, fmt.Sprintf("floor-%d-%d.db", devices, time.Now().UnixNano()))
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)&_txlock=immediate")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range floorTables {
		if q[:6] != "INSERT" {
			q = fmt.Sprintf(q+"%.0[1]s%.0[2]s", "TEXT", "BLOB")
		}
		if _, err := db.ExecContext(ctx, q); err != nil {
			return 0, err
		}
	}
	var statements [4]*sql.Stmt
	for i, q := range []string{
		`INSERT INTO floor_typed VALUES (1, ?, ?, ?, 'call', 'no_answer', ?, 'Rang twice, nobody there.', ?, ?, ?, 0)`,
		`INSERT INTO floor_feed VALUES (1, 7, ?, ?, ?, 0, ?, ?)`,
		`INSERT INTO floor_mutations VALUES (1, ?, ?, ?, ?, ?)`,
		`UPDATE floor_sequence SET seq = seq + ? WHERE program_no = 1`,
	} {
		if statements[i], err = db.PrepareContext(ctx, q); err != nil {
			return 0, err
		}
	}
	var seq atomic.Int64
	return together(devices, requests, func() error { return floorPushSQLite(ctx, db, statements, &seq) })
}

func floorPushSQLite(ctx context.Context, db *sql.DB, statements [4]*sql.Stmt, seq *atomic.Int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	service, at := harness.NewID(), time.Now().UnixMilli()
	typed, feed, log := tx.Stmt(statements[0]), tx.Stmt(statements[1]), tx.Stmt(statements[2])
	for range perPush {
		id, n := harness.NewID(), seq.Add(1)
		if _, err := typed.Exec(id, n, service, at, service, at, at); err != nil {
			return err
		}
		if _, err := feed.Exec(id, n, service, document(id, service), floorMeta); err != nil {
			return err
		}
		if _, err := log.Exec(id, []byte(id)[:16], service, at, n); err != nil {
			return err
		}
	}
	if _, err := tx.Stmt(statements[3]).Exec(perPush); err != nil {
		return err
	}
	return tx.Commit()
}
