package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, want models.Kind) {
	t.Helper()
	if e := models.AsError(err); e == nil || e.Kind != want {
		t.Errorf("answered %v, want kind %d", err, want)
	}
}

func inTx(t *testing.T, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	must(t, store.InTx(ctx, s, fn))
}

// newProgram makes a program with its lead organisation.
func newProgram(t *testing.T, s *store.Store) (models.Program, models.Org) {
	t.Helper()
	var p models.Program
	org := models.Org{ID: models.NewID(), Name: "Lead", Kind: models.OrgLead}
	inTx(t, s, func(tx *store.Tx) (err error) {
		if p, err = tx.NewProgram(models.Program{ID: models.NewID(), Name: "P", TimeZone: "UTC"}); err != nil {
			return err
		}
		org.Program = p.No
		return tx.InsertOrg(org)
	})
	return p, org
}

func newUser(p models.Program, org models.Org, email string) models.User {
	return models.User{Program: p.No, ID: models.NewID(), OrgID: org.ID, Email: email, Name: "Ü", Role: models.RoleSupervisor,
		PasswordHash: "hash", Locale: "en", TimeZone: "UTC", QuietStart: "20:00", QuietEnd: "08:00", Active: true}
}

// What is stored of a user comes back whole.
func TestUsersComeBackWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		u := newUser(p, org, "Some.Body@Example.org")
		u.CreatedAt = time.Date(2024, 5, 1, 12, 0, 0, 123_000_000, time.UTC)
		u.UpdatedAt = u.CreatedAt
		inTx(t, s, func(tx *store.Tx) error { return tx.InsertUser(u) })
		got, err := s.UserByEmail(ctx, " some.body@EXAMPLE.ORG")
		must(t, err)
		if diff := cmp.Diff(u, got); diff != "" {
			t.Error(diff)
		}
		var frozen time.Time
		u.Name, u.Active, u.QuietStart = "", false, ""
		inTx(t, s, func(tx *store.Tx) error { frozen = tx.Now; return tx.UpdateUser(u) })
		got, err = s.User(ctx, p.No, u.ID)
		must(t, err)
		u.UpdatedAt = frozen
		if diff := cmp.Diff(u, got); diff != "" {
			t.Error(diff)
		}
	})
}

// An e-mail address is one user's on the whole server, whatever its case; whoever
// is refused leaves nothing behind.
func TestEmailIsOneUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		q, other := newProgram(t, s)
		first, second := newUser(p, org, "a@example.org"), newUser(q, other, "b@example.org")
		inTx(t, s, func(tx *store.Tx) error { return tx.InsertUser(first) })
		inTx(t, s, func(tx *store.Tx) error { return tx.InsertUser(second) })
		third := newUser(q, other, "A@Example.Org")
		wantKind(t, store.InTx(ctx, s, func(tx *store.Tx) error { return tx.InsertUser(third) }), models.KindConflict)
		second.Email = "A@EXAMPLE.org"
		err := store.InTx(ctx, s, func(tx *store.Tx) error { return tx.UpdateUser(second) })
		wantKind(t, err, models.KindConflict)
		if strings.Contains(strings.ToLower(err.Error()), "example") {
			t.Errorf("the error tells a value: %v", err)
		}
		list, err := s.Users(ctx, q.No, "", 10)
		must(t, err)
		if len(list) != 1 || list[0].Email != "b@example.org" {
			t.Errorf("the other program's users are %+v", list)
		}
	})
}

// What is unknown, of another program or no id at all is not_found alike.
func TestUnknownAccountsAreNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		q, _ := newProgram(t, s)
		u := newUser(p, org, "a@example.org")
		inTx(t, s, func(tx *store.Tx) error { return tx.InsertUser(u) })
		for _, id := range []string{models.NewID(), "", "x", "\x00", "'; DROP TABLE users"} {
			_, err := s.User(ctx, p.No, id)
			wantKind(t, err, models.KindNotFound)
			_, err = s.Org(ctx, p.No, id)
			wantKind(t, err, models.KindNotFound)
		}
		_, err := s.User(ctx, q.No, u.ID)
		wantKind(t, err, models.KindNotFound)
		_, err = s.Org(ctx, q.No, org.ID)
		wantKind(t, err, models.KindNotFound)
		u.Program = q.No
		wantKind(t, store.InTx(ctx, s, func(tx *store.Tx) error { return tx.UpdateUser(u) }), models.KindNotFound)
		_, err = s.UserByEmail(ctx, "nobody@example.org")
		wantKind(t, err, models.KindNotFound)
		_, err = s.Program(ctx, 999)
		wantKind(t, err, models.KindNotFound)
	})
}

// Hooks are told after the commit, and of nothing that was rolled back.
func TestSessionChangesAreToldAfterTheCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		u := newUser(p, org, "a@example.org")
		inTx(t, s, func(tx *store.Tx) error { return tx.InsertUser(u) })
		var told []store.SessionChange
		must(t, s.OnSessionChange(func(c store.SessionChange) { told = append(told, c) }))
		failed := store.InTx(ctx, s, func(tx *store.Tx) error {
			if err := tx.UpdateUser(u); err != nil {
				return err
			}
			return models.NotFound()
		})
		wantKind(t, failed, models.KindNotFound)
		if len(told) != 0 {
			t.Errorf("a change that was rolled back was told: %v", told)
		}
		inTx(t, s, func(tx *store.Tx) error {
			defer func() {
				if len(told) != 0 {
					t.Error("a change was told before its commit")
				}
			}()
			return tx.UpdateUser(u)
		})
		if len(told) != 1 || told[0] != (store.SessionChange{Program: p.No, UserID: u.ID}) {
			t.Errorf("told were %v", told)
		}
	})
}

// The wait begins with the limit's last wrong try and ends when the oldest of them
// is a window ago.
func TestLoginWindowSlides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		s.Clock = func() time.Time { return now }
		try := store.LoginTry{Key: []byte("key"), Limit: 3, Window: time.Minute}
		settle := func(right bool) (wait time.Duration) {
			inTx(t, s, func(tx *store.Tx) (err error) {
				wait, err = tx.SettleLogin(try, right)
				return err
			})
			return wait
		}
		for i := range 3 {
			if wait := settle(false); wait != 0 {
				t.Errorf("try %d waits %s", i, wait)
			}
			now = now.Add(10 * time.Second)
		}
		for _, right := range []bool{false, true} {
			if wait := settle(right); wait != 30*time.Second {
				t.Errorf("a try beyond the limit waits %s", wait)
			}
		}
		now = now.Add(30 * time.Second)
		if wait := settle(false); wait != 0 { // blocked tries did not count
			t.Errorf("after the window a try waits %s", wait)
		}
		if wait := settle(false); wait != 10*time.Second {
			t.Errorf("the window does not slide: %s", wait)
		}
		must(t, s.PurgeLogins(ctx, now.Add(time.Second)))
		if wait, err := s.LoginWait(ctx, try); wait != 0 || err != nil {
			t.Errorf("after the purge: %s, %v", wait, err)
		}
	})
}

func TestOldSessionsArePurged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, org := newProgram(t, s)
		u := newUser(p, org, "a@example.org")
		se := models.Session{Program: p.No, ID: models.NewID(), UserID: u.ID, DeviceID: "d", Generation: 1}
		inTx(t, s, func(tx *store.Tx) error {
			if err := tx.InsertUser(u); err != nil {
				return err
			}
			if err := tx.PutDevice(models.Device{Program: p.No, UserID: u.ID, ID: "d"}); err != nil {
				return err
			}
			return tx.InsertSession(se)
		})
		must(t, s.PurgeSessions(ctx, s.Clock().Add(-time.Minute)))
		_, err := s.SessionState(ctx, p.No, se.ID)
		must(t, err)
		must(t, s.PurgeSessions(ctx, s.Clock().Add(time.Minute)))
		_, err = s.SessionState(ctx, p.No, se.ID)
		wantKind(t, err, models.KindNotFound)
	})
}
