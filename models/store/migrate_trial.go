//go:build trial

package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// trialNumber stands behind all migrations that will ever be.
const trialNumber = 90001

// trial brings version 2 of the build for tests of schema versions, in the way in
// which a released version does: a column each in the typed tables, and the field in
// every stored document (docs/adr/0010-schema-versions.md).
func trial() []*goose.Migration {
	steps := []string{
		`ALTER TABLE people ADD COLUMN "preferred_name" TEXT`,
		`UPDATE feed SET doc = replace(doc, ',"created_by":', ',"preferred_name":null,"created_by":') WHERE tbl = 1`,
		`ALTER TABLE known_contacts ADD COLUMN "standing" TEXT`,
		`UPDATE known_contacts SET "standing" = 'active'`,
		`UPDATE feed SET doc = replace(doc, ',"created_by":', ',"standing":"active","created_by":') WHERE tbl = 2`,
	}
	up := func(ctx context.Context, tx *sql.Tx) error {
		for _, step := range steps {
			if _, err := tx.ExecContext(ctx, step); err != nil {
				return fmt.Errorf("bring the trial version: %w", err)
			}
		}
		return nil
	}
	return []*goose.Migration{goose.NewGoMigration(trialNumber, &goose.GoFunc{RunTx: up}, nil)}
}
