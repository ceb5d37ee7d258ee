package contract

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// planted is a value no answer may ever echo.
const planted = "zq-planted-value-zq"

// problemScenarios: docs/protocol.md, section 2.
func problemScenarios() []scenario {
	return []scenario{
		{"every fault of a request is a problem", requestFaults},
		{"no fault echoes the offending value", nothingEchoed},
		{"a body of 4 MiB is the most", bodyLimit},
		{"gzip is taken and given", gzipBothWays},
		{"gzip bombs and bad gzip are refused", gzipFaults},
		{"at most 1000 mutations", mutationLimit},
		{"JSON is nested at most 32 deep", nestingLimit},
		{"field faults stand in errors", fieldErrors},
		{"lists page by limit and cursor", listsPage},
		{"a foreign user and an unknown one are answered alike", foreignAlike},
	}
}

type requestFault struct {
	name, method, path string
	body               string
	headers            map[string]string
	anonymous          bool
	status             int
	code               string
}

func requestFaults(t *testing.T, at *place) {
	w := at.program(t)
	id := harness.NewID()
	empty := `{"protocol":1,"schema":1}`
	faults := []requestFault{
		{name: "unknown route", method: "GET", path: "/v1/nothing", status: 404, code: "not_found"},
		{name: "unknown route outside", method: "GET", path: "/nothing/at/all", status: 404, code: "not_found"},
		{name: "wrong method", method: "GET", path: "/v1/sync", status: 405, code: "method_not_allowed"},
		{name: "wrong method on login", method: "DELETE", path: "/v1/auth/login", status: 405, code: "method_not_allowed"},
		{name: "wrong method on a probe", method: "POST", path: "/healthz", status: 405, code: "method_not_allowed"},
		{name: "bad JSON", method: "POST", path: "/v1/sync", body: `{"protocol":`, status: 400, code: "bad_json"},
		{name: "trailing JSON", method: "POST", path: "/v1/sync", body: empty + `{}`, status: 400, code: "bad_json"},
		{name: "no body", method: "POST", path: "/v1/sync", status: 400, code: "bad_json"},
		{name: "bad JSON on login", method: "POST", path: "/v1/auth/login", body: `nonsense`, status: 400, code: "bad_json"},
		{name: "bad JSON on orgs", method: "POST", path: "/v1/orgs", body: `{"name"`, status: 400, code: "bad_json"},
		{name: "no token", method: "POST", path: "/v1/sync", body: empty, anonymous: true, status: 401, code: "unauthorized"},
		{name: "no token on me", method: "GET", path: "/v1/me", anonymous: true, status: 401, code: "unauthorized"},
		{name: "bad token", method: "GET", path: "/v1/me", anonymous: true, headers: map[string]string{"Authorization": "Bearer x.y.z"}, status: 401, code: "unauthorized"},
		{name: "other scheme", method: "GET", path: "/v1/me", anonymous: true, headers: map[string]string{"Authorization": "Basic YTpi"}, status: 401, code: "unauthorized"},
		{name: "protocol of tomorrow", method: "POST", path: "/v1/sync", body: `{"protocol":2,"schema":1}`, status: 422, code: "unsupported_protocol"},
		{name: "unknown encoding", method: "POST", path: "/v1/sync", body: empty, headers: map[string]string{"Content-Encoding": "br"}, status: 415, code: "unsupported_encoding"},
		{name: "bad cursor", method: "POST", path: "/v1/sync", body: `{"protocol":1,"schema":1,"pull":{"cursor":"abc"}}`, status: 400, code: "bad_cursor"},
		{name: "limit 0", method: "POST", path: "/v1/sync", body: `{"protocol":1,"schema":1,"pull":{"cursor":null,"limit":0}}`, status: 422, code: "invalid_request"},
		{name: "limit below 0", method: "POST", path: "/v1/sync", body: `{"protocol":1,"schema":1,"pull":{"cursor":null,"limit":-5}}`, status: 422, code: "invalid_request"},
		{name: "unknown table to pull", method: "POST", path: "/v1/sync", body: `{"protocol":1,"schema":1,"pull":{"cursor":null,"tables":["secrets"]}}`, status: 422, code: "invalid_request"},
		{name: "malformed device time", method: "POST", path: "/v1/sync", body: `{"protocol":1,"schema":1,"device_time":"noon"}`, status: 422, code: "invalid_request"},
		{name: "mutation without id", method: "POST", path: "/v1/sync", body: `{"protocol":1,"schema":1,"push":[{"table":"people","row":"` + id + `","op":"insert","base":0}]}`, status: 422, code: "invalid_request"},
		{name: "mutation with a bad id", method: "POST", path: "/v1/sync", body: `{"protocol":1,"schema":1,"push":[{"id":"17","table":"people","row":"` + id + `","op":"insert","base":0}]}`, status: 422, code: "invalid_request"},
		{name: "unknown device", method: "POST", path: "/v1/devices/" + id + "/revoke", body: `{"wipe":false}`, status: 404, code: "not_found"},
		{name: "unknown user", method: "PATCH", path: "/v1/users/" + id, body: `{"name":"x"}`, status: 404, code: "not_found"},
		{name: "bad list cursor", method: "GET", path: "/v1/users?cursor=%21%21", status: 400, code: "bad_cursor"},
	}
	for _, fault := range faults {
		t.Run(strings.ReplaceAll(fault.name, " ", "_"), func(t *testing.T) { expect(t, fault.send(t, w), fault.status, fault.code) })
	}
}

func (f requestFault) send(t *testing.T, w *town) harness.Answer {
	t.Helper()
	client := harness.NewClient(w.at.server.URL, nil)
	if !f.anonymous {
		client.Token = w.Admin.Token
	}
	headers := map[string]string{}
	if f.body != "" {
		headers["Content-Type"] = "application/json"
	}
	for name, value := range f.headers {
		headers[name] = value
	}
	answer, err := client.Raw(w.ctx, f.method, f.path, []byte(f.body), headers)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func nothingEchoed(t *testing.T, at *place) {
	w := at.program(t)
	worker := w.user("outreach_worker", w.org("service_provider"))
	bodies := map[string][]any{
		"/v1/auth/login": {map[string]any{"email": planted, "password": planted, "device": map[string]any{"id": planted}},
			map[string]any{"email": 5, "password": []any{planted}}, map[string]any{planted: planted}},
		"/v1/auth/refresh": {map[string]any{"refresh_token": planted}},
		"/v1/orgs":         {map[string]any{"name": "x", "kind": planted}, map[string]any{"name": []any{planted}, "kind": "lead"}},
		"/v1/users": {map[string]any{"email": planted, "name": "x", "password": planted, "role": planted, "org_id": planted},
			map[string]any{"email": "a@b.example", "role": planted, planted: 1}},
		"/v1/sync": {map[string]any{"protocol": 1, "schema": 1, "device_time": planted},
			map[string]any{"protocol": planted}, map[string]any{"protocol": 1, "schema": 1, "pull": map[string]any{"cursor": planted}},
			map[string]any{"protocol": 1, "schema": 1, "pull": map[string]any{"cursor": nil, "tables": []any{planted}}},
			map[string]any{"protocol": 1, "schema": 1, "push": []any{map[string]any{"id": planted}}}},
	}
	for path, list := range bodies {
		for _, body := range list {
			answer := call(t, w.Admin.Client, http.MethodPost, path, body)
			if answer.Status < 400 || answer.Status >= 500 || strings.Contains(string(answer.Body), planted) {
				t.Errorf("%s with %v: status %d: %s", path, body, answer.Status, answer.Body)
			}
		}
	}
	for _, set := range []map[string]any{{"code": "K", "gender": []any{planted}}, {"code": "K", "supervision": planted},
		{"code": "K", "date_of_birth": planted}, {"code": planted + "\x00"}, {"code": "K", "phones": planted}} {
		answer := worker.call(http.MethodPost, "/v1/sync", worker.Request([]harness.Mutation{harness.Insert("people", set)}, nil))
		if answer.Status != http.StatusOK || strings.Contains(string(answer.Body), planted) {
			t.Errorf("insert of %v: status %d: %s", set, answer.Status, answer.Body)
		}
	}
}

func bodyLimit(t *testing.T, at *place) {
	w := at.program(t)
	for size, status := range map[int]int{4<<20 - 1024: http.StatusOK, 4<<20 + 1: http.StatusRequestEntityTooLarge, 9 << 20: http.StatusRequestEntityTooLarge} {
		head := `{"protocol":1,"schema":1,"pull":null`
		body := head + strings.Repeat(" ", size-len(head)-1) + "}"
		answer, err := w.Admin.Raw(w.ctx, http.MethodPost, "/v1/sync", []byte(body), map[string]string{"Content-Type": "application/json"})
		if err != nil && status != http.StatusOK {
			continue // the server may close on a client that goes on sending
		}
		if err != nil {
			t.Fatal(err)
		}
		expect(t, answer, status, map[int]string{http.StatusRequestEntityTooLarge: "body_too_large"}[status])
	}
}

func gzipBothWays(t *testing.T, at *place) {
	w := at.program(t)
	crew := w.crew()
	for i := range 40 {
		crew.manager.applied(harness.Insert("people", map[string]any{"code": fmt.Sprintf("Bird %d", i)}))
	}
	body := []byte(`{"protocol":1,"schema":1,"pull":{"cursor":null}}`)
	sent := map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
	packed, err := crew.manager.Raw(w.ctx, http.MethodPost, "/v1/sync", harness.Gzip(body), sent)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := crew.manager.Raw(w.ctx, http.MethodPost, "/v1/sync", body, map[string]string{"Content-Type": "application/json"})
	if err != nil {
		t.Fatal(err)
	}
	if packed.Status != http.StatusOK || packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("status %d, content encoding %q, want a gzipped 200", packed.Status, packed.Header.Get("Content-Encoding"))
	}
	if plain.Header.Get("Content-Encoding") != "" || !bytes.HasPrefix(plain.Body, []byte("{")) {
		t.Errorf("an answer was packed although nobody accepted it")
	}
	text, err := harness.Gunzip(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	var page harness.Page
	if err := (harness.Answer{Status: 200, Body: text}).Decode(&page); err != nil {
		t.Fatal(err)
	}
	if len(page.Changes["people"].Upsert) != 40 {
		t.Errorf("%d people in the packed page, want 40", len(page.Changes["people"].Upsert))
	}
}

func gzipFaults(t *testing.T, at *place) {
	w := at.program(t)
	head := `{"protocol":1,"schema":1,"pull":null`
	bomb := harness.Gzip([]byte(head + strings.Repeat(" ", 64<<20) + "}"))
	good := harness.Gzip([]byte(head + "}"))
	for name, fault := range map[string]struct {
		body   []byte
		status []int
	}{
		"bomb":      {bomb, []int{413}},
		"no gzip":   {[]byte(head + "}"), []int{400, 415, 422}},
		"truncated": {good[:len(good)-9], []int{400, 415, 422}},
		"bad sum":   {append(append([]byte{}, good[:len(good)-5]...), 1, 2, 3, 4, 5), []int{400, 415, 422}},
		"empty":     {nil, []int{400, 415, 422}},
	} {
		answer, err := w.Admin.Raw(w.ctx, http.MethodPost, "/v1/sync", fault.body, map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, status := range fault.status {
			found = found || answer.Status == status
		}
		if !found {
			t.Errorf("%s: status %d, want one of %v: %.200s", name, answer.Status, fault.status, answer.Body)
			continue
		}
		problem(t, answer)
	}
}
