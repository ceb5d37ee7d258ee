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

// ReportAttempt is a row of contact_attempts as counting reads it, small enough that
// hundreds of thousands may be held. Times are milliseconds; a missing one is 0.
type ReportAttempt struct {
	OccurredAt, RecordedAt, ReceivedAt int64
	ID                                 uuid.UUID
	Service                            int32 // its place in the list asked for
	Worker, Channel, Outcome           Word
	ClockSuspect                       bool
}

// Word stands for a text that many rows have in common: its place in Words.
type Word int32

// Words are texts, each once. The zero value is empty and ready.
type Words struct {
	list  []string
	place map[string]Word
}

// Text is what a word stands for.
func (w *Words) Text(n Word) string { return w.list[n] }

// of is the word of a text, which is not kept.
func (w *Words) of(text []byte) Word {
	if n, ok := w.place[string(text)]; ok {
		return n
	}
	return w.add(string(text), string(text))
}

// add keeps a text under the key that it is found by.
func (w *Words) add(key, text string) Word {
	if w.place == nil {
		w.place = map[string]Word{}
	}
	n := Word(len(w.list))
	w.list, w.place[key] = append(w.list, text), n
	return n
}

const (
	attemptColumns = `id, service_id, worker_id, channel, outcome, occurred_at, recorded_at, received_at, clock_suspect`
	attemptWidth   = 9
)

// Attempts visits the attempts of services, in no order: who wants one sorts what fits
// into memory, which costs less than the database's sort. The services are in the order
// of their ids; whole tells that no others of the program lie between the first and the
// last. Workers, channels and outcomes are told by words.
func (r *Reading) Attempts(program int32, services []string, whole bool, words *Words, visit func(ReportAttempt) error) error {
	if len(services) == 0 {
		return nil
	}
	query := `SELECT ` + attemptColumns + ` FROM contact_attempts WHERE program_no = ? AND ` + r.s.in("service_id")
	params := []any{program, r.s.ids(services)}
	if whole {
		query = `SELECT ` + attemptColumns + ` FROM contact_attempts WHERE program_no = ? AND service_id >= ? AND service_id <= ?`
		params = []any{program, services[0], services[len(services)-1]}
	}
	place, err := placesOf(services)
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	c := &columnReader{words: words, place: place}
	if r.s.dialect == Postgres {
		return r.attemptsPostgres(query, params, c, visit)
	}
	rows, err := r.query(query, params...)
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	defer rows.Close()
	cells, into := make([]sql.RawBytes, attemptWidth), make([]any, attemptWidth)
	c.values, c.fields = make([][]byte, attemptWidth), make([]pgconn.FieldDescription, attemptWidth) // all are text
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read attempt: %w", err)
		}
		for i := range cells {
			c.values[i] = cells[i]
		}
		if err := c.attempt(visit); err != nil {
			return err
		}
	}
	return rows.Err()
}

func placesOf(ids []string) (map[uuid.UUID]int32, error) {
	out := make(map[uuid.UUID]int32, len(ids))
	for i, text := range ids {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("read an id: %w", err)
		}
		out[id] = int32(i)
	}
	return out, nil
}

// attemptsPostgres reads the driver's own rows: a report reads a million of them,
// and database/sql would make a value of each column.
func (r *Reading) attemptsPostgres(query string, params []any, c *columnReader, visit func(ReportAttempt) error) error {
	var failed error
	err := r.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the connection is not pgx's")
		}
		failed = readAttempts(r.ctx, conn.Conn(), r.s.sql(query), params, c, visit)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	return failed
}

func readAttempts(ctx context.Context, conn *pgx.Conn, query string, params []any, c *columnReader, visit func(ReportAttempt) error) error {
	rows, err := conn.Query(ctx, query, params...)
	if err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		c.values, c.fields = rows.RawValues(), rows.FieldDescriptions()
		if err := c.attempt(visit); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("list attempts: %w", err)
	}
	return nil
}

// columnReader reads columns as they come over the wire, binary or text.
type columnReader struct {
	values [][]byte
	fields []pgconn.FieldDescription
	words  *Words
	place  map[uuid.UUID]int32 // of a service
	err    error
}

// attempt visits the row at hand. One of a service that was not asked for, as those of
// deleted ones are in a range, is passed over.
func (c *columnReader) attempt(visit func(ReportAttempt) error) error {
	at, asked := c.place[c.id(1)]
	if !asked && c.err == nil {
		return nil
	}
	a := ReportAttempt{ID: c.id(0), Service: at, Worker: c.worker(2), Channel: c.words.of(c.values[3]), Outcome: c.words.of(c.values[4]),
		OccurredAt: c.number(5), RecordedAt: c.number(6), ReceivedAt: c.number(7), ClockSuspect: c.flag(8)}
	if c.err != nil {
		return fmt.Errorf("read attempt: %w", c.err)
	}
	return visit(a)
}

func (c *columnReader) binary(i int) bool { return c.fields[i].Format == pgx.BinaryFormatCode }

func (c *columnReader) id(i int) uuid.UUID {
	var id uuid.UUID
	var err error
	if c.binary(i) {
		id, err = uuid.FromBytes(c.values[i])
	} else {
		id, err = uuid.ParseBytes(c.values[i])
	}
	if err != nil {
		c.err = fmt.Errorf("column %d is not an id", i)
	}
	return id
}

// worker is the word of an id that may be missing.
func (c *columnReader) worker(i int) Word {
	v := c.values[i]
	if v == nil || !c.binary(i) {
		return c.words.of(v)
	}
	if n, ok := c.words.place[string(v)]; ok {
		return n
	}
	return c.words.add(string(v), c.id(i).String())
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

// flag reads a truth as the databases and their drivers write it.
func (c *columnReader) flag(i int) bool {
	v := c.values[i]
	return len(v) > 0 && (v[0] == 1 || v[0] == 't' || v[0] == '1')
}
