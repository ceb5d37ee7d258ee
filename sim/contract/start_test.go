package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// startScenarios: docs/protocol.md, section 3, the command line and the probes.
func startScenarios() []scenario {
	return []scenario{
		{"probes and documents answer", probesAnswer},
		{"bootstrap prints the three ids and makes one admin", bootstrapPrints},
		{"config masks secrets", configMasks},
		{"a test clock is refused outside tests", clockRefused},
		{"faulty settings are named all at once", faultsAtOnce},
		{"audit verify and purge dry run succeed", maintenanceRuns},
		{"migrate may be run again", migrateAgain},
	}
}

func probesAnswer(t *testing.T, at *place) {
	client := harness.NewClient(at.server.URL, nil)
	for path, holds := range map[string]string{
		"/healthz": "", "/readyz": "", "/metrics": "# TYPE", "/openapi.yaml": "openapi", "/docs": "<",
		"/.well-known/jwks.json": "keys",
	} {
		answer := call(t, client, http.MethodGet, path, nil)
		if answer.Status != http.StatusOK || !strings.Contains(string(answer.Body), holds) {
			t.Errorf("%s: status %d, want 200 with %q", path, answer.Status, holds)
		}
	}
}

func bootstrapPrints(t *testing.T, at *place) {
	w := at.program(t)
	for name, id := range map[string]string{"program_id": w.ID, "org_id": w.OrgID, "user_id": w.AdminID} {
		if len(id) != 36 || strings.ToLower(id) != id {
			t.Errorf("%s is %q, want a lower-case UUID", name, id)
		}
	}
	user := w.Admin.User
	if user.ID != w.AdminID || user.Role != "admin" || user.OrgID != w.OrgID || user.ProgramID != w.ID || user.TimeZone == "" {
		t.Errorf("the admin's profile is %+v", user)
	}
	var list struct{ Orgs []map[string]any }
	if err := call(t, w.Admin.Client, http.MethodGet, "/v1/orgs", nil).Decode(&list); err != nil {
		t.Fatal(err)
	}
	if len(list.Orgs) != 1 || list.Orgs[0]["id"] != w.OrgID || list.Orgs[0]["kind"] != "lead" {
		t.Errorf("the organisations of a new program: %v, want its lead organisation alone", list.Orgs)
	}
}

func configMasks(t *testing.T, at *place) {
	env := map[string]string{"PURSUIT_DATABASE_URL": "postgres://someone:hush-hush@127.0.0.1:1/none"}
	out, err := at.site.Command(t.Context(), env, "config")
	if err != nil {
		t.Fatal(err)
	}
	if out.Code != 0 || strings.Contains(out.Stdout+out.Stderr, "hush-hush") || !strings.Contains(out.Stdout, "127.0.0.1") {
		t.Errorf("config ended with %d and printed %q", out.Code, out.Stdout+out.Stderr)
	}
}

func clockRefused(t *testing.T, at *place) {
	for _, args := range [][]string{{"serve"}, {"config"}} {
		out, err := at.site.Command(t.Context(), map[string]string{"PURSUIT_TEST": "", "PURSUIT_CLOCK_OFFSET": "1h",
			"PURSUIT_ADDR": "127.0.0.1:0"}, args...)
		if err != nil {
			t.Fatal(err)
		}
		if out.Code == 0 || !strings.Contains(out.Stderr+out.Stdout, "PURSUIT_CLOCK_OFFSET") {
			t.Errorf("%v with a test clock and no PURSUIT_TEST ended with %d: %s", args, out.Code, out.Stderr)
		}
	}
}

func faultsAtOnce(t *testing.T, at *place) {
	out, err := at.site.Command(t.Context(), map[string]string{"PURSUIT_ADDR": "nowhere",
		"PURSUIT_DATABASE_URL": "mysql://x", "PURSUIT_SCHEDULER_INTERVAL": "soon"}, "serve")
	if err != nil {
		t.Fatal(err)
	}
	if out.Code == 0 {
		t.Error("serve started with three faulty settings")
	}
	for _, name := range []string{"PURSUIT_ADDR", "PURSUIT_DATABASE_URL", "PURSUIT_SCHEDULER_INTERVAL"} {
		if !strings.Contains(out.Stderr+out.Stdout, name) {
			t.Errorf("%s is not named among the faults: %s", name, out.Stderr)
		}
	}
}

func maintenanceRuns(t *testing.T, at *place) {
	at.program(t)
	for _, args := range [][]string{{"audit", "verify"}, {"purge", "--dry-run"}} {
		out, err := at.site.Command(t.Context(), nil, args...)
		if err != nil {
			t.Fatal(err)
		}
		if out.Code != 0 {
			t.Errorf("%v ended with %d: %s", args, out.Code, out.Stderr)
		}
	}
}

func migrateAgain(t *testing.T, at *place) {
	out, err := at.site.Command(t.Context(), nil, "migrate")
	if err != nil {
		t.Fatal(err)
	}
	if out.Code != 0 {
		t.Errorf("migrate of a migrated database ended with %d: %s", out.Code, out.Stderr)
	}
}

// problem checks that an answer is an RFC 9457 problem with all that section 2 asks.
func problem(t *testing.T, answer harness.Answer) {
	t.Helper()
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("content type %q, want application/problem+json", kind)
	}
	var body map[string]any
	if err := json.Unmarshal(answer.Body, &body); err != nil {
		t.Fatalf("the problem is no JSON: %.200s", answer.Body)
	}
	for _, name := range []string{"type", "title", "detail", "code"} {
		if text, ok := body[name].(string); !ok || text == "" {
			t.Errorf("the problem has no %s: %s", name, answer.Body)
		}
	}
	if body["status"] != float64(answer.Status) {
		t.Errorf("the problem's status is %v, the answer's %d", body["status"], answer.Status)
	}
}
