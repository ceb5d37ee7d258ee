package matrix

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// silence reads all that the server wrote into its log, at the most talkative level,
// and its metrics, after everything that the other tests asked; and after requests
// that carry a planted string in every place where somebody could send one. None may
// be repeated: logs and metrics carry ids, docs/domain.md, section 6.
func silence(t *testing.T, s *scene) {
	s.blurt(t)
	log, err := os.ReadFile(s.server.Log())
	if err != nil {
		t.Fatal(err)
	}
	if len(log) == 0 || !strings.Contains(string(log), "request") {
		t.Fatalf("the log has %d bytes: the check is empty", len(log))
	}
	metrics, err := s.home.Admin.JSON(ctx(t), http.MethodGet, "/metrics", nil)
	if err != nil || metrics.Status != http.StatusOK {
		t.Fatalf("read the metrics: %v, status %d", err, metrics.Status)
	}
	for where, text := range map[string][]byte{"log": log, "metrics": metrics.Body} {
		for secret, planted := range s.soil.secrets {
			if strings.ContainsAny(secret[:1], "0123456789") {
				continue // a coordinate's digits may be a duration's
			}
			if contained(text, secret) {
				t.Errorf("the %s has %q, planted in %s: %s", where, secret, planted, around(string(text), secret))
			}
		}
		for name, seat := range s.home.seats {
			if contained(text, seat.Tokens.User.Email) || contained(text, harness.Password) || contained(text, seat.RefreshToken) {
				t.Errorf("the %s has the address, password or token of %s", where, name)
			}
		}
	}
}

// around cuts a log's line about a mark.
func around(text, mark string) string {
	const room = 160
	at := strings.Index(strings.ToLower(text), strings.ToLower(mark))
	return text[max(0, at-room):min(len(text), at+room)]
}

// blurt sends strings that nobody may repeat: in paths, parameters, headers, names of
// tables and fields, values of each type, ids, addresses and passwords.
func (s *scene) blurt(t *testing.T) {
	t.Helper()
	p := s.soil.plant
	for _, who := range []*harness.Device{s.home.at(ours, worker), s.home.at(ours, supervisor), s.home.at(ours, partner), harness.NewDevice(s.home.Admin)} {
		for _, path := range []string{"/v1/" + p("a path"), "/v1/export/" + p("a table's name"), "/v1/devices/" + p("a device"), "/v1/intensity/services/" + p("an id"),
			"/v1/intensity/services?status=" + p("a filter"), "/v1/intensity/services?" + p("a parameter") + "=1", "/v1/audit?actor=" + p("an actor"),
			"/v1/audit?action=" + p("an action"), "/v1/people/duplicates?person_id=" + p("a person"), "/v1/reports/summary?year=" + p("a year"),
			"/v1/orgs?cursor=" + p("a cursor"), "/v1/sync/live?since=" + p("since")} {
			s.say(t, who, http.MethodGet, path, nil)
		}
		bad := harness.Patch("people", harness.NewID(), 1, map[string]any{p("a field's name"): p("its value")})
		typed := harness.Insert("contact_attempts", map[string]any{"service_id": p("an id"), "channel": p("a code"), "outcome": p("a code"), "occurred_at": p("a time"),
			"latitude": p("a number"), "note": []string{p("a note")}})
		odd := harness.Mutation{ID: harness.NewID(), Group: p("a group"), Table: p("a table"), Row: p("a row"), Op: p("an op"), At: p("a time")}
		s.say(t, who, http.MethodPost, "/v1/sync", who.Request([]harness.Mutation{bad, typed, odd}, &harness.Pull{Tables: []string{p("a table")}}))
		s.say(t, who, http.MethodPost, "/v1/sync", who.Request([]harness.Mutation{bad, typed, odd}, nil))
		s.say(t, who, http.MethodPost, "/v1/sync", map[string]any{"protocol": 1, "device_time": p("a clock")})
		s.say(t, who, http.MethodPost, "/v1/users", map[string]any{"email": p("an address") + "@a.example", "name": p("a name"), "password": p("a password"), "role": p("a role")})
		s.say(t, who, http.MethodPatch, "/v1/me", map[string]any{"locale": p("a locale"), "time_zone": p("a zone"), "current_password": p("a password"), "new_password": p("a password")})
		s.say(t, who, http.MethodPost, "/v1/auth/login", harness.LoginBody(p("an address")+"@b.example", p("a password"), p("a device")))
		s.say(t, who, http.MethodPost, "/v1/auth/refresh", map[string]any{"refresh_token": p("a token")})
		answer, err := who.Raw(ctx(t), http.MethodPost, "/v1/sync", []byte(`{"protocol": "`+p("broken JSON")), map[string]string{
			"Content-Type": p("a content type"), "X-Request-Id": "seen with " + p("a request's id"), "User-Agent": p("a user agent"), "X-Forwarded-For": p("an address")})
		if err != nil {
			t.Fatal(err)
		}
		sound(t, "broken JSON", answer)
	}
}

func (s *scene) say(t *testing.T, who *harness.Device, method, path string, body any) {
	t.Helper()
	answer, err := who.JSON(ctx(t), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, method+" "+path, answer)
	for secret := range s.soil.secrets {
		if answer.Status >= http.StatusBadRequest && strings.HasPrefix(secret, "Zqx") && contained(answer.Body, secret) {
			t.Errorf("a refusal of %s repeats what was sent: %.300s", method, answer.Body)
		}
	}
}
