package store_test

import (
	"errors"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func staffRow(org string, v int64) *models.Row {
	row := models.NewRow(models.Tables.Table("staff"), models.NewID())
	row.Bucket, row.V = org, v
	return row
}

// What is written aside is there for the transaction's next statement, whatever the
// writing takes.
func TestAsideIsInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		inProgram(t, s, p.No, func(tx *store.ProgramTx) error {
			for range 20 {
				row, slow := staffRow(org.ID, tx.Next()), make(chan struct{})
				err := tx.Aside(func(side *store.ProgramTx) error {
					<-slow
					return side.SaveRows([]store.Saved{{Row: row, New: true}}, nil)
				})
				if err != nil {
					return err
				}
				if !tx.Aloft() {
					t.Error("the writing is over before it began")
				}
				close(slow)
				found, err := tx.Rows([]string{row.ID})
				if err != nil || len(found) != 1 {
					t.Fatalf("%d rows of the one that was written aside: %v", len(found), err)
				}
				if tx.Aloft() {
					t.Error("a statement ran beside the writing that it follows")
				}
			}
			return nil
		})
	})
}

// A transaction whose writing aside failed or panicked does not commit, not even when
// its owner never looked; the store goes on.
func TestAsideFails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		boom := errors.New("no")
		row := staffRow(org.ID, 1)
		for name, fn := range map[string]func(*store.ProgramTx) error{
			"error": func(*store.ProgramTx) error { return boom },
			"panic": func(*store.ProgramTx) error { panic(boom) },
		} {
			err := store.InProgram(ctx, s, p.No, func(tx *store.ProgramTx) error {
				row.V = tx.Next()
				if err := tx.SaveRows([]store.Saved{{Row: row, New: true}}, nil); err != nil {
					return err
				}
				return tx.Aside(fn)
			})
			if err == nil || name == "error" && !errors.Is(err, boom) {
				t.Errorf("%s: the transaction ended with %v", name, err)
			}
			inProgram(t, s, p.No, func(tx *store.ProgramTx) error {
				found, err := tx.Rows([]string{row.ID})
				if len(found) != 0 || tx.Seq() != 0 {
					t.Errorf("%s: the row is there, the sequence at %d", name, tx.Seq())
				}
				return err
			})
		}
	})
}
