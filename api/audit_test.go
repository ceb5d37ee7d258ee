package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"pursuit/models"
)

type auditEntry struct {
	N      int64
	At     string
	Actor  *string
	Device *string
	Action string
	Detail struct {
		Rows []struct{ Table, Row, Mutation, Status string }
		User string
	}
}

func (s *site) auditOf(query string) []auditEntry {
	s.t.Helper()
	var all []auditEntry
	for cursor := ""; ; {
		var page struct {
			Entries []auditEntry
			Next    *string
		}
		s.call("GET", "/v1/audit?limit=2&"+query+cursor, s.admin.AccessToken, nil).into(200, &page)
		all = append(all, page.Entries...)
		if page.Next == nil {
			return all
		}
		cursor = "&cursor=" + *page.Next
	}
}

// Admins read who wrote and read what, narrowed as they ask, and nobody's content.
func TestReadingTheAudit(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		person := models.NewID()
		s.call("POST", "/v1/sync", worker.AccessToken, map[string]any{"protocol": 1, "push": []map[string]any{{
			"id": models.NewID(), "table": "people", "row": person, "op": "insert", "at": "2026-01-01T00:00:00Z",
			"set": map[string]any{"code": "Planted"}}}, "pull": map[string]any{"cursor": nil}}).into(200, nil)
		s.call("POST", "/v1/devices/"+worker.DeviceID+"/revoke", s.admin.AccessToken, map[string]any{"wipe": true, "user_id": worker.User.ID}).into(200, nil)

		named := s.auditOf("row=" + person)
		if len(named) != 2 || named[0].Action != "pull" || named[1].Action != "push" || *named[1].Actor != worker.User.ID || *named[1].Device != worker.DeviceID {
			t.Fatalf("the person is named by %+v", named)
		}
		if rows := named[1].Detail.Rows; len(rows) != 1 || rows[0].Row != person || rows[0].Table != "people" || rows[0].Status != "applied" {
			t.Errorf("the push says %+v", rows)
		}
		if list := s.auditOf("action=device.revoke"); len(list) != 1 || list[0].Detail.User != worker.User.ID || *list[0].Actor != s.admin.User.ID {
			t.Errorf("the revocation is %+v", list)
		}
		all := s.auditOf("")
		for i, entry := range all {
			if entry.N != int64(len(all)-i) {
				t.Fatalf("entry %d stands at place %d of %d", entry.N, i, len(all))
			}
		}
		now := time.Now().UTC()
		for query, want := range map[string]int{
			"actor=" + worker.User.ID:                                       2,
			"actor=" + models.NewID():                                       0,
			"device=phone+of+w@example.org":                                 2,
			"from=" + models.FormatTime(now.Add(time.Hour)):                 0,
			"to=" + models.FormatTime(now.Add(time.Hour)):                   len(all),
			"action=pull&to=" + models.FormatTime(now.Add(-24*time.Hour)):   0,
			"action=user.made&actor=" + s.admin.User.ID:                     1,
			"action=push&row=" + person + "&device=" + models.NewID():       0,
			"action=pull&from=" + models.FormatTime(now.Add(-24*time.Hour)): 1,
		} {
			if got := len(s.auditOf(query)); got != want {
				t.Errorf("%s: %d entries, want %d", query, got, want)
			}
		}
		if text := string(s.call("GET", "/v1/audit?limit=500", s.admin.AccessToken, nil).body); strings.Contains(text, "Planted") {
			t.Error("the audit carries content")
		}
		programs, err := s.store.Programs(context.Background())
		must(t, err)
		verdict, err := s.store.VerifyAudit(context.Background(), programs[0].No)
		if err != nil || verdict.Faults != nil {
			t.Errorf("the audit has faults: %v, %v", verdict.Faults, err)
		}
	})
}

func TestAuditFaults(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		for _, query := range []string{"actor=x", "row=x", "from=yesterday", "to=2026-01-01", "limit=0", "limit=x", "device=" + strings.Repeat("x", 300),
			"action=" + strings.Repeat("x", 300), "device=%ff", "action=%00"} {
			s.call("GET", "/v1/audit?"+query, s.admin.AccessToken, nil).problem(422, "invalid_request")
		}
		for _, cursor := range []string{"x", "%25", "MA", "LTE", strings.Repeat("A", 2000)} {
			s.call("GET", "/v1/audit?cursor="+cursor, s.admin.AccessToken, nil).problem(400, "bad_cursor")
		}
		other := newSiteBeside(t, s)
		for _, entry := range s.auditOf("") {
			if entry.Actor != nil && *entry.Actor == other.User.ID {
				t.Error("another program's entries are shown")
			}
		}
	})
}

// The engine's numbers are among the metrics.
func TestEngineMetrics(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		text := string(s.call("GET", "/metrics", "", nil).body)
		for _, name := range []string{"pursuit_live_streams 0", "pursuit_pushes_waiting 0", "pursuit_audit_waiting", "pursuit_sweeps_total"} {
			if !strings.Contains(text, "\n"+name) {
				t.Errorf("the metrics lack %s", name)
			}
		}
	})
}
