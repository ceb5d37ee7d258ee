package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pursuit/api/auth"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func TestAccessTokenLivesFifteenMinutes(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "d")
		s.pass(auth.AccessLife - 2*time.Second)
		s.check(t, tokens.Access, "")
		s.pass(2 * time.Second)
		s.check(t, tokens.Access, "token_expired")
		s.check(t, s.refreshed(t, tokens.Refresh, "").Access, "")
	})
}

// A phone sends its token with every request, so it says no more than it must.
func TestAccessTokenIsShort(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		token := s.login(t, "d").Access
		if len(token) > 210 {
			t.Errorf("an access token has %d bytes", len(token))
		}
		parts := strings.Split(token, ".")
		for i, want := range [][]string{{"alg", "kid"}, {"exp", "prg", "sid"}} {
			raw, err := base64.RawURLEncoding.DecodeString(parts[i])
			must(t, err)
			said := map[string]any{}
			must(t, json.Unmarshal(raw, &said))
			if got := slices.Sorted(maps.Keys(said)); !slices.Equal(got, want) {
				t.Errorf("part %d says %v", i, got)
			}
		}
	})
}

// A session's id is read as it was written, in either length, and nothing else is.
func TestSessionIDInTokens(t *testing.T) {
	id := models.NewID()
	short, err := auth.Shortened(id)
	must(t, err)
	for text, want := range map[string]string{short: id, id: id, "": "", "x": "", short + "A": "", short[:21]: "", strings.ToUpper(id): ""} {
		got, ok := auth.Lengthened(text)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q is read as %q, %v", text, got, ok)
		}
	}
}

// What is no token of ours is unauthorized, whatever was changed about it.
func TestForgedTokens(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "d")
		none := "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + strings.Split(tokens.Access, ".")[1] + "."
		for _, token := range []string{"", "x", "..", none, tokens.Refresh, tokens.Access + "A", "A" + tokens.Access} {
			s.check(t, token, "unauthorized")
		}
		for i := range tokens.Refresh {
			forged := []byte(tokens.Refresh)
			forged[i] ^= 2
			s.refreshed(t, string(forged), "unauthorized")
		}
		for _, token := range []string{"", "prt_", tokens.Access, tokens.Refresh + "A", tokens.Refresh[:79]} {
			s.refreshed(t, token, "unauthorized")
		}
		s.refreshed(t, tokens.Refresh, "") // none of it harmed the session
	})
}

// A retry within 30 s gets the same successor; after that, re-use ends the family.
func TestRefreshGraceAndReuse(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		first := s.login(t, "d")
		second := s.refreshed(t, first.Refresh, "")
		s.pass(auth.RetryGrace - time.Second)
		again := s.refreshed(t, first.Refresh, "")
		if again.Refresh != second.Refresh {
			t.Error("a retry in time got another successor")
		}
		if second.Refresh == first.Refresh {
			t.Error("a refresh token is its own successor")
		}
		s.pass(2 * time.Second)
		s.refreshed(t, first.Refresh, "refresh_reused")
		s.refreshed(t, second.Refresh, "refresh_reused")
		s.check(t, second.Access, "unauthorized")
		s.login(t, "d") // a new sign-in is another family
	})
}

// Once its successor was used, a spent token has no grace.
func TestRefreshGraceEndsWithTheSuccessor(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		first := s.login(t, "d")
		second := s.refreshed(t, first.Refresh, "")
		third := s.refreshed(t, second.Refresh, "")
		s.refreshed(t, first.Refresh, "refresh_reused")
		s.refreshed(t, third.Refresh, "refresh_reused")
	})
}

func TestRefreshSideBySide(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		first := s.login(t, "d")
		var all sync.WaitGroup
		got := make([]string, 8)
		for i := range got {
			all.Go(func() {
				tokens, err := s.Refresh(context.Background(), first.Refresh, "d")
				if err != nil {
					t.Errorf("a retry side by side was answered %v", err)
				}
				got[i] = tokens.Refresh
			})
		}
		all.Wait()
		for _, token := range got {
			if token != got[0] {
				t.Error("retries side by side got different successors")
			}
		}
	})
}

func TestRefreshLivesNinetyDaysFromLastUse(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "d")
		for range 3 {
			s.pass(auth.RefreshLife - time.Minute)
			tokens = s.refreshed(t, tokens.Refresh, "")
		}
		s.pass(auth.RefreshLife + time.Second)
		s.refreshed(t, tokens.Refresh, "token_expired")
	})
}

func TestRefreshBelongsToItsDevice(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "d")
		_, err := s.Refresh(context.Background(), tokens.Refresh, "another")
		wantCode(t, err, "unauthorized")
		s.refreshed(t, tokens.Refresh, "")
	})
}

// A database set back to a backup knows an older generation than the phone: the
// phone stays signed in, and what it spent since the backup stays spent.
func TestRefreshSurvivesARestoredBackup(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "d")
		spent := s.refreshed(t, tokens.Refresh, "")
		latest := s.refreshed(t, spent.Refresh, "")
		must(t, store.InTx(context.Background(), s.store, func(tx *store.Tx) error {
			return tx.UseSession(s.user.Program, sessionOf(t, latest.Access), 1)
		}))
		after := s.refreshed(t, latest.Refresh, "")
		s.refreshed(t, after.Refresh, "")
		s.refreshed(t, spent.Refresh, "refresh_reused")
	})
}

func TestLogoutEndsTheDeviceAlone(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		phone, again, tablet := s.login(t, "phone"), s.login(t, "phone"), s.login(t, "tablet")
		who, err := s.Check(context.Background(), phone.Access)
		must(t, err)
		must(t, s.Logout(context.Background(), who))
		for _, tokens := range []auth.Tokens{phone, again} {
			s.check(t, tokens.Access, "unauthorized")
			s.refreshed(t, tokens.Refresh, "unauthorized")
		}
		s.check(t, tablet.Access, "")
	})
}

// Deactivation and a new role count for the very next request; reactivation
// revives no session.
func TestChangesOfAUserCountAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "d")
		s.check(t, tokens.Access, "")
		s.update(t, func(u *models.User) { u.Role = models.RoleSupervisor })
		who, err := s.Check(context.Background(), tokens.Access)
		must(t, err)
		if who.Role != models.RoleSupervisor {
			t.Errorf("the next request speaks as %s", who.Role)
		}
		s.update(t, func(u *models.User) { u.Active = false })
		s.check(t, tokens.Access, "unauthorized")
		s.refreshed(t, tokens.Refresh, "unauthorized")
		s.update(t, func(u *models.User) { u.Active = true })
		s.check(t, tokens.Access, "unauthorized")
		s.refreshed(t, tokens.Refresh, "unauthorized")
	})
}

func TestNewPasswordEndsOtherDevices(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		here, there := s.login(t, "here"), s.login(t, "there")
		must(t, s.EndOtherSessions(context.Background(), s.user.Program, s.user.ID, "here"))
		s.check(t, here.Access, "")
		s.check(t, there.Access, "unauthorized")
	})
}

// A change made by another process counts within the safety net's seconds, even if
// nobody tells of it.
func TestChangesThatNobodyTellsOf(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			url := storetest.URL(t, dialect)
			s, other := newSite(t, storetest.OpenURL(t, url)), storetest.OpenURL(t, url)
			tokens := s.login(t, "d")
			s.check(t, tokens.Access, "")
			user := s.user
			user.Active = false
			must(t, store.InTx(t.Context(), other, func(tx *store.Tx) error { return tx.UpdateUser(user) }))
			for begin := time.Now(); time.Since(begin) < 15*time.Second; time.Sleep(5 * time.Millisecond) {
				if _, err := s.Check(t.Context(), tokens.Access); err != nil {
					wantCode(t, err, "unauthorized")
					return
				}
			}
			t.Fatal("still signed in after fifteen seconds")
		})
	}
}

// On Postgres, what one instance has done holds on every other that listens.
func TestChangesHoldOnEveryInstance(t *testing.T) {
	url := storetest.URL(t, store.Postgres)
	s, second, third := newSite(t, storetest.OpenURL(t, url)), storetest.OpenURL(t, url), storetest.OpenURL(t, url)
	for _, st := range []*store.Store{s.store, second, third} {
		heard := make(chan struct{}, 1)
		must(t, st.OnSessionChange(func(c store.SessionChange) {
			select {
			case heard <- struct{}{}:
			default:
			}
		}))
		go st.Listen(t.Context(), func() {})
		<-heard // told of everybody once it listens
	}
	tokens := s.login(t, "d")
	user, slow := s.user, 0
	for i := range 40 {
		user.Role = models.Roles[i%len(models.Roles)]
		begin := time.Now()
		must(t, store.InTx(t.Context(), second, func(tx *store.Tx) error { return tx.UpdateUser(user) }))
		if took := time.Since(begin); took > 400*time.Millisecond {
			slow++
		}
		who, err := s.Check(t.Context(), tokens.Access)
		must(t, err)
		if who.Role != user.Role {
			t.Fatalf("change %d is done, and another instance still answers as %s", i, who.Role)
		}
	}
	if slow > 20 {
		t.Errorf("%d of 40 changes took long: somebody did not confirm", slow)
	}
}

// A request with a token seen before touches no database.
func TestCheckNeedsNoDatabase(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		tokens := s.login(t, "d")
		s.check(t, tokens.Access, "")
		s.store.Close()
		s.check(t, tokens.Access, "")
	})
}
