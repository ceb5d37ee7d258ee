package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// ReportAttempt is a row of contact_attempts as counting reads it. Times are
// milliseconds; a missing one is 0.
type ReportAttempt struct {
	ID, ServiceID, WorkerID            string
	Channel, Outcome                   string
	OccurredAt, RecordedAt, ReceivedAt int64
	ClockSuspect                       bool
}

const attemptColumns = `id, service_id, worker_id, channel, outcome, occurred_at, recorded_at, received_at, clock_suspect`

// Attempts visits the attempts of services, service by service in the order of
// their ids and within each by occurred_at. The ids must be in order. whole tells
// that no other services of the program lie between the first and the last.
func (r *Reading) Attempts(program int32, services []string, whole bool, visit func(ReportAttempt) error) error {
	if len(services) == 0 {
		return nil
	}
	query, params := r.attemptsQuery(program, services, whole)
	if r.s.dialect == Postgres {
		return r.attemptsPostgres(query, params, visit)
	}
	rows, err := r.query(query, params...)
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a ReportAttempt
		var occurred, recorded, received sql.NullInt64
		var suspect sql.NullBool
		if err := rows.Scan(&a.ID, &a.ServiceID, text{&a.WorkerID}, text{&a.Channel}, text{&a.Outcome},
			&occurred, &recorded, &received, &suspect); err != nil {
			return fmt.Errorf("read attempt: %w", err)
		}
		a.OccurredAt, a.RecordedAt, a.ReceivedAt = occurred.Int64, recorded.Int64, received.Int64
		a.ClockSuspect = suspect.Bool
		if err := visit(a); err != nil {
			return err
		}
	}
	return rows.Err()
}

// attemptsQuery reads by range where every service of the range is wanted, and by
// single services else; both go along the index and sort nothing.
func (r *Reading) attemptsQuery(program int32, services []string, whole bool) (string, []any) {
	if whole {
		return `SELECT ` + attemptColumns + ` FROM contact_attempts WHERE program_no = ? AND service_id >= ? AND service_id <= ?
			ORDER BY service_id, occurred_at`, []any{program, services[0], services[len(services)-1]}
	}
	if r.s.dialect == SQLite {
		return `SELECT ` + attemptColumns + ` FROM contact_attempts WHERE program_no = ? AND ` + r.s.in("service_id") + `
			ORDER BY service_id, occurred_at`, []any{program, r.s.ids(services)}
	}
	// ORDER BY over the ordinality is what the nested loop delivers; it is there so
	// that another plan would be put right by a sort.
	return `SELECT l.* FROM unnest(?::uuid[]) WITH ORDINALITY AS b (service, n)
		CROSS JOIN LATERAL (SELECT ` + attemptColumns + ` FROM contact_attempts c WHERE c.program_no = ? AND c.service_id = b.service
			ORDER BY c.occurred_at OFFSET 0) AS l ORDER BY b.n, l.occurred_at`, []any{r.s.ids(services), program}
}

// attemptsPostgres reads the driver's own rows: a report reads a million of them,
// and database/sql would make a value of each column.
func (r *Reading) attemptsPostgres(query string, params []any, visit func(ReportAttempt) error) error {
	var failed error
	err := r.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the connection is not pgx's")
		}
		failed = readAttempts(r.ctx, conn.Conn(), r.s.sql(query), params, visit)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	return failed
}

func readAttempts(ctx context.Context, conn *pgx.Conn, query string, params []any, visit func(ReportAttempt) error) error {
	rows, err := conn.Query(ctx, query, params...)
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	defer rows.Close()
	c := columnReader{words: map[string]string{}, ids: map[string]string{}}
	for rows.Next() {
		c.values, c.fields = rows.RawValues(), rows.FieldDescriptions()
		a := ReportAttempt{ID: c.id(0), ServiceID: c.sameID(1), WorkerID: c.sameID(2), Channel: c.word(3), Outcome: c.word(4),
			OccurredAt: c.number(5), RecordedAt: c.number(6), ReceivedAt: c.number(7), ClockSuspect: c.flag(8)}
		if c.err != nil {
			return fmt.Errorf("read attempt: %w", c.err)
		}
		if err := visit(a); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	return nil
}

// columnReader reads columns as they come over the wire, binary or text. Words and
// ids that come again are one string.
type columnReader struct {
	values [][]byte
	fields []pgconn.FieldDescription
	words  map[string]string
	ids    map[string]string
	err    error
}

// idsKept bounds the ids remembered: workers of one page of services.
const idsKept = 10_000

func (c *columnReader) binary(i int) bool { return c.fields[i].Format == pgx.BinaryFormatCode }

func (c *columnReader) id(i int) string {
	v := c.values[i]
	if !c.binary(i) || v == nil {
		return string(v)
	}
	id, err := uuid.FromBytes(v)
	if err != nil {
		c.err = err
	}
	return id.String()
}

func (c *columnReader) sameID(i int) string {
	if known, ok := c.ids[string(c.values[i])]; ok {
		return known
	}
	if len(c.ids) >= idsKept {
		clear(c.ids)
	}
	id := c.id(i)
	c.ids[string(c.values[i])] = id
	return id
}

func (c *columnReader) word(i int) string {
	if known, ok := c.words[string(c.values[i])]; ok {
		return known
	}
	word := string(c.values[i])
	c.words[word] = word
	return word
}

func (c *columnReader) number(i int) int64 {
	v := c.values[i]
	switch {
	case v == nil:
		return 0
	case c.binary(i) && len(v) == 8:
		return int64(binary.BigEndian.Uint64(v))
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		c.err = fmt.Errorf("column %d is not a number", i)
	}
	return n
}

func (c *columnReader) flag(i int) bool {
	v := c.values[i]
	return len(v) == 1 && (v[0] == 1 || v[0] == 't')
}
