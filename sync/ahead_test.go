package sync

import (
	"context"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// Pushes that share a transaction end as they would one after the other, though what
// the first ones wrote is on its way to the database while the next ones change it
// again: rows, former versions, replays, tombstones, groups that fail, and mutations
// that wait for a row of a later push.
func TestPushesThatShareATransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		var attempts []Item
		for range 3 * aheadFrom {
			attempts = append(attempts, attemptAt(p))
		}
		at := func(n int) *Item { return &attempts[n] }
		edit := func(n int, text string) Item {
			return item(models.OpPatch, "contact_attempts", at(n).Row, models.Forever, map[string]any{"note": text})
		}
		bad := edit(0, "never")
		bad.Group, bad.Set["channel"] = models.NewID(), models.Quote("pigeon")
		with := edit(1, "never either")
		with.Group = bad.Group
		early := item(models.OpPatch, "contact_attempts", attempts[2*aheadFrom].Row, 0, map[string]any{"note": "early"})
		remove := item(models.OpDelete, "contact_attempts", at(2).Row, models.Forever, nil)
		lots := [][]Item{
			attempts[:aheadFrom],
			{edit(0, "one"), edit(1, "one"), *at(3)},
			append([]Item{bad, with, edit(0, "two"), remove}, attempts[aheadFrom:2*aheadFrom]...),
			{early},
			append([]Item{edit(0, "three")}, attempts[2*aheadFrom:]...),
		}
		batch := make([]*pending, len(lots))
		for i, items := range lots {
			batch[i] = &pending{who: c.worker, items: items, arrived: c.e.store.Clock()}
		}
		c.must(c.e.transact(context.Background(), c.worker.Program, batch))
		if r := batch[1].results[2]; !r.Duplicate || r.V != batch[0].results[3].V {
			t.Errorf("a replay within the transaction is answered with %+v", r)
		}
		for n, want := range map[int]string{0: `"three"`, 1: `"one"`, 2 * aheadFrom: `"early"`, 3: ""} {
			if row := c.stored("contact_attempts", at(n).Row); row == nil || string(row.Get("note")) != want {
				t.Errorf("attempt %d stands as %v, want the note %s", n, row, want)
			}
		}
		if row := c.stored("contact_attempts", at(2).Row); row == nil || !row.Deleted {
			t.Errorf("the deleted attempt stands as %v", row)
		}
		if n := c.count(`SELECT count(*) FROM contact_attempts`); n != len(attempts)-1 {
			t.Errorf("%d attempts in their table, want %d", n, len(attempts)-1)
		}
		if n := c.count(`SELECT count(*) FROM versions WHERE id = '` + at(0).Row + `'`); n != 3 {
			t.Errorf("%d former versions of a row that was changed three times", n)
		}
		if n, want := c.count(`SELECT count(*) FROM mutations`), c.count(`SELECT count(DISTINCT id) FROM mutations`); n != want {
			t.Errorf("%d mutations in the log, %d ids", n, want)
		}
		for _, p := range batch {
			for i, r := range p.results {
				if n := c.count(`SELECT count(*) FROM mutations WHERE id = '` + p.items[i].ID + `'`); n != 1 {
					t.Errorf("mutation %d (%s) is %d times in the log", i, r.Status, n)
				}
			}
		}
		c.holds()
	})
}
