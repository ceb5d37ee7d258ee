package sync

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"pursuit/models"
)

// exportPages bounds one export: at PageMax rows or about a megabyte each, more than
// a program holds.
const exportPages = 100_000

// Export hands out every row of a table that a person may see, as a first pull of it
// would: the same scope, the same fields, deleted rows left out. A row that changes
// meanwhile is handed out once, as it was first met. record gets the ids of a page's
// rows before they are handed out, for the audit.
//
// The error is forbidden for a table that the role never receives, and whatever
// record or visit returns.
func (e *Engine) Export(ctx context.Context, who models.Actor, table *models.Table, record func(ids []string) error, visit func(doc gjson.Result) error) error {
	if !MayExport(who, table) {
		return models.Forbidden("This table is withheld from your role.")
	}
	cursor, seen := "", map[uuid.UUID]bool{} // not their text, which would keep the pages it stands in
	for range exportPages {
		page, err := e.Pull(ctx, who, PullRequest{Cursor: cursor, Limit: PageMax, Tables: []string{table.Name}})
		if err != nil {
			return err
		}
		if err := exportPage(table, page, seen, record, visit); err != nil {
			return err
		}
		if page.Complete || page.Directive != nil {
			return nil
		}
		cursor = page.Cursor
	}
	return fmt.Errorf("export of %s: more than %d pages", table.Name, exportPages)
}

// MayExport tells whether a person's export of a table may hold anything: those who
// work cases take their tables along, a director and an admin the directory and the
// settings; partners and law enforcement nothing.
func MayExport(who models.Actor, table *models.Table) bool {
	switch {
	case who.Role == models.RoleReferralPartner || who.OrgKind == models.OrgLawEnforcement:
		return false
	case who.Role.HoldsCases():
		return !table.HiddenFrom(who.Role)
	}
	return table.Bucket == models.BucketOrganisation || table.Bucket == models.BucketProgram
}

func exportPage(table *models.Table, page *Page, seen map[uuid.UUID]bool, record func([]string) error, visit func(gjson.Result) error) error {
	if table.No >= len(page.tables) || len(page.tables[table.No].upsert) == 0 {
		return nil
	}
	var ids []string
	var fresh []gjson.Result
	var bad error
	docs := gjson.ParseBytes(append(append([]byte{'['}, page.tables[table.No].upsert...), ']'))
	docs.ForEach(func(_, doc gjson.Result) bool {
		text := doc.Get("id").Str
		var id uuid.UUID
		if id, bad = uuid.Parse(text); bad != nil {
			return false
		}
		if !seen[id] {
			seen[id] = true
			ids, fresh = append(ids, text), append(fresh, doc)
		}
		return true
	})
	if bad != nil {
		return fmt.Errorf("export of %s: read an id: %w", table.Name, bad)
	}
	if err := record(ids); err != nil {
		return err
	}
	for _, doc := range fresh {
		if err := visit(doc); err != nil {
			return err
		}
	}
	return nil
}
