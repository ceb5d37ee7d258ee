package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"pursuit/api/auth"
	"pursuit/models"
	"pursuit/models/store"
)

// sessionOf reads the session of an access token.
func sessionOf(t *testing.T, access string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(access, ".")[1])
	must(t, err)
	var claims struct {
		Session string `json:"sid"`
	}
	must(t, json.Unmarshal(raw, &claims))
	id, err := base64.RawURLEncoding.DecodeString(claims.Session)
	must(t, err)
	session, err := uuid.FromBytes(id)
	must(t, err)
	return session.String()
}

func (s *site) actor(role models.Role) models.Actor {
	return models.Actor{Program: s.user.Program, UserID: s.user.ID, Role: role}
}

// A revoked device is told so on every call, an expired token and a sign-in with
// the right password included; other devices go on.
func TestRevoke(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		lost, other := s.login(t, "lost"), s.login(t, "other")
		s.check(t, lost.Access, "")
		device, err := s.Revoke(ctx, s.actor(s.user.Role), "lost", "", false)
		must(t, err)
		if device.Status != models.DeviceRevoked {
			t.Errorf("the device is %s", device.Status)
		}
		s.check(t, lost.Access, "device_revoked")
		s.refreshed(t, lost.Refresh, "device_revoked")
		_, err = s.try(password, "192.0.2.1", "lost")
		wantCode(t, err, "device_revoked")
		_, err = s.try("wrong password", "192.0.2.1", "lost")
		wantCode(t, err, "invalid_credentials")
		s.check(t, other.Access, "")
		wantCode(t, s.ConfirmWiped(ctx, "lost", lost.Access), "device_revoked")
		s.pass(time.Hour)
		s.check(t, lost.Access, "device_revoked")
	})
}

// A wipe is ordered until it is confirmed, even of a user who was deactivated and
// with tokens that expired or were spent long ago.
func TestWipe(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		first := s.login(t, "lost")
		second := s.refreshed(t, first.Refresh, "")
		third := s.refreshed(t, second.Refresh, "")
		wantCode(t, s.ConfirmWiped(ctx, "lost", third.Access), "conflict")
		_, err := s.Revoke(ctx, s.actor(models.RoleAdmin), "lost", "", true)
		must(t, err)
		s.update(t, func(u *models.User) { u.Active = false })
		s.pass(200 * 24 * time.Hour)
		s.check(t, third.Access, "device_wipe")
		s.refreshed(t, third.Refresh, "device_wipe")
		_, err = s.Revoke(ctx, s.actor(models.RoleAdmin), "lost", "", false)
		must(t, err) // does not take the order back
		s.check(t, third.Access, "device_wipe")

		wantCode(t, s.ConfirmWiped(ctx, "another", third.Access), "not_found")
		wantCode(t, s.ConfirmWiped(ctx, "lost", "no token"), "unauthorized")
		must(t, s.ConfirmWiped(ctx, "lost", first.Refresh))
		for _, token := range []string{first.Access, second.Refresh} {
			must(t, s.ConfirmWiped(ctx, "lost", token)) // an answer may have been lost
		}
		s.check(t, third.Access, "device_revoked")
	})
}

// Whose device it is decides who may revoke it.
func TestRevokeIsForOwnersAndAdmins(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		s.login(t, "phone")
		stranger := models.Actor{Program: s.user.Program, UserID: models.NewID(), Role: models.RoleSupervisor}
		_, err := s.Revoke(ctx, stranger, "phone", "", true)
		wantCode(t, err, "not_found")
		_, err = s.Revoke(ctx, stranger, "phone", s.user.ID, true)
		wantCode(t, err, "not_found")
		foreign := models.Actor{Program: s.user.Program + 1, UserID: models.NewID(), Role: models.RoleAdmin}
		_, err = s.Revoke(ctx, foreign, "phone", "", true)
		wantCode(t, err, "not_found")
		admin := models.Actor{Program: s.user.Program, UserID: models.NewID(), Role: models.RoleAdmin}
		_, err = s.Revoke(ctx, admin, "phone", models.NewID(), true)
		wantCode(t, err, "not_found")
		_, err = s.Revoke(ctx, admin, "phone", s.user.ID, true)
		wantCode(t, err, "")
	})
}

func TestSyncTimesAreKeptInMemoryAndStored(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		who, err := s.Check(ctx, s.login(t, "phone").Access)
		must(t, err)
		last := func() time.Time {
			list, err := s.store.Devices(ctx, s.user.Program, "", "", "", 10)
			must(t, err)
			return list[0].LastSyncAt
		}
		s.Synced(who)
		if !last().IsZero() {
			t.Error("a sync wrote to the database")
		}
		must(t, s.FlushSynced(ctx))
		first := last()
		if first.IsZero() {
			t.Error("the time of sync was not stored")
		}
		must(t, s.store.SaveSyncTimes(ctx, []store.DeviceSync{{Program: who.Program, UserID: who.UserID, DeviceID: "phone", At: first.Add(-time.Hour)}}))
		if last() != first {
			t.Error("an earlier time replaced a later one")
		}

		// A database that fails for a moment loses no time.
		s.pass(time.Minute)
		s.Synced(who)
		gone, leave := context.WithCancel(ctx)
		leave()
		if s.FlushSynced(gone) == nil {
			t.Error("storing did not fail")
		}
		must(t, s.FlushSynced(ctx))
		second := last()
		if !second.After(first) {
			t.Error("a time of sync was lost with a failure")
		}

		// The last times are stored when the service ends.
		ended, cancel := context.WithCancel(ctx)
		s.pass(time.Minute)
		s.Synced(who)
		cancel()
		s.Run(ended)
		if !last().After(second) {
			t.Error("the last time of sync was lost at the end")
		}
	})
}

// Who asks for the times to be stored is not answered while somebody else is still storing
// them: what was noted before is in the database then, whoever took it there.
func TestStoringSyncTimesIsWaitedFor(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		who, err := s.Check(ctx, s.login(t, "phone").Access)
		must(t, err)
		s.Synced(who)
		noted := func(program int32) time.Time { return s.NotedSyncs(program)[who.UserID] }
		must(t, store.InTx(ctx, s.store, func(tx *store.Tx) error {
			d, err := tx.Device(who.Program, who.UserID, "phone")
			if err == nil {
				err = tx.SetDeviceStatus(d, d.Status) // nobody else changes the row until this ends
			}
			if err != nil {
				return err
			}
			short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			defer cancel()
			told := make(chan error)
			const callers = 4
			for range callers {
				go func() { told <- s.FlushSynced(short) }()
			}
			for forgotten := false; short.Err() == nil && !forgotten; time.Sleep(time.Millisecond) {
				if forgotten = noted(who.Program).IsZero(); forgotten {
					t.Error("a time that is not stored yet is not noted either")
				}
			}
			for range callers {
				if <-told == nil {
					t.Error("told that the times are stored while they are not")
				}
			}
			if !noted(who.Program + 1).IsZero() {
				t.Error("another program knows of the sync")
			}
			return nil
		}))
		must(t, s.FlushSynced(ctx))
		list, err := s.store.Devices(ctx, s.user.Program, "", "", "", 10)
		must(t, err)
		if list[0].LastSyncAt.IsZero() || !noted(who.Program).IsZero() {
			t.Errorf("stored is %v, still noted %v", list[0].LastSyncAt, noted(who.Program))
		}
	})
}

// A push token is one installation's: a second user of the phone takes it over.
func TestPushTokenMoves(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		var who [2]models.Actor
		for i, device := range []string{"one", "two"} {
			var err error
			who[i], err = s.Check(ctx, s.login(t, device).Access)
			must(t, err)
			must(t, s.SetPushToken(ctx, who[i], "token"))
		}
		want := func(tokens ...string) {
			t.Helper()
			list, err := s.store.Devices(ctx, s.user.Program, s.user.ID, "", "", 10)
			must(t, err)
			for i, token := range tokens {
				if list[i].PushToken != token {
					t.Errorf("device %s has token %q, want %q", list[i].ID, list[i].PushToken, token)
				}
			}
		}
		want("", "token")
		must(t, s.Logout(ctx, who[1]))
		want("", "")
	})
}

func FuzzRefreshToken(f *testing.F) {
	key := []byte("a key of thirty-two bytes or so.")
	f.Add(auth.RefreshText(key, 1, models.NewID(), 1))
	f.Add("prt_AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if again, ok := auth.ParseRefresh(key, text); ok && again != text {
			t.Errorf("two texts are one token: %q and %q", text, again)
		}
	})
}
