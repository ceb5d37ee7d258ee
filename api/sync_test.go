package api

import (
	"testing"

	"pursuit/models"
)

// A push and a pull are answered as the contract says; other rows of a program are
// no part of it.
func TestSyncOverHTTP(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		keeper := s.user(models.RoleCaseManager, "keeper@example.org")
		person := models.NewID()
		push := []map[string]any{
			{"id": models.NewID(), "table": "people", "row": person, "op": "insert", "base": 0, "at": "2026-01-01T00:00:00Z", "set": map[string]any{"code": "K-1"}},
			{"id": models.NewID(), "table": "people", "row": models.NewID(), "op": "insert", "base": 0, "at": "2026-01-01T00:00:00Z", "set": map[string]any{"code": 7}},
		}
		body := map[string]any{"protocol": 1, "schema": 1, "push": push, "pull": map[string]any{"cursor": nil}}
		var got struct {
			Results []struct{ Status, Code string }
			Changes map[string]struct{ Upsert []map[string]any }
			Cursor  string
		}
		s.call("POST", "/v1/sync", keeper.AccessToken, body).into(200, &got)
		if len(got.Results) != 2 || got.Results[0].Status != "applied" || got.Results[1].Code != "invalid_value" {
			t.Errorf("results %+v", got.Results)
		}
		if rows := got.Changes["people"].Upsert; len(rows) != 1 || rows[0]["id"] != person {
			t.Errorf("pulled %+v", got.Changes)
		}
		var list struct{ Devices []device }
		s.call("GET", "/v1/devices", keeper.AccessToken, nil).into(200, &list)
		if list.Devices[0].LastSyncAt == nil {
			t.Error("the device's last_sync_at is null after a sync")
		}
		s.call("POST", "/v1/sync", keeper.AccessToken, map[string]any{"protocol": 9}).problem(422, "unsupported_protocol")
		s.call("POST", "/v1/sync", keeper.AccessToken, map[string]any{"protocol": 1, "pull": map[string]any{"cursor": "x"}}).problem(400, "bad_cursor")
		s.call("POST", "/v1/sync", s.admin.AccessToken, map[string]any{"protocol": 1, "pull": map[string]any{"cursor": got.Cursor}}).problem(400, "bad_cursor")
		s.call("GET", "/v1/sync/schema", keeper.AccessToken, nil).into(200, nil)
		s.call("GET", "/v1/referrals/receipts", keeper.AccessToken, nil).problem(403, "forbidden")
		s.call("GET", "/v1/referrals/receipts", s.user(models.RoleReferralPartner, "p@example.org").AccessToken, nil).into(200, nil)
	})
}
