package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// later runs a statement whose result nobody waits for. On Postgres it is kept and
// sent together with others, one way to the server and back for all of them; on
// SQLite, which is in the process, it runs at once.
func (tx *Tx) later(query string, args ...any) error {
	if tx.conn == nil {
		_, err := tx.exec(query, args...)
		return err
	}
	if tx.waiting == nil {
		tx.waiting = &pgx.Batch{}
	}
	tx.waiting.Queue(tx.s.sql(query), args...)
	return nil
}

// sendLater sends what later kept. Every other statement calls it first, so that
// statements run in the order in which they were written down.
func (tx *Tx) sendLater() error {
	if err := tx.land(); err != nil {
		return err
	}
	if tx.waiting == nil {
		return nil
	}
	batch := tx.waiting
	tx.waiting = nil
	return tx.native(func(conn *pgx.Conn) error { return runBatch(tx.ctx, conn, batch, nil) })
}

// native lends the connection of the transaction to fn.
func (tx *Tx) native(fn func(*pgx.Conn) error) error {
	return tx.conn.Raw(func(driver any) error {
		std, ok := driver.(*stdlib.Conn)
		if !ok {
			return errors.New("the Postgres driver is not the expected one")
		}
		return fn(std.Conn())
	})
}

// runBatch sends a batch and reads its results in order: scan reads those of the
// queries (nil: none are read).
func runBatch(ctx context.Context, conn *pgx.Conn, batch *pgx.Batch, scan []func(pgx.Rows) error) (err error) {
	results := conn.SendBatch(ctx, batch)
	defer func() {
		if closed := results.Close(); err == nil && closed != nil {
			err = fmt.Errorf("end batch: %w", closed)
		}
	}()
	for i := range batch.Len() {
		if scan == nil || scan[i] == nil {
			if _, err := results.Exec(); err != nil {
				return fmt.Errorf("statement %d of batch: %w", i, err)
			}
			continue
		}
		rows, err := results.Query()
		if err != nil {
			return fmt.Errorf("query %d of batch: %w", i, err)
		}
		for rows.Next() {
			if err := scan[i](rows); err != nil {
				rows.Close()
				return err
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return fmt.Errorf("query %d of batch: %w", i, err)
		}
	}
	return nil
}
