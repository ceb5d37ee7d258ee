package auth_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"pursuit/api/auth"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

const password = "correct horse battery staple"

// cheap hashes make tests quick; what they must hold does not depend on the cost.
var cheap = auth.Cost{Passes: 1, MemoryKiB: 64}

// site is a program with one user, a sign-in service and a clock that tests move.
type site struct {
	*auth.Service
	store *store.Store
	user  models.User
	ahead *atomic.Int64 // nanoseconds added to now
}

// each runs a test on a fresh site of each database.
func each(t *testing.T, test func(t *testing.T, s *site)) {
	storetest.Each(t, func(t *testing.T, s *store.Store) { test(t, newSite(t, s)) })
}

func newSite(t testing.TB, s *store.Store) *site {
	t.Helper()
	ctx := context.Background()
	ahead := shift(s)
	svc, err := auth.New(ctx, s, auth.SealingKey{1}, auth.NewHasher(cheap))
	if err != nil {
		t.Fatal(err)
	}
	out := &site{Service: svc, store: s, ahead: ahead}
	hash, err := svc.Passwords.Hash(ctx, password)
	if err != nil {
		t.Fatal(err)
	}
	must(t, store.InTx(ctx, s, func(tx *store.Tx) error {
		program, err := tx.NewProgram(models.Program{ID: models.NewID(), Name: "Program", TimeZone: "America/Los_Angeles"})
		if err != nil {
			return err
		}
		org := models.Org{Program: program.No, ID: models.NewID(), Name: "Lead", Kind: models.OrgLead}
		out.user = models.User{Program: program.No, ID: models.NewID(), OrgID: org.ID, Email: "Worker@Example.org",
			Name: "Worker", Role: models.RoleOutreachWorker, PasswordHash: hash, Locale: "en", Active: true}
		if err := tx.InsertOrg(org); err != nil {
			return err
		}
		return tx.InsertUser(out.user)
	}))
	return out
}

// shift gives a store a clock that can be set ahead.
func shift(s *store.Store) *atomic.Int64 {
	var ahead atomic.Int64
	s.Clock = func() time.Time { return models.Millis(time.Now().Add(time.Duration(ahead.Load()))) }
	return &ahead
}

// pass lets time go by.
func (s *site) pass(d time.Duration) { s.ahead.Add(int64(d)) }

// login signs the user in on a device.
func (s *site) login(t testing.TB, device string) auth.Tokens {
	t.Helper()
	tokens, err := s.try(password, "192.0.2.1", device)
	must(t, err)
	return tokens
}

func (s *site) try(pass, address, device string) (auth.Tokens, error) {
	return s.Login(context.Background(), auth.Login{Email: "worker@example.ORG", Password: pass, Address: address,
		Device: models.Device{ID: device, Name: "phone", Platform: "android", AppVersion: "1"}})
}

func (s *site) update(t *testing.T, change func(*models.User)) {
	t.Helper()
	change(&s.user)
	must(t, store.InTx(context.Background(), s.store, func(tx *store.Tx) error { return tx.UpdateUser(s.user) }))
}

// check wants an access token to be answered with a code ("" = to be good).
func (s *site) check(t *testing.T, token, want string) {
	t.Helper()
	_, err := s.Check(context.Background(), token)
	wantCode(t, err, want)
}

// refreshed wants a refresh to be answered with a code ("" = to be good).
func (s *site) refreshed(t *testing.T, token, want string) auth.Tokens {
	t.Helper()
	tokens, err := s.Refresh(context.Background(), token, "")
	wantCode(t, err, want)
	return tokens
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if e := models.AsError(err); e != nil {
		got = e.Code
	} else if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Fatalf("answered %q, want %q", got, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
