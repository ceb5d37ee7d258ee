package sync

import (
	"context"
	"testing"
	"time"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// A push whose commit fails, after every statement of it went well, is an error: the
// device sends again. Nothing of it is there, and it is taken once the database takes
// commits again.
func TestNothingIsAcknowledgedBeforeTheCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		it := attemptAt(p)
		c.must(failCommits(s))
		if results, err := c.e.Push(context.Background(), c.worker, time.Time{}, []Item{it}); err == nil {
			t.Errorf("a push that was not committed is answered %+v", results)
		}
		c.must(takeCommits(s))
		results, err := c.e.Push(context.Background(), c.worker, time.Time{}, []Item{it})
		c.must(err)
		if got := results[0]; got.Status != "applied" || got.Duplicate {
			t.Errorf("sent again it is answered %+v, want applied for the first time", got)
		}
	})
}

// failCommits lets every transaction that remembers a mutation fail as it commits, by
// a foreign key that is looked at only then.
func failCommits(s *store.Store) error {
	statements := []string{`CREATE TABLE doomless (id INTEGER PRIMARY KEY)`,
		`CREATE TABLE doom (id INTEGER REFERENCES doomless (id) DEFERRABLE INITIALLY DEFERRED)`}
	if s.Dialect() == store.Postgres {
		statements = append(statements, `CREATE FUNCTION doomed() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN INSERT INTO doom VALUES (1); RETURN NEW; END'`,
			`CREATE TRIGGER doomed AFTER INSERT ON mutations FOR EACH ROW EXECUTE FUNCTION doomed()`)
	} else {
		statements = append(statements, `CREATE TRIGGER doomed AFTER INSERT ON mutations BEGIN INSERT INTO doom VALUES (1); END`)
	}
	for _, statement := range statements {
		if _, err := s.SQLDB().Exec(statement); err != nil {
			return err
		}
	}
	return nil
}

func takeCommits(s *store.Store) error {
	statement := `DROP TRIGGER doomed`
	if s.Dialect() == store.Postgres {
		statement += ` ON mutations`
	}
	_, err := s.SQLDB().Exec(statement)
	return err
}
