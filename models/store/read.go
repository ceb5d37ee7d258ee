package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// reader keeps the statements of the read side prepared. Its query texts are
// constants of this package, so the set is small; Postgres' driver keeps its own.
type reader struct {
	mu sync.RWMutex
	m  map[string]*sql.Stmt
}

// readQuery runs one read-only query with `?` placeholders outside of transactions.
func (s *Store) readQuery(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s.dialect == Postgres {
		return s.readSQL.QueryContext(ctx, s.sql(query), args...)
	}
	stmt, err := s.readStmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// readRow runs one read-only query that answers with at most one row.
func (s *Store) readRow(ctx context.Context, query string, args ...any) *sql.Row {
	if s.dialect == Postgres {
		return s.readSQL.QueryRowContext(ctx, s.sql(query), args...)
	}
	stmt, err := s.readStmt(ctx, query)
	if err != nil { // the plain query answers with the same error
		return s.readSQL.QueryRowContext(ctx, query, args...)
	}
	return stmt.QueryRowContext(ctx, args...)
}

func (s *Store) readStmt(ctx context.Context, query string) (*sql.Stmt, error) {
	s.reader.mu.RLock()
	stmt := s.reader.m[query]
	s.reader.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := s.readSQL.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	if have := s.reader.m[query]; have != nil {
		_ = stmt.Close()
		return have, nil
	}
	if s.reader.m == nil {
		s.reader.m = map[string]*sql.Stmt{}
	}
	s.reader.m[query] = stmt
	return stmt, nil
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, stmt := range r.m {
		_ = stmt.Close()
	}
	r.m = nil
}
