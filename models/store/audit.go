package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"pursuit/models"
)

// AuditEntry is one line of a program's audit: who did or saw what, and when.
//
// Detail says which rows and mutations were concerned, by ids alone, in a form of
// the engine's. N counts from 1 without a gap; Hash is over the entry and the Hash
// before it, so that nothing in between can be changed unnoticed.
type AuditEntry struct {
	N      int64
	At     int64  // milliseconds
	Actor  string // user id; "" = the server itself
	Device string
	Action string
	Detail []byte
	Hash   []byte
}

// chained gives the entry's hash after the hash before it.
func (a *AuditEntry) chained(program int32, before []byte) []byte {
	h := sha256.New()
	h.Write(before)
	numbers := make([]byte, 0, 20)
	numbers = binary.BigEndian.AppendUint32(numbers, uint32(program))
	numbers = binary.BigEndian.AppendUint64(numbers, uint64(a.N))
	numbers = binary.BigEndian.AppendUint64(numbers, uint64(a.At))
	h.Write(numbers)
	for _, part := range [][]byte{[]byte(rowID(a.Actor)), []byte(a.Device), []byte(a.Action), a.Detail} {
		writePart(h, part)
	}
	return h.Sum(nil)
}

// writePart hashes a part with its length before it, so that no two lists of parts
// have the same bytes.
func writePart(h hash.Hash, part []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(part)))
	h.Write(size[:])
	h.Write(part)
}

// auditTip is where a program's audit stands in a transaction.
type auditTip struct {
	n     int64
	hash  []byte
	moved bool
}

// stored is the hash as a value of its own: empty before the first entry, never null.
func (t auditTip) stored() []byte { return append([]byte{}, t.hash...) }

const insertAudit = `INSERT INTO audit (program_no, n, at, actor, device, action, detail, hash) `

// Audit appends entries to the program's audit, in one statement where the database
// can. The transaction holds the program, so the chain has one end whatever number
// of servers write it. Source: docs/adr/0005-audit.md.
func (tx *ProgramTx) Audit(entries ...AuditEntry) error {
	if len(entries) == 0 {
		return nil
	}
	list := make([]AuditEntry, len(entries))
	for i, a := range entries {
		tx.audit.n++
		a.N = tx.audit.n
		if a.At == 0 {
			a.At = tx.Now.UnixMilli()
		}
		a.Actor = rowID(a.Actor)
		if a.Detail == nil {
			a.Detail = []byte{}
		}
		a.Hash = a.chained(tx.Program.No, tx.audit.hash)
		tx.audit.hash, tx.audit.moved = a.Hash, true
		list[i] = a
	}
	if tx.s.dialect == Postgres {
		return tx.auditPostgres(list)
	}
	for _, a := range list {
		_, err := tx.exec(insertAudit+`VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			tx.Program.No, a.N, a.At, a.Actor, a.Device, a.Action, a.Detail, a.Hash)
		if err != nil {
			return fmt.Errorf("write audit: %w", err)
		}
	}
	return nil
}

func (tx *ProgramTx) auditPostgres(list []AuditEntry) error {
	size := len(list)
	ns, ats, actors, devices := make([]int64, size), make([]int64, size), make([]string, size), make([]string, size)
	actions, details, hashes := make([]string, size), make([][]byte, size), make([][]byte, size)
	for i, a := range list {
		ns[i], ats[i], actors[i], devices[i] = a.N, a.At, a.Actor, a.Device
		actions[i], details[i], hashes[i] = a.Action, a.Detail, a.Hash
	}
	err := tx.later(insertAudit+`SELECT CAST(? AS INTEGER), * FROM unnest(?::bigint[], ?::bigint[], ?::uuid[], ?::text[],
		?::text[], ?::bytea[], ?::bytea[])`, tx.Program.No, ns, ats, actors, devices, actions, details, hashes)
	if err != nil {
		return fmt.Errorf("write audit: %w", err)
	}
	return nil
}

// AuditHead tells how many entries a program's audit has and the hash of the last.
func (s *Store) AuditHead(ctx context.Context, program int32) (n int64, hash []byte, err error) {
	err = s.readRow(ctx, `SELECT audit_n, audit_hash FROM sequences WHERE program_no = ?`, program).Scan(&n, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, models.NotFound()
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read audit head: %w", err)
	}
	return n, hash, nil
}

const auditColumns = `n, at, actor, device, action, detail, hash`

// AuditFilter narrows a reading of the audit; zero values do not.
type AuditFilter struct {
	Actor  string
	Device string
	Action string
	From   int64 // milliseconds, included
	To     int64 // milliseconds, not included
}

// AuditWindow visits, newest first, at most limit of the entries with above < N <
// below that pass the filter. The caller keeps the window small enough: a filter
// that nothing passes reads all of it.
func (s *Store) AuditWindow(ctx context.Context, program int32, f AuditFilter, above, below int64, limit int, visit func(AuditEntry) bool) error {
	query, params := `SELECT `+auditColumns+` FROM audit WHERE program_no = ? AND n > ? AND n < ?`, []any{program, above, below}
	for _, c := range []struct {
		condition string
		value     any
		given     bool
	}{
		{` AND actor = ?`, f.Actor, f.Actor != ""}, {` AND device = ?`, f.Device, f.Device != ""},
		{` AND action = ?`, f.Action, f.Action != ""}, {` AND at >= ?`, f.From, f.From != 0}, {` AND at < ?`, f.To, f.To != 0},
	} {
		if c.given {
			query, params = query+c.condition, append(params, c.value)
		}
	}
	return s.auditVisit(ctx, visit, query+` ORDER BY n DESC LIMIT ?`, append(params, limit)...)
}

func (s *Store) auditVisit(ctx context.Context, visit func(AuditEntry) bool, query string, params ...any) error {
	rows, err := s.readQuery(ctx, query, params...)
	if err != nil {
		return fmt.Errorf("read audit: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a AuditEntry
		if err := rows.Scan(&a.N, &a.At, &a.Actor, &a.Device, &a.Action, &a.Detail, &a.Hash); err != nil {
			return fmt.Errorf("read audit entry: %w", err)
		}
		if !visit(a) {
			return nil
		}
	}
	return rows.Err()
}
