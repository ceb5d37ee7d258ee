package store

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"pursuit/models"
)

// insertTyped writes new rows of one table on Postgres, one array a column, leaving
// out the columns that no row of the batch sets: most have no coordinates, say.
func (tx *ProgramTx) insertTyped(t *models.Table, rows []Saved, picked []int) error {
	if len(picked) == 0 {
		return nil
	}
	ids, seqs := make([]string, len(picked)), make([]int64, len(picked))
	for n, i := range picked {
		ids[n], seqs[n] = rows[i].Row.ID, rows[i].Row.V
	}
	params := []any{tx.Program.No, uuids(ids), seqs}
	var used uint64
	for f := range t.Fields {
		if values := columnOf(t.Fields[f].Type, f, rows, picked); values != nil {
			used |= 1 << f
			params = append(params, values)
		}
	}
	return tx.later(tx.s.typedInsert(t, used), params...)
}

// typedInsert is the statement for a set of columns, made on first use. A table has
// few sets in practice: apps send the same fields again and again.
func (s *Store) typedInsert(t *models.Table, used uint64) string {
	key := [2]uint64{uint64(t.No), used}
	if have, ok := s.typedCache.Load(key); ok {
		return have.(string)
	}
	names, arrays := []string{"program_no", "id", "seq"}, []string{"?::uuid[]", "?::bigint[]"}
	for f := range t.Fields {
		if used&(1<<f) != 0 {
			names = append(names, column(t.Fields[f].Name))
			arrays = append(arrays, "?::"+arrayType(t.Fields[f].Type)+"[]")
		}
	}
	query := `INSERT INTO ` + t.Name + ` (` + strings.Join(names, ", ") + `) SELECT CAST(? AS INTEGER), * FROM unnest(` +
		strings.Join(arrays, ", ") + `)`
	s.typedCache.Store(key, query)
	return query
}

func arrayType(kind models.Type) string {
	switch kind {
	case models.TypeID:
		return "uuid"
	case models.TypeBool:
		return "boolean"
	case models.TypeInteger, models.TypeTimestamp:
		return "bigint"
	case models.TypeNumber:
		return "double precision"
	}
	return "text"
}

// columnOf gathers one column of the rows, nil when no row sets it.
func columnOf(kind models.Type, f int, rows []Saved, picked []int) any {
	any := false
	for _, i := range picked {
		any = any || rows[i].Row.Values[f] != nil
	}
	if !any {
		return nil
	}
	switch kind {
	case models.TypeBool:
		return gather(f, rows, picked, func(v json.RawMessage) bool { return len(v) == 4 })
	case models.TypeInteger:
		return gather(f, rows, picked, func(v json.RawMessage) int64 {
			n, _ := strconv.ParseInt(string(v), 10, 64) // canonical
			return n
		})
	case models.TypeNumber:
		return gather(f, rows, picked, func(v json.RawMessage) float64 {
			x, _ := strconv.ParseFloat(string(v), 64) // canonical
			return x
		})
	case models.TypeTimestamp:
		return gather(f, rows, picked, func(v json.RawMessage) int64 {
			t, _ := models.ParseTime(models.Text(v)) // canonical
			return t.UnixMilli()
		})
	case models.TypeID:
		out := make([]pgtype.UUID, len(picked))
		for n, i := range picked {
			if v := rows[i].Row.Values[f]; v != nil {
				out[n] = uuidOf(models.Text(v))
			}
		}
		return out
	case models.TypeText, models.TypeCode, models.TypeDate:
		return gather(f, rows, picked, models.Text)
	}
	return gather(f, rows, picked, func(v json.RawMessage) string { return string(v) })
}

// gather reads one column into an array with nulls.
func gather[T any](f int, rows []Saved, picked []int, read func(json.RawMessage) T) []*T {
	values, out := make([]T, len(picked)), make([]*T, len(picked))
	for n, i := range picked {
		if v := rows[i].Row.Values[f]; v != nil {
			values[n] = read(v)
			out[n] = &values[n]
		}
	}
	return out
}
