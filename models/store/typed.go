package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"pursuit/models"
)

// The typed tables hold the live rows of the change feed with one column a field,
// for reports and reminders. They are written in the same transaction and can be
// rebuilt from the feed at any time. Timestamps are milliseconds, dates text,
// lists and objects JSON text.

// typedSQL are the statements of one typed table.
type typedSQL struct {
	insert string // new rows
	upsert string // changed rows
	remove string // deleted rows
}

// typed gives the statements of a table, made on first use.
func (s *Store) typed(t *models.Table) typedSQL {
	if have, ok := s.typedCache.Load(t.No); ok {
		return have.(typedSQL)
	}
	made := s.makeTyped(t)
	s.typedCache.Store(t.No, made)
	return made
}

func (s *Store) makeTyped(t *models.Table) typedSQL {
	var names, marks, sets []string
	for _, f := range t.Fields {
		name := column(f.Name)
		names = append(names, name)
		marks = append(marks, "?")
		sets = append(sets, name+" = excluded."+name)
	}
	into := fmt.Sprintf(`INSERT INTO %s (program_no, id, seq, %s) `, t.Name, strings.Join(names, ", "))
	conflict := ` ON CONFLICT (program_no, id) DO UPDATE SET seq = excluded.seq, ` + strings.Join(sets, ", ")
	body := `VALUES (?, ?, ?, ` + strings.Join(marks, ", ") + `)`
	if s.dialect == Postgres {
		body = recordset(t)
	}
	return typedSQL{insert: into + body, upsert: into + body + conflict,
		remove: `DELETE FROM ` + t.Name + ` WHERE program_no = ? AND ` + s.in("id")}
}

// recordset is the SELECT that turns an array of documents into typed columns.
func recordset(t *models.Table) string {
	exprs, defs := []string{"CAST(? AS INTEGER)", "x.id", `x."_v"`}, []string{"id uuid", `"_v" bigint`}
	for _, f := range t.Fields {
		name := column(f.Name)
		expr, kind := "x."+name, "text"
		switch f.Type {
		case models.TypeID:
			kind = "uuid"
		case models.TypeBool:
			kind = "boolean"
		case models.TypeInteger:
			kind = "bigint"
		case models.TypeNumber:
			kind = "double precision"
		case models.TypeTimestamp:
			kind, expr = "timestamptz", "(extract(epoch from x."+name+") * 1000)::bigint"
		case models.TypeTextList, models.TypeFactors, models.TypeObject, models.TypeAny:
			kind, expr = "jsonb", "x."+name+"::text"
		}
		exprs = append(exprs, expr)
		defs = append(defs, name+" "+kind)
	}
	return `SELECT ` + strings.Join(exprs, ", ") + ` FROM jsonb_to_recordset(?::jsonb) AS x(` + strings.Join(defs, ", ") + `)`
}

// column quotes a field's name: some are words of SQL.
func column(name string) string { return `"` + name + `"` }

// typedRows sorts rows by table and by what is to be done.
type typedRows struct {
	insert, upsert []int // positions in the list
	remove         []string
}

func groupTyped(rows []Saved) ([]*models.Table, map[*models.Table]*typedRows) {
	var order []*models.Table
	groups := map[*models.Table]*typedRows{}
	for i, r := range rows {
		t := r.Row.Table
		if !t.Typed {
			continue
		}
		g := groups[t]
		if g == nil {
			g = &typedRows{}
			groups[t] = g
			order = append(order, t)
		}
		switch {
		case r.Row.Deleted:
			g.remove = append(g.remove, r.Row.ID)
		case r.New:
			g.insert = append(g.insert, i)
		default:
			g.upsert = append(g.upsert, i)
		}
	}
	return order, groups
}

func (tx *ProgramTx) saveTypedPostgres(rows []Saved, docs [][]byte) error {
	order, groups := groupTyped(rows)
	for _, t := range order {
		g, q := groups[t], tx.s.typed(t)
		if err := tx.insertTyped(t, rows, g.insert); err != nil {
			return fmt.Errorf("save new %s: %w", t.Name, err)
		}
		if err := tx.execDocs(q.upsert, docs, g.upsert); err != nil {
			return fmt.Errorf("save changed %s: %w", t.Name, err)
		}
		if err := tx.removeTyped(q, g.remove); err != nil {
			return fmt.Errorf("remove %s: %w", t.Name, err)
		}
	}
	return nil
}

func (tx *ProgramTx) execDocs(query string, docs [][]byte, picked []int) error {
	if len(picked) == 0 {
		return nil
	}
	var b bytes.Buffer
	for n, i := range picked {
		if n == 0 {
			b.WriteByte('[')
		} else {
			b.WriteByte(',')
		}
		b.Write(docs[i])
	}
	b.WriteByte(']')
	return tx.later(query, tx.Program.No, b.String())
}

func (tx *ProgramTx) saveTypedSQLite(rows []Saved) error {
	order, groups := groupTyped(rows)
	for _, t := range order {
		g, q := groups[t], tx.s.typed(t)
		for _, i := range g.insert {
			if _, err := tx.exec(q.insert, tx.typedArgs(rows[i].Row)...); err != nil {
				return fmt.Errorf("save new %s: %w", t.Name, err)
			}
		}
		for _, i := range g.upsert {
			if _, err := tx.exec(q.upsert, tx.typedArgs(rows[i].Row)...); err != nil {
				return fmt.Errorf("save changed %s: %w", t.Name, err)
			}
		}
		if err := tx.removeTyped(q, g.remove); err != nil {
			return fmt.Errorf("remove %s: %w", t.Name, err)
		}
	}
	return nil
}

func (tx *ProgramTx) removeTyped(q typedSQL, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.later(q.remove, tx.Program.No, tx.s.ids(ids))
}

func (tx *ProgramTx) typedArgs(r *models.Row) []any {
	args := make([]any, 0, len(r.Values)+3)
	args = append(args, tx.Program.No, r.ID, r.V)
	for i, v := range r.Values {
		args = append(args, typedValue(r.Table.Fields[i].Type, v))
	}
	return args
}

// typedValue turns a canonical JSON value into what its column holds.
func typedValue(kind models.Type, v json.RawMessage) any {
	if v == nil {
		return nil
	}
	switch kind {
	case models.TypeText, models.TypeCode, models.TypeID, models.TypeDate:
		return models.Text(v)
	case models.TypeBool:
		return len(v) == 4
	case models.TypeInteger:
		n, _ := strconv.ParseInt(string(v), 10, 64) // canonical
		return n
	case models.TypeNumber:
		x, _ := strconv.ParseFloat(string(v), 64) // canonical
		return x
	case models.TypeTimestamp:
		t, _ := models.ParseTime(models.Text(v)) // canonical
		return t.UnixMilli()
	default:
		return string(v)
	}
}
