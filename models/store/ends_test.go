package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// A transaction whose sequence somebody moved meanwhile (which the lock should
// prevent) commits nothing and is run again.
func TestSequenceMovedMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, _ := newProgram(t, s)
		ctx, no := context.Background(), p.No
		runs := 0
		err := store.InProgram(ctx, s, no, func(tx *store.ProgramTx) error {
			runs++
			if runs < 3 {
				tx.Next()
				return tx.Exec(`UPDATE sequences SET seq = seq + 7 WHERE program_no = ?`, no)
			}
			tx.Next()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if runs != 3 {
			t.Errorf("it ran %d times, want 3", runs)
		}
		if got := sequence(t, s, no); got != 1 {
			t.Errorf("the sequence stands at %d, want 1: what moved it was taken back", got)
		}
	})
}

// Nothing of a transaction that fails is kept, wherever it fails, and the next one
// finds the connection as it should be.
func TestFailedTransactionsLeaveNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, _ := newProgram(t, s)
		no, broken := p.No, errors.New("broken")
		for name, fail := range map[string]func(context.CancelFunc, *store.ProgramTx) error{
			"its own error":     func(context.CancelFunc, *store.ProgramTx) error { return broken },
			"a bad statement":   func(_ context.CancelFunc, tx *store.ProgramTx) error { return tx.Exec(`SELECT nothing FROM nowhere`) },
			"its caller leaves": func(leave context.CancelFunc, _ *store.ProgramTx) error { leave(); return nil },
			"a panic":           func(context.CancelFunc, *store.ProgramTx) error { panic("broken") },
		} {
			before := sequence(t, s, no)
			for range 30 { // more than there are connections
				ctx, leave := context.WithTimeout(context.Background(), time.Minute)
				func() {
					defer func() { _ = recover() }()
					err := store.InProgram(ctx, s, no, func(tx *store.ProgramTx) error {
						tx.Next()
						if err := tx.Audit(store.AuditEntry{Action: "test"}); err != nil {
							return err
						}
						return fail(leave, tx)
					})
					if err == nil {
						t.Errorf("%s: it ended without an error", name)
					}
				}()
				leave()
			}
			if got := sequence(t, s, no); got != before {
				t.Errorf("%s: the sequence moved from %d to %d", name, before, got)
			}
			var entries int
			if err := s.SQLDB().QueryRow(`SELECT count(*) FROM audit`).Scan(&entries); err != nil || entries != 0 {
				t.Errorf("%s: %d entries in the audit, want none (%v)", name, entries, err)
			}
		}
	})
}

func sequence(t *testing.T, s *store.Store, program int32) int64 {
	t.Helper()
	var seq int64
	err := store.InReading(context.Background(), s, func(r *store.Reading) (err error) {
		seq, err = r.Seq(program)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}
