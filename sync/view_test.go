package sync

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

var caseTables = []string{"people", "contact_attempts", "assessments", "conflicts"} // the last two are hidden from workers

// drama draws what happens next in a scene.
type drama struct {
	*scene
	rt     *rapid.T
	phones []*phone
	taken  []string        // buckets of which a grant was taken in the present step
	merged map[string]bool // buckets whose rows and grants passed to another
	script []string        // what happened, to be read after a failure
}

func (d *drama) note(format string, args ...any) {
	d.script = append(d.script, fmt.Sprintf(format, args...))
}

// fail ends the property with the story that led to the fault.
func (d *drama) fail(format string, args ...any) {
	d.rt.Log(strings.Join(d.script, "\n"))
	d.rt.Fatalf(format, args...)
}

func (d *drama) pick(n int, what string) int { return rapid.IntRange(0, n-1).Draw(d.rt, what) }

// rowStep inserts, changes, deletes or revives one row.
func (d *drama) rowStep() func(*world) {
	kind := d.pick(6, "row step")
	switch {
	case kind == 0:
		return d.insert("settings", d.program.ID)
	case kind == 1:
		return d.insert("staff", d.orgs[d.pick(2, "org")])
	case kind <= 3 || len(d.rows) == 0:
		return d.insert(caseTables[d.pick(4, "table")], d.buckets[d.pick(5, "bucket")])
	}
	return d.change(d.pick(len(d.rows), "row"), kind == 5 && rapid.Bool().Draw(d.rt, "delete"))
}

// grantStep gives or takes a bucket.
func (d *drama) grantStep() func(*world) {
	principals := []string{d.orgs[0], d.orgs[1]}
	for _, u := range d.users {
		principals = append(principals, u.UserID)
	}
	who, bucket := principals[d.pick(len(principals), "principal")], d.buckets[d.pick(5, "bucket")]
	if d.merged[bucket] { // nobody is ever given one again
		return d.rowStep()
	}
	source := []string{models.SourceCreator, "assignment:a"}[d.pick(2, "source")]
	if rapid.Bool().Draw(d.rt, "take") {
		d.note("take %s from %s", bucket, who)
		d.taken = append(d.taken, bucket)
		return d.take(who, bucket, source)
	}
	d.note("give %s to %s", bucket, who)
	return d.give(who, bucket, source)
}

// mergeStep passes rows and grants of one bucket to another, as when two people are
// found to be one.
func (d *drama) mergeStep() func(*world) {
	from, to := d.buckets[d.pick(5, "merged")], d.buckets[d.pick(5, "kept")]
	if from == to || d.merged[to] {
		return d.rowStep()
	}
	d.note("merge %s into %s", from, to)
	d.merged[from] = true
	d.taken = append(d.taken, from)
	return func(w *world) {
		w.tx.Next() // the tombstone's
		d.must(w.passGrants(from, to))
		_, err := w.moveRows(from, to)
		d.must(err)
	}
}

// happens commits something: a row always changes with a grant, as in life.
func (d *drama) happens() {
	steps := []func(*world){d.rowStep()}
	for range d.pick(4, "further steps") {
		if rapid.Bool().Draw(d.rt, "grant") {
			steps = append(steps, d.grantStep())
		} else {
			steps = append(steps, d.rowStep())
		}
	}
	if d.pick(10, "merge") == 0 {
		d.commit(steps...) // what it moves is read from the database
		steps = []func(*world){d.mergeStep()}
	}
	if d.pick(12, "leap") == 0 { // much happened elsewhere
		steps = append(steps, func(w *world) {
			for range 2500 {
				w.tx.Next()
			}
		})
	}
	d.commit(steps...)
	d.interrupted(d.taken...)
	d.taken = nil
	h, err := d.e.store.Head(context.Background(), d.program.No)
	d.must(err)
	d.note("committed up to %d", h.Seq)
}

// interrupted notes for every phone what did not stay in view.
func (d *drama) interrupted(taken ...string) {
	for _, ph := range d.phones {
		who := d.users[ph.user]
		now := d.holds(who)
		for bucket := range ph.stayed {
			if !now[bucket] || slices.Contains(taken, bucket) {
				delete(ph.stayed, bucket)
			}
		}
		ph.stayedOpen &= models.Tables.Visible(who.Role)
	}
}

func (d *drama) moves() {
	roles := []models.Role{models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor, models.RoleDirector}
	n, role, org := d.pick(len(d.users), "user"), roles[d.pick(4, "role")], d.orgs[d.pick(2, "org")]
	d.note("user %d becomes %s of %s", n, role, org)
	d.move(n, role, org)
	d.interrupted()
	for _, ph := range d.phones {
		if ph.user == n { // the grants by which they hold what they held may be others
			clear(ph.stayed)
		}
	}
}

// pulls asks for one page and holds it against everything a page promises.
func (d *drama) pulls(ph *phone, limit int) bool {
	who := d.users[ph.user]
	req := PullRequest{Cursor: ph.cursor, Limit: limit, Tables: ph.tables}
	page, err := d.e.Pull(context.Background(), who, req)
	d.must(err)
	again, err := d.e.Pull(context.Background(), who, req)
	d.must(err)
	if !bytes.Equal(changesText(d.rt, page), changesText(d.rt, again)) || page.Cursor != again.Cursor || !cmp.Equal(page.Drop, again.Drop) {
		d.fail("asking again gave another page")
	}
	changes := changesOf(d.rt, page)
	c, _ := d.e.open(who, ph.cursor)
	c.Epoch = ""
	d.note("user %d pulls %d of %v from %+v: drop %v, complete %v, %s", ph.user, limit, ph.tables, c, page.Drop, page.Complete, briefly(changes))
	d.judge(ph, page, changes, limit)
	if d.pick(8, "fate of the answer") == 0 { // lost on the way
		return false
	}
	ph.apply(page, changes)
	ph.apply(page, changes) // as after a crash before the phone noted that it had
	ph.cursor = page.Cursor
	ph.cut = !page.Complete
	if page.Complete {
		d.compare(ph)
	}
	return page.Complete
}

func briefly(changes wireChanges) string {
	var out []string
	for table, c := range changes {
		for _, r := range c.Upsert {
			out = append(out, fmt.Sprintf("%s %s at %d in %s", table, r.ID, r.V, r.Bucket))
		}
		for _, r := range c.Remove {
			out = append(out, fmt.Sprintf("remove %s %s at %d", table, r.ID, r.V))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// judge: nothing invisible is sent, nothing older than it is, nothing that the phone
// has already, and no more than was asked for.
func (d *drama) judge(ph *phone, page *Page, changes wireChanges, limit int) {
	who := d.users[ph.user]
	truth, sent := d.truth(who, wanted(ph.tables)), 0
	for name, c := range changes {
		table := models.Tables.Table(name)
		sent += len(c.Upsert) + len(c.Remove)
		for _, r := range c.Upsert {
			if now := truth[name+" "+r.ID]; now != (seen{r.V, r.Bucket}) {
				d.fail("%s %s at %d was sent; in view is %v", name, r.ID, r.V, now)
			}
			held, shown := ph.held, ph.shown
			if ph.cut {
				held, shown = ph.stayed, ph.stayedOpen
			} else if ph.role != who.Role || ph.org != who.OrgID {
				held = nil // what stays in view may do so by another's grant, from another number on
			}
			if r.V <= ph.seq && held[r.Bucket] && shown.Has(table) {
				d.fail("%s %s at %d was sent again: the phone has it since %d", name, r.ID, r.V, ph.seq)
			}
		}
	}
	if sent > limit {
		d.fail("a page of %d has %d rows", limit, sent)
	}
	held := d.holds(who)
	from, _ := d.e.open(who, ph.cursor)
	for _, bucket := range page.Drop {
		if held[bucket] && from.Dropped == "" { // the rest of a long list may speak of what came again since
			d.fail("bucket %s was dropped and is held", bucket)
		}
	}
}

// compare: after a complete page the phone has exactly what is in view.
func (d *drama) compare(ph *phone) {
	who := d.users[ph.user]
	if diff := cmp.Diff(d.truth(who, wanted(ph.tables)), ph.rows, cmpopts.EquateEmpty(), cmp.AllowUnexported(seen{})); diff != "" {
		d.fail("%s %s differs from the truth (- truth, + phone):\n%s", who.Role, who.UserID, diff)
	}
	h, err := d.e.store.Head(context.Background(), d.program.No)
	d.must(err)
	ph.seq, ph.held, ph.shown = h.Seq, d.holds(who), models.Tables.Visible(who.Role)
	ph.stayed, ph.stayedOpen, ph.role, ph.org = d.holds(who), ph.shown, who.Role, who.OrgID
}

// Whatever rows change, grants come and go and roles and organisations are toggled
// between and amid pages cut anywhere, a phone that goes on pulling ends with exactly
// what its user sees: no change skipped, nothing sent that is not in view, nothing
// sent twice but what came anew.
func TestNoChangeSkipped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := testEngine(t, s)
		rapid.Check(t, func(rt *rapid.T) {
			e.dropsAtOnce, e.bucketsAtOnce = rapid.IntRange(1, 3).Draw(rt, "drops"), rapid.IntRange(1, 4).Draw(rt, "buckets")
			d := &drama{rt: rt, merged: map[string]bool{}, scene: newScene(rt, e, models.RoleOutreachWorker, models.RoleSupervisor, models.RoleCaseManager)}
			d.phones = []*phone{{user: 0}, {user: 1}, {user: 2}, {user: 1, tables: []string{"assessments", "staff", "people"}}}
			for _, ph := range d.phones {
				ph.rows = map[string]seen{}
			}
			for range rapid.IntRange(5, 60).Draw(rt, "length") {
				switch act := d.pick(10, "act"); {
				case act < 4:
					d.happens()
				case act == 4:
					d.moves()
				default:
					d.pulls(d.phones[d.pick(len(d.phones), "phone")], 1+d.pick(4, "limit"))
				}
			}
			for n, ph := range d.phones {
				for pages := 0; !d.pulls(ph, 3); pages++ {
					if pages > 400 {
						d.fail("phone %d does not come to an end", n)
					}
				}
			}
		})
	})
}

// A page is made at one number: what commits between its queries is not in it, and
// is in the next.
func TestPageIsMadeAtOneNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		sc := newScene(t, testEngine(t, s), models.RoleOutreachWorker)
		who, bucket, ctx := sc.users[0], sc.buckets[0], context.Background()
		sc.commit(sc.insert("people", bucket), sc.give(who.UserID, bucket, models.SourceCreator))
		before, err := s.Head(ctx, sc.program.No)
		sc.must(err)
		sc.commit(sc.insert("people", bucket), sc.take(who.UserID, bucket, models.SourceCreator))
		after, err := s.Head(ctx, sc.program.No)
		sc.must(err)
		for now, held := range map[int64]int{before.Seq: 1, after.Seq: 0} {
			o, ok, err := sc.e.outlook(ctx, who, cursor{Eff: before.Seq, Pos: before.Seq, AsOf: before.Seq, Tables: models.AllTables}, now)
			sc.must(err)
			list, err := s.HeldAmong(ctx, o.now, sc.buckets[:])
			sc.must(err)
			dropped, err := s.Dropped(ctx, o.then, o.now, "", 10)
			sc.must(err)
			if !ok || len(list) != held || len(dropped) != 1-held {
				t.Errorf("at %d: %d held, %d dropped", now, len(list), len(dropped))
			}
		}
	})
}
