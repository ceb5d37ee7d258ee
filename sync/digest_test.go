package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"reflect"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

type sums map[string]map[string][2]uint32

// digests asks as a device with the cursor would.
func (c *crew) digests(e *Engine, who models.Actor, cursor string) (Digests, sums) {
	c.t.Helper()
	all, after := sums{}, ""
	for {
		d, err := e.Digests(context.Background(), who, cursor, after)
		c.must(err)
		var part sums
		c.must(json.Unmarshal(d.Buckets, &part))
		for bucket, tables := range part {
			all[bucket] = tables
		}
		if after = d.Next; after == "" {
			return d, all
		}
	}
}

// slowDigests computes what a device would from all that a first pull brings.
func (c *crew) slowDigests(who models.Actor) sums {
	c.t.Helper()
	out := sums{}
	cursor := ""
	for complete := false; !complete; {
		a, err := c.e.Sync(context.Background(), who, Request{Pull: &PullRequest{Cursor: cursor, Limit: PageDefault}})
		c.must(err)
		cursor, complete = a.Page.Cursor, a.Page.Complete
		var changes map[string]struct {
			Upsert []struct {
				ID string `json:"id"`
				V  int64  `json:"_v"`
				B  string `json:"_b"`
			}
		}
		c.must(json.Unmarshal(changesText(c.t.(fataler), a.Page), &changes))
		for table, change := range changes {
			for _, r := range change.Upsert {
				if out[r.B] == nil {
					out[r.B] = map[string][2]uint32{}
				}
				sum := out[r.B][table]
				out[r.B][table] = [2]uint32{sum[0] + 1, sum[1] + crc32.ChecksumIEEE(fmt.Appendf(nil, "%s/%s/%d", table, r.ID, r.V))}
			}
		}
	}
	return out
}

func (c *crew) agree(e *Engine, when string, everybody ...models.Actor) {
	c.t.Helper()
	for _, who := range everybody {
		want := c.slowDigests(who)
		for range 2 { // computed, and remembered
			if _, got := c.digests(e, who, ""); !reflect.DeepEqual(got, want) {
				c.t.Fatalf("%s: the %s's digests are\n%v, want\n%v", when, who.Role, got, want)
			}
		}
	}
}

// Digests are what a device computes from what it was sent, whatever happened and
// whatever was asked before; through another instance too.
func TestDigestsAreWhatADeviceComputes(t *testing.T) {
	for _, kind := range storetest.Dialects {
		t.Run(string(kind), func(t *testing.T) {
			url := storetest.URL(t, kind)
			c := newCrew(t, storetest.OpenURL(t, url))
			far := testEngine(t, storetest.OpenURL(t, url))
			other, director := c.user(models.RoleOutreachWorker), c.user(models.RoleDirector)
			everybody := []models.Actor{c.worker, other, c.keeper, c.supervisor, director, c.admin}
			cases := []pursuit{c.open(c.worker), c.open(c.worker, other), c.open()}
			attempt := attemptAt(cases[1])
			for i, step := range []func(){
				func() {},
				func() { c.push(c.worker, attemptAt(cases[0]), attempt) },
				func() {
					c.push(c.keeper, insertOf("assessments", map[string]any{"person_id": cases[0].person, "shooting_review_on": "2026-01-02", "disposition": "referred"}))
				},
				func() { c.push(c.worker, item(models.OpDelete, "contact_attempts", attempt.Row, 1<<40, nil)) },
				func() { c.push(c.supervisor, insertOf("settings", map[string]any{"key": "push_cap", "value": 6})) },
				func() { c.assign(cases[2], other) },
				func() { c.move(&everybody[1], models.RoleSupervisor, c.made.OrgID) },
				func() { c.move(&everybody[0], models.RoleOutreachWorker, c.org()) },
			} {
				step()
				c.agree(c.e, fmt.Sprint("after step ", i), everybody...)
				time.Sleep(headLifetime / 10)
				far.heads.forget() // it listens to nobody in this test
				c.agree(far, fmt.Sprint("elsewhere after step ", i), everybody...)
			}
		})
	}
}

// A scope that does not fit into one answer goes on, and misses nothing.
func TestDigestsOfALargeScope(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		c.e.digests.atOnce, c.e.digests.most = 2, 4
		for range 7 {
			c.open(c.worker)
		}
		c.agree(c.e, "in parts", c.worker, c.supervisor, c.admin)
		d, err := c.e.Digests(context.Background(), c.supervisor, "", "")
		c.must(err)
		if d.Next == "" {
			t.Error("16 buckets fit into an answer of 4")
		}
	})
}

// seq and cursor_seq tell a device whether it has to pull before it compares.
func TestDigestsTellWhetherToPull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		ask := func(who models.Actor, cursor string) (Digests, error) {
			return c.e.Digests(context.Background(), who, cursor, "")
		}
		first, err := c.e.Pull(context.Background(), c.worker, PullRequest{Limit: 2})
		c.must(err)
		if d, err := ask(c.worker, first.Cursor); err != nil || d.CursorSeq >= d.Seq {
			t.Errorf("in the middle of a first pull: %d of %d, %v", d.CursorSeq, d.Seq, err)
		}
		cursor := ""
		c.pull(c.worker, &cursor)
		if d, err := ask(c.worker, cursor); err != nil || d.CursorSeq != d.Seq {
			t.Errorf("up to date: %d of %d, %v", d.CursorSeq, d.Seq, err)
		}
		c.push(c.keeper, attemptAt(p))
		if d, err := ask(c.worker, cursor); err != nil || d.CursorSeq >= d.Seq {
			t.Errorf("behind: %d of %d, %v", d.CursorSeq, d.Seq, err)
		}
		ahead, _ := c.e.open(c.worker, cursor)
		ahead.Eff, ahead.Pos, ahead.AsOf = ahead.Eff+1000, ahead.Pos+1000, ahead.AsOf+1000
		if d, err := ask(c.worker, c.e.seal(c.worker, ahead)); err != nil || d.CursorSeq != ahead.Eff || d.Seq <= ahead.Eff {
			t.Errorf("ahead, of a history that a restored backup undid: %d of %d, %v", d.CursorSeq, d.Seq, err)
		}
		buckets, err := c.e.Pull(context.Background(), c.worker, PullRequest{Limit: 2, Buckets: []string{p.person}})
		c.must(err)
		for _, bad := range []string{"x", buckets.Cursor, c.e.seal(c.keeper, ahead)} {
			if _, err := ask(c.worker, bad); models.AsError(err) == nil || models.AsError(err).Code != "bad_cursor" {
				t.Errorf("a cursor that is none: %v", err)
			}
		}
	})
}

// Collecting tombstones changes no digest, also where it takes a bucket's last
// change away and what was remembered of that number is older.
func TestDigestsAfterCollection(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		attempt := attemptAt(p)
		c.push(c.worker, attemptAt(p), attempt)
		c.agree(c.e, "before", c.worker) // remembered with the attempt
		c.push(c.worker, item(models.OpDelete, "contact_attempts", attempt.Row, 1<<40, nil))
		c.ahead.Store(int64(keptFor + time.Hour))
		c.must(c.e.Sweep(context.Background()))
		c.agree(c.e, "after", c.worker)
	})
}
