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

// Only attempts that count are counted before a probation officer is contacted: not a
// duplicated tap, not one from before the referral or from outside the pursuit.
func TestTheLastResortAsksForCountedAttempts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for name, in := range map[string]struct {
			eighth string
			want   bool // an exception
		}{
			"an eighth that counts":        {"2026-02-15T10:00:00Z", false},
			"a duplicated tap":             {"2026-02-14T10:00:20Z", true},
			"one from before the referral": {"2026-01-01T10:00:00Z", true},
		} {
			p := c.open(c.worker)
			approval := insertOf("action_items", map[string]any{"person_id": p.person, "kind": models.ActionApproval, "text": "yes"})
			approval.At = "2026-02-20T10:00:00Z"
			c.push(c.supervisor, approval)
			history := lastResortHistory(p)
			history[7] = attemptOn(p, "call", in.eighth)
			c.push(c.worker, history...)
			officer := attemptOn(p, models.ChannelProbationOfficer, "2026-03-10T10:00:00Z")
			c.push(c.worker, officer)
			if got := string(c.stored("contact_attempts", officer.Row).Get("policy_exception")); got != fmt.Sprint(in.want) {
				t.Errorf("%s: policy_exception is %s", name, got)
			}
		}
	})
}

// An earlier attempt at a probation officer counts like any other: as one of the eight,
// and as one that reached the person; but it tries none of the other channels.
func TestTheLastResortAfterAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for name, in := range map[string]struct {
			instead int // the place in the history of the earlier one; -1 is at its end
			outcome string
			want    bool // an exception
		}{
			"the eighth":                 {7, "no_answer", false},
			"reached the person":         {-1, "spoke", true},
			"instead of another channel": {5, "no_answer", true},
		} {
			p := c.open(c.worker)
			approval := insertOf("action_items", map[string]any{"person_id": p.person, "kind": models.ActionApproval, "text": "yes"})
			approval.At = "2026-02-20T10:00:00Z"
			c.push(c.supervisor, approval)
			history, earlier := lastResortHistory(p), attemptOn(p, models.ChannelProbationOfficer, "2026-03-01T09:00:00Z")
			earlier.Set["outcome"] = models.Quote(in.outcome)
			if in.instead >= 0 {
				history[in.instead] = earlier
			} else {
				history = append(history, earlier)
			}
			officer := attemptOn(p, models.ChannelProbationOfficer, "2026-03-02T08:00:00Z")
			c.push(c.worker, append(history, officer)...)
			if got := string(c.stored("contact_attempts", officer.Row).Get("policy_exception")); got != fmt.Sprint(in.want) {
				t.Errorf("%s: policy_exception is %s", name, got)
			}
		}
	})
}

// A mark of the last resort goes when the channel was a slip of the finger.
func TestTheLastResortThatWasNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		officer := attemptOn(p, models.ChannelProbationOfficer, "2026-03-01T10:00:00Z")
		c.push(c.worker, officer)
		exception := func() string { return string(c.stored("contact_attempts", officer.Row).Get("policy_exception")) }
		if got := exception(); got != "true" {
			t.Fatalf("policy_exception is %s before", got)
		}
		c.push(c.worker, item(models.OpPatch, "contact_attempts", officer.Row, endless, map[string]any{"channel": "call"}))
		if got := exception(); got != "false" {
			t.Errorf("policy_exception is %s of a call", got)
		}
		c.push(c.worker, item(models.OpPatch, "contact_attempts", officer.Row, endless, map[string]any{"channel": models.ChannelProbationOfficer}))
		if got := exception(); got != "true" {
			t.Errorf("policy_exception is %s after all", got)
		}
	})
}

// A status that is dated back takes attempts out of the pursuit, and the attempt of
// the last resort with them.
func TestTheLastResortIsJudgedAgainWhenTheStatusChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		approval := insertOf("action_items", map[string]any{"person_id": p.person, "kind": models.ActionApproval, "text": "yes"})
		approval.At = "2026-02-20T10:00:00Z"
		c.push(c.supervisor, approval)
		officer := attemptOn(p, models.ChannelProbationOfficer, "2026-03-10T10:00:00Z")
		c.push(c.worker, append(lastResortHistory(p), officer)...)
		exception := func() string { return string(c.stored("contact_attempts", officer.Row).Get("policy_exception")) }
		if got := exception(); got != "false" {
			t.Fatalf("policy_exception is %s before", got)
		}
		c.push(c.supervisor, item(models.OpPatch, "services", p.service, endless,
			map[string]any{"status": "refused", "status_on": "2026-02-10", "status_reason": "moved away"}))
		if got := exception(); got != "true" {
			t.Errorf("policy_exception is %s though five of the attempts lie after the end of the pursuit", got)
		}
	})
}

// A transfer and the consent that it needs may come in one push in either order.
func TestAConsentMayComeAfterItsTransferInAPush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for name, group := range map[string]string{"alone": "", "in a group": "g"} {
			p, other := c.open(c.worker), c.receiver()
			given := insertOf("transfers", map[string]any{"service_id": p.service, "to_org_id": other.OrgID})
			signed := insertOf("consents", map[string]any{"person_id": p.person, "recipient_org_id": other.OrgID,
				"signed_on": "2026-01-01", "expires_on": "2027-01-01"})
			given.Group, signed.Group = group, group
			results, err := c.e.Push(context.Background(), c.supervisor, time.Time{}, []Item{given, attemptAt(p), signed})
			c.must(err)
			for i, r := range results {
				if r.Status != models.StatusApplied {
					t.Errorf("%s: %d is %s (%s %s)", name, i, r.Status, r.Code, r.Field)
				}
			}
			if results[0].ID != given.ID || results[2].ID != signed.ID {
				t.Errorf("%s: the results are not in the order of the push", name)
			}
		}
	})
}

// A case is not given to law enforcement, by whatever way.
func TestLawEnforcementIsGivenNoCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		police, err := c.e.CreateOrg(context.Background(), c.admin, models.Org{Name: "Police", Kind: models.OrgLawEnforcement})
		c.must(err)
		p := c.open(c.worker)
		c.refused(c.supervisor, models.CodeForbidden, "org_id", insertOf("services",
			map[string]any{"referral_id": p.referral, "person_id": p.person, "track": "tvif", "org_id": police.ID}))
		c.refused(c.supervisor, models.CodeForbidden, "to_org_id", insertOf("transfers",
			map[string]any{"service_id": p.service, "to_org_id": police.ID}))
	})
}

// A transfer that was accepted before its receiver heard of the withdrawal is accepted,
// whichever of the two arrives first; one who had heard cannot accept any more.
func TestAnAcceptanceAndAWithdrawalInEitherOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for name, order := range map[string][2]int{"the acceptance first": {0, 1}, "the withdrawal first": {1, 0}, "after hearing of it": {1, 2}} {
			p, other := c.open(c.worker), c.receiver()
			c.push(c.supervisor, insertOf("consents", map[string]any{"person_id": p.person, "recipient_org_id": other.OrgID,
				"signed_on": "2025-01-01", "expires_on": "2099-01-01"}))
			given := insertOf("transfers", map[string]any{"service_id": p.service, "to_org_id": other.OrgID})
			seen := c.push(c.supervisor, given)
			state := func(to string, base int64, at string) Item {
				it := item(models.OpPatch, "transfers", given.Row, base, map[string]any{"state": to})
				it.At = at
				return it
			}
			steps := []func(){
				func() { _ = c.result(other, state("accepted", seen, "2026-01-03T10:00:00Z")) },
				func() { _ = c.result(c.supervisor, state("withdrawn", seen, "2026-01-03T10:05:00Z")) },
				func() { _ = c.result(other, state("accepted", endless, "2026-01-03T11:00:00Z")) },
			}
			for _, n := range order {
				steps[n]()
			}
			wantState, wantOrg := "accepted", other.OrgID
			if order[1] == 2 {
				wantState, wantOrg = "withdrawn", c.supervisor.OrgID
			}
			if got := c.stored("transfers", given.Row).Text("state"); got != wantState {
				t.Errorf("%s: the transfer is %s, want %s", name, got, wantState)
			}
			if got := c.stored("services", p.service).Text("org_id"); got != wantOrg {
				t.Errorf("%s: the service is with the wrong organisation", name)
			}
		}
	})
}
