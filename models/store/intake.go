package store

import (
	"context"
	"fmt"
)

// PersonsOf tells who of some persons are an organisation's: whom it holds now, and whom
// it brought, though they went to another since or were deleted.
func (s *Store) PersonsOf(ctx context.Context, program int32, org string, persons []string) (map[string]bool, error) {
	out := map[string]bool{}
	err := InReading(ctx, s, func(r *Reading) error {
		rows, err := r.query(`SELECT DISTINCT g.bucket FROM grants g WHERE g.program_no = ? AND g.principal = ? AND `+s.in("g.bucket")+`
			AND (g.revoked IS NULL OR g.granted = (SELECT min(f.granted) FROM grants f WHERE f.program_no = g.program_no AND f.bucket = g.bucket))`,
			program, rowID(org), s.ids(persons))
		if err != nil {
			return fmt.Errorf("look whose persons are: %w", err)
		}
		ids, err := scanIDs(rows)
		for _, id := range ids {
			out[id] = true
		}
		return err
	})
	return out, err
}
