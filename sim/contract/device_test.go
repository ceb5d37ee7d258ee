package contract

import (
	"net/http"
	"testing"

	"pursuit/sim/harness"
)

// deviceScenarios: docs/protocol.md, section 3, devices.
func deviceScenarios() []scenario {
	return []scenario{
		{"own devices are listed and the admin sees all", devicesListed},
		{"a revoked device is told so on every call", revoked},
		{"a wiped device confirms with its access token", wipedByAccess},
		{"a wiped device confirms with its refresh token", wipedByRefresh},
		{"an expired token still confirms a wipe", wipedExpired},
		{"a wipe is confirmed by its device alone", wipedByOthers},
		{"an owner revokes and a stranger does not", whoRevokes},
		{"push tokens are set and removed", pushTokens},
	}
}

type deviceRow struct {
	ID         string
	UserID     string `json:"user_id"`
	Name       string
	Platform   string
	AppVersion string `json:"app_version"`
	Status     string
	LastSyncAt *string `json:"last_sync_at"`
}

func (p *phone) devices() map[string]deviceRow {
	p.town.t.Helper()
	return devicesOf(p.town.t, p.Client)
}

func devicesOf(t *testing.T, client *harness.Client) map[string]deviceRow {
	t.Helper()
	answer := call(t, client, http.MethodGet, "/v1/devices", nil)
	expect(t, answer, http.StatusOK, "")
	var list struct{ Devices []deviceRow }
	if err := answer.Decode(&list); err != nil {
		t.Fatal(err)
	}
	found := map[string]deviceRow{}
	for _, device := range list.Devices {
		found[device.ID] = device
	}
	return found
}

func devicesListed(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	two := w.second(one)
	other := w.user("outreach_worker", w.OrgID)
	one.pull()
	own := one.devices()
	if len(own) != 2 || own[one.DeviceID].ID == "" || own[two.DeviceID].ID == "" {
		t.Fatalf("own devices: %v", own)
	}
	got := own[one.DeviceID]
	if got.UserID != one.Tokens.User.ID || got.Platform != "android" || got.AppVersion != "1.0.0" || got.Name != "phone" || got.Status != "active" || got.LastSyncAt == nil {
		t.Errorf("device %+v after its first sync", got)
	}
	if all := devicesOf(t, w.Admin.Client); all[other.DeviceID].ID == "" || all[one.DeviceID].ID == "" || len(all) != 4 {
		t.Errorf("the admin sees %d devices, want 4", len(all))
	}
}

func (w *town) revoke(device string, wipe bool) {
	w.t.Helper()
	answer := call(w.t, w.Admin.Client, http.MethodPost, "/v1/devices/"+device+"/revoke", map[string]any{"wipe": wipe})
	if answer.Status != http.StatusOK && answer.Status != http.StatusNoContent {
		w.t.Fatalf("revoke: status %d: %s", answer.Status, answer.Body)
	}
}

// refusedEverywhere checks that no call of a device is answered but with the code.
func (p *phone) refusedEverywhere(t *testing.T, code string) {
	t.Helper()
	for _, one := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/v1/sync", p.Request(nil, &harness.Pull{})}, {"GET", "/v1/me", nil}, {"GET", "/v1/devices", nil},
		{"GET", "/v1/sync/schema", nil}, {"POST", "/v1/sync/digests", map[string]any{"cursor": nil}}, {"GET", "/v1/sync/live?since=0&wait=1", nil},
		{"PUT", "/v1/devices/current/push-token", map[string]any{"token": "t"}},
		{"POST", "/v1/auth/refresh", map[string]any{"refresh_token": p.RefreshToken}},
	} {
		answer := p.call(one.method, one.path, one.body)
		if answer.Status != http.StatusForbidden || answer.Code() != code {
			t.Errorf("%s %s: status %d %s, want 403 %s", one.method, one.path, answer.Status, answer.Code(), code)
		}
	}
}

func revoked(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	two := w.second(one)
	w.revoke(one.DeviceID, false)
	one.refusedEverywhere(t, "device_revoked")
	if got := devicesOf(t, w.Admin.Client)[one.DeviceID].Status; got != "revoked" {
		t.Errorf("status %q, want revoked", got)
	}
	expect(t, two.call(http.MethodGet, "/v1/me", nil), http.StatusOK, "")
}

func confirmed(t *testing.T, answer harness.Answer) {
	t.Helper()
	if answer.Status != http.StatusOK && answer.Status != http.StatusNoContent {
		t.Fatalf("wiped: status %d: %s", answer.Status, answer.Body)
	}
}

func wipedByAccess(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	w.revoke(one.DeviceID, true)
	one.refusedEverywhere(t, "device_wipe")
	if got := devicesOf(t, w.Admin.Client)[one.DeviceID].Status; got != "wipe_pending" {
		t.Errorf("status %q, want wipe_pending", got)
	}
	confirmed(t, one.call(http.MethodPost, "/v1/devices/"+one.DeviceID+"/wiped", nil))
	if got := devicesOf(t, w.Admin.Client)[one.DeviceID].Status; got != "wiped" {
		t.Errorf("status %q, want wiped", got)
	}
	if answer := one.call(http.MethodGet, "/v1/me", nil); answer.Status != http.StatusForbidden && answer.Status != http.StatusUnauthorized {
		t.Errorf("a wiped device's call: status %d", answer.Status)
	}
}

func wipedByRefresh(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	w.revoke(one.DeviceID, true)
	one.Client.Token = one.RefreshToken
	confirmed(t, one.call(http.MethodPost, "/v1/devices/"+one.DeviceID+"/wiped", nil))
	if got := devicesOf(t, w.Admin.Client)[one.DeviceID].Status; got != "wiped" {
		t.Errorf("status %q, want wiped", got)
	}
}

func wipedExpired(t *testing.T, at *place) {
	mine := at.own(t, nil)
	w := mine.program(t)
	byAccess, byRefresh := w.user("outreach_worker", w.OrgID), w.user("outreach_worker", w.OrgID)
	w.revoke(byAccess.DeviceID, true)
	w.revoke(byRefresh.DeviceID, true)
	mine.shift(t, "2400h") // 100 days
	byRefresh.Client.Token = byRefresh.RefreshToken
	expect(t, byAccess.call(http.MethodGet, "/v1/me", nil), http.StatusForbidden, "device_wipe")
	for _, one := range []*phone{byAccess, byRefresh} {
		confirmed(t, one.call(http.MethodPost, "/v1/devices/"+one.DeviceID+"/wiped", nil))
	}
}

func wipedByOthers(t *testing.T, at *place) {
	w := at.program(t)
	one, other := w.user("outreach_worker", w.OrgID), w.user("outreach_worker", w.OrgID)
	w.revoke(one.DeviceID, true)
	unknown := other.call(http.MethodPost, "/v1/devices/"+harness.NewID()+"/wiped", nil)
	foreign := other.call(http.MethodPost, "/v1/devices/"+one.DeviceID+"/wiped", nil)
	if foreign.Status < 400 || string(foreign.Body) != string(unknown.Body) {
		t.Errorf("another device's confirmation: %d %s, of an unknown device: %d %s", foreign.Status, foreign.Body, unknown.Status, unknown.Body)
	}
	if got := devicesOf(t, w.Admin.Client)[one.DeviceID].Status; got != "wipe_pending" {
		t.Errorf("status %q, want wipe_pending", got)
	}
	forged := harness.NewClient(at.server.URL, nil)
	if answer := call(t, forged, http.MethodPost, "/v1/devices/"+one.DeviceID+"/wiped", nil); answer.Status != http.StatusUnauthorized {
		t.Errorf("a confirmation without a token: status %d", answer.Status)
	}
}

func whoRevokes(t *testing.T, at *place) {
	w := at.program(t)
	one, stranger := w.user("outreach_worker", w.OrgID), w.user("supervisor", w.OrgID)
	two := w.second(one)
	if answer := stranger.call(http.MethodPost, "/v1/devices/"+one.DeviceID+"/revoke", map[string]any{"wipe": true}); answer.Status < 400 {
		t.Errorf("a stranger revoked a device: status %d", answer.Status)
	}
	expect(t, one.call(http.MethodGet, "/v1/me", nil), http.StatusOK, "")
	if answer := two.call(http.MethodPost, "/v1/devices/"+one.DeviceID+"/revoke", map[string]any{"wipe": false}); answer.Status >= 300 {
		t.Fatalf("an owner could not revoke: %d %s", answer.Status, answer.Body)
	}
	expect(t, one.call(http.MethodGet, "/v1/me", nil), http.StatusForbidden, "device_revoked")
}

func pushTokens(t *testing.T, at *place) {
	w := at.program(t)
	one := w.user("outreach_worker", w.OrgID)
	expect(t, one.call(http.MethodPut, "/v1/devices/current/push-token", map[string]any{"token": "abc:def"}), http.StatusNoContent, "")
	expect(t, one.call(http.MethodPut, "/v1/devices/current/push-token", map[string]any{}), http.StatusUnprocessableEntity, "invalid_request")
	expect(t, one.call(http.MethodDelete, "/v1/devices/current/push-token", nil), http.StatusNoContent, "")
	expect(t, one.call(http.MethodDelete, "/v1/devices/current/push-token", nil), http.StatusNoContent, "")
}
