package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pursuit/models"
)

// written are the calls whose bodies people fill in, each with a body that is taken.
func (c casework) written() map[string]struct {
	method string
	body   map[string]any
} {
	type call = struct {
		method string
		body   map[string]any
	}
	worker := c.who[models.RoleOutreachWorker]
	return map[string]call{
		"/v1/orgs":                    {"POST", map[string]any{"name": "Org", "kind": "community_partner"}},
		"/v1/users":                   {"POST", map[string]any{"email": "n@example.org", "name": "N", "password": password, "role": "director", "org_id": c.made.OrgID}},
		"/v1/users/" + worker.User.ID: {"PATCH", map[string]any{"name": "N"}},
		"/v1/me":                      {"PATCH", map[string]any{"quiet_hours": map[string]any{"start": "21:00", "end": "07:00"}}},
		"/v1/devices/nobodys/revoke":  {"POST", map[string]any{"wipe": true}},
		"/v1/incident-counts/2024/3":  {"PUT", map[string]any{"shooting_incidents": 3}},
		"/v1/reports/summary/freeze":  {"POST", map[string]any{"year": 2024}},
		"/v1/people/merge":            {"POST", map[string]any{"id": models.NewID(), "keep": models.NewID(), "merge": models.NewID()}},
	}
}

// as is who makes a call that is written.
func (c casework) as(path string) session {
	switch path {
	case "/v1/reports/summary/freeze":
		return c.who[models.RoleDirector]
	case "/v1/people/merge":
		return c.who[models.RoleSupervisor]
	}
	return c.admin
}

// What a call does not know must not count as left out: it is refused by its name with
// what is allowed, within members too; and what is given twice, or spelt in capitals.
func TestUnknownMembersAreNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for path, call := range c.written() {
			token := c.as(path).AccessToken
			var name string
			for name = range call.body {
				break
			}
			for _, unknown := range []struct{ member, location, allowed string }{
				{"misspelt", "body.misspelt", "allowed: "}, {"Evil Name", "body", name}, {strings.ToUpper(name), "body", name}} {
				body := map[string]any{unknown.member: "evil"}
				for name, value := range call.body {
					body[name] = value
				}
				got := s.call(call.method, path, token, body)
				if p := got.problem(422, "invalid_request"); !told(p, unknown.location, unknown.allowed) || bytes.Contains(bytes.ToLower(got.body), []byte("evil")) {
					t.Errorf("%s with %s: %s", path, unknown.member, got.body)
				}
			}
			text, err := json.Marshal(call.body)
			must(t, err)
			twice := append(bytes.TrimSuffix(text, []byte("}")), fmt.Sprintf(",%q:null}", name)...)
			if p := s.call(call.method, path, token, twice).problem(422, "invalid_request"); !told(p, "body."+name, "once") {
				t.Errorf("%s with %s twice: %+v", path, name, p.Errors)
			}
		}
		p := s.call("PATCH", "/v1/me", s.admin.AccessToken, map[string]any{"quiet_hours": map[string]any{"start": "21:00", "end": "07:00", "from": "x"}}).problem(422, "invalid_request")
		if !told(p, "body.quiet_hours.from", "allowed: end, start") {
			t.Errorf("within quiet_hours: %+v", p.Errors)
		}
		for path, call := range c.written() {
			if a := s.call(call.method, path, c.as(path).AccessToken, call.body); a.status == 422 {
				t.Errorf("%s: %s", path, a.body)
			}
		}
	})
}

// A newer app gets in at an older server: what apps send by themselves may say more.
func TestAppsMaySayMore(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		body := loginFor("admin@example.org", "newer")
		body["locale"] = "es"
		body["device"].(map[string]any)["model"] = "X"
		var in session
		s.call("POST", "/v1/auth/login", "", body).into(200, &in)
		s.call("POST", "/v1/auth/refresh", "", map[string]any{"refresh_token": in.RefreshToken, "app_version": "9"}).into(200, &in)
		s.call("PUT", "/v1/devices/current/push-token", in.AccessToken, map[string]any{"token": "t", "kind": "web"}).into(204, nil)
		s.call("POST", "/v1/sync/digests", in.AccessToken, map[string]any{"cursor": nil, "tables": nil}).into(200, nil)
		s.call("POST", "/v1/sync", in.AccessToken, map[string]any{"protocol": 1, "more": 1}).into(200, nil)
	})
}

// A member of the wrong type is told by its place and with what is allowed there, all of
// them at once, and none twice.
func TestWrongTypesSayWhatIsAllowed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for _, call := range []struct{ method, path, body, faults string }{
			{"POST", "/v1/users", `{"email":5,"name":[],"password":{},"role":true,"org_id":1.5}`,
				"email must be text; name must be text; password must be text; role must be text; org_id must be text"},
			{"PATCH", "/v1/users/" + s.admin.User.ID, `{"active":"yes","name":7}`, "active must be true or false; name must be text"},
			{"PATCH", "/v1/me", `{"quiet_hours":"late"}`, `quiet_hours must be {"start": "20:00", "end": "08:00"}, or null for the program's`},
			{"PATCH", "/v1/me", `{"quiet_hours":{"start":20,"end":"08:00"}}`, "quiet_hours.start must be text"},
			{"POST", "/v1/devices/nobodys/revoke", `{"wipe":"true"}`, "wipe must be true or false"},
			{"PUT", "/v1/incident-counts/2024/3", `{"injury_fatal_shootings":"5","shooting_incidents":1.5}`,
				"injury_fatal_shootings must be a whole number from 0 to 100000, or null when not known; shooting_incidents must be a whole number from 0 to 100000, or null when not known"},
			{"PUT", "/v1/incident-counts/2024/3", `{"shooting_incidents":100001}`, "shooting_incidents must be a whole number from 0 to 100000, or null when not known"},
			{"POST", "/v1/reports/summary/freeze", `{"year":"2024","as_of":5}`, "year must be a year from 1990 to 2999; as_of must be a date like 2024-12-31, from 1990 to 2999"},
			{"POST", "/v1/reports/summary/freeze", `{"year":2024,"as_of":"evil"}`, "as_of must be a date like 2024-12-31, from 1990 to 2999"},
			{"POST", "/v1/reports/summary/freeze", `{"year":2024,"as_of":"2024-02-30"}`, "as_of must be a date like 2024-12-31, from 1990 to 2999"},
			{"POST", "/v1/reports/summary/freeze", `{"year":2024,"as_of":""}`, "as_of must be a date like 2024-12-31, from 1990 to 2999"},
			{"POST", "/v1/reports/summary/freeze", `{"year":2024,"as_of":"0001-01-01"}`, "as_of must be a date like 2024-12-31, from 1990 to 2999"},
			{"POST", "/v1/orgs", `[]`, " must be a JSON object; name is required; kind must be one of: lead, service_provider, law_enforcement, community_partner"},
		} {
			p := s.call(call.method, call.path, c.as(call.path).AccessToken, []byte(call.body)).problem(422, "invalid_request")
			var faults []string
			for _, f := range p.Errors {
				faults = append(faults, strings.TrimPrefix(strings.TrimPrefix(f.Location, "body"), ".")+" "+f.Message)
			}
			if got := strings.Join(faults, "; "); got != call.faults {
				t.Errorf("%s %s:\n%s, want\n%s", call.path, call.body, got, call.faults)
			}
		}
	})
}
