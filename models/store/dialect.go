package store

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect names the database that a store talks to.
type Dialect string

// The two databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// rebound caches queries whose placeholders were rewritten for Postgres. It is
// keyed by query text, and query texts are constants of this package or are made
// from the table registry, so it cannot grow without limit.
type rebound struct{ m sync.Map }

// sql turns the `?` placeholders of a query into the dialect's own.
func (s *Store) sql(query string) string {
	if s.dialect == SQLite {
		return query
	}
	if done, ok := s.rebound.m.Load(query); ok {
		return done.(string)
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(query); i++ {
		if query[i] == '?' {
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteByte(query[i])
	}
	s.rebound.m.Store(query, b.String())
	return b.String()
}

// in gives the condition `column IN (…)` over a list of ids as one parameter,
// so that the query's text does not change with the length of the list.
func (s *Store) in(column string) string {
	if s.dialect == SQLite {
		return column + " IN (SELECT value FROM json_each(?))"
	}
	return column + " = ANY(?::uuid[])"
}

// ids gives the parameter that belongs to a condition made by in.
func (s *Store) ids(list []string) any {
	if s.dialect == Postgres {
		return uuids(list)
	}
	text, err := json.Marshal(list)
	if err != nil { // strings always marshal
		return "[]"
	}
	return string(text)
}

// Alone tells whether one process serves the database: a SQLite file has one server
// (commands may run beside it), Postgres may have several.
func (s *Store) Alone() bool { return s.dialect == SQLite }

// uuids turns ids into what the Postgres driver sends as 16 bytes each; as text it
// would try, fail, format and be parsed again. What is no id becomes NULL.
func uuids(list []string) []pgtype.UUID {
	out := make([]pgtype.UUID, len(list))
	for i, id := range list {
		out[i] = uuidOf(id)
	}
	return out
}

func uuidOf(id string) pgtype.UUID {
	u, err := uuid.Parse(id)
	return pgtype.UUID{Bytes: u, Valid: err == nil}
}

// forUpdate locks the rows of one table of a query, where the database locks rows.
// On SQLite the transaction already holds the whole file.
func (s *Store) forUpdate(alias string) string {
	if s.dialect == SQLite {
		return ""
	}
	return " FOR NO KEY UPDATE OF " + alias
}

// by names the index that a table is to be read by. SQLite keeps no statistics of
// ours and would take any index that fits; Postgres chooses well by itself.
func (s *Store) by(index string) string {
	if s.dialect == SQLite {
		return " INDEXED BY " + index
	}
	return ""
}

// isRetryable tells whether the database asks for the transaction to be run again.
func isRetryable(err error) bool {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01", "55P03", "23505": // serialization, deadlock, lock timeout, unique: somebody was first
			return true
		}
		return false
	}
	if lite := (*sqlitedriver.Error)(nil); errors.As(err, &lite) {
		code := lite.Code() & 0xff
		return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
	}
	return errors.Is(err, errSequenceMoved)
}

// isDuplicate tells whether a unique key was violated.
func isDuplicate(err error) bool {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	if lite := (*sqlitedriver.Error)(nil); errors.As(err, &lite) {
		code := lite.Code()
		return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// each gives a query that yields the ids of one parameter, made by ids, as rows of a
// column named id.
func (s *Store) each() string {
	if s.dialect == SQLite {
		return "SELECT value AS id FROM json_each(?)"
	}
	return "SELECT unnest((SELECT ?::uuid[])) AS id" // so written, a plan does not depend on how many: it is made once
}

// skipLocked lets several instances take work from one table without waiting for
// each other.
func (s *Store) skipLocked() string {
	if s.dialect == SQLite {
		return ""
	}
	return " FOR UPDATE SKIP LOCKED"
}

// keys gives a query that yields the push keys of one parameter, made by keysOf.
func (s *Store) keys() string {
	if s.dialect == SQLite {
		return `SELECT value ->> '$.program_no' AS program_no, value ->> '$.id' AS id, value ->> '$.user_id' AS user_id,
			value ->> '$.device_id' AS device_id, value ->> '$.round' AS round FROM json_each(?)`
	}
	return `SELECT * FROM json_to_recordset(CAST(? AS json)) AS k (program_no integer, id uuid, user_id uuid, device_id text, round integer)`
}
