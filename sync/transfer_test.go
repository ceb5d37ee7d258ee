package sync

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// receiver makes another organisation with a supervisor.
func (c *crew) receiver() models.Actor {
	who := c.user(models.RoleSupervisor)
	c.move(&who, models.RoleSupervisor, c.org())
	who.OrgKind = models.OrgServiceProvider
	return who
}

// counts pulls everything a person sees and counts it by table.
func (c *crew) counts(who models.Actor) map[string]int {
	c.t.Helper()
	p, err := c.e.Pull(context.Background(), who, PullRequest{Limit: PageMax})
	c.must(err)
	out := map[string]int{}
	for _, s := range p.Sent {
		out[models.Tables.TableNo(s.Table).Name]++
	}
	return out
}

func (c *crew) refused(who models.Actor, code, field string, it Item) {
	c.t.Helper()
	results, err := c.e.Push(context.Background(), who, time.Time{}, []Item{it})
	c.must(err)
	if r := results[0]; r.Status != models.StatusRejected || r.Code != code || r.Field != field {
		c.t.Errorf("%s %s is %s (%s %s), want rejected (%s %s)", it.Op, it.Table, r.Status, r.Code, r.Field, code, field)
	}
}

func TestATransferNeedsConsentAndMovesTheCaseWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p, other := c.open(c.worker), c.receiver()
		offer := func() Item {
			return insertOf("transfers", map[string]any{"service_id": p.service, "to_org_id": other.OrgID})
		}
		c.refused(c.supervisor, models.CodeForbidden, "consent", offer())
		expired := map[string]any{"person_id": p.person, "recipient_org_id": other.OrgID, "signed_on": "2025-01-01", "expires_on": "2025-12-31"}
		c.push(c.supervisor, insertOf("consents", expired))
		c.refused(c.supervisor, models.CodeForbidden, "consent", offer())
		expired["expires_on"] = "2027-01-01"
		c.push(c.supervisor, insertOf("consents", expired))
		given := offer()
		base := c.push(c.supervisor, given)

		if got := c.counts(other); got["transfers"] != 1 || got["people"]+got["services"]+got["contact_attempts"] != 0 {
			t.Errorf("while it is pending the receiver sees %v", got)
		}
		accept := func() Item {
			return item(models.OpPatch, "transfers", given.Row, base, map[string]any{"state": "accepted"})
		}
		c.refused(c.supervisor, models.CodeForbidden, "state", accept())
		c.push(other, accept())
		if got := c.counts(other); got["people"] != 1 || got["services"] != 1 || got["assignments"] != 1 || got["consents"] != 2 {
			t.Errorf("after it the receiver sees %v", got)
		}
		for name, who := range map[string]models.Actor{"the giver": c.supervisor, "its worker": c.worker, "its case manager": c.keeper} {
			if got := c.counts(who); got["people"]+got["services"]+got["assignments"] != 0 {
				t.Errorf("after it %s still sees %v", name, got)
			}
		}
		c.refused(other, models.CodeForbiddenTransition, "state",
			item(models.OpPatch, "transfers", given.Row, endless, map[string]any{"state": "rejected"}))
	})
}

func TestAGiverKeepsAPersonWhomAnotherServiceOfTheirsPursues(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p, other := c.open(), c.receiver()
		c.push(c.keeper, insertOf("services", map[string]any{"referral_id": p.referral, "person_id": p.person, "track": "tvif", "org_id": c.made.OrgID}))
		c.push(c.keeper, insertOf("consents", map[string]any{"person_id": p.person, "recipient_org_id": other.OrgID,
			"signed_on": "2025-01-01", "expires_on": "2099-01-01"}))
		given := insertOf("transfers", map[string]any{"service_id": p.service, "to_org_id": other.OrgID})
		c.push(c.keeper, given)
		c.push(other, item(models.OpPatch, "transfers", given.Row, endless, map[string]any{"state": "accepted"}))
		if got := c.counts(c.supervisor); got["people"] != 1 || got["services"] != 1 {
			t.Errorf("the giver sees %v, want the person and the other service", got)
		}
	})
}

// Once a service is given to one organisation, what was offered to others is withdrawn.
func TestAnAcceptedTransferWithdrawsOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p, taker, other := c.open(c.worker), c.receiver(), c.receiver()
		offer := func(to models.Actor) Item {
			c.push(c.supervisor, insertOf("consents", map[string]any{"person_id": p.person, "recipient_org_id": to.OrgID,
				"signed_on": "2026-01-01", "expires_on": "2027-01-01"}))
			return insertOf("transfers", map[string]any{"service_id": p.service, "to_org_id": to.OrgID})
		}
		first, second := offer(taker), offer(other)
		c.push(c.supervisor, first, second)
		c.push(taker, item(models.OpPatch, "transfers", first.Row, endless, map[string]any{"state": "accepted"}))
		for row, want := range map[string]string{first.Row: "accepted", second.Row: "withdrawn"} {
			if got := c.stored("transfers", row).Text("state"); got != want {
				t.Errorf("a transfer is %s, want %s", got, want)
			}
		}
		c.holds()
	})
}

// TestTheLastResortDoesNotDependOnTheOrderOfArrival pushes one history in several
// orders: the attempt at the probation officer is in policy in all of them, and out
// of policy as long as anything wanted before it is missing.
func TestTheLastResortDoesNotDependOnTheOrderOfArrival(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for turn := range 3 {
			p := c.open(c.worker)
			officer := attemptOn(p, models.ChannelProbationOfficer, "2026-03-01T10:00:00Z")
			approval := insertOf("action_items", map[string]any{"person_id": p.person, "kind": models.ActionApproval, "text": "yes"})
			approval.At = "2026-02-20T10:00:00Z"
			steps := []func(){
				func() { c.push(c.worker, officer) },
				func() { c.push(c.worker, lastResortHistory(p)...) },
				func() { c.push(c.supervisor, approval) },
			}
			for n := range steps {
				steps[(n+turn)%len(steps)]()
				done := n == len(steps)-1
				row := c.stored("contact_attempts", officer.Row)
				if row == nil {
					continue
				}
				if got := string(row.Get("policy_exception")); got != fmt.Sprint(!done) {
					t.Errorf("turn %d, step %d: policy_exception is %s", turn, n, got)
				}
			}
			if c.stored("disclosures", models.DerivedID(officer.Row, "disclosure")) == nil {
				t.Errorf("turn %d: nothing tells of the disclosure", turn)
			}
		}
	})
}

func attemptOn(p pursuit, channel, at string) Item {
	return insertOf("contact_attempts", map[string]any{"service_id": p.service, "channel": channel, "outcome": "no_answer", "occurred_at": at})
}

// lastResortHistory is just enough: six channels, eight attempts, 21 days.
func lastResortHistory(p pursuit) []Item {
	channels := []string{"call", "text", "in_person_visit", "family_friends_known_contacts", "current_participant", "social_media", "call", "text"}
	var out []Item
	for i, channel := range channels {
		out = append(out, attemptOn(p, channel, fmt.Sprintf("2026-02-%02dT10:00:00Z", 8+i)))
	}
	return out
}

// stored loads a row, or nil.
func (c *crew) stored(table, id string) *models.Row {
	c.t.Helper()
	var out *models.Row
	c.must(store.InProgram(context.Background(), c.e.store, c.admin.Program, func(tx *store.ProgramTx) error {
		rows, err := tx.Rows([]string{id})
		for _, r := range rows {
			if r.Table.Name == table {
				out = r
			}
		}
		return err
	}))
	return out
}
