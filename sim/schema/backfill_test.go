package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"pursuit/sim/harness"
)

// town makes a few persons with contacts and errands, a case with attempts, and
// brings an old device of the manager up to date. Errands and new fields are
// written by a new app.
func (s *stage) town() (young *harness.Device, people []string) {
	s.Helper()
	for i := range 6 {
		person, _ := s.person(s.manager, fmt.Sprintf("K%d", i))
		people = append(people, person)
	}
	s.becomes(s.bin.trial)
	young = s.second(s.manager)
	s.app(1, s.manager, s.worker)
	s.app(2, young)
	s.pull(young)
	for i, person := range people {
		s.applied(young, patch(young, "people", person, map[string]any{"preferred_name": fmt.Sprintf("Kit %d", i)}))
		for range i % 3 {
			s.applied(young, harness.Insert("errands", map[string]any{"person_id": person, "what": "bus pass"}))
		}
		s.open(person)
	}
	s.pull(s.manager)
	s.pull(young)
	if s.manager.Count("errands") != 0 {
		s.Fatal("the old app keeps what it does not know: the test would show nothing")
	}
	return young, people
}

// open makes a case of a person with an attempt, worked by the worker.
func (s *stage) open(person string) (assignment string) {
	s.Helper()
	referral := harness.Insert("referrals", map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-03-02"})
	service := harness.Insert("services", map[string]any{"referral_id": referral.Row, "person_id": person, "track": "slo_icm", "org_id": s.org})
	attempt := harness.Insert("contact_attempts", map[string]any{"service_id": service.Row, "channel": "call", "outcome": "no_answer", "occurred_at": referral.At})
	assigned := harness.Insert("assignments", map[string]any{"service_id": service.Row, "user_id": s.worker.Tokens.User.ID, "role": "outreach_worker"})
	s.applied(s.manager, referral, service, attempt, assigned)
	return assigned.Row
}

// fresh demands that a device holds what a fresh installation of the same app holds.
func (s *stage) fresh(d *harness.Device) {
	s.Helper()
	anew := s.second(d)
	anew.App = d.App
	s.pull(anew)
	s.alike(anew, d)
}

// An app that was upgraded gets the rows of the tables that are new or have new
// fields, each once, and nothing else. Then it holds what a fresh installation does,
// and its stream goes on where it was.
func upgradedLacksNothing(s *stage) {
	young, _ := s.town()
	want := map[string]int{}
	for _, table := range []string{"people", "known_contacts", "errands"} {
		want[table] = young.Count(table)
	}
	s.app(2, s.manager)
	got := map[string]int{}
	must(s, s.manager.Backfill(s.ctx, 1, 1000, func(page harness.Page) error {
		for table, change := range page.Changes {
			got[table] += len(change.Upsert)
			if len(change.Remove) > 0 {
				return errors.New("a backfill removes")
			}
		}
		return nil
	}))
	if !maps.Equal(got, want) || want["errands"] == 0 {
		s.Errorf("the backfill brought %v, want %v", got, want)
	}
	if n := s.pull(s.manager); n != 0 {
		s.Errorf("%d rows came again in the stream", n)
	}
	s.fresh(s.manager)
	must(s, s.manager.Backfill(s.ctx, 2, 1000, func(page harness.Page) error {
		if page.Rows() > 0 {
			return fmt.Errorf("%d rows are new to an app that is not behind", page.Rows())
		}
		return nil
	}))
}

// A walk cut anywhere goes on there, over a server that is killed, while rows change
// before and behind it: the device ends with what a fresh installation holds.
func backfillResumes(s *stage) {
	young, people := s.town()
	for _, limit := range []int{1, 2, 5} {
		old := s.second(s.manager)
		s.app(1, old)
		s.pull(old)
		s.app(2, old)
		pages := 0
		must(s, old.Backfill(s.ctx, 1, limit, func(page harness.Page) error {
			if page.Rows() > limit {
				return fmt.Errorf("a page of %d has %d rows", limit, page.Rows())
			}
			pages++
			person := people[pages%len(people)]
			switch pages % 4 {
			case 0:
				s.pull(young)
				s.applied(young, patch(young, "people", person, map[string]any{"preferred_name": fmt.Sprintf("page %d of %d", pages, limit)}))
			case 1:
				s.applied(young, harness.Insert("errands", map[string]any{"person_id": person, "what": fmt.Sprintf("page %d of %d", pages, limit)}))
			case 2:
				s.person(young, fmt.Sprintf("N%d of %d", pages, limit))
			}
			if pages == 3 {
				return errors.Join(s.server.Kill(), s.server.Restart(s.ctx))
			}
			return nil
		}))
		if pages < 4 {
			s.Fatalf("%d pages of %d: nothing was cut", pages, limit)
		}
		s.pull(old)
		s.fresh(old)
	}
}

// A walk brings what its user holds at each page, and nothing of what they lost amid it.
func backfillFollowsScope(s *stage) {
	s.becomes(s.bin.trial)
	s.app(1, s.worker)
	var assignments []string
	held := map[string]string{} // person by assignment
	for i := range 6 {
		person, _ := s.person(s.manager, fmt.Sprintf("K%d", i))
		assignments = append(assignments, s.open(person))
		held[assignments[i]] = person
	}
	s.pull(s.manager)
	s.pull(s.worker)
	s.app(2, s.worker)
	lost := map[string]bool{}
	must(s, s.worker.Backfill(s.ctx, 1, 1, func(page harness.Page) error {
		for table, change := range page.Changes {
			for _, row := range change.Upsert {
				if lost[row.Bucket()] {
					return fmt.Errorf("%s %s is of a case that was given away", table, row.ID())
				}
			}
		}
		if len(assignments) > 3 {
			s.applied(s.manager, patch(s.manager, "assignments", assignments[0], map[string]any{"ended_at": harness.At(s.manager.Now())}))
			lost[held[assignments[0]]] = true
			assignments = assignments[1:]
		}
		return nil
	}))
	s.pull(s.worker)
	s.fresh(s.worker)
	session, err := s.program.User(s.ctx, "director", s.program.OrgID)
	must(s, err)
	must(s, harness.NewDevice(session).Backfill(s.ctx, 1, 10, func(page harness.Page) error {
		if page.Rows() > 0 {
			return fmt.Errorf("a director received %d rows", page.Rows())
		}
		return nil
	}))
}

// A walk's cursor is good for that walk of that user alone, and no stream's is good for it.
func backfillCursors(s *stage) {
	s.town()
	one := 1
	first, err := s.manager.Sync(s.ctx, s.manager.Request(nil, &harness.Pull{Backfill: &harness.Backfill{FromSchema: 1}, Limit: &one}))
	must(s, err)
	other := s.user("case_manager")
	for name, try := range map[string]struct {
		device *harness.Device
		pull   harness.Pull
	}{
		"of another user":       {other, harness.Pull{Cursor: &first.Cursor, Backfill: &harness.Backfill{FromSchema: 1}}},
		"from another schema":   {s.manager, harness.Pull{Cursor: &first.Cursor, Backfill: &harness.Backfill{FromSchema: 2}}},
		"as a stream":           {s.manager, harness.Pull{Cursor: &first.Cursor}},
		"for other tables":      {s.manager, harness.Pull{Cursor: &first.Cursor, Backfill: &harness.Backfill{FromSchema: 1}, Tables: []string{"people"}}},
		"a stream's for a walk": {s.manager, harness.Pull{Cursor: s.manager.Cursor, Backfill: &harness.Backfill{FromSchema: 1}}},
	} {
		_, err := try.device.Sync(s.ctx, try.device.Request(nil, &try.pull))
		var refusal *harness.Refusal
		if !errors.As(err, &refusal) || refusal.Code != "bad_cursor" {
			s.Errorf("%s: %v, want bad_cursor", name, err)
		}
	}
	tables := map[string]bool{}
	page, err := s.manager.Sync(s.ctx, s.manager.Request(nil, &harness.Pull{Backfill: &harness.Backfill{FromSchema: 1}, Tables: []string{"errands", "services"}}))
	must(s, err)
	for table := range page.Changes {
		tables[table] = true
	}
	if got := slices.Sorted(maps.Keys(tables)); !slices.Equal(got, []string{"errands"}) {
		s.Errorf("a walk over errands and services brought %v", got)
	}
}
