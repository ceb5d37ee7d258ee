package api

import (
	"testing"

	"pursuit/models"
)

// Whatever role somebody of a law enforcement organisation has, they read no report of
// cases and take none along; the same people read them once they work elsewhere.
func TestLawEnforcementReadsNoReport(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		var police models.Org
		s.call("POST", "/v1/orgs", s.admin.AccessToken, map[string]any{"name": "Police", "kind": "law_enforcement"}).into(201, &police)
		paths := map[models.Role][]string{
			models.RoleDirector: {"/v1/intensity/program", "/v1/intensity/workers", "/v1/intensity/services?format=csv",
				"/v1/intensity/services/" + c.service, "/v1/reports/summary?year=2026", "/v1/reports/summary?year=2026&format=xlsx"},
			models.RoleSupervisor: {"/v1/intensity/services", "/v1/intensity/workers", "/v1/reports/summary?year=2026"},
		}
		for role, list := range paths {
			for _, path := range list {
				c.get(role, path).into(200, nil)
			}
			s.call("PATCH", "/v1/users/"+c.who[role].User.ID, s.admin.AccessToken, map[string]any{"org_id": police.ID}).into(200, nil)
			moved := s.login(string(role)+"@example.org", "another phone")
			for _, path := range append(list, "/v1/export/people", "/v1/export/contact_attempts?format=csv") {
				s.call("GET", path, moved.AccessToken, nil).problem(403, "forbidden")
			}
			s.call("POST", "/v1/reports/summary/freeze", moved.AccessToken, map[string]any{"year": 2026}).problem(403, "forbidden")
		}
	})
}
