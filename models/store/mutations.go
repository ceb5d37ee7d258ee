package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"pursuit/models"
)

// noID stands in a uuid column where a mutation named no usable row.
const noID = "00000000-0000-0000-0000-000000000000"

// LoggedMutation is a mutation with what became of it, remembered for replays.
type LoggedMutation struct {
	ID         string
	Hash       []byte // of author and content
	UserID     string
	DeviceID   string
	TableNo    int // 0 = unknown table
	Row        string
	ReceivedAt int64 // milliseconds
	Result     models.Result
	Body       []byte // the mutation itself, kept unless it was simply applied
}

// Seen gives what is remembered of the mutations with the given ids.
func (tx *ProgramTx) Seen(ids []string) (map[string]LoggedMutation, error) {
	rows, err := tx.query(seenQuery+tx.s.in("id"), tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return nil, fmt.Errorf("look up mutations: %w", err)
	}
	defer rows.Close()
	out := map[string]LoggedMutation{}
	for rows.Next() {
		m, err := scanSeen(rows)
		if err != nil {
			return nil, err
		}
		out[m.ID] = m
	}
	return out, rows.Err()
}

const seenQuery = `SELECT id, hash, user_id, v, result FROM mutations WHERE program_no = ? AND `

func scanSeen(row scanner) (LoggedMutation, error) {
	var m LoggedMutation
	var v int64
	var result []byte
	if err := row.Scan(&m.ID, &m.Hash, &m.UserID, &v, &result); err != nil {
		return m, fmt.Errorf("read mutation: %w", err)
	}
	m.Result = models.Result{ID: m.ID, Status: models.StatusApplied, V: v}
	if result != nil {
		if err := json.Unmarshal(result, &m.Result); err != nil {
			return m, fmt.Errorf("stored result is damaged: %w", err)
		}
	}
	return m, nil
}

// MutationBody gives the stored mutation, or nil when it was not kept.
func (tx *ProgramTx) MutationBody(id string) ([]byte, error) {
	var body []byte
	err := tx.row(`SELECT body FROM mutations WHERE program_no = ? AND id = ?`, tx.Program.No, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load mutation: %w", err)
	}
	return body, nil
}

// plain tells whether a result says no more than "applied at v".
func plain(r models.Result) bool {
	return r.Status == models.StatusApplied && len(r.Conflicts) == 0 && r.Row == nil
}

// resultText is what is stored of a result; nil for a plain one.
func resultText(r models.Result) (*string, error) {
	if plain(r) {
		return nil, nil
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	s := string(b)
	return &s, nil
}

func bodyText(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(bytes.TrimSpace(b))
	return &s
}

func rowID(id string) string {
	if models.ValidID(id) {
		return id
	}
	return noID
}

const insertMutation = `INSERT INTO mutations (program_no, id, hash, user_id, device_id, tbl, row_id, received_at, v, result, body) `

// LogMutations remembers mutations with their results.
func (tx *ProgramTx) LogMutations(list []LoggedMutation) error {
	if tx.s.dialect == Postgres {
		return tx.logMutationsPostgres(list)
	}
	for _, m := range list {
		result, err := resultText(m.Result)
		if err != nil {
			return err
		}
		_, err = tx.exec(insertMutation+`VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, tx.Program.No, m.ID, m.Hash, m.UserID,
			m.DeviceID, m.TableNo, rowID(m.Row), m.ReceivedAt, m.Result.V, result, bodyText(m.Body))
		if err != nil {
			return fmt.Errorf("log mutation: %w", err)
		}
	}
	return nil
}

func (tx *ProgramTx) logMutationsPostgres(list []LoggedMutation) error {
	if len(list) == 0 {
		return nil
	}
	n := len(list)
	ids, hashes, users, devices := make([]pgtype.UUID, n), make([][]byte, n), make([]pgtype.UUID, n), make([]string, n)
	tables, rows, received, vs := make([]int16, n), make([]pgtype.UUID, n), make([]int64, n), make([]int64, n)
	results, bodies := make([]*string, n), make([]*string, n)
	for i, m := range list {
		ids[i], hashes[i], users[i], devices[i] = uuidOf(m.ID), m.Hash, uuidOf(m.UserID), m.DeviceID
		tables[i], rows[i], received[i], vs[i] = int16(m.TableNo), uuidOf(rowID(m.Row)), m.ReceivedAt, m.Result.V
		result, err := resultText(m.Result)
		if err != nil {
			return err
		}
		results[i], bodies[i] = result, bodyText(m.Body)
	}
	err := tx.later(insertMutation+`SELECT CAST(? AS INTEGER), * FROM unnest(?::uuid[], ?::bytea[], ?::uuid[], ?::text[], ?::smallint[],
		?::uuid[], ?::bigint[], ?::bigint[], ?::text[], ?::text[])`,
		tx.Program.No, ids, hashes, users, devices, tables, rows, received, vs, results, bodies)
	if err != nil {
		return fmt.Errorf("log mutations: %w", err)
	}
	return nil
}
