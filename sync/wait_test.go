package sync

import (
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// An attempt that waits for a case which itself waits is there as soon as the last row
// that either waits for: in whatever order they come, also when the case was over again.
func TestAttemptsThatWaitForAWaitingAssignment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for _, ended := range []bool{false, true} {
			for _, order := range [][]int{{0, 1, 2, 3, 4, 5}, {3, 4, 0, 1, 2, 5}, {1, 0, 2, 3, 4, 5}, {3, 0, 4, 5, 1, 2}, {0, 3, 4, 5, 1, 2}} {
				person, referral, service, assignment, attempt := models.NewID(), models.NewID(), models.NewID(), models.NewID(), models.NewID()
				insert := func(table, id, at string, set map[string]any) Item {
					it := item(models.OpInsert, table, id, 0, set)
					it.At = at
					return it
				}
				worker := c.user(models.RoleOutreachWorker)
				end := item(models.OpPatch, "assignments", assignment, 0, map[string]any{"ended_at": "now"})
				end.At = "2026-01-02T05:00:00.000Z"
				if !ended {
					end = item(models.OpPatch, "people", person, 0, map[string]any{"gender": "x"})
				} else {
					end.Set["ended_at"] = []byte(`"2026-01-02T05:00:00.000Z"`)
				}
				all := []struct {
					who models.Actor
					it  Item
				}{
					{worker, insert("contact_attempts", attempt, "2026-01-02T03:00:00.000Z", map[string]any{"service_id": service, "channel": "call",
						"outcome": "no_answer", "occurred_at": "2026-01-02T03:00:00.000Z"})},
					{c.keeper, insert("assignments", assignment, "2026-01-02T01:00:00.000Z", map[string]any{"service_id": service, "user_id": worker.UserID, "role": "outreach_worker"})},
					{c.keeper, end},
					{c.keeper, insert("people", person, "2026-01-02T00:00:00.000Z", map[string]any{"code": "W"})},
					{c.keeper, insert("referrals", referral, "2026-01-02T00:00:00.000Z", map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-01-02"})},
					{c.keeper, insert("services", service, "2026-01-02T00:00:00.000Z", map[string]any{"referral_id": referral, "person_id": person, "track": "slo_icm", "org_id": c.made.OrgID})},
				}
				for _, n := range order {
					if r := c.result(all[n].who, all[n].it); r.Status != models.StatusApplied && r.Status != models.StatusDeferred {
						t.Fatalf("ended %v, in the order %v: %d is %s %s %s", ended, order, n, r.Status, r.Code, r.Field)
					}
				}
				if row := c.stands(attempt); row == nil {
					t.Errorf("ended %v, in the order %v: the attempt is not there", ended, order)
				}
			}
		}
	})
}
