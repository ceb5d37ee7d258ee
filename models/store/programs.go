package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"pursuit/models"
)

// Program reads one program by number; not_found when there is none.
func (s *Store) Program(ctx context.Context, no int32) (models.Program, error) {
	p := models.Program{No: no}
	var at int64
	err := s.readSQL.QueryRowContext(ctx, s.sql(`SELECT id, name, time_zone, created_at FROM programs WHERE no = ?`), no).
		Scan(&p.ID, &p.Name, &p.TimeZone, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return p, models.NotFound()
	}
	if err != nil {
		return p, fmt.Errorf("read program: %w", err)
	}
	p.CreatedAt = fromMillis(at)
	return p, nil
}
