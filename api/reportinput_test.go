package api

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pursuit/models"
)

// asked are the calls that take parameters, each with who asks and what it cannot do without.
var asked = map[string]struct {
	role  models.Role
	given string
}{
	"/v1/intensity/services":      {models.RoleSupervisor, ""},
	"/v1/intensity/services/{id}": {models.RoleSupervisor, ""},
	"/v1/intensity/workers":       {models.RoleSupervisor, ""},
	"/v1/intensity/program":       {models.RoleSupervisor, ""},
	"/v1/reports/summary":         {models.RoleSupervisor, "year=2024"},
	"/v1/reports/published-check": {models.RoleSupervisor, "year=2024"},
	"/v1/export/people":           {models.RoleSupervisor, ""},
	"/v1/export/services":         {models.RoleSupervisor, ""},
	"/v1/people/duplicates":       {models.RoleSupervisor, ""},
	"/v1/reminders/preview":       {models.RoleSupervisor, ""},
	"/v1/users":                   {models.RoleAdmin, ""},
	"/v1/orgs":                    {models.RoleOutreachWorker, ""},
	"/v1/devices":                 {models.RoleOutreachWorker, ""},
	"/v1/audit":                   {models.RoleAdmin, ""},
	"/v1/referrals/receipts":      {models.RoleReferralPartner, ""},
	"/v1/sync/live":               {models.RoleOutreachWorker, "wait=1"},
}

// bad is one value that a parameter must not have, and a word that the answer must say
// of what is allowed.
type bad struct{ value, allowed string }

func badOnes(allowed string, values ...string) (out []bad) {
	for _, v := range values {
		out = append(out, bad{v, allowed})
	}
	return out
}

// badValues are, for each parameter, values that no call may take.
func badValues() map[string][]bad {
	id := badOnes("UUID", "", "evil", "' OR 1=1 --evil", "\x00evil", "\xffevil", "01900000-0000-7000-8000-00000000000G",
		"01900000-0000-7000-8000-00000000000A", strings.Repeat("evil", 500))
	date := badOnes("2024-12-31", "", "evil", "2024-02-30", "2024-13-01", "24-01-01", "2024-1-1", "2024-01-01T00:00:00Z", "9999-12-30",
		"0000-01-01", "-2024-01-01", "2024-01-01\x00evil", "\xffevil", " 2024-01-01", "tomorrow-evil")
	moment := badOnes("2026-11-20T17:04:05Z", "", "evil", "2024-12-31", "2024-02-30T00:00:00Z", "2024-12-31T00:00:00+00:00evil", "\x00evil")
	code := func(allowed string) []bad {
		return badOnes(allowed, "", "evil", strings.ToUpper(allowed), allowed+",evil", allowed+"\x00evil", "\xffevil", "=evil()")
	}
	return map[string][]bad{
		"worker_id": id, "org_id": id, "frozen": id, "person_id": id, "from": date, "to": date, "as_of": date,
		"status": code("pursuing"), "track": code("slo_icm"), "format": append(code("csv"), bad{"pdf-evil", "xlsx"}),
		"reason": code("phone"), "sort": append(code("longest_gap_days"), badOnes("longest_gap_days", "-", "--longest_gap_days", "name;evil")...),
		"limit":  badOnes("above 0", "", "0", "-1", "evil", "1e3", "1.5", "99999999999999999999", " 5", "5\x00evil"),
		"year":   badOnes("1990", "", "evil", "1", "0", "-2024", "2024.5", "99999", "99999999999999999999", "2024evil", "2024\x00", "\xffevil"),
		"cursor": badCursors(), "service_id": id, "actor": id, "row": id,
		"device":         badOnes("characters", "", "\xffevil", "\x00evil", strings.Repeat("evil", 100)),
		"action":         badOnes("characters", "", "\xffevil", "\x00evil", strings.Repeat("evil", 100)),
		"/v1/audit from": moment, "/v1/audit to": moment,
		"since": badOnes("from 0", "", "-1", "evil", "1e3", "99999999999999999999"),
		"wait":  badOnes("60", "", "0", "61", "evil", "1.5"),
	}
}

// badCursors are texts that no list gave: no base64, no cursor, and cursors bent by hand.
func badCursors() []bad {
	out := badOnes("cursor", "evil", "%%%evil", "\x00evil", strings.Repeat("evil", 1000))
	for _, raw := range []string{"evil", "{}", "null", "[]", `{"s":"evil","t":1,"p":{}}`, "evil/evil", "\xff\xfe/evil", models.NewID() + "/\x00",
		fmt.Sprintf(`{"s":"","t":-1,"p":{"id":%q}}`, models.NewID()),
		fmt.Sprintf(`{"s":"evil","t":1700000000000,"p":{"id":%q}}`, models.NewID()),
		fmt.Sprintf(`{"s":"","t":9223372036854775807,"p":{"id":%q}}`, models.NewID())} {
		out = append(out, bad{base64.RawURLEncoding.EncodeToString([]byte(raw)), "cursor"})
	}
	return out
}

// parametersOf are what a call says that it knows.
func (c casework) parametersOf(role models.Role, path string) []string {
	p := c.get(role, path+"?misspelt=evil").problem(http.StatusUnprocessableEntity, "invalid_request")
	for _, f := range p.Errors {
		if _, list, ok := strings.Cut(f.Message, "allowed: "); ok && f.Location == "query.misspelt" {
			return strings.Split(list, ", ")
		}
	}
	c.t.Fatalf("%s does not say what it knows: %+v", path, p.Errors)
	return nil
}

// Every bad value of every parameter of every report, export and list, an empty one too, is
// refused in each format by the parameter's name with what is allowed; it is never repeated, neither
// to whoever sent it nor in the audit.
func TestEveryBadParameterIsNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c, values := newCasework(s), badValues()
		for route, ask := range asked {
			path, given := strings.Replace(route, "{id}", c.service, 1), ask.given
			known := c.parametersOf(ask.role, path)
			for _, name := range known {
				wrong := values[name]
				if at := values[route+" "+name]; at != nil {
					wrong = at
				}
				if len(wrong) == 0 {
					t.Errorf("%s: no bad values of %s are known", route, name)
				}
				for _, b := range wrong {
					c.refused(ask.role, path, given, name, b)
					if strings.Contains(strings.Join(known, " "), "format") && name != "format" {
						c.refused(ask.role, path, strings.TrimPrefix(given+"&format=csv", "&"), name, b)
					}
				}
			}
		}
		c.refused(models.RoleSupervisor, "/v1/reports/summary", "frozen="+models.NewID(), "as_of", bad{"evil", "2024-12-31"})
		c.refused(models.RoleSupervisor, "/v1/reports/summary", "frozen="+models.NewID(), "year", bad{"evil", "1990"})
		for _, action := range []string{"report.services", "report.service", "report.workers", "report.program", "report.summary",
			"report.frozen", "report.published", "export.people", "export.services", "people.duplicates"} {
			if n := len(s.entries(action)); n > 0 {
				t.Errorf("%d refused calls are told as %s", n, action)
			}
		}
	})
}

// refused wants a call with a bad value of a parameter to be refused by its name.
func (c casework) refused(role models.Role, path, given, name string, b bad) {
	c.t.Helper()
	query, err := url.ParseQuery(given)
	must(c.t, err)
	query.Set(name, b.value)
	got := c.get(role, path+"?"+query.Encode())
	what := fmt.Sprintf("%s, %s=%.60q after %q", path, name, b.value, given)
	if name == "cursor" {
		if got.status != http.StatusBadRequest || !bytes.Contains(got.body, []byte(`"bad_cursor"`)) || !bytes.Contains(got.body, []byte(b.allowed)) {
			c.t.Errorf("%s: %d %.300s", what, got.status, got.body)
		}
	} else if got.status != http.StatusUnprocessableEntity {
		c.t.Errorf("%s: %d %.300s", what, got.status, got.body)
	} else if p := got.problem(http.StatusUnprocessableEntity, "invalid_request"); !told(p, "query."+name, b.allowed) {
		c.t.Errorf("%s: %+v", what, p.Errors)
	}
	if bytes.Contains(got.body, []byte("evil")) || len(b.value) > 7 && bytes.Contains(got.body, []byte(b.value)) {
		c.t.Errorf("%s is repeated: %.300s", what, got.body)
	}
}

func told(p problem, location, allowed string) bool {
	for _, f := range p.Errors {
		if f.Location == location && strings.Contains(f.Message, allowed) {
			return true
		}
	}
	return false
}

// Every call refuses a query that it cannot read, whether it takes parameters or not.
func TestEveryCallReadsItsQueryWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for _, r := range s.server.routes() {
			token := ""
			for _, role := range models.Roles {
				if !r.who.anyone && mayCall(role, r.who.roles) {
					token = c.who[role].AccessToken
				}
			}
			for _, query := range []string{"%zz", "a=1;b=2", "limit=1&x=%"} {
				a := s.call(r.method, parameter.ReplaceAllString(r.path, models.NewID())+"?"+query, token, nil)
				if p := a.problem(http.StatusUnprocessableEntity, "invalid_request"); !told(p, "query", "name=value") {
					t.Errorf("%s?%s: %+v", r.documentedAs(), query, p.Errors)
				}
			}
		}
	})
}

// An answer does not grow with what was wrong: some faults stand for all.
func TestFaultsAreListedUpToALimit(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		var query []string
		body := map[string]any{}
		for i := range 400 {
			name := strings.Repeat("x", 1+i/20) + strings.Repeat("y", 1+i%20)
			query, body[name] = append(query, name+"=1"), 1
		}
		for _, a := range []answer{s.call("GET", "/v1/users?"+strings.Join(query, "&"), s.admin.AccessToken, nil),
			s.call("POST", "/v1/orgs", s.admin.AccessToken, body)} {
			if n := len(a.problem(http.StatusUnprocessableEntity, "invalid_request").Errors); n < faultsListed || n > faultsListed+2 {
				t.Errorf("%d faults are listed", n)
			}
		}
	})
}

// A query that cannot be read is no query without filters, and bodies and paths are
// refused as parameters are.
func TestWhatCannotBeReadIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for route, ask := range asked {
			path := strings.Replace(route, "{id}", c.service, 1)
			for _, query := range []string{"year=2024&track=%zz", "year=2024&format=csv;track=evil", "%", "year=2024&%=evil"} {
				p := c.get(ask.role, path+"?"+query).problem(http.StatusUnprocessableEntity, "invalid_request")
				if !told(p, "query", "") {
					t.Errorf("%s?%s: %+v", path, query, p.Errors)
				}
			}
		}
		for _, id := range []string{"evil", "%00", "%ff", "..%2f", models.NewID()} {
			c.get(models.RoleSupervisor, "/v1/intensity/services/"+id).problem(http.StatusNotFound, "not_found")
		}
		for _, table := range []string{"evil", "%00", "%ff", "people%20", "People", "audit", "users%3B"} {
			c.get(models.RoleSupervisor, "/v1/export/"+table).problem(http.StatusUnprocessableEntity, "invalid_request")
		}
		director := c.who[models.RoleDirector].AccessToken
		for _, body := range []string{`{"year":"evil"}`, `{"year":2024.5}`, `{"year":2024,"as_of":"evil"}`, `{"year":2024,"as_of":"2024-02-30"}`,
			`{"year":2024,"as_of":"9999-12-31"}`, `{"year":1e99}`, `{}`, `[]`, `null`, `evil`} {
			got := s.call("POST", "/v1/reports/summary/freeze", director, []byte(body), "Content-Type", "application/json")
			if got.status < 400 || got.status > 499 || bytes.Contains(got.body, []byte("evil")) {
				t.Errorf("freeze %s: %d %s", body, got.status, got.body)
			}
		}
	})
}
