package sync

import (
	"context"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// A genuine cursor ahead of the sequence proves that the database went back: a new
// epoch begins past it, the device reconciles, and goes on.
func TestCursorAheadBeginsAnEpoch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		h, err := s.Head(context.Background(), c.worker.Program)
		c.must(err)
		ahead := c.e.seal(c.worker, cursor{Mode: modeStream, Epoch: h.Epoch, Eff: h.Seq + 500, Pos: h.Seq + 500, AsOf: h.Seq + 500, Tables: models.AllTables})
		page, err := c.e.Pull(context.Background(), c.worker, PullRequest{Cursor: ahead, Limit: 100})
		c.must(err)
		now, err := s.Head(context.Background(), c.worker.Program)
		c.must(err)
		if page.Directive == nil || page.Directive.Kind != "reconcile" || now.Epoch == h.Epoch || now.Seq <= h.Seq+500 {
			t.Fatalf("directive %+v, epoch changed %v, seq %d after %d", page.Directive, now.Epoch != h.Epoch, now.Seq, h.Seq)
		}
		next := page.Cursor
		if v := c.push(c.worker, attemptAt(p)); v <= h.Seq+500 {
			t.Errorf("number %d was given out again", v)
		}
		if rows, _ := c.pull(c.worker, &next); len(rows) != 1 {
			t.Errorf("%d rows came after the reset, want the new attempt", len(rows))
		}
		again, err := c.e.Pull(context.Background(), c.worker, PullRequest{Cursor: ahead, Limit: 100})
		c.must(err)
		if later, err := s.Head(context.Background(), c.worker.Program); err != nil || later.Epoch != now.Epoch || again.Directive == nil {
			t.Errorf("the same cursor began another epoch, %v", err)
		}
	})
}

// It is noticed before the push of the same request, however much that brings, and by
// whatever asks: else the push takes up the numbers that prove it. An edit of a row that
// the backup does not have waits for the row.
func TestCursorAheadIsNoticedBeforeThePush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		for name, rows := range map[string]int{"fewer than were lost": 1, "as many": 2, "more": 5, "by digests": 0} {
			c := newCrew(t, s)
			p := c.open(c.worker)
			h, err := s.Head(ctx, c.worker.Program)
			c.must(err)
			ahead := c.e.seal(c.worker, cursor{Mode: modeStream, Epoch: h.Epoch, Eff: h.Seq + 2, Pos: h.Seq + 2, AsOf: h.Seq + 2, Tables: models.AllTables})
			lost := models.NewID()
			req := Request{Schema: models.Tables.Version, Pull: &PullRequest{Cursor: ahead, Limit: 100}}
			for range rows {
				req.Push = append(req.Push, attemptAt(p))
			}
			req.Push = append(req.Push, item(models.OpPatch, "contact_attempts", lost, h.Seq+1, map[string]any{"outcome": "spoke"}))
			if rows == 0 {
				_, err := c.e.Digests(ctx, c.worker, ahead, "")
				c.must(err)
				req.Push = nil
			}
			a, err := c.e.Sync(ctx, c.worker, req)
			c.must(err)
			if a.Directive == nil || a.Directive.Kind != "reconcile" || a.Epoch == h.Epoch {
				t.Errorf("%s: directive %+v, epoch changed %v", name, a.Directive, a.Epoch != h.Epoch)
			}
			for i, r := range a.Results {
				want := models.StatusApplied
				if i == rows {
					want = models.StatusDeferred
				}
				if r.Status != want || r.V != 0 && r.V <= h.Seq+2 {
					t.Errorf("%s: result %d of %d is %+v, want %s beyond %d", name, i, rows, r, want, h.Seq+2)
				}
			}
		}
	})
}
