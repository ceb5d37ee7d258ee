package store

import (
	"github.com/jackc/pgx/v5"
)

// ask runs count queries that answer with one value each: on Postgres with one way to
// the server and back for all of them. of gives the i-th query, with `?` placeholders,
// its parameters and what its answer is read into.
func (tx *Tx) ask(count int, of func(i int) (query string, args []any, into any)) error {
	if tx.conn == nil {
		for i := range count {
			query, args, into := of(i)
			if err := tx.row(query, args...).Scan(into); err != nil {
				return err
			}
		}
		return nil
	}
	if err := tx.sendLater(); err != nil || count == 0 {
		return err
	}
	batch, scan := &pgx.Batch{}, make([]func(pgx.Rows) error, count)
	for i := range count {
		query, args, into := of(i)
		batch.Queue(tx.s.sql(query), args...)
		scan[i] = func(rows pgx.Rows) error { return rows.Scan(into) }
	}
	return tx.native(func(conn *pgx.Conn) error { return runBatch(tx.ctx, conn, batch, scan) })
}
