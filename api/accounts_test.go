package api

import (
	"fmt"
	"net/netip"
	"net/url"
	"sort"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

func TestSignInOverHTTP(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		if s.admin.ExpiresIn != 900 || s.admin.DeviceID != "desk" || s.admin.User.Role != models.RoleAdmin ||
			s.admin.User.ProgramID != s.made.ProgramID || s.admin.User.OrgID != s.made.OrgID || s.admin.User.TimeZone != "America/Los_Angeles" {
			t.Errorf("signed in as %+v", s.admin)
		}
		var next session
		s.call("POST", "/v1/auth/refresh", "", map[string]any{"refresh_token": s.admin.RefreshToken, "device_id": "desk"}).into(200, &next)
		s.call("GET", "/v1/me", next.AccessToken, nil).into(200, nil)
		s.call("POST", "/v1/auth/logout", next.AccessToken, nil).into(204, nil)
		s.call("GET", "/v1/me", next.AccessToken, nil).problem(401, "unauthorized")
		s.call("POST", "/v1/auth/refresh", "", map[string]any{"refresh_token": next.RefreshToken}).problem(401, "unauthorized")

		// A device that does not tell its id gets one.
		var nameless session
		s.call("POST", "/v1/auth/login", "", map[string]any{"email": "ADMIN@example.org", "password": password}).into(200, &nameless)
		if !models.ValidID(nameless.DeviceID) {
			t.Errorf("a nameless device became %q", nameless.DeviceID)
		}
		s.pass(16 * time.Minute)
		a := s.call("GET", "/v1/me", nameless.AccessToken, nil)
		a.problem(401, "token_expired")
		if a.header.Get("WWW-Authenticate") != "Bearer" {
			t.Error("401 without WWW-Authenticate")
		}
	})
}

func TestLockOutOverHTTP(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		wrong := map[string]any{"email": "admin@example.org", "password": "wrong password"}
		for range 5 {
			s.call("POST", "/v1/auth/login", "", wrong).problem(401, "invalid_credentials")
		}
		a := s.call("POST", "/v1/auth/login", "", loginFor("admin@example.org", "desk"))
		a.problem(429, "too_many_attempts")
		if wait := a.header.Get("Retry-After"); wait < "890" || wait > "900" {
			t.Errorf("Retry-After is %q", wait)
		}
		// Nobody can speak for another address without a trusted proxy between.
		a = s.call("POST", "/v1/auth/login", "", wrong, "X-Forwarded-For", "192.0.2.7", "X-Real-Ip", "192.0.2.7", "Forwarded", "for=192.0.2.7")
		a.problem(429, "too_many_attempts")
	})
}

// Behind a trusted proxy the last address that is not one counts; what a client
// wrote before it does not.
func TestTrustedProxies(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			s := newSite(t, storetest.Open(t, dialect), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"))
			wrong := map[string]any{"email": "admin@example.org", "password": "wrong password"}
			for i := range 5 {
				invented := fmt.Sprintf("198.51.100.%d, 192.0.2.1, 10.1.1.1", i)
				s.call("POST", "/v1/auth/login", "", wrong, "X-Forwarded-For", invented).problem(401, "invalid_credentials")
			}
			s.call("POST", "/v1/auth/login", "", wrong, "X-Forwarded-For", "192.0.2.1").problem(429, "too_many_attempts")
			s.call("POST", "/v1/auth/login", "", wrong, "X-Forwarded-For", "192.0.2.2").problem(401, "invalid_credentials")
		})
	}
}

func TestOrgs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		var made organisation
		s.call("POST", "/v1/orgs", s.admin.AccessToken, map[string]any{"name": "Providers", "kind": "service_provider"}).into(201, &made)
		s.call("POST", "/v1/orgs", s.admin.AccessToken, map[string]any{"name": "", "kind": "club"}).problem(422, "invalid_request")
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		var list struct {
			Orgs []organisation
			Next *string
		}
		s.call("GET", "/v1/orgs", worker.AccessToken, nil).into(200, &list)
		if len(list.Orgs) != 2 || list.Orgs[1] != made || list.Next != nil {
			t.Errorf("the organisations are %+v", list)
		}
	})
}

func TestUsers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		admin := s.admin.AccessToken
		worker := s.user(models.RoleOutreachWorker, "Worker@Example.org")
		taken := map[string]any{"email": " wORKER@example.ORG ", "name": "N", "password": password, "role": "director", "org_id": s.made.OrgID}
		p := s.call("POST", "/v1/users", admin, taken).problem(409, "conflict")
		if len(p.Errors) != 1 || p.Errors[0].Location != "body.email" {
			t.Errorf("the fault stands at %+v", p.Errors)
		}
		s.call("PATCH", "/v1/users/"+worker.User.ID, admin, map[string]any{"email": "admin@EXAMPLE.org"}).problem(409, "conflict")
		s.call("PATCH", "/v1/users/"+worker.User.ID, admin, map[string]any{"org_id": models.NewID()}).problem(422, "invalid_request")
		var changed account
		s.call("PATCH", "/v1/users/"+worker.User.ID, admin, map[string]any{"name": "New Name", "role": "supervisor", "time_zone": "UTC"}).into(200, &changed)
		if changed.Name != "New Name" || changed.Role != models.RoleSupervisor || changed.TimeZone != "UTC" || !changed.Active || changed.Email != "Worker@Example.org" {
			t.Errorf("changed to %+v", changed)
		}
		var me ownProfile
		s.call("GET", "/v1/me", worker.AccessToken, nil).into(200, &me)
		if me.Role != models.RoleSupervisor {
			t.Errorf("the session goes on as %s", me.Role)
		}

		s.call("PATCH", "/v1/users/"+worker.User.ID, admin, map[string]any{"active": false}).into(200, &changed)
		s.call("GET", "/v1/me", worker.AccessToken, nil).problem(401, "unauthorized")
		s.call("POST", "/v1/auth/refresh", "", map[string]any{"refresh_token": worker.RefreshToken}).problem(401, "unauthorized")
		s.call("POST", "/v1/auth/login", "", loginFor("worker@example.org", "p")).problem(401, "invalid_credentials")

		s.call("PATCH", "/v1/users/"+s.admin.User.ID, admin, map[string]any{"active": false}).problem(409, "conflict")
		s.call("PATCH", "/v1/users/"+s.admin.User.ID, admin, map[string]any{"role": "director"}).problem(409, "conflict")
	})
}

// A new password set by an admin ends the user's sessions.
func TestPasswordReset(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		s.call("PATCH", "/v1/users/"+worker.User.ID, s.admin.AccessToken, map[string]any{"password": "another password"}).into(200, nil)
		s.call("GET", "/v1/me", worker.AccessToken, nil).problem(401, "unauthorized")
		s.call("POST", "/v1/auth/login", "", loginFor("w@example.org", "p")).problem(401, "invalid_credentials")
	})
}

// Users of one program are nothing to another's admin.
func TestProgramsDoNotMeet(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		other := newSiteBeside(t, s)
		a := s.call("PATCH", "/v1/users/"+other.User.ID, s.admin.AccessToken, map[string]any{"name": "N"})
		b := s.call("PATCH", "/v1/users/"+models.NewID(), s.admin.AccessToken, map[string]any{"name": "N"})
		a.problem(404, "not_found")
		if string(a.body) != string(b.body) {
			t.Errorf("a foreign user is answered %s, an unknown one %s", a.body, b.body)
		}
		s.call("POST", "/v1/devices/other-desk/revoke", s.admin.AccessToken, nil).problem(404, "not_found")
		s.call("POST", "/v1/users", s.admin.AccessToken, map[string]any{"email": "x@example.org", "name": "N", "password": password,
			"role": "director", "org_id": other.User.OrgID}).problem(422, "invalid_request")
		var list struct{ Users []account }
		s.call("GET", "/v1/users", s.admin.AccessToken, nil).into(200, &list)
		if len(list.Users) != 1 {
			t.Errorf("the admin sees %d users", len(list.Users))
		}
	})
}

func TestMe(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		other := s.login("w@example.org", "tablet")
		token := worker.AccessToken
		var me ownProfile
		s.call("PATCH", "/v1/me", token, map[string]any{"name": "Me", "locale": "es-MX", "time_zone": "America/Denver",
			"quiet_hours": map[string]any{"start": "21:00", "end": "07:30"}}).into(200, &me)
		for _, more := range []string{"role", "email", "org_id", "active"} {
			p := s.call("PATCH", "/v1/me", token, map[string]any{"name": "X", more: "admin"}).problem(422, "invalid_request")
			if !told(p, "body."+more, "not a member") {
				t.Errorf("%s: %+v", more, p.Errors)
			}
		}
		if me.Name != "Me" || me.Locale != "es-MX" || me.TimeZone != "America/Denver" || *me.QuietHours != (quietHours{"21:00", "07:30"}) ||
			me.Role != models.RoleOutreachWorker || me.Email != "w@example.org" {
			t.Errorf("changed to %+v", me)
		}
		s.call("PATCH", "/v1/me", token, map[string]any{"name": "Still me"}).into(200, &me)
		if me.QuietHours == nil {
			t.Error("hours that were not sent are gone")
		}
		if s.call("PATCH", "/v1/me", token, map[string]any{"quiet_hours": nil}).into(200, &me); me.QuietHours != nil {
			t.Errorf("after null the quiet hours are %+v", me.QuietHours)
		}
		for _, bad := range []map[string]any{{"name": ""}, {"locale": "!"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "Local"},
			{"quiet_hours": map[string]any{"start": "24:00", "end": "8:00"}}, {"new_password": "long enough"},
			{"current_password": password, "new_password": "short"}} {
			s.call("PATCH", "/v1/me", token, bad).problem(422, "invalid_request")
		}
		s.call("PATCH", "/v1/me", token, map[string]any{"current_password": "wrong password", "new_password": "another password"}).problem(403, "forbidden")
		s.call("PATCH", "/v1/me", token, map[string]any{"current_password": password, "new_password": "another password"}).into(200, nil)
		s.call("GET", "/v1/me", token, nil).into(200, nil)
		s.call("GET", "/v1/me", other.AccessToken, nil).problem(401, "unauthorized")
		s.call("POST", "/v1/auth/login", "", loginFor("w@example.org", "p")).problem(401, "invalid_credentials")
	})
}

func TestDevicesOverHTTP(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		list := func(token string) (ids []string) {
			var got struct{ Devices []device }
			s.call("GET", "/v1/devices", token, nil).into(200, &got)
			for _, d := range got.Devices {
				ids = append(ids, d.ID+" "+string(d.Status))
			}
			sort.Strings(ids)
			return ids
		}
		if got := fmt.Sprint(list(worker.AccessToken)); got != "[phone of w@example.org active]" {
			t.Errorf("the worker sees %s", got)
		}
		if got := fmt.Sprint(list(s.admin.AccessToken)); got != "[desk active phone of w@example.org active]" {
			t.Errorf("the admin sees %s", got)
		}
		s.call("PUT", "/v1/devices/current/push-token", worker.AccessToken, map[string]any{"token": "t"}).into(204, nil)
		s.call("PUT", "/v1/devices/current/push-token", worker.AccessToken, map[string]any{}).problem(422, "invalid_request")
		s.call("DELETE", "/v1/devices/current/push-token", worker.AccessToken, nil).into(204, nil)

		path := "/v1/devices/phone%20of%20w@example.org"
		s.call("POST", path+"/wiped", worker.AccessToken, nil).problem(409, "conflict")
		var revoked device
		s.call("POST", path+"/revoke", s.admin.AccessToken, map[string]any{"wipe": true}).into(200, &revoked)
		if revoked.Status != models.DeviceWipePending {
			t.Errorf("the device is %s", revoked.Status)
		}
		for _, r := range s.server.routes() {
			if !r.who.anyone {
				s.call(r.method, parameter.ReplaceAllString(r.path, "x"), worker.AccessToken, nil).problem(403, "device_wipe")
			}
		}
		s.call("POST", "/v1/auth/refresh", "", map[string]any{"refresh_token": worker.RefreshToken}).problem(403, "device_wipe")
		s.call("POST", "/v1/auth/login", "", loginFor("w@example.org", "phone of w@example.org")).problem(403, "device_wipe")
		s.pass(100 * 24 * time.Hour)
		s.call("POST", path+"/wiped", "", nil).problem(401, "unauthorized")
		s.call("POST", path+"/wiped", worker.AccessToken, nil).into(204, nil)
		s.call("POST", path+"/wiped", worker.RefreshToken, nil).into(204, nil)
		s.call("POST", path+"/wiped", "", map[string]any{"refresh_token": worker.RefreshToken}).into(204, nil)
		s.call("GET", "/v1/me", worker.AccessToken, nil).problem(403, "device_revoked")
	})
}

func TestListsPage(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		for i := range 7 {
			s.call("POST", "/v1/orgs", s.admin.AccessToken, map[string]any{"name": fmt.Sprint("Org ", i), "kind": "community_partner"}).into(201, nil)
		}
		for i := range 6 {
			s.login("admin@example.org", fmt.Sprint("desk/", i))
		}
		for _, noun := range []string{"orgs", "devices"} {
			total, pages, path := 0, 0, "/v1/"+noun+"?limit=3"
			for next := ""; pages < 10; pages++ {
				var raw map[string]any
				s.call("GET", path+"&cursor="+next, s.admin.AccessToken, nil).into(200, &raw)
				total += len(raw[noun].([]any))
				if raw["next"] == nil {
					break
				}
				next = raw["next"].(string)
			}
			if want := map[string]int{"orgs": 8, "devices": 7}[noun]; total != want || pages != 2 {
				t.Errorf("%d %s on %d pages, want %d on 3", total, noun, pages+1, want)
			}
		}
		for _, limit := range []string{"0", "-1", "x", "1e3", "99999999999999999999"} {
			s.call("GET", "/v1/users?limit="+limit, s.admin.AccessToken, nil).problem(422, "invalid_request")
		}
		for _, cursor := range []string{"x", "AAAA", "%00", s.admin.RefreshToken} {
			s.call("GET", "/v1/users?cursor="+cursor, s.admin.AccessToken, nil).problem(400, "bad_cursor")
			s.call("GET", "/v1/devices?cursor="+cursor, s.admin.AccessToken, nil).problem(400, "bad_cursor")
		}
		s.call("GET", "/v1/users?limit=100000", s.admin.AccessToken, nil).into(200, nil)
	})
}

func TestServerPages(t *testing.T) {
	s := newSite(t, storetest.Open(t, store.SQLite))
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.yaml", "/docs", "/.well-known/jwks.json"} {
		s.call("GET", path, "", nil).into(200, nil)
	}
	s.server.Drain()
	s.call("GET", "/readyz", "", nil).problem(503, "unavailable")
	s.call("GET", "/healthz", "", nil).into(200, nil)
}

// A server whose database is not what it migrated any more is not ready: an older backup
// was restored under it, or something else came in its place.
func TestReadyAsksForTheSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.call("GET", "/readyz", "", nil).into(200, nil)
		if _, err := s.store.SQLDB().Exec(`DELETE FROM goose_db_version WHERE version_id > 1`); err != nil {
			t.Fatal(err)
		}
		s.call("GET", "/readyz", "", nil).problem(503, "unavailable")
	})
}

// An id that a path must escape is the same id.
func TestEscapedDeviceIDs(t *testing.T) {
	s := newSite(t, storetest.Open(t, store.SQLite))
	for _, id := range []string{"a/b", "a%2Fb", "a b", "ä?#"} {
		s.login("admin@example.org", id)
		var revoked device
		s.call("POST", "/v1/devices/"+url.PathEscape(id)+"/revoke", s.admin.AccessToken, nil).into(200, &revoked)
		if revoked.ID != id || revoked.Status != models.DeviceRevoked {
			t.Errorf("revoking %q revoked %+v", id, revoked)
		}
	}
}

// Addresses that look alike are not taken for two.
func TestAddressesHoldNothingUnseen(t *testing.T) {
	for text, want := range map[string]bool{"ana@example.org": true, " ana@example.org ": true, "josé@exämple.org": true,
		"ana\u0085@example.org": false, "ana\u00a0@example.org": false, "a\u200bna@example.org": false, "ana@exa mple.org": false, "ana": false} {
		if got := ValidEmail(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
