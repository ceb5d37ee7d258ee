package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"pursuit/models"
)

const rowColumns = `tbl, id, seq, bucket, deleted, doc, meta`

const rowsQuery = `SELECT ` + rowColumns + ` FROM feed WHERE program_no = ? AND `

// scanner is one row of an answer, of either driver.
type scanner interface{ Scan(into ...any) error }

// Rows loads the rows with the given ids, of whatever table, deleted ones included.
func (tx *ProgramTx) Rows(ids []string) ([]*models.Row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.query(rowsQuery+tx.s.in("id"), tx.Program.No, tx.s.ids(ids))
	if err != nil {
		return nil, fmt.Errorf("load rows: %w", err)
	}
	return scanRows(rows)
}

// scanRows reads all rows of rowColumns that this binary knows.
func scanRows(rows *sql.Rows) ([]*models.Row, error) {
	defer rows.Close()
	var out []*models.Row
	for rows.Next() {
		row, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, rows.Err()
}

// scanRow reads one row of rowColumns; a row of a table unknown to this binary is nil.
func scanRow(rows scanner) (*models.Row, error) {
	var no int
	var doc, meta []byte
	var row models.Row
	if err := rows.Scan(&no, &row.ID, &row.V, &row.Bucket, &row.Deleted, &doc, &meta); err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	if row.Table = models.Tables.TableNo(no); row.Table == nil {
		return nil, nil
	}
	var err error
	if row.Meta, err = models.DecodeMeta(meta); err != nil {
		return nil, err
	}
	return &row, row.ReadDoc(doc)
}

// VersionAt gives a row's values as they stood at a sequence number, or nil when
// that is not known any more.
func (tx *ProgramTx) VersionAt(t *models.Table, id string, seq int64) (*models.Row, error) {
	var doc []byte
	row := models.NewRow(t, id)
	err := tx.row(`SELECT seq, doc FROM versions WHERE program_no = ? AND id = ? AND tbl = ? AND seq <= ?
		ORDER BY seq DESC LIMIT 1`, tx.Program.No, id, t.No, seq).Scan(&row.V, &doc)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load version: %w", err)
	}
	return row, row.ReadDoc(doc)
}

// Saved is a row to be written: New when the store has no row with its key yet.
type Saved struct {
	Row *models.Row
	New bool
}

// SaveRows writes rows to the change feed and to the typed tables, and former
// versions beside them, each kind in one statement where the database can.
func (tx *ProgramTx) SaveRows(rows []Saved, former []*models.Row) error {
	docs := make([][]byte, len(rows))
	for i, r := range rows {
		docs[i] = r.Row.Doc()
	}
	if tx.s.dialect == Postgres {
		return tx.saveRowsPostgres(rows, docs, former)
	}
	return tx.saveRowsSQLite(rows, docs, former)
}

const (
	insertFeed = `INSERT INTO feed (program_no, tbl, id, seq, bucket, deleted, doc, meta) `
	updateFeed = ` ON CONFLICT (program_no, id, tbl) DO UPDATE SET seq = excluded.seq, bucket = excluded.bucket,
		deleted = excluded.deleted, doc = excluded.doc, meta = excluded.meta`
	insertVersion = `INSERT INTO versions (program_no, tbl, id, seq, doc) `
)

func (tx *ProgramTx) saveRowsSQLite(rows []Saved, docs [][]byte, former []*models.Row) error {
	for i, r := range rows {
		query := insertFeed + `VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
		if !r.New {
			query += updateFeed
		}
		_, err := tx.exec(query, tx.Program.No, r.Row.Table.No, r.Row.ID, r.Row.V, r.Row.Bucket, r.Row.Deleted,
			string(docs[i]), string(r.Row.Meta.Encode()))
		if err != nil {
			return fmt.Errorf("save row: %w", err)
		}
	}
	for _, r := range former {
		_, err := tx.exec(insertVersion+`VALUES (?, ?, ?, ?, ?)`, tx.Program.No, r.Table.No, r.ID, r.V, string(r.Doc()))
		if err != nil {
			return fmt.Errorf("save version: %w", err)
		}
	}
	return tx.saveTypedSQLite(rows)
}

func (tx *ProgramTx) saveRowsPostgres(rows []Saved, docs [][]byte, former []*models.Row) error {
	var fresh, changed feedColumns
	for i, r := range rows {
		if r.New {
			fresh.add(r.Row, docs[i])
		} else {
			changed.add(r.Row, docs[i])
		}
	}
	const from = `SELECT CAST(? AS INTEGER), * FROM unnest(?::smallint[], ?::uuid[], ?::bigint[], ?::uuid[], ?::boolean[], ?::text[], ?::text[])`
	if err := fresh.exec(tx, insertFeed+from); err != nil {
		return err
	}
	if err := changed.exec(tx, insertFeed+from+updateFeed); err != nil {
		return err
	}
	if len(former) > 0 {
		var old feedColumns
		for _, r := range former {
			old.add(r, r.Doc())
		}
		err := tx.later(insertVersion+`SELECT CAST(? AS INTEGER), * FROM unnest(?::smallint[], ?::uuid[], ?::bigint[], ?::text[])`,
			tx.Program.No, old.tbl, old.id, old.seq, old.doc)
		if err != nil {
			return fmt.Errorf("save versions: %w", err)
		}
	}
	return tx.saveTypedPostgres(rows, docs)
}

// feedColumns are rows turned into one array a column.
type feedColumns struct {
	tbl     []int16
	id      []pgtype.UUID
	seq     []int64
	bucket  []pgtype.UUID
	deleted []bool
	doc     []string
	meta    []string
}

func (c *feedColumns) add(r *models.Row, doc []byte) {
	c.tbl = append(c.tbl, int16(r.Table.No))
	c.id = append(c.id, uuidOf(r.ID))
	c.seq = append(c.seq, r.V)
	c.bucket = append(c.bucket, uuidOf(r.Bucket))
	c.deleted = append(c.deleted, r.Deleted)
	c.doc = append(c.doc, string(doc))
	c.meta = append(c.meta, string(r.Meta.Encode()))
}

func (c *feedColumns) exec(tx *ProgramTx, query string) error {
	if len(c.id) == 0 {
		return nil
	}
	if err := tx.later(query, tx.Program.No, c.tbl, c.id, c.seq, c.bucket, c.deleted, c.doc, c.meta); err != nil {
		return fmt.Errorf("save rows: %w", err)
	}
	return nil
}

// RowsInBucket loads the live rows of one table in one bucket.
func (tx *ProgramTx) RowsInBucket(bucket string, t *models.Table) ([]*models.Row, error) {
	rows, err := tx.query(`SELECT `+rowColumns+` FROM feed WHERE program_no = ? AND bucket = ? AND tbl = ? AND NOT deleted ORDER BY seq`,
		tx.Program.No, bucket, t.No)
	if err != nil {
		return nil, fmt.Errorf("load bucket: %w", err)
	}
	defer rows.Close()
	var out []*models.Row
	for rows.Next() {
		row, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, rows.Err()
}

// SettingIDs gives the ids of the settings rows of a key, in any bucket.
func (tx *ProgramTx) SettingIDs(key string) ([]string, error) {
	rows, err := tx.query(`SELECT id FROM settings WHERE program_no = ? AND key = ?`, tx.Program.No, key)
	if err != nil {
		return nil, fmt.Errorf("find settings: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read setting: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}
