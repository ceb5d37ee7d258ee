package contract

import (
	"net/http"
	"testing"

	"pursuit/sim/harness"
)

// accountScenarios: docs/protocol.md, section 3, profiles, organisations and users.
func accountScenarios() []scenario {
	return []scenario{
		{"a profile is read and patched", profilePatched},
		{"a profile takes no nonsense", profileFaults},
		{"a password is changed with the current one", passwordChanged},
		{"only an admin makes and lists users and organisations", adminOnly},
		{"a user is made with valid values alone", userFaults},
		{"deactivation ends all sessions at once", deactivated},
		{"a users list holds the program's users and no secret", usersListed},
	}
}

func profilePatched(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	set := map[string]any{"name": "New Name", "locale": "es", "time_zone": "America/New_York", "quiet_hours": map[string]any{"start": "21:30", "end": "07:15"}}
	expect(t, one.call(http.MethodPatch, "/v1/me", set), http.StatusOK, "")
	var me struct {
		ID, Name, Locale, Email, Role string
		TimeZone                      string                      `json:"time_zone"`
		QuietHours                    struct{ Start, End string } `json:"quiet_hours"`
	}
	answer := one.call(http.MethodGet, "/v1/me", nil)
	expect(t, answer, http.StatusOK, "")
	if err := answer.Decode(&me); err != nil {
		t.Fatal(err)
	}
	if me.Name != "New Name" || me.Locale != "es" || me.TimeZone != "America/New_York" || me.QuietHours.Start != "21:30" || me.QuietHours.End != "07:15" || me.ID != one.Tokens.User.ID {
		t.Errorf("the profile is %+v", me)
	}
}

func profileFaults(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	for _, set := range []map[string]any{{"time_zone": "Mars/Olympus"}, {"quiet_hours": map[string]any{"start": "25:00", "end": "07:00"}},
		{"quiet_hours": map[string]any{"start": "noon", "end": "07:00"}}, {"name": ""}, {"locale": 5}, {"new_password": "short", "current_password": harness.Password}} {
		expect(t, one.call(http.MethodPatch, "/v1/me", set), http.StatusUnprocessableEntity, "invalid_request")
	}
	for _, set := range []map[string]any{{"role": "admin"}, {"org_id": harness.NewID()}} {
		one.call(http.MethodPatch, "/v1/me", set)
	}
	var me harness.User
	if err := one.call(http.MethodGet, "/v1/me", nil).Decode(&me); err != nil {
		t.Fatal(err)
	}
	if me.Role != "outreach_worker" || me.OrgID != w.OrgID {
		t.Errorf("a user moved themselves: %+v", me)
	}
}

func passwordChanged(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	fresh := "another long passphrase 7"
	expect(t, one.call(http.MethodPatch, "/v1/me", map[string]any{"current_password": "wrong one", "new_password": fresh}), http.StatusForbidden, "forbidden")
	expect(t, at.login(t, one.Tokens.User.Email, harness.Password), http.StatusOK, "")
	expect(t, one.call(http.MethodPatch, "/v1/me", map[string]any{"current_password": harness.Password, "new_password": fresh}), http.StatusOK, "")
	expect(t, at.login(t, one.Tokens.User.Email, fresh), http.StatusOK, "")
	expect(t, at.login(t, one.Tokens.User.Email, harness.Password), http.StatusUnauthorized, "invalid_credentials")
}

func adminOnly(t *testing.T, at *place) {
	w := at.program(t)
	for _, role := range []string{"outreach_worker", "case_manager", "supervisor", "director", "referral_partner"} {
		one := w.user(role, w.OrgID)
		expect(t, one.call(http.MethodPost, "/v1/orgs", map[string]any{"name": "Org", "kind": "service_provider"}), http.StatusForbidden, "forbidden")
		expect(t, one.call(http.MethodPost, "/v1/users", map[string]any{"email": w.Email(), "name": "N", "password": harness.Password,
			"role": "admin", "org_id": w.OrgID}), http.StatusForbidden, "forbidden")
		expect(t, one.call(http.MethodGet, "/v1/users", nil), http.StatusForbidden, "forbidden")
		known := one.call(http.MethodPatch, "/v1/users/"+one.Tokens.User.ID, map[string]any{"role": "admin"})
		unknown := one.call(http.MethodPatch, "/v1/users/"+harness.NewID(), map[string]any{"role": "admin"})
		expect(t, known, http.StatusForbidden, "forbidden")
		if string(known.Body) != string(unknown.Body) {
			t.Errorf("%s learns who exists: %s and %s", role, known.Body, unknown.Body)
		}
	}
}

func userFaults(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	good := func(change map[string]any) map[string]any {
		body := map[string]any{"email": w.Email(), "name": "N", "password": harness.Password, "role": "director", "org_id": w.OrgID}
		for name, value := range change {
			body[name] = value
		}
		return body
	}
	for _, change := range []map[string]any{{"email": "no address"}, {"email": ""}, {"password": "short"}, {"password": ""}, {"role": "king"},
		{"org_id": "x"}, {"org_id": harness.NewID()}, {"org_id": other.OrgID}, {"time_zone": "Mars/Olympus"}, {"name": ""}} {
		expect(t, call(t, w.Admin.Client, http.MethodPost, "/v1/users", good(change)), http.StatusUnprocessableEntity, "invalid_request")
	}
}

func deactivated(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	two := w.second(one)
	if err := w.PatchUser(w.ctx, one.Tokens.User.ID, map[string]any{"active": false}); err != nil {
		t.Fatal(err)
	}
	for _, device := range []*phone{one, two} {
		expect(t, device.call(http.MethodPost, "/v1/sync", device.Request(nil, &harness.Pull{})), http.StatusUnauthorized, "unauthorized")
		if answer, _ := at.refresh(t, device.RefreshToken); answer.Status != http.StatusUnauthorized {
			t.Errorf("refresh of a deactivated user: status %d", answer.Status)
		}
	}
	expect(t, at.login(t, one.Tokens.User.Email, harness.Password), http.StatusUnauthorized, "invalid_credentials")
	if err := w.PatchUser(w.ctx, one.Tokens.User.ID, map[string]any{"active": true}); err != nil {
		t.Fatal(err)
	}
	expect(t, at.login(t, one.Tokens.User.Email, harness.Password), http.StatusOK, "")
}

func usersListed(t *testing.T, at *place) {
	w, other := at.program(t), at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	other.user("director", other.OrgID)
	answer := call(t, w.Admin.Client, http.MethodGet, "/v1/users", nil)
	expect(t, answer, http.StatusOK, "")
	var list struct{ Users []map[string]any }
	if err := answer.Decode(&list); err != nil {
		t.Fatal(err)
	}
	if len(list.Users) != 2 {
		t.Errorf("%d users, want the admin and the worker", len(list.Users))
	}
	for _, user := range list.Users {
		for _, name := range []string{"password", "password_hash", "hash"} {
			if user[name] != nil {
				t.Errorf("the list shows %s", name)
			}
		}
		if user["id"] == one.Tokens.User.ID && (user["role"] != "outreach_worker" || user["active"] != true) {
			t.Errorf("user %v", user)
		}
	}
}
