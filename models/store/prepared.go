package store

import (
	"context"
	"database/sql"
	"sync"
)

// preparedSet keeps statements prepared on SQLite's one writing connection, where
// parsing a statement can cost more than running it. Postgres' driver keeps its own.
//
// A statement cannot be prepared on the pool while a transaction holds the only
// connection, so a statement seen for the first time is noted and prepared after
// the commit.
type preparedSet struct {
	mu     sync.Mutex
	ready  map[string]*sql.Stmt
	missed map[string]bool
	closed bool
}

// get gives the statement bound to the transaction, or nil when there is none yet.
func (p *preparedSet) get(tx *Tx, query string) *sql.Stmt {
	if tx.s.dialect != SQLite {
		return nil
	}
	p.mu.Lock()
	stmt := p.ready[query]
	if stmt == nil && len(p.ready)+len(p.missed) < statementsLimit {
		if p.missed == nil {
			p.missed = map[string]bool{}
		}
		p.missed[query] = true
	}
	p.mu.Unlock()
	if stmt == nil {
		return nil
	}
	return tx.sql.StmtContext(tx.run, stmt)
}

// learn prepares what was missed since the last call.
func (p *preparedSet) learn(s *Store) {
	p.mu.Lock()
	missed := p.missed
	p.missed = nil
	p.mu.Unlock()
	for query := range missed {
		stmt, err := s.writeSQL.PrepareContext(context.Background(), query)
		if err != nil {
			continue // it ran unprepared; it will again
		}
		p.keep(query, stmt)
	}
}

func (p *preparedSet) keep(query string, stmt *sql.Stmt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.ready[query] != nil {
		_ = stmt.Close()
		return
	}
	if p.ready == nil {
		p.ready = map[string]*sql.Stmt{}
	}
	p.ready[query] = stmt
}

func (p *preparedSet) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.ready {
		_ = stmt.Close()
	}
	p.ready, p.closed = nil, true
}
