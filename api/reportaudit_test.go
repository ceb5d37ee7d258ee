package api

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/sync"
)

// Whoever reads a report or takes an export along is in the audit, by ids alone, each
// reading once; and the audit's chain holds.
func TestReadingReportsIsAudited(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for _, read := range []struct {
			role               models.Role
			path, action, told string
		}{
			{models.RoleSupervisor, "/v1/intensity/services", "report.services", c.service},
			{models.RoleSupervisor, "/v1/intensity/services?format=csv&track=slo_icm", "report.services", "slo_icm"},
			{models.RoleSupervisor, "/v1/intensity/services?format=csv", "report.services", c.service},
			{models.RoleSupervisor, "/v1/intensity/services?format=xlsx&sort=-attempts", "report.services", c.service},
			{models.RoleSupervisor, "/v1/intensity/services/" + c.service, "report.service", c.service},
			{models.RoleSupervisor, "/v1/intensity/workers", "report.workers", ""},
			{models.RoleDirector, "/v1/intensity/program", "report.program", ""},
			{models.RoleDirector, "/v1/reports/summary?year=2024", "report.summary", "2024"},
			{models.RoleDirector, "/v1/reports/summary?year=2024&format=xlsx", "report.summary", "xlsx"},
			{models.RoleDirector, "/v1/reports/published-check?year=2024", "report.published", "2024"},
			{models.RoleSupervisor, "/v1/export/people", "export.people", c.person},
			{models.RoleSupervisor, "/v1/export/services?format=xlsx", "export.services", c.service},
		} {
			before := s.entries(read.action)
			c.get(read.role, read.path).into(200, nil)
			after := s.entries(read.action)
			if len(after) != len(before)+1 {
				t.Errorf("%s left %d entries of %s", read.path, len(after)-len(before), read.action)
				continue
			}
			if last := after[len(after)-1]; bytes.Contains(last, []byte("Heron")) || !strings.Contains(string(last), read.told) {
				t.Errorf("%s is told as %s", read.path, last)
			}
		}
		programs, err := s.store.Programs(t.Context())
		must(t, err)
		if v, err := s.store.VerifyAudit(t.Context(), programs[0].No); err != nil || len(v.Faults) > 0 {
			t.Errorf("the audit has faults: %v, %v", v.Faults, err)
		}
	})
}

// entries gives what the audit says of an action, oldest first.
func (s *site) entries(action string) [][]byte {
	s.t.Helper()
	programs, err := s.store.Programs(s.t.Context())
	must(s.t, err)
	query := sync.AuditQuery{AuditFilter: store.AuditFilter{Action: action}}
	list, more, err := s.server.engine.ReadAudit(s.t.Context(), models.Actor{Program: programs[0].No}, query, 0, 1000)
	must(s.t, err)
	if more != 0 {
		s.t.Fatalf("the audit has more of %s than a page", action)
	}
	var out [][]byte
	for _, one := range slices.Backward(list) {
		out = append(out, one.Detail)
	}
	return out
}

// What a partner reads of their referrals is in the audit too.
func TestReadingReceiptsIsAudited(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		partner := s.user(models.RoleReferralPartner, "p@example.org")
		s.call("GET", "/v1/referrals/receipts", partner.AccessToken, nil).into(200, nil)
		if got := s.entries("referrals.receipts"); len(got) != 0 {
			t.Errorf("an empty list left %s", got)
		}
		person, referral := models.NewID(), models.NewID()
		s.call("POST", "/v1/sync", partner.AccessToken, map[string]any{"protocol": 1, "push": []any{
			map[string]any{"id": models.NewID(), "table": "people", "row": person, "op": "insert", "base": 0, "set": map[string]any{"code": "Heron"}},
			map[string]any{"id": models.NewID(), "table": "referrals", "row": referral, "op": "insert", "base": 0,
				"set": map[string]any{"person_id": person, "source": "law_enforcement", "referred_on": "2026-01-02"}},
		}}).into(200, nil)
		s.call("GET", "/v1/referrals/receipts", partner.AccessToken, nil).into(200, nil)
		if got := s.entries("referrals.receipts"); len(got) != 1 || !bytes.Contains(got[0], []byte(referral)) {
			t.Errorf("the audit says %s, want one entry with %s", got, referral)
		}
	})
}

// Calls that anybody can make take small bodies only, packed or not.
func TestCallsWithoutATokenTakeSmallBodies(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.call("POST", "/v1/auth/login", "", map[string]any{"email": strings.Repeat("a", formLimit), "password": "x"}).problem(413, "body_too_large")
	})
}

// Who enters what was counted elsewhere is in the audit, with the month and not the count.
func TestEnteringIncidentCountsIsAudited(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.call("PUT", "/v1/incident-counts/2024/3", s.admin.AccessToken, map[string]any{"shooting_incidents": 97}).into(200, nil)
		got := s.entries("incident_counts.put")
		if len(got) != 1 || !bytes.Contains(got[0], []byte("2024")) || bytes.Contains(got[0], []byte("97")) {
			t.Errorf("the audit says %s", got)
		}
	})
}
