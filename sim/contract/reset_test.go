package contract

import (
	"context"
	"net/http"
	"testing"

	"pursuit/sim/harness"
)

// resetScenarios: docs/protocol.md, section 9, restored backups.
func resetScenarios() []scenario {
	return []scenario{
		{"devices heal a server restored with the command", restoredByCommand},
		{"devices heal a server restored without telling it", restoredSilently},
		{"restored twice is two epochs", restoredTwice},
		{"devices heal in whatever order they come back", restoredOrder},
		{"a worker's queue of before the backup is taken once", restoredQueue},
	}
}

// backup stops the server, copies the database aside and starts it again.
func (p *place) backup(t *testing.T) {
	t.Helper()
	p.whileStopped(t, func(ctx context.Context) error { return p.site.Backup(ctx, "before") })
}

// restore puts the backup back and, when told, runs `pursuit restored`.
func (p *place) restore(t *testing.T, tell bool) {
	t.Helper()
	p.whileStopped(t, func(ctx context.Context) error { return p.site.Restore(ctx, "before") })
	if !tell {
		return
	}
	p.whileStopped(t, func(ctx context.Context) error {
		out, err := p.site.Command(ctx, nil, "restored")
		if err == nil && out.Code != 0 {
			t.Fatalf("restored ended with %d: %s", out.Code, out.Stderr)
		}
		return err
	})
}

func (p *place) whileStopped(t *testing.T, act func(context.Context) error) {
	t.Helper()
	if err := p.server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := act(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func restoredByCommand(t *testing.T, at *place) { restoredHeals(t, at, true) }
func restoredSilently(t *testing.T, at *place)  { restoredHeals(t, at, false) }

// survivors is what each side did before and after the backup.
type survivors struct {
	crew               team
	made               matter
	old, fresh, orphan harness.Mutation
	epoch              string
	seq                int64
}

func beforeAndAfter(t *testing.T, mine *place, w *town) survivors {
	t.Helper()
	s := survivors{crew: w.team()}
	s.made = w.open(s.crew, s.crew.worker)
	s.old, s.fresh, s.orphan = attempt(s.made.service), attempt(s.made.service), attempt(s.made.service)
	s.crew.worker.applied(s.old)
	mine.backup(t)
	s.crew.worker.applied(s.fresh)
	s.crew.manager.applied(s.orphan) // its device is never seen again
	for range 3 {
		s.crew.worker.applied(contact(s.made.person))
	}
	for _, who := range []*phone{s.crew.worker, s.crew.supervisor} {
		pages := who.pull()
		s.epoch, s.seq = string(pages[len(pages)-1].Epoch), pages[len(pages)-1].Seq
	}
	return s
}

// reconcile takes the directive and answers its page; the push half must stand.
func (p *phone) reconcile(push ...harness.Mutation) harness.Page {
	p.town.t.Helper()
	page, err := p.Sync(p.town.ctx, p.Request(push, p.NextPull()))
	if err != nil {
		p.town.t.Fatal(err)
	}
	if page.Directive == nil || page.Directive.Kind != "reconcile" {
		p.town.t.Fatalf("directive %+v, want reconcile", page.Directive)
	}
	if len(page.Results) != len(push) {
		p.town.t.Fatalf("%d results for %d mutations beside the directive", len(page.Results), len(push))
	}
	p.Apply(page)
	return page
}

// heal pulls, compares digests and replaces the buckets that differ.
func (p *phone) heal() {
	p.town.t.Helper()
	p.pull()
	server, local := withoutEmpty(p.digests().Buckets), p.Digest()
	differs := map[string]bool{}
	for _, sides := range [][2]map[string]map[string]harness.Digest{{server, local}, {local, server}} {
		for bucket, tables := range sides[0] {
			for table, digest := range tables {
				if sides[1][bucket][table] != digest {
					differs[bucket] = true
				}
			}
		}
	}
	for bucket := range differs {
		p.bucketPull(0, bucket)
	}
	if !p.agrees() {
		p.town.t.Errorf("%s still differs: device %v, server %v", p.Tokens.User.Role, p.Digest(), p.digests().Buckets)
	}
}

func restoredHeals(t *testing.T, at *place, tell bool) {
	mine := at.own(t, nil)
	w := mine.program(t)
	s := beforeAndAfter(t, mine, w)
	mine.restore(t, tell)
	page := s.crew.worker.reconcile()
	if string(page.Epoch) == s.epoch {
		t.Errorf("the epoch is still %s", page.Epoch)
	}
	results := s.crew.worker.results(s.old, s.fresh)
	if !results[0].Duplicate || results[1].Duplicate || results[0].Status != "applied" || results[1].Status != "applied" {
		t.Errorf("acknowledged mutations sent again: %+v", results)
	}
	if results[1].V <= s.seq {
		t.Errorf("after a restore v %d is not past seq %d that was seen before", results[1].V, s.seq)
	}
	s.crew.worker.heal()
	s.crew.supervisor.reconcile()
	s.crew.supervisor.heal()
	for _, who := range []*phone{s.crew.worker, s.crew.supervisor} {
		who.sees(true, "contact_attempts", s.old.Row, s.fresh.Row)
		who.sees(false, "contact_attempts", s.orphan.Row)
		for _, page := range who.pull() {
			if page.Directive != nil {
				t.Errorf("directive %+v once reconciled", page.Directive)
			}
		}
	}
	next := attempt(s.made.service)
	s.crew.worker.applied(next)
	s.crew.supervisor.sees(true, "contact_attempts", next.Row)
	w.second(s.crew.worker).sees(true, "contact_attempts", s.old.Row, s.fresh.Row, next.Row)
}

func restoredTwice(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	s := beforeAndAfter(t, mine, w)
	seen := map[string]bool{s.epoch: true}
	for range 2 {
		mine.restore(t, true)
		answer := call(t, w.Admin.Client, http.MethodPost, "/v1/sync", s.crew.worker.Request(nil, &harness.Pull{}))
		var page harness.Page
		if err := answer.Decode(&page); err != nil {
			t.Fatal(err)
		}
		if seen[string(page.Epoch)] {
			t.Errorf("epoch %s came before", page.Epoch)
		}
		seen[string(page.Epoch)] = true
		s.crew.worker.reconcile(s.fresh)
		s.crew.worker.heal()
		s.crew.worker.sees(true, "contact_attempts", s.fresh.Row)
	}
}

// restoredOrder: an edit of a row that the restore took away comes back before the
// row itself does. Nothing a worker wrote is ever lost.
func restoredOrder(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	crew := w.team()
	made := w.open(crew, crew.worker)
	mine.backup(t)
	visit, aunt := attempt(made.service), contact(made.person)
	crew.worker.applied(visit, aunt)
	base := crew.supervisor.must("contact_attempts", visit.Row).V()
	patch := harness.Patch("contact_attempts", visit.Row, base, map[string]any{"outcome": "spoke"})
	erase := harness.Delete("known_contacts", aunt.Row, crew.supervisor.Row("known_contacts", aunt.Row).V())
	crew.supervisor.applied(patch, erase)
	crew.supervisor.pull()
	crew.worker.pull()
	mine.restore(t, true)
	crew.supervisor.reconcile(patch, erase)
	crew.supervisor.heal()
	crew.worker.reconcile(visit, aunt)
	crew.worker.heal()
	eventually(t, schedulerLimit, "the edit that came back before its row", func() bool {
		row := crew.worker.pulled("contact_attempts", visit.Row)
		return row != nil && row.Text("outcome") == "spoke" && crew.worker.Row("known_contacts", aunt.Row) == nil
	})
	crew.supervisor.heal()
	if row := crew.supervisor.Row("contact_attempts", visit.Row); row.Text("outcome") != "spoke" {
		t.Errorf("the supervisor has %v", row)
	}
}

func restoredQueue(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	crew := w.crew()
	made := w.open(crew, crew.worker)
	crew.worker.pull()
	waiting := attempt(made.service) // in the phone's queue all along
	mine.backup(t)
	crew.manager.applied(attempt(made.service))
	mine.restore(t, true)
	page := crew.worker.reconcile(waiting)
	outcome(t, page.Results[0], "applied", "", "")
	if replay := crew.worker.one(waiting); !replay.Duplicate || replay.V != page.Results[0].V {
		t.Errorf("its replay: %+v after %+v", replay, page.Results[0])
	}
	crew.worker.heal()
	crew.worker.sees(true, "contact_attempts", waiting.Row)
}
