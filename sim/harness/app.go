package harness

import (
	"context"
	"fmt"
	"maps"
	"net/http"
)

// App is an installed version of the app: its schema, and what of the server's
// schema came after it.
type App struct {
	Schema int
	// Later holds, by table, the fields that the app does not know. A table that it
	// does not know is there with a nil list.
	Later map[string][]string
}

// AppOf makes the app of a schema, as the server tells what came after that.
func AppOf(ctx context.Context, who *Client, schema int) (*App, error) {
	answer, err := who.JSON(ctx, http.MethodGet, "/v1/sync/schema", nil)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("read the schema: status %d", answer.Status)
	}
	var server struct {
		Tables map[string]struct {
			Since  int
			Fields map[string]struct{ Since int }
		}
	}
	if err := answer.Decode(&server); err != nil {
		return nil, err
	}
	app := &App{Schema: schema, Later: map[string][]string{}}
	for table, about := range server.Tables {
		if about.Since > schema {
			app.Later[table] = nil
			continue
		}
		for field, one := range about.Fields {
			if one.Since > schema {
				app.Later[table] = append(app.Later[table], field)
			}
		}
	}
	return app, nil
}

// KnowsTable tells whether the app has a place for a table.
func (a *App) KnowsTable(table string) bool {
	if a == nil {
		return true
	}
	fields, later := a.Later[table]
	return !later || fields != nil
}

// Knows gives what the app takes of a page: it leaves aside what it does not know.
func (a *App) Knows(page Page) Page {
	if a == nil || len(a.Later) == 0 {
		return page
	}
	changes := maps.Clone(page.Changes)
	for table, change := range changes {
		fields, later := a.Later[table]
		if !later {
			continue
		}
		if fields == nil {
			delete(changes, table)
			continue
		}
		known := make([]Row, len(change.Upsert))
		for i, row := range change.Upsert {
			known[i] = maps.Clone(row)
			for _, field := range fields {
				delete(known[i], field)
			}
		}
		changes[table] = Change{Upsert: known, Remove: change.Remove}
	}
	page.Changes = changes
	return page
}

// Backfill pulls what is new to an app that was upgraded from an older schema, in
// pages of limit rows, and applies it; its stream's cursor stays where it is. Each
// page is shown before it is applied.
func (d *Device) Backfill(ctx context.Context, from, limit int, show func(Page) error) error {
	stream, pull := d.Cursor, &Pull{Backfill: &Backfill{FromSchema: from}, Limit: &limit}
	defer func() { d.Cursor = stream }()
	for range pageLimit {
		page, err := d.Sync(ctx, d.Request(nil, pull))
		if err != nil {
			return err
		}
		if page.Directive != nil {
			return fmt.Errorf("directive %s within a backfill", page.Directive.Kind)
		}
		if err := show(page); err != nil {
			return err
		}
		d.Apply(page)
		if page.Complete {
			return nil
		}
		pull.Cursor = &page.Cursor
	}
	return fmt.Errorf("the backfill was not complete after %d pages", pageLimit)
}
