package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func (c *crew) sweep() {
	c.t.Helper()
	c.must(c.e.Sweep(context.Background()))
}

func (c *crew) pass(d time.Duration) { c.ahead.Add(int64(d)) }

// stands gives a row as the store has it, deleted ones included, or nil.
func (c *crew) stands(id string) *models.Row {
	c.t.Helper()
	var out *models.Row
	c.must(store.InProgram(context.Background(), c.e.store, c.admin.Program, func(tx *store.ProgramTx) error {
		rows, err := tx.Rows([]string{id})
		if len(rows) > 0 {
			out = rows[0]
		}
		return err
	}))
	return out
}

func contactOf(person string) Item {
	return insertOf("known_contacts", map[string]any{"person_id": person, "name": "N", "relation": "family"})
}

// What waits for longer than a day goes to quarantine, a group as one; what waits
// for less goes on waiting.
func TestWaitingEndsAfterADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		alone, first, second := contactOf(models.NewID()), contactOf(models.NewID()), insertOf("people", map[string]any{"code": "G"})
		first.Group, second.Group = "g", "g"
		c.pushFor(models.StatusDeferred, c.worker, alone, first, second)
		c.pass(23 * time.Hour)
		late := contactOf(models.NewID())
		c.pushFor(models.StatusDeferred, c.worker, late)
		c.sweep()
		if c.stands(models.DerivedID(alone.ID, "quarantine")) != nil {
			t.Fatal("quarantined after 23 hours")
		}
		c.pass(time.Hour + time.Minute)
		c.sweep()
		for m, reason := range map[*Item]string{&alone: reasonNoParent, &first: reasonNoParent, &second: reasonGroup} {
			row := c.stands(models.DerivedID(m.ID, "quarantine"))
			if row == nil || row.Text("reason") != reason || row.Text("state") != "open" {
				t.Errorf("%s of %s is in quarantine as %v, want %s", m.Op, m.Table, row, reason)
			}
		}
		if c.stands(models.DerivedID(late.ID, "quarantine")) != nil || c.stands(second.Row) != nil {
			t.Error("quarantined too early, or applied in part")
		}
		if replay := c.pushFor(models.StatusDeferred, c.worker, alone); replay != 0 {
			t.Error("a replay says something else than at first")
		}
		if n := len(c.audit(only(AuditSettle))); n != 3 {
			t.Errorf("%d entries in the audit, want 3", n)
		}
		c.holds()
		r := c.result(c.supervisor, item(models.OpPatch, "quarantine", models.DerivedID(alone.ID, "quarantine"), endless, map[string]any{"state": "released"}))
		if r.Code != models.CodeRowGone || r.Field != "state" || !strings.Contains(r.Message, "not here") {
			t.Errorf("released while its parent is missing: %+v", r)
		}
	})
}

// What stands in quarantine is JSON that everybody can read, whatever was sent.
func TestQuarantineIsReadable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		odd := contactOf(models.NewID())
		odd.Set["notes"] = json.RawMessage(`"c\ud800d <b>"`)
		c.pushFor(models.StatusDeferred, c.worker, odd)
		c.pass(25 * time.Hour)
		c.sweep()
		row := c.stands(models.DerivedID(odd.ID, "quarantine"))
		var set map[string]string
		if row == nil || bytes.Contains(row.Get("set"), []byte(`\ud800`)) || json.Unmarshal(row.Get("set"), &set) != nil || set["notes"] != "c\ufffdd <b>" {
			t.Errorf("it is kept as %s", row.Get("set"))
		}
	})
}

// What waits for a row that its author came to hold without anybody's push is applied
// by the next sweep: here by moving to the organisation, and by a new role.
func TestWaitingEndsWithANewRole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open()
		early := contactOf(p.person)
		c.pushFor(models.StatusDeferred, c.worker, early)
		c.sweep()
		if c.stands(early.Row) != nil {
			t.Fatal("applied without a grant")
		}
		c.move(&c.worker, models.RoleSupervisor, c.made.OrgID)
		c.sweep()
		if row := c.stands(early.Row); row == nil || row.Text("created_by") != c.worker.UserID {
			t.Errorf("after the new role it is %v", row)
		}
		c.sweep()
		c.holds()
	})
}

// Tombstones live 400 days. Then they go, with former versions and results of
// mutations; the floor rises, and a device from before is told to reconcile.
func TestCollection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		old, kept := attemptAt(p), attemptAt(p)
		var cursor, fresh string
		c.push(c.worker, old, kept)
		c.pull(c.worker, &cursor)
		v := c.push(c.worker, item(models.OpPatch, "contact_attempts", kept.Row, 1<<40, map[string]any{"outcome": "spoke"}))
		gone := c.push(c.worker, item(models.OpDelete, "contact_attempts", old.Row, 1<<40, nil))
		waits := contactOf(models.NewID())
		c.pushFor(models.StatusDeferred, c.worker, waits)
		c.pass(25 * time.Hour)
		c.sweep() // waits goes to quarantine, which stays open
		c.pass(keptFor - 26*time.Hour)
		c.sweep()
		if row := c.stands(old.Row); row == nil || !row.Deleted || c.floor() >= gone {
			t.Fatalf("an hour before its time the tombstone is %v, the floor %d", row, c.floor())
		}
		c.pass(2 * time.Hour)
		c.sweep()
		if c.stands(old.Row) != nil || c.floor() != gone {
			t.Fatalf("the tombstone stands, or the floor is %d, want %d", c.floor(), gone)
		}
		if row := c.stands(kept.Row); row == nil || row.V != v {
			t.Error("a row that lives was collected")
		}
		if n := c.count(`SELECT count(*) FROM versions`); n != 0 {
			t.Errorf("%d former versions are kept", n)
		}
		if n := c.count(`SELECT count(*) FROM mutations`); n != 1 {
			t.Errorf("%d mutations are kept, want the one in open quarantine", n)
		}
		a, err := c.e.Sync(context.Background(), c.worker, Request{Schema: models.Tables.Version, Pull: &PullRequest{Cursor: cursor, Limit: 10}})
		c.must(err)
		if a.Directive == nil || a.Directive.Kind != "reconcile" {
			t.Error("a device from before the floor goes on")
		}
		c.pull(c.worker, &fresh)
		if a, err = c.e.Sync(context.Background(), c.worker, Request{Schema: models.Tables.Version, Pull: &PullRequest{Cursor: fresh, Limit: 10}}); err != nil || a.Directive != nil {
			t.Errorf("a device of today is told %v, %v", a.Directive, err)
		}
		c.holds()
	})
}

func (c *crew) count(query string) (n int) {
	c.t.Helper()
	c.must(c.e.store.SQLDB().QueryRow(query).Scan(&n))
	return n
}

func (c *crew) floor() int64 {
	c.t.Helper()
	h, err := c.e.store.Head(context.Background(), c.admin.Program)
	c.must(err)
	return h.Floor
}

// A waiting mutation that cannot be read holds up no other.
func TestADamagedWaitHoldsUpNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		bad, good := contactOf(models.NewID()), contactOf(models.NewID())
		c.pushFor(models.StatusDeferred, c.worker, bad, good)
		if _, err := s.SQLDB().Exec(`UPDATE deferred SET body = '[]' WHERE mutation_id = '` + bad.ID + `'`); err != nil {
			t.Fatal(err)
		}
		c.pass(25 * time.Hour)
		if err := c.e.Sweep(context.Background()); err == nil {
			t.Error("the damage is not told")
		}
		if c.stands(models.DerivedID(good.ID, "quarantine")) == nil {
			t.Error("the healthy one waits for ever")
		}
	})
}

// Instances that sweep together do the work once.
func TestInstancesSweepTogether(t *testing.T) {
	url := storetest.URL(t, store.Postgres)
	c := newCrew(t, storetest.OpenURL(t, url))
	c.pushFor(models.StatusDeferred, c.worker, contactOf(models.NewID()), contactOf(models.NewID()), contactOf(models.NewID()))
	c.pass(25 * time.Hour)
	done := make(chan error, 3)
	for i := range cap(done) {
		e := c.e
		if i > 0 {
			e = testEngine(t, storetest.OpenURL(t, url))
		}
		e.store.Clock = c.e.store.Clock
		go func() { done <- e.Sweep(context.Background()) }()
	}
	for range cap(done) {
		c.must(<-done)
	}
	c.sweep()
	if n := c.count(`SELECT count(*) FROM feed WHERE tbl = 14`); n != 3 {
		t.Errorf("%d rows in quarantine, want 3", n)
	}
	if n := len(c.audit(only(AuditSettle))); n != 3 {
		t.Errorf("%d entries in the audit, want 3", n)
	}
}
