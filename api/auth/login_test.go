package auth_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"pursuit/api/auth"
	"pursuit/models"
)

func TestLoginTellsWhoSpeaks(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "phone-1")
		who, err := s.Check(context.Background(), tokens.Access)
		must(t, err)
		want := models.Actor{Program: s.user.Program, UserID: s.user.ID, OrgID: s.user.OrgID, OrgKind: models.OrgLead,
			Role: models.RoleOutreachWorker, DeviceID: "phone-1", TimeZone: "America/Los_Angeles", ProgramID: who.ProgramID}
		if who != want || !models.ValidID(who.ProgramID) {
			t.Errorf("actor %+v, want %+v", who, want)
		}
	})
}

// Wrong password, unknown account, inactive user and user without a password are
// answered alike.
func TestLoginTellsNothingAboutAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, err := s.try("wrong password", "192.0.2.1", "d")
		wantCode(t, err, "invalid_credentials")
		wrong := err.Error()
		_, err = s.Login(context.Background(), auth.Login{Email: "nobody@example.org", Password: password, Address: "192.0.2.1"})
		wantCode(t, err, "invalid_credentials")
		if err.Error() != wrong {
			t.Errorf("an unknown account is answered %q, a wrong password %q", err, wrong)
		}
		s.update(t, func(u *models.User) { u.Active = false })
		_, err = s.try(password, "192.0.2.1", "d")
		wantCode(t, err, "invalid_credentials")
		s.update(t, func(u *models.User) { u.Active, u.PasswordHash = true, "" })
		_, err = s.try("", "192.0.2.1", "d")
		wantCode(t, err, "invalid_credentials")
	})
}

// The time of an answer does not tell whether the account exists.
func TestLoginTakesTheSameTimeForUnknownAccounts(t *testing.T) {
	h := auth.NewHasher(auth.StandardCost)
	ctx := context.Background()
	stored, err := h.Hash(ctx, password)
	must(t, err)
	verify := func(stored string) time.Duration {
		begin := time.Now()
		if ok, err := h.Verify(ctx, stored, "wrong password"); ok || err != nil {
			t.Fatalf("a wrong password is %v, %v", ok, err)
		}
		return time.Since(begin)
	}
	known, unknown := verify(stored), verify("")
	far := func() bool { return known > 2*unknown || unknown > 2*known }
	for tries := 5; tries > 0 || (far() && tries > -60); tries-- { // in turns: other work slows both
		known, unknown = min(known, verify(stored)), min(unknown, verify(""))
	}
	if far() {
		t.Errorf("a known account takes %s, an unknown one %s", known, unknown)
	}
}

// After five wrong passwords in 15 minutes the sixth try waits, right or wrong,
// from this address alone; the wait ends when the first is 15 minutes ago.
func TestLockOut(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for range 5 {
			_, err := s.try("wrong password", "192.0.2.1", "d")
			wantCode(t, err, "invalid_credentials")
			s.pass(time.Minute)
		}
		for _, pass := range []string{"wrong password", password} {
			_, err := s.try(pass, "192.0.2.1", "d")
			wantCode(t, err, "too_many_attempts")
			if wait := models.AsError(err).RetryAfter; wait < 590 || wait > 600 {
				t.Errorf("Retry-After is %d s, want 10 minutes", wait)
			}
		}
		_, err := s.try(password, "192.0.2.2", "d")
		wantCode(t, err, "")
		s.pass(10*time.Minute + time.Second)
		_, err = s.try(password, "192.0.2.1", "d")
		wantCode(t, err, "")
		for range 5 { // the right one forgot the four wrong ones that still counted
			_, err := s.try("wrong password", "192.0.2.1", "d")
			wantCode(t, err, "invalid_credentials")
		}
	})
}

// Whoever tries an account that does not exist is locked out in the same way.
func TestLockOutOfUnknownAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for i := range 6 {
			_, err := s.Login(context.Background(), auth.Login{Email: "nobody@example.org", Password: "x", Address: "192.0.2.1"})
			want := "invalid_credentials"
			if i == 5 {
				want = "too_many_attempts"
			}
			wantCode(t, err, want)
		}
	})
}

// One subscriber has a whole IPv6 network; an address mapped from IPv4 is that one.
func TestLockOutCountsNetworks(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for _, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5"} {
			_, err := s.try("wrong password", address, "d")
			wantCode(t, err, "invalid_credentials")
		}
		_, err := s.try(password, "2001:db8::6", "d")
		wantCode(t, err, "too_many_attempts")
		_, err = s.try(password, "2001:db8:0:1::1", "d")
		wantCode(t, err, "")
		for range 5 {
			_, err := s.try("wrong password", "192.0.2.9", "d")
			wantCode(t, err, "invalid_credentials")
		}
		_, err = s.try(password, "::ffff:192.0.2.9", "d")
		wantCode(t, err, "too_many_attempts")
	})
}

// Tries side by side get no more than five answers about the password.
func TestLockOutHoldsSideBySide(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		var mu sync.Mutex
		var all sync.WaitGroup
		count := map[string]int{}
		for range 20 {
			all.Go(func() {
				_, err := s.try("wrong password", "192.0.2.1", "d")
				mu.Lock()
				defer mu.Unlock()
				count[models.AsError(err).Code]++
			})
		}
		all.Wait()
		if count["invalid_credentials"] != 5 || count["too_many_attempts"] != 15 {
			t.Errorf("20 wrong tries side by side were answered %v", count)
		}
	})
}

// Many right sign-ins side by side are all let in.
func TestManyPhonesSignInAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := s.try(password, "192.0.2.1", models.NewID()); err != nil {
					t.Errorf("a right password was answered %v", err)
				}
			})
		}
		all.Wait()
	})
}

// A device keeps its newest sign-ins; older ones end.
func TestSessionsOfADeviceAreBounded(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		first := s.login(t, "phone")
		other := s.login(t, "tablet")
		s.pass(time.Second)
		for range 8 {
			s.login(t, "phone")
		}
		s.check(t, first.Access, "unauthorized")
		s.check(t, other.Access, "")
	})
}

func TestChangePassword(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		who := models.Actor{Program: s.user.Program, UserID: s.user.ID}
		_, err := s.ChangePassword(ctx, who, "wrong password", "another password", "192.0.2.1")
		wantCode(t, err, "forbidden")
		change, err := s.ChangePassword(ctx, who, password, "another password", "192.0.2.1")
		must(t, err)
		s.update(t, func(u *models.User) { must(t, change.Apply(u)) })
		wantCode(t, change.Apply(&s.user), "conflict")
		_, err = s.try(password, "192.0.2.1", "d")
		wantCode(t, err, "invalid_credentials")
		_, err = s.try("another password", "192.0.2.1", "d")
		wantCode(t, err, "")
	})
}
