package sync

import (
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func (c *crew) decide(who models.Actor, it Item, state string) models.Result {
	c.t.Helper()
	return c.result(who, item(models.OpPatch, "quarantine", models.DerivedID(it.ID, "quarantine"), endless, map[string]any{"state": state}))
}

// hand gives a case to another organisation, with consent.
func (c *crew) hand(p pursuit, to models.Actor) {
	c.t.Helper()
	offer := insertOf("transfers", map[string]any{"service_id": p.service, "to_org_id": to.OrgID})
	c.push(c.supervisor, insertOf("consents", map[string]any{"person_id": p.person, "recipient_org_id": to.OrgID,
		"signed_on": "2026-01-01", "expires_on": "2099-01-01"}))
	base := c.push(c.supervisor, offer)
	c.push(to, item(models.OpPatch, "transfers", offer.Row, base, map[string]any{"state": "accepted"}))
}

// Nobody gets a person back through quarantine whom their organisation gave away: a service
// in it, which would grant the person anew, is released by those alone who hold the person.
func TestAReleaseOpensNoDoor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p, other := c.open(c.worker), c.receiver()
		c.hand(p, other)
		again := insertOf("services", map[string]any{"referral_id": p.referral, "person_id": p.person, "track": "hhp", "org_id": c.made.OrgID})
		c.pushFor(models.StatusQuarantined, c.supervisor, again)
		if r := c.decide(c.supervisor, again, "released"); r.Status != models.StatusRejected {
			t.Errorf("the release is %s", r.Status)
		}
		if got := c.counts(c.supervisor); got["people"]+got["services"] != 0 {
			t.Errorf("the giver sees %v again", got)
		}
		if r := c.decide(c.supervisor, again, "dismissed"); r.Status != models.StatusApplied {
			t.Errorf("then the dismissal is %s", r.Status)
		}
	})
}

// A deleted service is no reason to keep a person whose last case was given away.
func TestAGiverKeepsNobodyForADeletedService(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p, other, second := c.open(c.worker), c.receiver(), models.NewID()
		c.push(c.keeper, item(models.OpInsert, "services", second, 0,
			map[string]any{"referral_id": p.referral, "person_id": p.person, "track": "slo_icm", "org_id": c.made.OrgID}))
		c.push(c.supervisor, insertOf("assignments", map[string]any{"service_id": second, "user_id": c.worker.UserID, "role": "outreach_worker"}))
		c.push(c.supervisor, item(models.OpDelete, "services", second, endless, nil))
		c.hand(p, other)
		for name, who := range map[string]models.Actor{"supervisor": c.supervisor, "worker": c.worker, "case manager": c.keeper} {
			if got := c.counts(who); got["people"] != 0 {
				t.Errorf("the giver's %s still sees %v", name, got)
			}
		}
	})
}

// What somebody wrote about a case before they moved is for the supervisors of the
// organisation that they wrote it for, and not for those of the new one: least of all for law enforcement.
func TestQuarantineStaysWithTheCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p, mover := c.open(c.worker), c.worker
		police, err := c.e.CreateOrg(t.Context(), c.admin, models.Org{Name: "E", Kind: models.OrgLawEnforcement})
		c.must(err)
		chief := c.user(models.RoleSupervisor)
		for _, who := range []*models.Actor{&chief, &mover} {
			c.move(who, who.Role, police.ID)
			who.OrgKind = models.OrgLawEnforcement
		}
		note := item(models.OpPatch, "people", p.person, 1, map[string]any{"notes": "in the basement"})
		c.pushFor(models.StatusQuarantined, mover, note)
		for name, who := range map[string]models.Actor{"the chief": chief, "who wrote it": mover} {
			if got := c.counts(who); got["quarantine"] != 0 {
				t.Errorf("%s of law enforcement sees %v", name, got)
			}
		}
		if got := c.counts(c.supervisor); got["quarantine"] != 1 {
			t.Errorf("the supervisor of the case sees %v", got)
		}
		if r := c.decide(c.supervisor, note, "released"); r.Status != models.StatusApplied {
			t.Errorf("the release is %s (%s)", r.Status, r.Message)
		}
		if row := c.stored("people", p.person); row.Text("notes") != "in the basement" {
			t.Error("what was released is not in the row")
		}
	})
}

// What a referral partner wrote and never fitted is for the lead organisation: they are
// shown nothing themselves.
func TestAPartnersQuarantineIsTheLeads(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		partner := c.user(models.RoleReferralPartner)
		c.move(&partner, models.RoleReferralPartner, c.org())
		lost := insertOf("referrals", map[string]any{"person_id": models.NewID(), "source": "community_partner", "referred_on": "2026-01-02"})
		c.pushFor(models.StatusDeferred, partner, lost)
		c.pass(25 * time.Hour)
		c.sweep()
		if got := c.counts(c.supervisor); got["quarantine"] != 1 {
			t.Errorf("the lead's supervisor sees %v", got)
		}
		if got := c.counts(partner); got["quarantine"] != 0 {
			t.Errorf("the partner sees %v", got)
		}
	})
}

// A case manager who opened a case holds it until their assignment to it ends.
func TestWhoOpenedACaseCanBeReassigned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		if got := c.counts(c.keeper); got["services"] != 1 {
			t.Fatalf("who opened it sees %v", got)
		}
		own := insertOf("assignments", map[string]any{"service_id": p.service, "user_id": c.keeper.UserID, "role": "case_manager"})
		c.push(c.keeper, own)
		c.push(c.supervisor, item(models.OpPatch, "assignments", own.Row, endless, map[string]any{"ended_at": "2026-01-02T03:04:05.000Z"}))
		if got := c.counts(c.keeper); got["services"]+got["assignments"] != 0 {
			t.Errorf("after the assignment ended they see %v", got)
		}
		c.pushFor(models.StatusQuarantined, c.keeper, item(models.OpPatch, "services", p.service, endless, map[string]any{"track": "slo_icm"}))
	})
}

// An attempt counts as made in time by what the assignment says of itself too: both of
// its ends may have been written offline and be heard of later.
func TestLateByTheAssignmentsOwnWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p, now := c.open(), c.e.store.Clock()
		ago := func(d time.Duration) string { return models.FormatTime(now.Add(-d)) }
		begun := insertOf("assignments", map[string]any{"service_id": p.service, "user_id": c.worker.UserID, "role": "outreach_worker"})
		begun.At = ago(3 * time.Hour)
		ended := item(models.OpPatch, "assignments", begun.Row, endless, map[string]any{"ended_at": ago(time.Hour)})
		ended.At = ago(time.Hour)
		c.push(c.supervisor, begun)
		c.push(c.supervisor, ended)
		for d, want := range map[time.Duration]models.Status{2 * time.Hour: models.StatusApplied, 3 * time.Hour: models.StatusApplied,
			4 * time.Hour: models.StatusQuarantined, 30 * time.Minute: models.StatusQuarantined} {
			it := attemptAt(p)
			it.At = ago(d)
			it.Set["occurred_at"] = models.Quote(ago(d))
			c.pushFor(want, c.worker, it)
			if row := c.stands(it.Row); want == models.StatusApplied && string(row.Get("late")) != "true" {
				t.Errorf("an attempt %s ago is not marked as late", d)
			}
		}
	})
}

// A group of which one member was refused before is refused whole.
func TestAGroupWithARefusedMember(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		bad, good := attemptAt(p), attemptAt(p)
		bad.Set["channel"] = models.Quote("pigeon")
		bad.Group, good.Group = models.NewID(), ""
		good.Group = bad.Group
		c.pushFor(models.StatusRejected, c.worker, bad)
		c.pushFor(models.StatusRejected, c.worker, bad, good)
		if row := c.stands(good.Row); row != nil {
			t.Error("half of a group stands")
		}
	})
}

// Who opens a service holds its person with it, whatever else gave them the person ends:
// a case is not left without a name.
func TestAnOpenedServiceHoldsItsPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		person, referral, first, second := models.NewID(), models.NewID(), models.NewID(), models.NewID()
		service := func(id string) Item {
			return item(models.OpInsert, "services", id, 0, map[string]any{"referral_id": referral, "person_id": person, "track": "slo_icm", "org_id": c.made.OrgID})
		}
		assign := func(id string) Item {
			return insertOf("assignments", map[string]any{"service_id": id, "user_id": c.keeper.UserID, "role": "case_manager"})
		}
		c.push(c.supervisor, item(models.OpInsert, "people", person, 0, map[string]any{"code": "P"}),
			item(models.OpInsert, "referrals", referral, 0, map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-01-02"}), service(first))
		one, two := assign(first), assign(second)
		c.push(c.supervisor, one)
		c.push(c.keeper, service(second))
		end := func(it Item) Item {
			return item(models.OpPatch, "assignments", it.Row, endless, map[string]any{"ended_at": "2026-01-02T03:04:05.000Z"})
		}
		c.push(c.supervisor, end(one))
		if got := c.counts(c.keeper); got["people"] != 1 || got["services"] != 1 {
			t.Errorf("after the first case ended the opener of the second sees %v", got)
		}
		c.push(c.keeper, item(models.OpPatch, "people", person, endless, map[string]any{"gender": "x"}))
		c.push(c.supervisor, two)
		c.push(c.supervisor, end(two))
		if got := c.counts(c.keeper); got["people"]+got["services"] != 0 {
			t.Errorf("after the second case ended too its opener sees %v", got)
		}
	})
}
