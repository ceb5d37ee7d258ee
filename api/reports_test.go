package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"pursuit/models"
)

// casework is a site with somebody of each role and one case that the worker pursues.
type casework struct {
	*site
	who                       map[models.Role]session
	person, referral, service string
	attempt                   string
}

func newCasework(s *site) casework {
	c := casework{site: s, who: map[models.Role]session{models.RoleAdmin: s.admin}, person: models.NewID(),
		referral: models.NewID(), service: models.NewID(), attempt: models.NewID()}
	for _, role := range models.Roles {
		if role != models.RoleAdmin {
			c.who[role] = s.user(role, string(role)+"@example.org")
		}
	}
	supervisor, worker := c.who[models.RoleSupervisor], c.who[models.RoleOutreachWorker]
	today := time.Now().UTC().AddDate(0, 0, -1).Format(models.DateLayout)
	c.push(supervisor, "people", c.person, map[string]any{"code": "=Heron", "first_name": "Ana", "notes": "secret notes"})
	c.push(supervisor, "referrals", c.referral, map[string]any{"person_id": c.person, "source": "outreach", "referred_on": today})
	c.push(supervisor, "services", c.service, map[string]any{"referral_id": c.referral, "person_id": c.person, "track": "hhp", "org_id": s.made.OrgID})
	c.push(supervisor, "assignments", models.NewID(), map[string]any{"service_id": c.service, "user_id": worker.User.ID, "role": "outreach_worker"})
	c.push(worker, "contact_attempts", c.attempt, map[string]any{"service_id": c.service, "channel": "call", "outcome": "spoke",
		"occurred_at": models.FormatTime(time.Now()), "note": "secret note"})
	return c
}

func (c casework) push(who session, table, row string, set map[string]any) {
	c.t.Helper()
	var out struct {
		Results []models.Result `json:"results"`
	}
	c.call("POST", "/v1/sync", who.AccessToken, map[string]any{"protocol": 1, "push": []any{map[string]any{"id": models.NewID(),
		"table": table, "row": row, "op": "insert", "base": 0, "at": models.FormatTime(time.Now()), "set": set}}}).into(200, &out)
	if out.Results[0].Status != models.StatusApplied {
		c.t.Fatalf("%s: %+v", table, out.Results[0])
	}
}

func (c casework) get(role models.Role, path string) answer {
	c.t.Helper()
	return c.call("GET", path, c.who[role].AccessToken, nil)
}

// reportCalls are the calls of reports as somebody would make them.
func (c casework) reportCalls() map[string]struct {
	method, path string
	body         any
	status       int
} {
	year := time.Now().UTC().AddDate(0, 0, -1).Year()
	type call = struct {
		method, path string
		body         any
		status       int
	}
	return map[string]call{
		"GET /v1/intensity/services":              {"GET", "/v1/intensity/services", nil, 200},
		"GET /v1/intensity/services/:id":          {"GET", "/v1/intensity/services/" + c.service, nil, 200},
		"GET /v1/intensity/workers":               {"GET", "/v1/intensity/workers", nil, 200},
		"GET /v1/intensity/program":               {"GET", "/v1/intensity/program", nil, 200},
		"GET /v1/reports/summary":                 {"GET", fmt.Sprintf("/v1/reports/summary?year=%d", year), nil, 200},
		"POST /v1/reports/summary/freeze":         {"POST", "/v1/reports/summary/freeze", map[string]any{"year": year}, 201},
		"GET /v1/reports/published-check":         {"GET", "/v1/reports/published-check?year=2024", nil, 200},
		"PUT /v1/incident-counts/:year/:month":    {"PUT", "/v1/incident-counts/2024/3", map[string]any{"injury_fatal_shootings": 4, "shooting_incidents": 90}, 200},
		"GET /v1/export/:table (staff)":           {"GET", "/v1/export/staff", nil, 200},
		"GET /v1/export/:table (people)":          {"GET", "/v1/export/people?format=ndjson", nil, 200},
		"GET /v1/export/:table (assessments)":     {"GET", "/v1/export/assessments?format=xlsx", nil, 200},
		"GET /v1/intensity/workers?format=csv":    {"GET", "/v1/intensity/workers?format=csv", nil, 200},
		"GET /v1/intensity/services?format=xlsx":  {"GET", "/v1/intensity/services?format=xlsx", nil, 200},
		"GET /v1/intensity/program?format=xlsx":   {"GET", "/v1/intensity/program?format=xlsx", nil, 200},
		"GET /v1/reports/summary?format=xlsx":     {"GET", fmt.Sprintf("/v1/reports/summary?year=%d&format=xlsx", year), nil, 200},
		"GET /v1/reports/published?format=csv":    {"GET", "/v1/reports/published-check?year=2024&format=csv", nil, 200},
		"GET /v1/intensity/services/:id (as csv)": {"GET", "/v1/intensity/services/" + c.service + "?format=csv", nil, 200},
	}
}

// mayRead is who may make each of these calls, written down a second time.
var mayRead = map[string]string{
	"/v1/intensity/":            "outreach_worker case_manager supervisor director",
	"/v1/reports/summary":       "supervisor director referral_partner",
	"/v1/reports/summary/":      "supervisor director",
	"/v1/reports/published":     "case_manager supervisor director admin",
	"/v1/incident-counts/":      "director admin",
	"/v1/export/staff":          "outreach_worker case_manager supervisor director admin",
	"/v1/export/people":         "outreach_worker case_manager supervisor",
	"/v1/export/assessments":    "case_manager supervisor",
	"/v1/intensity/services/01": "outreach_worker supervisor director case_manager",
}

// Every role gets each call answered, or refused alike; a partner never reads a word
// about a case.
func TestRolesAndReports(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for name, call := range c.reportCalls() {
			allowed, best := "", 0
			for prefix, roles := range mayRead {
				if strings.HasPrefix(call.path, prefix) && len(prefix) > best {
					allowed, best = roles, len(prefix)
				}
			}
			s.call(call.method, call.path, "", call.body).problem(401, "unauthorized")
			for _, role := range models.Roles {
				got := s.call(call.method, call.path, c.who[role].AccessToken, call.body)
				if !strings.Contains(" "+allowed+" ", " "+string(role)+" ") {
					got.problem(403, "forbidden")
					continue
				}
				if got.status != call.status {
					t.Errorf("%s as %s: %d %.200s", name, role, got.status, got.body)
				}
				if role == models.RoleDirector || role == models.RoleReferralPartner || role == models.RoleAdmin {
					for _, word := range []string{"Heron", "Ana", "secret"} {
						if bytes.Contains(got.body, []byte(word)) {
							t.Errorf("%s as %s tells of a person", name, role)
						}
					}
				}
			}
		}
	})
}

// What is wrong with a parameter is named, with what is allowed, and never repeated.
func TestBadFilters(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for path, want := range map[string]string{
			"/v1/intensity/services?status=evil":                   "query.status pursuing",
			"/v1/intensity/services?track=evil":                    "query.track slo_icm",
			"/v1/intensity/services?sort=evil":                     "query.sort longest_gap_days",
			"/v1/intensity/services?worker_id=evil":                "query.worker_id UUID",
			"/v1/intensity/services?from=2024-02-30":               "query.from 2024-12-31",
			"/v1/intensity/services?as_of=evil":                    "query.as_of 2024-12-31",
			"/v1/intensity/services?from=2024-02-02&to=2024-02-01": "query.from after",
			"/v1/intensity/services?limit=0":                       "query.limit above",
			"/v1/intensity/services?format=evil":                   "query.format csv",
			"/v1/intensity/services?workr_id=evil":                 "query.workr_id worker_id",
			"/v1/intensity/services?track=hhp&track=evil":          "query.track once",
			"/v1/intensity/workers?time_zone=evil":                 "query.time_zone as_of",
			"/v1/intensity/workers?evil%20evil=1":                  "query as_of",
			"/v1/reports/summary":                                  "query.year 1990",
			"/v1/reports/summary?year=evil":                        "query.year 1990",
			"/v1/reports/summary?year=2024&frozen=evil":            "query.frozen UUID",
			"/v1/reports/published-check?year=2023":                "query.year 2024",
			"/v1/export/evil":                                      "path.table people",
			"/v1/export/people?format=evil":                        "query.format ndjson",
		} {
			p := c.get(models.RoleSupervisor, path).problem(422, "invalid_request")
			location, allowed, _ := strings.Cut(want, " ")
			found := false
			for _, f := range p.Errors {
				found = found || f.Location == location && strings.Contains(f.Message, allowed)
				if strings.Contains(f.Message, "evil") {
					t.Errorf("%s repeats what was sent", path)
				}
			}
			if !found {
				t.Errorf("%s: %+v", path, p.Errors)
			}
		}
		c.get(models.RoleSupervisor, "/v1/intensity/services?cursor=evil").problem(400, "bad_cursor")
		for _, path := range []string{"/v1/incident-counts/2024/13", "/v1/incident-counts/evil/1"} {
			s.call("PUT", path, s.admin.AccessToken, map[string]any{}).problem(422, "invalid_request")
		}
		director := c.who[models.RoleDirector].AccessToken
		for path, body := range map[string]map[string]any{"PUT /v1/incident-counts/2024/1": {"shooting_incidents": 7}, "POST /v1/reports/summary/freeze": {"year": 2024}} {
			for _, query := range []string{"x=1", "year=2025", "Evil=1", "x="} {
				method, path, _ := strings.Cut(path, " ")
				s.call(method, path+"?"+query, director, body).problem(422, "invalid_request")
			}
		}
		c.get(models.RoleReferralPartner, "/v1/reports/summary?year=2024&as_of=evil").problem(422, "invalid_request")
		s.call("PUT", "/v1/incident-counts/2024/1", s.admin.AccessToken, map[string]any{"shooting_incidents": -1}).problem(422, "invalid_request")
		s.call("POST", "/v1/reports/summary/freeze", c.who[models.RoleDirector].AccessToken, map[string]any{"year": 3}).problem(422, "invalid_request")
	})
}

func TestAFrozenSummaryOverHTTP(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		year := time.Now().UTC().AddDate(0, 0, -1).Year()
		director := c.who[models.RoleDirector].AccessToken
		var made struct{ ID string }
		s.call("POST", "/v1/reports/summary/freeze", director, map[string]any{"year": year}).into(201, &made)
		read := func(format string) answer {
			return c.get(models.RoleDirector, "/v1/reports/summary?frozen="+made.ID+"&format="+format)
		}
		parts := func(a answer) (out map[string]json.RawMessage) { a.into(200, &out); return out }
		json1, csv1, xlsx1 := parts(read("json")), read("csv"), read("xlsx")
		late := models.NewID()
		c.push(c.who[models.RoleSupervisor], "referrals", late, map[string]any{"person_id": c.person, "source": "outreach",
			"referred_on": time.Now().UTC().AddDate(0, 0, -1).Format(models.DateLayout)})
		json2, csv2, xlsx2 := parts(read("json")), read("csv"), read("xlsx")
		if !bytes.Equal(csv1.body, csv2.body) || !bytes.Equal(xlsx1.body, xlsx2.body) {
			t.Error("a frozen file has changed")
		}
		for _, part := range []string{"year", "as_of", "rows", "totals", "checks", "notices"} {
			if !bytes.Equal(json1[part], json2[part]) {
				t.Errorf("frozen %s has changed", part)
			}
		}
		if string(json1["late"]) != "[]" || !strings.Contains(string(json2["late"]), late) {
			t.Errorf("late is %s, then %s", json1["late"], json2["late"])
		}
		c.get(models.RoleSupervisor, "/v1/reports/summary?frozen="+made.ID).problem(404, "not_found")
		c.get(models.RoleReferralPartner, "/v1/reports/summary?frozen="+made.ID).problem(404, "not_found")
	})
}

// A month's counts change as far as they are named: what is left out or misspelt never
// blanks what stands, null does.
func TestIncidentCountsChangeAsNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		put := func(body string) answer {
			return s.call("PUT", "/v1/incident-counts/2024/3", s.admin.AccessToken, []byte(body))
		}
		for _, step := range []struct{ body, stands string }{
			{`{"shooting_incidents":90}`, `{null,90}`},
			{`{"injury_fatal_shootings":4}`, `{4,90}`},
			{`{"injury_fatal_shootings":5,"shooting_incidents":91}`, `{5,91}`},
			{`{"shooting_incidents":null}`, `{5,null}`},
			{`{"shooting_incidents":0}`, `{5,0}`},
		} {
			var out struct {
				Year, Month int
				Injury      json.RawMessage `json:"injury_fatal_shootings"`
				Incidents   json.RawMessage `json:"shooting_incidents"`
			}
			put(step.body).into(200, &out)
			if got := fmt.Sprintf("{%s,%s}", out.Injury, out.Incidents); got != step.stands || out.Year != 2024 || out.Month != 3 {
				t.Errorf("after %s stands %s, want %s", step.body, got, step.stands)
			}
		}
		for _, body := range []string{`{}`, `{"foo":1}`, `{"injury_fatal_shooting":7}`, `{"injury_fatal_shootings":7,"shooting_incident":8}`} {
			put(body).problem(422, "invalid_request")
		}
		var read struct {
			Rows []map[string]any `json:"rows"`
		}
		director := s.user(models.RoleDirector, "d@example.org")
		s.call("GET", "/v1/reports/summary?year=2024", director.AccessToken, nil).into(200, &read)
		if march := read.Rows[2]; march["injury_fatal_shootings"] != 5.0 || march["shooting_incidents"] != 0.0 {
			t.Errorf("March has %v", march)
		}
	})
}

// A kept summary has one year and one date: who names others asks for another summary,
// and is told so rather than answered.
func TestAKeptSummaryOfAnotherYearIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		director := s.user(models.RoleDirector, "d@example.org").AccessToken
		var made struct{ ID string }
		s.call("POST", "/v1/reports/summary/freeze", director, map[string]any{"year": 2025, "as_of": "2026-01-31"}).into(201, &made)
		path := "/v1/reports/summary?frozen=" + made.ID
		for _, same := range []string{"", "&year=2025", "&as_of=2026-01-31", "&year=2025&as_of=2026-01-31&format=csv"} {
			s.call("GET", path+same, director, nil).into(200, nil)
		}
		before := len(s.entries("report.frozen"))
		for other, faults := range map[string]string{"&year=2026": "query.year 2025", "&as_of=2026-01-30": "query.as_of 2026-01-31",
			"&year=2025&as_of=2025-12-31&format=csv": "query.as_of 2026-01-31", "&year=": "query.year 1990", "&as_of=": "query.as_of 1990"} {
			location, allowed, _ := strings.Cut(faults, " ")
			if p := s.call("GET", path+other, director, nil).problem(422, "invalid_request"); len(p.Errors) != 1 || !told(p, location, allowed) {
				t.Errorf("%s: %+v", other, p.Errors)
			}
		}
		if n := len(s.entries("report.frozen")); n != before {
			t.Errorf("%d refused calls are told as readings", n-before)
		}
	})
}

// An export holds what the caller's device would hold, says what it leaves out, and
// carries no formula.
func TestExports(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		got := c.get(models.RoleSupervisor, "/v1/export/people?format=csv")
		records, err := csv.NewReader(bytes.NewReader(got.body)).ReadAll()
		must(t, err)
		if len(records) != 2 || records[0][0] != "id" || records[1][0] != c.person || records[1][3] != "'=Heron" {
			t.Errorf("people: %v", records)
		}
		if !strings.Contains(got.header.Get("Pursuit-Left-Out"), "deleted rows") {
			t.Errorf("left out: %q", got.header.Get("Pursuit-Left-Out"))
		}
		var row map[string]any
		must(t, json.Unmarshal(c.get(models.RoleOutreachWorker, "/v1/export/contact_attempts?format=ndjson").body, &row))
		if row["id"] != c.attempt || row["note"] != "secret note" {
			t.Errorf("attempts: %v", row)
		}
		book, err := excelize.OpenReader(bytes.NewReader(c.get(models.RoleSupervisor, "/v1/export/services?format=xlsx").body))
		must(t, err)
		if id, err := book.GetCellValue("services", "A5"); err != nil || id != c.service {
			t.Errorf("services: %q %v", id, err)
		}
		if left := c.get(models.RoleOutreachWorker, "/v1/export/people").header.Get("Pursuit-Left-Out"); !strings.Contains(left, "assessments") {
			t.Errorf("a worker is not told that assessments are withheld: %q", left)
		}
		stranger := s.user(models.RoleOutreachWorker, "stranger@example.org")
		if body := s.call("GET", "/v1/export/people?format=ndjson", stranger.AccessToken, nil).body; len(body) != 0 {
			t.Errorf("somebody without a case reads %s", body)
		}
		if got.status != http.StatusOK {
			t.Errorf("status %d", got.status)
		}
	})
}
