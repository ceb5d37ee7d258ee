package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store/storetest"
	"pursuit/retention"
	"pursuit/sync"
)

// record is what subject-access prints of somebody.
func (s site) record(called string) (out retention.Record, stderr string) {
	s.t.Helper()
	text, errs := s.command(0, "subject-access", called)
	must(s.t, json.Unmarshal([]byte(text), &out))
	return out, errs
}

// What is kept of a person is printed after their own row was deleted too, and after that
// was collected; of others who are known nothing is. After a purge there is nobody.
func TestTheRecordOfADeletedPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.bootstrap(0, "admin@example.org")
		p := s.plantPerson(storetest.OpenURL(t, strings.TrimPrefix(s.args[2], "--database-url=")))
		var id, code string
		must(t, p.st.SQLDB().QueryRow(`SELECT id, "code" FROM people`).Scan(&id, &code))
		app := &application{store: p.st}
		supervisor, err := app.actor(context.Background(), "supervisor@example.org")
		must(t, err)
		before, _ := s.record(id)
		whole, _ := s.command(0, "subject-access", id, "--with-contacts")
		if n := len(strings.Fields(p.wordsOf([]byte(whole)))); n != p.words {
			t.Errorf("the record has %d of %d words that are kept", n, p.words)
		}
		own, _ := s.command(0, "subject-access", id)
		if words := p.wordsOf([]byte(own)); words == "" || strings.Contains(words, p.contacts) || len(strings.Fields(words)) != p.words-3 {
			t.Errorf("without what is of contacts the record has the words %s of %d", words, p.words)
		}
		p.st.Clock = in2020(p)
		p.push(supervisor, models.StatusApplied, "people", id, models.OpDelete, 1<<40, nil)
		p.st.Clock = models.SystemClock(0)
		for _, called := range []string{id, code} {
			after, _ := s.record(called)
			if after.PersonID != id || len(after.Tables["people"]) != 0 || len(after.Deleted["people"]) != 1 || len(after.Deleted["known_contacts"]) != 1 {
				t.Errorf("%s: person %s, %d and %d deleted rows", called, after.PersonID, len(after.Tables["people"]), len(after.Deleted["people"]))
			}
			for table, rows := range before.Tables {
				if table != "people" && len(after.Tables[table]) < len(rows) {
					t.Errorf("%s: %d rows of %s, there were %d", called, len(after.Tables[table]), table, len(rows))
				}
			}
			if len(after.Former["people"]) == 0 || len(after.Former["contact_attempts"]) == 0 || len(after.Kept) != 10 { // refused, two that wait, in quarantine, six patches of sets and texts
				t.Errorf("%s: former versions %d and %d, %d kept writes", called, len(after.Former["people"]), len(after.Former["contact_attempts"]), len(after.Kept))
			}
			for _, table := range []string{"referrals", "services", "contact_attempts", "quarantine", "known_contacts", "conflicts"} {
				if len(after.Tables[table]) == 0 {
					t.Errorf("%s: no row of %s", called, table)
				}
			}
		}
		var service string
		must(t, p.st.SQLDB().QueryRow(`SELECT id FROM services`).Scan(&service))
		_, err = p.st.SQLDB().Exec(`DELETE FROM feed WHERE id = '` + id + `'`)
		must(t, err)
		if late, _ := s.record(id); len(late.Tables["referrals"]) == 0 || len(late.Tables["contact_attempts"]) == 0 {
			t.Errorf("after the deleted row was collected: %v", late.Tables)
		}
		for _, nobody := range []string{models.NewID(), service, "Nobody", ""} {
			if _, errs := s.command(1, "subject-access", nobody); !strings.Contains(errs, "There is nothing here for you.") {
				t.Errorf("%q is answered %s", nobody, errs)
			}
		}
	})
}

// in2020 is the clock of the time in which a person is planted.
func in2020(p *planted) models.Clock {
	at := p.at
	return func() time.Time { return at.Add(time.Hour) }
}

// After a purge there is nobody, by whatever name.
func TestTheRecordOfAPurgedPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.bootstrap(0, "admin@example.org")
		p := s.plantPerson(storetest.OpenURL(t, strings.TrimPrefix(s.args[2], "--database-url=")))
		var id, code string
		must(t, p.st.SQLDB().QueryRow(`SELECT id, "code" FROM people`).Scan(&id, &code))
		s.command(0, "purge")
		for _, called := range []string{id, code} {
			s.command(1, "subject-access", called)
		}
	})
}

// Of somebody who was merged the record is the survivor's, says so, and names both, also
// when the survivor's row was deleted.
func TestTheRecordOfAMergedPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		st := s.manager("manager@example.org")
		s.command(0, "import", "referrals", s.file("list.csv", "code,source,referred_on\nEa,outreach,2026-01-01\nEb,outreach,2026-01-02\n"), "--as=manager@example.org")
		keep, gone := person(t, st, "Ea"), person(t, st, "Eb")
		app := &application{store: st}
		who, err := app.actor(context.Background(), "manager@example.org")
		must(t, err)
		engine, _ := engineOf(t, st)
		_, err = engine.MergePeople(context.Background(), who, sync.PeopleMerge{ID: models.NewID(), Keep: keep, Merge: gone})
		must(t, err)
		check := func(rows int) {
			t.Helper()
			for _, called := range []string{keep, gone, "Ea", "Eb"} {
				out, errs := s.record(called)
				if out.PersonID != keep || len(out.Merged) != 1 || out.Merged[0] != (retention.Merged{PersonID: gone, Code: "Eb", Into: keep}) ||
					len(out.Tables["people"]) != rows || len(out.Tables["referrals"]) != 2 {
					t.Errorf("%s: %+v", called, out)
				}
				if told := strings.Contains(errs, gone+" was merged into "+keep); told != (called == gone || called == "Eb") {
					t.Errorf("%s: told is %s", called, errs)
				}
			}
		}
		check(1)
		p := &planted{t: t, st: st, engine: engine, at: st.Clock()}
		p.push(who, models.StatusApplied, "people", keep, models.OpDelete, 1<<40, nil)
		check(0)
	})
}
