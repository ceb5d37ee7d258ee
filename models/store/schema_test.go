package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

const sqliteColumns = `SELECT m.name, c.name, lower(c.type), c."notnull" = 1 OR c.pk > 0
	FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`

const postgresColumns = `SELECT table_name, column_name, data_type, is_nullable = 'NO'
	FROM information_schema.columns WHERE table_schema = 'public'`

const sqliteIndexes = `SELECT m.name, i.origin || CASE WHEN i."unique" THEN ' unique' ELSE '' END || CASE WHEN i.partial THEN ' partial' ELSE '' END,
	(SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
	FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table'`

const postgresIndexes = `SELECT t.relname, CASE WHEN i.indisprimary THEN 'pk' WHEN c.oid IS NOT NULL THEN 'u' ELSE 'c' END
	|| CASE WHEN i.indisunique THEN ' unique' ELSE '' END || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END,
	(SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum)
	FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
	LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
	WHERE n.nspname = 'public'`

// sameType names, for each type of Postgres, the type that SQLite's schema calls it.
var sameType = map[string]string{"uuid": "text", "text": "text", "bigint": "bigint", "integer": "integer", "smallint": "integer",
	"boolean": "boolean", "bytea": "blob", "double precision": "double precision"}

// schema reads what a database holds: columns with type and NULL, and indexes.
func schema(t *testing.T, s *store.Store) (columns, indexes []string) {
	t.Helper()
	ofColumns, ofIndexes := sqliteColumns, sqliteIndexes
	if s.Dialect() == store.Postgres {
		ofColumns, ofIndexes = postgresColumns, postgresIndexes
	}
	lines(t, s, ofColumns, func(rows *sql.Rows) error {
		var table, name, kind string
		var filled bool
		err := rows.Scan(&table, &name, &kind, &filled)
		if same, ok := sameType[kind]; ok {
			kind = same
		}
		if !foreign(table) {
			columns = append(columns, fmt.Sprintf("%s.%s %s filled=%v", table, name, kind, filled))
		}
		return err
	})
	lines(t, s, ofIndexes, func(rows *sql.Rows) error {
		var table, kind, of string
		err := rows.Scan(&table, &kind, &of)
		rowid := kind == "pk unique" && (of == "no" || of == "program_no") // SQLite keeps a lone whole number without an index
		if !foreign(table) && !rowid {
			indexes = append(indexes, fmt.Sprintf("%s(%s) %s", table, of, kind))
		}
		return err
	})
	slices.Sort(columns)
	slices.Sort(indexes)
	return columns, indexes
}

// foreign tells whether a table is the migration tool's, the job queue's or the database's own.
func foreign(table string) bool {
	return strings.HasPrefix(table, "goose_") || strings.HasPrefix(table, "sqlite_") || strings.HasPrefix(table, "river_")
}

func lines(t *testing.T, s *store.Store, query string, read func(*sql.Rows) error) {
	t.Helper()
	rows, err := s.SQLDB().QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// Both databases have the same tables, columns, types, NULLs and indexes.
func TestSchemasSayTheSame(t *testing.T) {
	columns, indexes := schema(t, storetest.Open(t, store.SQLite))
	columnsToo, indexesToo := schema(t, storetest.Open(t, store.Postgres))
	if len(columns) < 100 || len(indexes) < 20 {
		t.Fatalf("only %d columns and %d indexes were found", len(columns), len(indexes))
	}
	if diff := cmp.Diff(columns, columnsToo); diff != "" {
		t.Errorf("columns (- SQLite, + Postgres):\n%s", diff)
	}
	if diff := cmp.Diff(indexes, indexesToo); diff != "" {
		t.Errorf("indexes (- SQLite, + Postgres):\n%s", diff)
	}
}

// Every typed table has exactly the columns of its declaration, each of its type.
func TestTypedTablesMatchTheirDeclaration(t *testing.T) {
	kinds := map[models.Type]string{models.TypeBool: "boolean", models.TypeInteger: "bigint", models.TypeNumber: "double precision",
		models.TypeTimestamp: "bigint"}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		have, _ := schema(t, s)
		for _, table := range models.Tables.Tables {
			var want []string
			if table.Typed {
				want = []string{table.Name + ".id text filled=true", table.Name + ".program_no integer filled=true", table.Name + ".seq bigint filled=true"}
				for _, f := range table.Fields {
					kind := kinds[f.Type]
					if kind == "" {
						kind = "text"
					}
					want = append(want, fmt.Sprintf("%s.%s %s filled=false", table.Name, f.Name, kind))
				}
			}
			slices.Sort(want)
			var got []string
			for _, column := range have {
				if strings.HasPrefix(column, table.Name+".") {
					got = append(got, column)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (- declared, + in the database):\n%s", table.Name, diff)
			}
		}
	})
}
