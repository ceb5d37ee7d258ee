package retention_test

import (
	"context"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/retention"
	"pursuit/sync"
)

// mergedPair merges two persons whose only services, both ended, are one
// organisation's, and answers who stayed and who became them.
func (y year) mergedPair(t *testing.T, who models.Actor) (keep, gone string) {
	t.Helper()
	rows, err := y.store.SQLDB().Query(`SELECT v.person_id FROM services v WHERE v.org_id = '` + who.OrgID + `' AND v.status IN ('refused', 'closed', 'unable_to_place')
		AND NOT EXISTS (SELECT 1 FROM services w WHERE w.person_id = v.person_id AND w.id <> v.id) ORDER BY v.person_id LIMIT 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for _, into := range []*string{&keep, &gone} {
		if !rows.Next() || rows.Scan(into) != nil {
			t.Fatal("there are no two")
		}
	}
	rows.Close()
	if _, err = y.engine.MergePeople(context.Background(), who, sync.PeopleMerge{ID: models.NewID(), Keep: keep, Merge: gone}); err != nil {
		t.Fatal(err)
	}
	return keep, gone
}

// A merge leaves the figures of work as they were and takes one person off; the record
// is found by either code and holds both; holds and purges take both or none.
func mergedPeopleAreOnePerson(t *testing.T, y year) {
	ctx, admin, supervisor := context.Background(), y.actor(models.RoleAdmin, 0), y.actor(models.RoleSupervisor, 1)
	director := y.actor(models.RoleDirector, 0)
	counts := func() map[string]int {
		out := map[string]int{}
		for _, table := range []string{"people", "services", "contact_attempts", "referrals", "assessments", "status_events"} {
			out[table] = y.count(t, `SELECT count(*) FROM `+table)
		}
		return out
	}
	before, summary := counts(), y.summary(t, director)
	keep, gone := y.mergedPair(t, supervisor)
	before["people"]--
	for table, n := range counts() {
		if n != before[table] {
			t.Errorf("%d rows of %s, want %d", n, table, before[table])
		}
	}
	after := y.summary(t, director)
	for _, c := range after.Checks {
		for _, was := range summary.Checks {
			if c.Name == was.Name && was.Holds && !c.Holds {
				t.Errorf("the identity %s does not hold any more", c.Name)
			}
		}
	}

	var code string
	if err := y.store.SQLDB().QueryRow(`SELECT code FROM people_merges WHERE merged = '` + gone + `'`).Scan(&code); err != nil {
		t.Fatal(err)
	}
	for _, called := range []string{keep, gone, code} {
		record, err := retention.SubjectAccess(ctx, y.store, y.program, called, false)
		if err != nil || record.PersonID != keep || len(record.Tables["services"]) != 2 || len(record.Tables["people"]) != 1 {
			t.Errorf("the record of %s: %v, person %s, %d services", called, err, record.PersonID, len(record.Tables["services"]))
		}
	}

	left := func() int {
		return y.count(t, `SELECT count(*) FROM feed WHERE id IN ('`+keep+`', '`+gone+`')`) + y.count(t, `SELECT count(*) FROM people_merges`)
	}
	y.set(t, admin, "retention_days", "3000")
	y.set(t, supervisor, "legal_hold", "true")
	y.store.Clock = func() time.Time { return time.Date(2041, 6, 1, 12, 0, 0, 0, time.UTC) }
	if y.purge(t, false); left() != 3 {
		t.Errorf("under a hold %d of 3 rows are left", left())
	}
	if _, err := y.store.SQLDB().Exec(`UPDATE settings SET value = 'false' WHERE "key" = 'legal_hold'`); err != nil {
		t.Fatal(err)
	}
	if y.purge(t, false); left() != 0 {
		t.Errorf("%d rows are left after their time", left())
	}
	y.nothingIsLeft(t)
}
