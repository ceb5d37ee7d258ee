package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Likeness is what two entries of one person may have in common.
type Likeness struct {
	ID          string
	Code        string
	FirstName   string
	LastName    string
	DateOfBirth string // YYYY-MM-DD, or ""
	Phones      string // a JSON list, or ""
	CreatedAt   int64  // milliseconds
}

// Likenesses visits, in no order, the live persons that a view holds by grants. One
// scan of the view's grants, one look-up a person.
func (s *Store) Likenesses(ctx context.Context, v View, visit func(Likeness)) error {
	rows, err := s.readQuery(ctx, `SELECT p.id, p.code, p.first_name, p.last_name, p.date_of_birth, p.phones, p.created_at
		FROM (SELECT DISTINCT g.bucket FROM grants g`+s.by("grants_by_bucket")+` WHERE `+ours+` AND `+standing+`) AS held
		CROSS JOIN people p WHERE p.program_no = ? AND p.id = held.bucket`, args(v.ours(), v.At, v.Program)...)
	if err != nil {
		return fmt.Errorf("list persons: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l Likeness
		var at sql.NullInt64
		err := rows.Scan(&l.ID, text{&l.Code}, text{&l.FirstName}, text{&l.LastName}, text{&l.DateOfBirth}, text{&l.Phones}, &at)
		if err != nil {
			return fmt.Errorf("read person: %w", err)
		}
		l.CreatedAt = at.Int64
		visit(l)
	}
	return rows.Err()
}
