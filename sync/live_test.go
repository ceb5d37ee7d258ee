package sync

import (
	"context"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

const liveSoon = 20 * time.Second // far more than the 250 ms promised, for a loaded machine

// ear is an open stream with the cursor of its device.
type ear struct {
	*Stream
	who    models.Actor
	cursor string
	name   string
}

func (c *crew) listen(e *Engine, name string, who models.Actor) *ear {
	c.t.Helper()
	h := &ear{who: who, name: name}
	c.pull(who, &h.cursor)
	s, _, _, err := e.Follow(context.Background(), who, -1)
	c.must(err)
	c.t.Cleanup(func() { e.Unfollow(s) })
	h.Stream = s
	return h
}

// hears wants the stream to be told of a number.
func (c *crew) hears(h *ear, seq int64) {
	c.t.Helper()
	for limit := time.After(liveSoon); h.Seq() < seq; {
		select {
		case <-h.Bell():
		case <-limit:
			c.t.Fatalf("%s did not hear of %d", h.name, seq)
		}
	}
}

// settle waits until an engine has told everything up to a number.
func (c *crew) settle(e *Engine, seq int64) {
	c.t.Helper()
	for limit := time.Now().Add(liveSoon); ; time.Sleep(time.Millisecond) {
		e.live.mu.Lock()
		looked := e.live.programs[c.admin.Program].looked
		e.live.mu.Unlock()
		if looked >= seq {
			return
		}
		if time.Now().After(limit) {
			c.t.Fatalf("looked at %d, want %d", looked, seq)
		}
	}
}

// Whoever would receive something by a pull is told of it, in this process and in
// another; whoever would not is left alone.
func TestLiveTellsWhomItConcerns(t *testing.T) {
	for _, kind := range storetest.Dialects {
		t.Run(string(kind), func(t *testing.T) {
			url := storetest.URL(t, kind)
			c := newCrew(t, storetest.OpenURL(t, url))
			far := c.e
			if kind == store.Postgres { // an embedded database is one server's
				far = testEngine(t, storetest.OpenURL(t, url))
				c.run(far)
			}
			c.run(c.e)
			other := c.user(models.RoleOutreachWorker)
			mine, theirs := c.open(c.worker), c.open(other)
			awayOrg, director := c.org(), c.user(models.RoleDirector)
			away := c.user(models.RoleSupervisor)
			c.move(&away, models.RoleSupervisor, awayOrg)
			ears := []*ear{c.listen(far, "worker", c.worker), c.listen(far, "other worker", other), c.listen(far, "case manager", c.keeper),
				c.listen(far, "supervisor", c.supervisor), c.listen(far, "foreign supervisor", away), c.listen(far, "admin", c.admin),
				c.listen(far, "director", director)}
			if far != c.e { // LISTEN begins some time after Run
				time.Sleep(300 * time.Millisecond)
			}
			assigned := insertOf("assignments", map[string]any{"service_id": mine.service, "user_id": other.UserID, "role": "outreach_worker"})
			for _, step := range []struct {
				name string
				do   func() int64
			}{
				{"an attempt", func() int64 { return c.push(c.worker, attemptAt(mine)) }},
				{"an attempt of another case", func() int64 { return c.push(other, attemptAt(theirs)) }},
				{"an assessment, which workers never receive", func() int64 {
					return c.push(c.keeper, insertOf("assessments", map[string]any{"person_id": mine.person, "shooting_review_on": "2026-01-02", "disposition": "referred"}))
				}},
				{"an assignment", func() int64 { return c.push(c.supervisor, assigned) }},
				{"its end", func() int64 {
					return c.push(c.supervisor, item(models.OpPatch, "assignments", assigned.Row, 1<<40, map[string]any{"ended_at": "2026-01-02T03:04:05.000Z"}))
				}},
				{"a setting of the program", func() int64 {
					return c.push(c.admin, insertOf("settings", map[string]any{"key": "push_cap", "value": 5}))
				}},
				{"a setting of an organisation", func() int64 {
					return c.push(c.supervisor, insertOf("settings", map[string]any{"key": "push_cap", "value": 6}))
				}},
				{"a colleague's new role", func() int64 {
					someone := other
					c.move(&someone, models.RoleCaseManager, c.made.OrgID)
					h, err := c.e.store.Head(context.Background(), c.admin.Program)
					c.must(err)
					return h.Seq
				}},
			} {
				seq := step.do()
				c.settle(far, seq)
				for _, h := range ears {
					told := h.Seq() >= seq
					now := h.who
					if step.name == "a colleague's new role" && h.who.UserID == other.UserID {
						now.Role = models.RoleCaseManager
					}
					rows, drops := c.pull(now, &h.cursor)
					if received := len(rows)+len(drops) > 0; received != told {
						t.Errorf("%s: %s was told = %v, and received %d rows and %d drops", step.name, h.name, told, len(rows), len(drops))
					}
				}
			}
		})
	}
}

// Commits that follow each other are looked up together, and nothing is looked up
// for a program to which nobody listens.
func TestLiveLooksOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		c.run(c.e)
		p := c.open(c.worker)
		c.push(c.worker, attemptAt(p))
		time.Sleep(50 * time.Millisecond)
		if n := c.e.live.looks.Load(); n != 0 {
			t.Fatalf("%d looks with nobody listening", n)
		}
		for range 50 {
			c.listen(c.e, "supervisor", c.supervisor)
		}
		h := c.listen(c.e, "worker", c.worker)
		begin := time.Now()
		var last int64
		const pushes = 40
		for range pushes {
			last = c.push(c.worker, attemptAt(p))
		}
		c.hears(h, last)
		if n, most := c.e.live.looks.Load(), int64(time.Since(begin)/lookEvery)+2; n > min(most, pushes) || n == 0 {
			t.Errorf("%d looks for %d commits in %s", n, pushes, time.Since(begin))
		}
	})
}

// A stream that nobody reads holds one number and costs a writer nothing; its reader
// finds the newest when it comes.
func TestLiveSlowReader(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		c.run(c.e)
		p := c.open(c.worker)
		h := c.listen(c.e, "worker", c.worker)
		var last int64
		for range 30 {
			last = c.push(c.worker, attemptAt(p))
		}
		c.settle(c.e, last)
		<-h.Bell()
		if h.Seq() != last {
			t.Errorf("the reader finds %d, want %d", h.Seq(), last)
		}
		select {
		case <-h.Bell():
			t.Error("one bell rang twice")
		default:
		}
	})
}

// Something newer than since is told at once, and only if it is in scope.
func TestFollowTellsWhatIsNewer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		other := c.user(models.RoleOutreachWorker)
		seq := c.push(c.worker, attemptAt(p))
		after := c.push(c.keeper, insertOf("assessments", map[string]any{"person_id": p.person, "shooting_review_on": "2026-01-02", "disposition": "referred"}))
		for _, x := range []struct {
			name  string
			who   models.Actor
			since int64
			newer bool
		}{
			{"from nothing", c.worker, 0, true}, {"before the attempt", c.worker, seq - 1, true},
			{"only a hidden table is newer", c.worker, seq, false}, {"not hidden from them", c.keeper, seq, true},
			{"up to date", c.keeper, after, false}, {"not theirs", other, seq - 1, false},
			{"ahead of the sequence", other, after + 1000, true}, {"not asked", c.worker, -1, false},
		} {
			stream, upto, newer, err := c.e.Follow(context.Background(), x.who, x.since)
			c.must(err)
			c.e.Unfollow(stream)
			if newer != x.newer || upto < after {
				t.Errorf("%s: newer = %v up to %d, want %v", x.name, newer, upto, x.newer)
			}
		}
		if c.e.live.open() != 0 || len(c.e.live.programs) != 0 {
			t.Error("closed streams are kept")
		}
	})
}

// After a broken connection to Postgres everything that was missed is looked up.
func TestLiveLooksUpWhatWasMissed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		h := c.listen(c.e, "worker", c.worker)
		seq := c.push(c.worker, attemptAt(p))
		c.e.live.mu.Lock()
		c.e.live.programs[c.admin.Program].known = 0 // as if the news had been lost
		c.e.live.mu.Unlock()
		c.e.live.lost()
		c.run(c.e)
		c.hears(h, seq)
	})
}
