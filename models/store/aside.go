package store

import (
	"errors"
	"log/slog"
	"runtime/debug"
)

// flight is work on a transaction that another goroutine does meanwhile.
type flight struct {
	done chan struct{}
	err  error // once done is closed
}

// errAsidePanicked stands for a panic of work done aside; what panicked may hold
// values and is not told.
var errAsidePanicked = errors.New("work beside the transaction panicked")

// Aside writes in the background what the transaction has ready, while its owner
// goes on deciding: the owner's next statement waits for it, so statements still run
// in the order in which they were written down. fn writes rows or the mutation log
// through the transaction it is given, and nothing else.
//
// An error of fn is returned by the owner's next statement, and the transaction does
// not commit.
func (tx *ProgramTx) Aside(fn func(*ProgramTx) error) error {
	if err := tx.land(); err != nil {
		return err
	}
	beside := *tx.Tx
	tx.waiting = nil // sent before what fn adds
	side := &ProgramTx{Tx: &beside, Program: tx.Program, Epoch: tx.Epoch, start: tx.start}
	f := &flight{done: make(chan struct{})}
	tx.flying = f
	go func() {
		defer close(f.done)
		defer func() {
			if recover() != nil {
				slog.Error("work beside a transaction panicked", "stack", string(debug.Stack()))
				f.err = errAsidePanicked
			}
		}()
		if f.err = fn(side); f.err == nil {
			f.err = side.sendLater()
		}
	}()
	return nil
}

// WritesAhead tells whether it pays to write a transaction's changes bit by bit with
// Aside: on SQLite, where each row is a statement in this process anyway. Postgres
// takes a batch's rows in one statement a table, all on one way there and back.
func (tx *Tx) WritesAhead() bool { return tx.s.dialect == SQLite }

// Aloft tells whether work done aside is still under way.
func (tx *Tx) Aloft() bool {
	if tx.flying == nil {
		return false
	}
	select {
	case <-tx.flying.done:
		return false
	default:
		return true
	}
}

// land waits for what is done aside, and gives its error, again and again.
func (tx *Tx) land() error {
	if tx.flying != nil {
		<-tx.flying.done
		tx.broken = tx.flying.err
		tx.flying = nil
	}
	return tx.broken
}
