package sync

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// A trial answers what the push after it answers, whatever becomes of each mutation, and
// leaves no trace: not in the rows, the sequence, or the audit.
func TestATrialIsThePushWithoutATrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, ctx := newCrew(t, s), context.Background()
		p := c.open(c.worker)
		person := insertOf("people", map[string]any{"code": "Heron"})
		items := []Item{person, insertOf("referrals", map[string]any{"person_id": person.Row, "source": "outreach", "referred_on": "2026-01-02"}),
			insertOf("people", map[string]any{"code": ""}), insertOf("referrals", map[string]any{"person_id": models.NewID(), "source": "outreach", "referred_on": "2026-01-02"}),
			item(models.OpInsert, "people", p.person, 0, map[string]any{"code": "K"}), item(models.OpPatch, "services", p.service, 0, map[string]any{"status": "closed"})}
		for _, who := range []models.Actor{c.admin, c.worker, c.keeper} {
			before := traces(t, s)
			tried, err := c.e.Try(ctx, who, time.Time{}, items)
			c.must(err)
			if after := traces(t, s); after != before {
				t.Errorf("%s: a trial leaves %v, was %v", who.Role, after, before)
			}
			pushed, err := c.e.Push(ctx, who, time.Time{}, items)
			c.must(err)
			for i := range items {
				if one, two := answerText(tried[i]), answerText(pushed[i]); one != two {
					t.Errorf("%s: %s %s is tried as %s, pushed as %s", who.Role, items[i].Op, items[i].Table, one, two)
				}
				items[i].ID = models.NewID() // for the next role
			}
		}
	})
}

func answerText(r models.Result) string {
	text, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// traces counts what a push leaves.
func traces(t *testing.T, s *store.Store) (n [5]int64) {
	t.Helper()
	for i, query := range []string{"SELECT sum(seq) FROM sequences", "SELECT count(*) FROM feed", "SELECT count(*) FROM mutations",
		"SELECT count(*) FROM deferred", "SELECT count(*) FROM audit"} {
		if err := s.SQLDB().QueryRow(query).Scan(&n[i]); err != nil {
			t.Fatal(err)
		}
	}
	return n
}
