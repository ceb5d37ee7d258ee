package sync

import (
	"context"
	"encoding/json"
	"slices"
	gosync "sync"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func (c *crew) merge(who models.Actor, keep, gone string) PeopleMerged {
	c.t.Helper()
	out, err := c.e.MergePeople(context.Background(), who, PeopleMerge{ID: models.NewID(), Keep: keep, Merge: gone})
	c.must(err)
	return out
}

// refusedMerge wants a merge to fail with a code.
func (c *crew) refusedMerge(who models.Actor, code, keep, gone string) {
	c.t.Helper()
	_, err := c.e.MergePeople(context.Background(), who, PeopleMerge{ID: models.NewID(), Keep: keep, Merge: gone})
	if known := models.AsError(err); known == nil || known.Code != code {
		c.t.Errorf("a %s merges: %v, want %s", who.Role, err, code)
	}
}

// result pushes one mutation and answers its result.
func (c *crew) result(who models.Actor, it Item) models.Result {
	c.t.Helper()
	results, err := c.e.Push(context.Background(), who, time.Time{}, []Item{it})
	c.must(err)
	return results[0]
}

// onPhone pulls page by page of the given size until it is complete.
func (c *crew) onPhone(ph *phone, who models.Actor, limit int) {
	c.t.Helper()
	for {
		page, err := c.e.Pull(context.Background(), who, PullRequest{Cursor: ph.cursor, Limit: limit})
		c.must(err)
		ph.apply(page, changesOf(c.t.(fataler), page))
		if ph.cursor = page.Cursor; page.Complete {
			return
		}
	}
}

// current wants a phone to hold what a first pull brings, and the digests to say so.
func (c *crew) current(ph *phone, who models.Actor) {
	c.t.Helper()
	fresh := &phone{rows: map[string]seen{}}
	c.onPhone(fresh, who, PageMax)
	for key, s := range fresh.rows {
		if ph.rows[key] != s {
			c.t.Errorf("the %s's phone has %s as %v, want %v", who.Role, key, ph.rows[key], s)
		}
	}
	for key := range ph.rows {
		if _, ok := fresh.rows[key]; !ok {
			c.t.Errorf("the %s's phone still has %s", who.Role, key)
		}
	}
	c.agree(c.e, "after the merge", who)
}

func person(c *crew, who models.Actor, set map[string]any) string {
	c.t.Helper()
	it := insertOf("people", set)
	c.push(who, it)
	return it.Row
}

// A merge moves everything of the one to the other, once, and every device gets there
// by ordinary pulls, wherever their pages are cut.
func TestAMergeReachesEveryDeviceAsOrdinaryChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		second := c.user(models.RoleOutreachWorker)
		keep, gone, other := c.open(c.worker), c.open(c.worker, second), c.open(second)
		contact := insertOf("known_contacts", map[string]any{"person_id": gone.person, "name": "N", "relation": "family"})
		deleted := insertOf("known_contacts", map[string]any{"person_id": gone.person, "name": "D", "relation": "friend"})
		c.push(c.keeper, contact, deleted,
			insertOf("assessments", map[string]any{"person_id": gone.person, "shooting_review_on": "2026-01-02", "disposition": "referred"}),
			insertOf("action_items", map[string]any{"person_id": gone.person, "text": "T"}),
			insertOf("program_events", map[string]any{"person_id": gone.person, "kind": "call_in", "on": "2026-01-02"}),
			insertOf("consents", map[string]any{"person_id": gone.person, "recipient_org_id": c.made.OrgID, "signed_on": "2026-01-02", "expires_on": "2027-01-02"}))
		c.push(c.keeper, item(models.OpDelete, "known_contacts", deleted.Row, endless, nil))
		c.push(c.worker, attemptAt(gone), attemptAt(keep))
		c.push(second, attemptAt(gone), attemptAt(other))
		everybody := []models.Actor{c.worker, second, c.keeper, c.supervisor}
		phones := make([]*phone, len(everybody))
		for i, who := range everybody {
			phones[i] = &phone{rows: map[string]seen{}}
			c.onPhone(phones[i], who, 3)
		}
		before := c.counts(c.supervisor)

		out := c.merge(c.keeper, keep.person, gone.person)
		if out.PersonID != keep.person || out.Duplicate {
			t.Errorf("the merge answers %+v", out)
		}
		for i, who := range everybody {
			c.onPhone(phones[i], who, 1+i)
			c.current(phones[i], who)
		}
		after := c.counts(c.supervisor)
		before["people"]--
		before["conflicts"] += len(out.Conflicts)
		for table, n := range before {
			if after[table] != n {
				t.Errorf("%d rows of %s, want %d", after[table], table, n)
			}
		}
		for _, moved := range []struct{ table, row string }{{"known_contacts", contact.Row}, {"referrals", gone.referral}, {"known_contacts", deleted.Row}} {
			if row := c.stored(moved.table, moved.row); row.Bucket != keep.person || row.Text("person_id") != keep.person {
				t.Errorf("%s is in bucket %s of %s", moved.table, row.Bucket, row.Text("person_id"))
			}
		}
		if row := c.stored("services", gone.service); row.Text("person_id") != keep.person || row.Bucket != gone.service {
			t.Errorf("the service is of %s in bucket %s", row.Text("person_id"), row.Bucket)
		}
		// the second worker held the merged person by an assignment, and holds the survivor by it
		if _, ok := phones[1].rows["people "+keep.person]; !ok {
			t.Error("who works the merged person's service does not have the survivor")
		}
		if _, ok := phones[1].rows["services "+keep.service]; ok {
			t.Error("who works one service was given the other")
		}
	})
}

// What each of the two had stands on the survivor, or in a conflict that brings it back.
func TestAMergeLosesNoValue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		keep := person(c, c.keeper, map[string]any{"code": "Heron", "first_name": "Ana", "phones": []string{"1", "2"}, "notes": "tall", "houseless": true})
		gone := person(c, c.keeper, map[string]any{"code": "Wren", "first_name": "Anna", "last_name": "Ruiz", "phones": []string{"2", "3"}, "notes": "left-handed",
			"houseless": true, "address": "4 Oak"})
		out := c.merge(c.supervisor, keep, gone)
		row := c.stored("people", keep)
		for field, want := range map[string]string{"code": `"Heron"`, "codes": `["Wren"]`, "first_name": `"Ana"`, "last_name": `"Ruiz"`,
			"phones": `["1","2","3"]`, "notes": `"tall\nleft-handed"`, "houseless": `true`, "address": `"4 Oak"`} {
			if got := string(row.Get(field)); got != want {
				t.Errorf("%s is %s, want %s", field, got, want)
			}
		}
		if len(out.Conflicts) != 1 {
			t.Fatalf("%d conflicts, want that of first_name", len(out.Conflicts))
		}
		c.push(c.supervisor, item(models.OpPatch, "conflicts", out.Conflicts[0], endless, map[string]any{"state": "restored"}))
		if got := c.stored("people", keep).Text("first_name"); got != "Anna" {
			t.Errorf("restored, first_name is %s", got)
		}
	})
}

// What a phone wrote about the merged person while it was offline ends on the survivor.
func TestLateWorkIsTurnedToTheSurvivor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		keep := person(c, c.keeper, map[string]any{"code": "Heron", "first_name": "Ana", "phones": []string{"9"}})
		p := c.open(c.worker)
		base := c.push(c.keeper, item(models.OpPatch, "people", p.person, endless, map[string]any{"phones": []string{"1"}, "notes": "a\nb", "last_name": "Ruiz"}))
		contact := insertOf("known_contacts", map[string]any{"person_id": p.person, "name": "N", "relation": "family"})
		seenContact := c.push(c.worker, contact)
		ph := &phone{rows: map[string]seen{}}
		c.onPhone(ph, c.worker, PageMax)
		c.merge(c.keeper, keep, p.person)

		late := []Item{
			item(models.OpPatch, "people", p.person, base, map[string]any{"phones": []string{"1", "2"}, "notes": "a\nb\nc", "first_name": "Anna"}),
			insertOf("known_contacts", map[string]any{"person_id": p.person, "name": "Late", "relation": "friend"}),
			item(models.OpPatch, "known_contacts", contact.Row, seenContact, map[string]any{"notes": "calls back"}),
			attemptAt(p),
		}
		late[0].At = "2020-01-02T03:04:05.000Z" // older than what stands: it loses to the survivor's name
		for i, want := range []models.Status{models.StatusMerged, models.StatusMerged, models.StatusApplied, models.StatusApplied} {
			if r := c.result(c.worker, late[i]); r.Status != want {
				t.Errorf("%s of %s is %s (%s %s), want %s", late[i].Op, late[i].Table, r.Status, r.Code, r.Field, want)
			}
		}
		row := c.stored("people", keep)
		for field, want := range map[string]string{"phones": `["9","1","2"]`, "notes": `"a\nb\nc"`, "first_name": `"Ana"`, "last_name": `"Ruiz"`} {
			if got := string(row.Get(field)); got != want {
				t.Errorf("%s is %s, want %s", field, got, want)
			}
		}
		if got := c.counts(c.supervisor); got["conflicts"] != 1 || got["known_contacts"] != 2 || got["contact_attempts"] != 1 {
			t.Errorf("there are %v, want the lost name as a conflict, both contacts and the attempt", got)
		}
		for _, it := range late { // the phone did not hear the answer
			if r := c.result(c.worker, it); !r.Duplicate {
				t.Errorf("a replay of %s of %s is no duplicate", it.Op, it.Table)
			}
		}
		c.onPhone(ph, c.worker, 2)
		c.current(ph, c.worker)
		if r := c.result(c.worker, item(models.OpDelete, "people", p.person, base, nil)); r.Status != models.StatusQuarantined {
			t.Errorf("a late delete of the merged person is %s, want quarantined", r.Status)
		}
		if c.stored("people", keep).Deleted {
			t.Error("a delete of the one deleted the other")
		}
	})
}

// A later edit of a field that was the merged person's alone simply stands.
func TestALateEditOfWhatItsAuthorSawIsNoConflict(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		keep := person(c, c.keeper, map[string]any{"code": "Heron"})
		p := c.open(c.worker)
		base := c.push(c.keeper, item(models.OpPatch, "people", p.person, endless, map[string]any{"address": "4 Oak"}))
		c.merge(c.keeper, keep, p.person)
		for _, address := range []string{"5 Oak", "6 Oak"} {
			if r := c.result(c.worker, item(models.OpPatch, "people", p.person, base, map[string]any{"address": address})); len(r.Conflicts) > 0 {
				t.Errorf("%s left a conflict", address)
			}
			if got := c.stored("people", keep).Text("address"); got != address {
				t.Errorf("the address is %s, want %s", got, address)
			}
		}
	})
}

// What waits for the merged person is applied when its author holds the survivor, and
// what somebody wrote who lost the merged person is kept for a supervisor.
func TestWhatWaitedIsTurnedToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		second := c.user(models.RoleOutreachWorker)
		keep, gone := c.open(c.worker), c.open(second)
		waiting := insertOf("known_contacts", map[string]any{"person_id": gone.person, "name": "W", "relation": "family"})
		c.pushFor(models.StatusDeferred, c.worker, waiting)
		var assignment string
		c.must(s.SQLDB().QueryRow(`SELECT id FROM assignments WHERE user_id = '` + second.UserID + `'`).Scan(&assignment))
		c.push(c.supervisor, item(models.OpPatch, "assignments", assignment, endless, map[string]any{"ended_at": "2026-01-02T03:04:05.000Z"}))
		c.merge(c.keeper, keep.person, gone.person)
		if row := c.stored("known_contacts", waiting.Row); row == nil || row.Bucket != keep.person {
			t.Error("what waited for the merged person was not applied to the survivor")
		}
		for _, it := range []Item{
			insertOf("known_contacts", map[string]any{"person_id": gone.person, "name": "L", "relation": "family"}),
			item(models.OpPatch, "people", gone.person, 1, map[string]any{"address": "late"}),
		} {
			if r := c.result(second, it); r.Status != models.StatusQuarantined {
				t.Errorf("%s of %s by who lost the case is %s (%s), want quarantined", it.Op, it.Table, r.Status, r.Code)
			}
			c.push(c.supervisor, item(models.OpPatch, "quarantine", models.DerivedID(it.ID, "quarantine"), endless, map[string]any{"state": "released"}))
		}
		if row := c.stored("people", keep.person); row.Text("address") != "late" || c.counts(c.supervisor)["known_contacts"] != 2 {
			t.Error("what a supervisor released did not reach the survivor")
		}
	})
}

// A row whose deletion its editor had not seen stands again with the survivor.
func TestADeletedRowRevivesWithTheSurvivor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		keep, gone := c.open(c.worker), c.open(c.worker)
		contact := insertOf("known_contacts", map[string]any{"person_id": gone.person, "name": "N", "relation": "family"})
		base := c.push(c.keeper, contact)
		c.push(c.supervisor, item(models.OpDelete, "known_contacts", contact.Row, endless, nil))
		c.push(c.supervisor, item(models.OpDelete, "services", gone.service, endless, nil))
		c.merge(c.keeper, keep.person, gone.person)
		c.push(c.worker, item(models.OpPatch, "known_contacts", contact.Row, base, map[string]any{"notes": "calls back"}))
		c.push(c.worker, item(models.OpPatch, "services", gone.service, 1, map[string]any{"status": "refused"}))
		for _, row := range []*models.Row{c.stored("known_contacts", contact.Row), c.stored("services", gone.service)} {
			if row.Deleted || row.Text("person_id") != keep.person {
				t.Errorf("%s: deleted %v, of %s", row.Table.Name, row.Deleted, row.Text("person_id"))
			}
		}
		c.agree(c.e, "after it stands again", c.worker, c.keeper, c.supervisor)
	})
}

// One request has one effect, whoever repeats it and in whatever direction, and ids
// lead to the last survivor of a chain.
func TestMergesAreIdempotentAndChain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		a, b, d := c.open(c.worker), c.open(), c.open()
		req := PeopleMerge{ID: models.NewID(), Keep: b.person, Merge: a.person}
		first, err := c.e.MergePeople(context.Background(), c.keeper, req)
		c.must(err)
		again, err := c.e.MergePeople(context.Background(), c.keeper, req)
		c.must(err)
		if first.Duplicate || !again.Duplicate || again.PersonID != b.person || again.V != first.V {
			t.Errorf("asked twice: %+v, then %+v", first, again)
		}
		req.Keep = d.person
		if _, err := c.e.MergePeople(context.Background(), c.keeper, req); models.AsError(err) == nil || models.AsError(err).Code != "conflict" {
			t.Errorf("the id of another request: %v", err)
		}
		seq := c.stored("people", b.person).V
		if back := c.merge(c.keeper, a.person, b.person); back.PersonID != b.person || c.stored("people", b.person).V != seq {
			t.Errorf("merged the other way round: %+v", back)
		}
		c.merge(c.keeper, d.person, b.person)
		it := insertOf("known_contacts", map[string]any{"person_id": a.person, "name": "N", "relation": "family"})
		c.pushFor(models.StatusMerged, c.worker, it)
		if row := c.stored("known_contacts", it.Row); row.Bucket != d.person {
			t.Errorf("the first of a chain leads to %s", row.Bucket)
		}
		if got := models.Texts(c.stored("people", d.person).Get("codes")); len(got) != 0 { // all three were called K
			t.Errorf("former codes %v", got)
		}
		c.refusedMerge(c.keeper, "not_found", d.person, models.NewID())
	})
}

// Who may: both must be held, and another organisation's view is a supervisor's to widen.
func TestWhoMergesPeople(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		other := c.receiver()
		a, b := c.open(c.worker), c.open(c.worker)
		for _, role := range []models.Role{models.RoleDirector, models.RoleReferralPartner} {
			c.refusedMerge(c.user(role), "forbidden", a.person, b.person)
		}
		c.refusedMerge(c.worker, "forbidden", a.person, b.person)
		c.refusedMerge(c.admin, "forbidden", a.person, b.person)
		c.refusedMerge(c.user(models.RoleCaseManager), "not_found", a.person, b.person)
		c.refusedMerge(other, "not_found", a.person, b.person)
		c.push(c.keeper, insertOf("services", map[string]any{"referral_id": b.referral, "person_id": b.person, "track": "tvif", "org_id": other.OrgID}))
		c.refusedMerge(c.keeper, "forbidden", a.person, b.person)
		c.merge(c.supervisor, a.person, b.person)
		if got := c.counts(other); got["people"] != 1 || got["services"] != 1 || got["referrals"] != 2 {
			t.Errorf("the other organisation sees %v, want the survivor and its own service", got)
		}
	})
}

// A referral partner goes on referring the person whom they sent, and learns nothing.
func TestAPartnerRefersWhoWasMerged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		partner := c.user(models.RoleReferralPartner)
		sent := person(c, partner, map[string]any{"code": "P"})
		known := c.open(c.worker)
		c.merge(c.supervisor, known.person, sent)
		referral := insertOf("referrals", map[string]any{"person_id": sent, "source": "community_partner", "referred_on": "2026-01-02"})
		if r := c.result(partner, referral); r.Status != models.StatusApplied || r.Row != nil {
			t.Errorf("the partner is told %s %s", r.Status, r.Row)
		}
		if got := c.stored("referrals", referral.Row); got.Bucket != known.person {
			t.Error("the referral is not the survivor's")
		}
		if r := c.result(partner, item(models.OpPatch, "people", sent, 0, map[string]any{"notes": "N"})); r.Status != models.StatusRejected || r.Row != nil {
			t.Errorf("the partner patches: %s %s", r.Status, r.Row)
		}
		if got := c.counts(partner); got["people"]+got["referrals"]+got["services"] != 0 {
			t.Errorf("the partner sees %v", got)
		}
	})
}

// Merges, pushes and pulls at once: one order of merges wins, no attempt is lost, and
// every device ends with what a first pull brings.
func TestMergesAmidPushes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		a, b := c.open(c.worker), c.open(c.worker)
		ph := &phone{rows: map[string]seen{}}
		c.onPhone(ph, c.worker, PageMax)
		const pushes = 12
		answers := make([]PeopleMerged, 2)
		failed := make(chan error, pushes+2)
		var all gosync.WaitGroup
		for i, req := range []PeopleMerge{{ID: models.NewID(), Keep: a.person, Merge: b.person}, {ID: models.NewID(), Keep: b.person, Merge: a.person}} {
			all.Go(func() {
				var err error
				answers[i], err = c.e.MergePeople(context.Background(), c.keeper, req)
				failed <- err
			})
		}
		for i := range pushes {
			all.Go(func() {
				p := []pursuit{a, b}[i%2]
				results, err := c.e.Push(context.Background(), c.worker, time.Time{}, []Item{attemptAt(p),
					insertOf("known_contacts", map[string]any{"person_id": p.person, "name": "N", "relation": "family"})})
				for _, r := range results {
					if r.Status != models.StatusApplied && r.Status != models.StatusMerged {
						t.Errorf("a push amid the merge is %s (%s)", r.Status, r.Code)
					}
				}
				failed <- err
			})
		}
		all.Wait()
		close(failed)
		for err := range failed {
			c.must(err)
		}
		if answers[0].PersonID != answers[1].PersonID {
			t.Errorf("two persons are left: %s and %s", answers[0].PersonID, answers[1].PersonID)
		}
		if got := c.counts(c.supervisor); got["people"] != 1 || got["contact_attempts"] != pushes || got["known_contacts"] != pushes {
			t.Errorf("there are %v", got)
		}
		c.onPhone(ph, c.worker, 2)
		c.current(ph, c.worker)
	})
}

// The audit names who merged whom, by ids.
func TestAMergeIsAudited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		a, b := c.open(), c.open()
		c.merge(c.keeper, a.person, b.person)
		list, _, err := c.e.ReadAudit(context.Background(), c.admin, AuditQuery{Row: b.person}, 0, 10)
		c.must(err)
		i := slices.IndexFunc(list, func(a AuditRecord) bool { return a.Action == AuditMerge })
		if i < 0 {
			t.Fatal("nothing in the audit")
		}
		var detail map[string]any
		c.must(json.Unmarshal(list[i].Detail, &detail))
		if *list[i].Actor != c.keeper.UserID || detail["keep"] != a.person || detail["merge"] != b.person {
			t.Errorf("the audit says %+v", list[i])
		}
	})
}
