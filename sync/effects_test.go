package sync

import (
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// The id of the assignment that a worker gets with their own service can be foreseen.
// Who took it keeps their row, and the worker is assigned all the same.
func TestForeseenAssignmentStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		other := c.user(models.RoleOutreachWorker)
		theirs := c.open(c.worker)
		referral := insertOf("referrals", map[string]any{"person_id": theirs.person, "source": "outreach", "referred_on": "2026-01-02"})
		service := insertOf("services", map[string]any{"referral_id": referral.Row, "person_id": theirs.person, "track": "hhp", "org_id": c.made.OrgID})
		squat := insertOf("assignments", map[string]any{"service_id": theirs.service, "user_id": other.UserID, "role": "outreach_worker"})
		squat.Row = models.DerivedID(service.Row, "assignment/"+c.worker.UserID)
		c.push(c.supervisor, squat)
		c.push(c.worker, referral, service)
		if row := c.stands(squat.Row); row == nil || row.Bucket != theirs.service || row.Text("user_id") != other.UserID {
			t.Errorf("the row that was there first is now %v", row)
		}
		own := c.stands(models.DerivedID(service.ID, "assignment/"+c.worker.UserID))
		if own == nil || own.Bucket != service.Row {
			t.Errorf("the worker's assignment is %v", own)
		}
		c.push(c.worker, insertOf("contact_attempts", map[string]any{"service_id": service.Row, "channel": "call",
			"outcome": "no_answer", "occurred_at": models.FormatTime(c.e.store.Clock())}))
	})
}

// A device that got no answer to its insert has seen the row all the same: what it
// took out of a list is out, whatever somebody else put in meanwhile.
func TestEditOfOwnInsertThatWasNotAnswered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		made := insertOf("people", map[string]any{"code": "Own", "phones": []string{"1", "2"}})
		base := c.push(c.keeper, made)
		other := c.keeper
		other.DeviceID = models.NewID()
		c.push(other, item(models.OpPatch, "people", made.Row, base, map[string]any{"phones": []string{"1", "2", "3"}}))
		c.pushFor(models.StatusMerged, c.keeper, item(models.OpPatch, "people", made.Row, 0, map[string]any{"phones": []string{"1"}}))
		if got := models.Texts(c.stands(made.Row).Get("phones")); len(got) != 2 || got[0] != "1" || got[1] != "3" {
			t.Errorf("the numbers are %v, want 1 and 3", got)
		}
	})
}
