package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// The schema that is still to come (docs/adr/0010-schema-versions.md), as the devices
// of a run with apps of two schemas know it.
const (
	firstSchema = 1
	nextSchema  = 2
	// backfillCut is the largest page of a backfill in rows: most are cut many times.
	backfillCut = 9
)

// OpenTrial is Open with servers of the schema that is still to come, for runs whose
// plan has apps of two.
func OpenTrial(ctx context.Context, kind harness.Kind) (*World, error) {
	return open(ctx, kind, false, harness.TagTrial)
}

// equip gives every device an app: the first ones of each three are old.
func (r *Run) equip(ctx context.Context) error {
	if !r.world.trial {
		return nil
	}
	r.oracle.Defaults = map[string]map[string]any{"known_contacts": {"standing": "active"}}
	var err error
	if r.old, err = harness.AppOf(ctx, r.program.Admin.Client, firstSchema); err != nil {
		return err
	}
	if r.new, err = harness.AppOf(ctx, r.program.Admin.Client, nextSchema); err != nil {
		return err
	}
	for i, d := range r.devices {
		d.App = map[bool]*harness.App{true: r.new, false: r.old}[i%3 == 2]
	}
	return nil
}

// upToDate keeps of devices those whose app is of the next schema.
func upToDate(list []*device) []*device {
	return slices.DeleteFunc(list, func(d *device) bool { return d.App == nil || d.App.Schema < nextSchema })
}

// editLater lets somebody with a new app write what old apps do not know.
func (r *Run) editLater(op Op) {
	d, ok := pick(upToDate(r.those(true, oracle.Worker, oracle.Manager, oracle.Supervisor)), op.A)
	if !ok {
		return
	}
	table := []string{"people", "known_contacts", "errands", ""}[op.C%4]
	if table == "" {
		if person, ok := pick(d.rows("people"), op.B); ok {
			d.enqueue(r.insert("errands", map[string]any{"person_id": person.ID(), "what": r.word("Errand"), "note": freshNote(r)}), r.moment())
		}
		return
	}
	row, ok := d.choose(table, op)
	if !ok {
		return
	}
	by := op.C >> 2
	switch {
	case table == "people":
		r.editField(d, table, "preferred_name", row, by)
	case table == "known_contacts":
		set := map[string]any{"standing": []string{"active", "lapsed"}[by%2]}
		d.enqueue(r.change(d, "patch", table, row.ID(), set), r.moment())
	case by%3 == 0:
		r.editNotes(d, table, "note", row, by/3)
	default:
		r.editField(d, table, "what", row, by)
	}
}

// upgrade gives a device the new app: it is brought up to date, says what it is now,
// and pulls what it lacks in small pages, between which others change things.
func (r *Run) upgrade(ctx context.Context, op Op) error {
	old := slices.DeleteFunc(slices.Clone(r.devices), func(d *device) bool { return d.App == nil || d.App.Schema >= nextSchema })
	d, ok := pick(old, op.A)
	if !ok {
		return nil
	}
	if err := r.catchUp(ctx, d); err != nil {
		return err
	}
	d.App = r.new
	pages := uint32(0)
	err := d.Backfill(ctx, firstSchema, 1+int(op.B%backfillCut), func(page harness.Page) error {
		for table := range page.Changes {
			if _, lacking := r.old.Later[table]; !lacking {
				return fmt.Errorf("a backfill brought %s, of which nothing is new", table)
			}
		}
		if err := r.checkPage(d, page); err != nil {
			return err
		}
		r.markSeen(d, page)
		r.Stats.Pages++
		r.Stats.Rows += page.Rows()
		pages++
		if other, ok := pick(r.devices, op.C+pages); ok && other != d && pages%2 == 0 {
			return r.catchUp(ctx, other)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: backfill: %w", d.name, err)
	}
	r.Stats.Upgrades++
	return r.catchUp(ctx, d)
}

// viewOf is what a device must hold: its user's view without the tables that its app
// does not know.
func (r *Run) viewOf(d *device) []string {
	return slices.DeleteFunc(r.view(d.user), func(line string) bool {
		table, _, _ := strings.Cut(line, " ")
		return !d.App.KnowsTable(table)
	})
}
