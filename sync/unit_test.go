package sync

import (
	"fmt"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// Two people move a service's status without seeing each other, in words of their own:
// whichever phone comes first, one of them stands whole, with its day.
func TestStatusOfTwoInBothOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for name, sets := range map[string][2]map[string]any{
			"a reason of another status": {{"status": "unable_to_place", "status_reason": "reassessed_low_risk"}, {"status_reason": "called his aunt"}},
			"the same status, no dates":  {{"status": "slo_engaged", "status_reason": "came"}, {"status": "slo_engaged", "status_reason": "seen"}},
			"no reasons either":          {{"status": "short_term"}, {"status": "short_term"}},
			"one with a date":            {{"status": "short_term", "status_on": "2025-12-20"}, {"status": "short_term"}},
			"the other with a date":      {{"status": "short_term"}, {"status": "short_term", "status_on": "2025-12-20"}},
			"different ones":             {{"status": "short_term"}, {"status": "enrolled", "status_reason": "wants it"}},
		} {
			for days := range 2 { // who is the later one
				var ends []string
				for _, order := range [][]int{{0, 1}, {1, 0}} {
					p := c.open(c.worker)
					base := c.push(c.keeper, item(models.OpPatch, "services", p.service, 1<<40, map[string]any{"status_reason": "new"}))
					for _, n := range order {
						it := item(models.OpPatch, "services", p.service, base, sets[n])
						it.At = fmt.Sprintf("2026-01-0%dT12:00:00.000Z", 2+n+days*2*(1-n))
						if r := c.result([]models.Actor{c.keeper, c.supervisor}[n], it); r.Status == models.StatusRejected {
							t.Errorf("%s, in the order %v: rejected, %s %s", name, order, r.Code, r.Field)
						}
					}
					row := c.stands(p.service)
					ends = append(ends, fmt.Sprintf("%s %s %s %s", row.Get("status"), row.Get("status_reason"), row.Get("status_on"), row.Get("short_term_ends_on")))
				}
				if ends[0] != ends[1] {
					t.Errorf("%s, %d: %s, and the other way round %s", name, days, ends[0], ends[1])
				}
			}
		}
	})
}

// unable_to_place has its own five reasons; an empty text is none of them.
func TestReasonsOfUnableToPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		for reason, want := range map[any]models.Status{"": models.StatusRejected, "busy": models.StatusRejected,
			"unable_to_contact": models.StatusApplied, nil: models.StatusApplied} {
			p := c.open(c.worker)
			r := c.result(c.keeper, item(models.OpPatch, "services", p.service, endless, map[string]any{"status": "unable_to_place", "status_reason": reason}))
			if r.Status != want || want == models.StatusRejected && r.Code != models.CodeInvalidValue {
				t.Errorf("the reason %q is %s %s", reason, r.Status, r.Code)
			}
		}
	})
}

// A day that the server put to a status is nobody's word: when it loses, nothing is lost.
func TestAnAssumedDayLeavesNoConflict(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		base := c.push(c.keeper, item(models.OpPatch, "services", p.service, 1<<40, map[string]any{"status_reason": "new"}))
		for n, who := range []models.Actor{c.supervisor, c.keeper} {
			it := item(models.OpPatch, "services", p.service, base, map[string]any{"status": "short_term"})
			it.At = fmt.Sprintf("2026-01-0%dT12:00:00.000Z", 2+n)
			if r := c.result(who, it); r.Status != models.StatusApplied || len(r.Conflicts) > 0 {
				t.Errorf("%s: %s with %d conflicts", who.Role, r.Status, len(r.Conflicts))
			}
		}
	})
}

// An empty time is none, as any other text that is no time.
func TestAnEmptyTimeIsRefused(t *testing.T) {
	for at, want := range map[string]bool{`"at":"",`: true, `"at":"x",`: false, ``: false} { // "x" is told where the mutation is looked at
		req, err := Decode([]byte(`{"protocol":1,"schema":1,"push":[{"id":"` + models.NewID() + `","table":"people","row":"` + models.NewID() +
			`","op":"insert","base":0,` + at + `"set":{"code":"A"}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if fault := req.Push[0].Fault; (fault != nil) != want || fault != nil && fault.Field != "at" {
			t.Errorf("%q has the fault %v", at, fault)
		}
	}
}
