package sync

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// TestNoRowTakesTheIdOfABucket: who could name a row like somebody's bucket would
// hold that bucket.
func TestNoRowTakesTheIdOfABucket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		stranger := c.receiver()
		p := c.open(c.worker)
		partner := c.user(models.RoleReferralPartner)
		for name, id := range map[string]string{"a service": p.service, "an organisation": partner.OrgID, "another organisation": stranger.OrgID,
			"the program": c.made.ProgramID, "no id": store.NoPrincipal} {
			for _, who := range []models.Actor{stranger, partner, c.worker} {
				t.Run(name+" as "+string(who.Role), func(t *testing.T) {
					at := *c
					at.t = t
					at.refused(who, models.CodeRowExists, "row", item(models.OpInsert, "people", id, 0, map[string]any{"code": "X"}))
				})
			}
		}
		if got := c.counts(stranger); got["services"]+got["people"] != 0 {
			t.Errorf("the stranger sees %v", got)
		}
	})
}

// TestNobodyLetsThemselvesIn: a supervisor who releases what their own organisation
// wrote into a case it never held changes and sees nothing of it.
func TestNobodyLetsThemselvesIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		stranger := c.receiver()
		p := c.open(c.worker)
		break1 := item(models.OpPatch, "people", p.person, 0, map[string]any{"first_name": "Broken into"})
		break2 := insertOf("services", map[string]any{"referral_id": p.referral, "person_id": p.person, "track": "hhp", "org_id": stranger.OrgID})
		c.pushFor(models.StatusDeferred, stranger, break1, break2)
		c.ahead.Store(int64(25 * time.Hour))
		c.must(c.e.Sweep(context.Background()))
		for _, it := range []Item{break1, break2} {
			held := models.DerivedID(it.ID, "quarantine")
			if c.stored("quarantine", held) == nil {
				t.Fatal("what waited for a day is not in quarantine")
			}
			c.refused(stranger, models.CodeRowGone, "state", item(models.OpPatch, "quarantine", held, endless, map[string]any{"state": "released"}))
		}
		if name := c.stored("people", p.person).Text("first_name"); name != "" {
			t.Errorf("the person's name is %q", name)
		}
		if got := c.counts(stranger); got["people"]+got["services"] != 0 {
			t.Errorf("the stranger sees %v", got)
		}
	})
}

// TestAGroupAnswersTheTruth: a mutation sent twice in a group is one, and a group that
// was undone answers rows as they are.
func TestAGroupAnswersTheTruth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		twice := insertOf("known_contacts", map[string]any{"person_id": p.person, "name": "Aunt", "relation": "family"})
		twice.Group = "g"
		results, err := c.e.Push(context.Background(), c.worker, time.Time{}, []Item{twice, twice})
		c.must(err)
		if results[0].Status != models.StatusApplied || !results[1].Duplicate || results[1].V != results[0].V {
			t.Errorf("twice in one group: %+v", results)
		}
		phantom := item(models.OpPatch, "people", p.person, endless, map[string]any{"first_name": "Phantom"})
		wrong := item(models.OpPatch, "people", p.person, endless, map[string]any{"nope": "y"})
		phantom.Group, wrong.Group = "h", "h"
		before := c.stored("people", p.person)
		results, err = c.e.Push(context.Background(), c.keeper, time.Time{}, []Item{phantom, wrong})
		c.must(err)
		for _, r := range results {
			if strings.Contains(string(r.Row), "Phantom") || r.V != before.V {
				t.Errorf("a group that was undone answers v %d and %s", r.V, r.Row)
			}
		}
	})
}

// TestAnUnseenEndIsNoReopening: what was legal from the state its author saw is merged
// or kept as a conflict, never refused.
func TestAnUnseenEndIsNoReopening(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		base := c.push(c.supervisor, item(models.OpPatch, "services", p.service, endless, map[string]any{"status": models.SLOEngaged}))
		c.push(c.supervisor, item(models.OpPatch, "services", p.service, base, map[string]any{"status": models.Refused, "status_reason": "no"}))
		back := item(models.OpPatch, "services", p.service, base, map[string]any{"status": models.Pursuing})
		results, err := c.e.Push(context.Background(), c.keeper, time.Time{}, []Item{back})
		c.must(err)
		if r := results[0]; r.Status != models.StatusMerged || len(r.Conflicts) == 0 {
			t.Errorf("it is %+v, want merged with the loser kept", r)
		}
	})
}

// TestABodyOfNothingIsCheap: the count is refused before anything is gathered.
func TestABodyOfNothingIsCheap(t *testing.T) {
	for name, body := range map[string]string{
		"push":   `{"protocol":1,"push":[` + strings.Repeat("0,", 8<<20) + `0]}`,
		"tables": `{"protocol":1,"pull":{"cursor":null,"tables":[` + strings.Repeat(`"",`, 5<<20) + `""]}}`,
	} {
		text := []byte(body)
		var err error
		spent := testing.AllocsPerRun(1, func() { _, err = Decode(text) })
		if models.AsError(err) == nil || spent > 20_000 {
			t.Errorf("%s: %v after %s allocations", name, err, fmt.Sprint(spent))
		}
	}
}

// Members of the pull half are known by their exact names, and numbers beyond what a
// machine holds are clamped like others.
func TestDecodeOfThePullHalf(t *testing.T) {
	for body, limit := range map[string]int{
		`{"protocol":1,"pull":{"LIMIT":0,"Cursor":"x","table\u017f":["nothing"]}}`:       PageDefault,
		`{"protocol":1,"pull":{"limit":9223372036854775808}}`:                            PageMax,
		`{"protocol":1,"pull":{"limit":5001}}`:                                           PageMax,
		`{"protocol":1,"pull":{"limit":1,"backfill":{"FROM_schema":7,"from_schema":1}}}`: 1,
	} {
		if req, err := Decode([]byte(body)); err != nil || req.Pull.Limit != limit || req.Pull.Cursor != "" || req.Pull.Tables != nil {
			t.Errorf("%s: %+v, %v", body, req.Pull, err)
		}
	}
	for _, body := range []string{`{"protocol":1,"pull":{"limit":-9223372036854775809}}`, `{"protocol":1,"pull":{"limit":1.5}}`,
		`{"protocol":1,"pull":[]}`, `{"protocol":1,"pull":{"backfill":{"FROM_schema":1}}}`} {
		if _, err := Decode([]byte(body)); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
}

// A clock that stands at the first instant there is is wrong, not missing.
func TestDecodeOfTheFirstInstant(t *testing.T) {
	req, err := Decode([]byte(`{"protocol":1,"device_time":"0001-01-01T00:00:00Z"}`))
	if err != nil || req.DeviceTime.IsZero() {
		t.Errorf("device time %s, %v", req.DeviceTime, err)
	}
}

// A group's name is counted in characters.
func TestDecodeOfGroups(t *testing.T) {
	for name, good := range map[string]bool{strings.Repeat("é", groupNameMax): true, strings.Repeat("é", groupNameMax+1): false, `g\u0000h`: false} {
		req, err := Decode([]byte(`{"protocol":1,"push":[{"id":"` + models.NewID() + `","group":"` + name + `"}]}`))
		if err != nil || (req.Push[0].Fault == nil) != good {
			t.Errorf("a group of %d bytes: %+v, %v", len(name), req.Push, err)
		}
	}
}
