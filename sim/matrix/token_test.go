package matrix

import (
	"net/http"
	"strings"
	"testing"

	"pursuit/sim/harness"
)

// pass is a bearer token that is good for nothing any more, or never was.
type pass struct {
	name, token string
	status      int
	code        string // "" where the pages name none
	real        bool   // it was good once
}

// passes makes tokens of each kind for a role. Expired ones are made by expired.
func (s *scene) passes(t *testing.T, role string) []pass {
	t.Helper()
	who := s.home.at(ours, role)
	lost, wiped, gone := s.again(t, who), s.again(t, who), s.again(t, who)
	s.ordered(t, lost.DeviceID, false)
	s.wipe(t, wiped)
	if answer, err := gone.JSON(ctx(t), http.MethodPost, "/v1/auth/logout", nil); err != nil || answer.Status != http.StatusNoContent {
		t.Fatalf("sign out: %v, status %d", err, answer.Status)
	}
	former, err := s.home.User(ctx(t), role, s.home.orgs[ours])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.home.PatchUser(ctx(t), former.Tokens.User.ID, map[string]any{"active": false}); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(who.Token, ".")
	forged := parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))
	return []pass{
		{"none", "", http.StatusUnauthorized, "unauthorized", false},
		{"noise", "noise", http.StatusUnauthorized, "unauthorized", false},
		{"forged", forged, http.StatusUnauthorized, "unauthorized", false},
		{"a refresh token", who.RefreshToken, http.StatusUnauthorized, "unauthorized", true},
		{"signed out", gone.Token, http.StatusUnauthorized, "", true},
		{"a deactivated user's", former.Token, http.StatusUnauthorized, "", true},
		{"a revoked device's", lost.Token, http.StatusForbidden, "device_revoked", true},
		{"a device's that is to erase itself", wiped.Token, http.StatusForbidden, "device_wipe", true},
	}
}

// tokens asks every operation with tokens that open nothing. Who it says it is does
// not matter then, and nothing of the request is looked at before.
func tokens(t *testing.T, s *scene, paths []operation) {
	rules := contract()
	for _, role := range roles() {
		kinds := s.passes(t, role)
		for _, op := range paths {
			if r, ok := rules[op.id]; ok {
				t.Run(role+"/"+op.id, func(t *testing.T) { s.shut(t, op, r, role, kinds) })
			}
		}
	}
}

// shut asks one operation with each of the tokens.
func (s *scene) shut(t *testing.T, op operation, r rule, role string, kinds []pass) {
	who := s.home.at(ours, role)
	asked := ask{path: op.path}
	if op.public {
		asked = r.plain(t, s, who)
	}
	for _, kind := range kinds {
		if op.id == "confirmWiped" && kind.real {
			continue // the one call that is open to a token that was good once; routes asks it
		}
		client := harness.NewClient(s.server.URL, who.HTTP)
		client.Token = kind.token
		if op.id == "refresh" && op.public {
			asked = r.plain(t, s, who) // each is good once
		}
		answer, err := client.JSON(ctx(t), op.method, filled(asked.path), asked.body)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, kind.name, answer)
		switch {
		case op.public && answer.Status != r.ok:
			t.Errorf("%s: a call open to everybody is %d, want %d: %.200s", kind.name, answer.Status, r.ok, answer.Body)
		case !op.public && (answer.Status != kind.status || kind.code != "" && answer.Code() != kind.code):
			t.Errorf("%s: status %d, code %q, want %d %q", kind.name, answer.Status, answer.Code(), kind.status, kind.code)
		}
	}
}

// filled puts something in the place of a path's parameters.
func filled(path string) string {
	for strings.Contains(path, "{") {
		begin, end := strings.Index(path, "{"), strings.Index(path, "}")
		path = path[:begin] + harness.NewID() + path[end+1:]
	}
	return path
}

// expired turns the server's clock on until every access token is too old, and asks
// every operation with them. It must be the last of all.
func expired(t *testing.T, s *scene, paths []operation) {
	if err := s.server.Stop(); err != nil {
		t.Fatal(err)
	}
	s.server.Set("PURSUIT_CLOCK_OFFSET", "20m")
	if err := s.server.Restart(ctx(t)); err != nil {
		t.Fatal(err)
	}
	for _, role := range roles() {
		old := []pass{{"expired", s.home.at(ours, role).Token, http.StatusUnauthorized, "token_expired", true}}
		for _, op := range paths {
			if r, ok := contract()[op.id]; ok {
				t.Run(role+"/"+op.id, func(t *testing.T) { s.shut(t, op, r, role, old) })
			}
		}
	}
}

// methods asks every path by the methods that it does not have: 405 in the one shape,
// with and without a token, and an unknown path is 404.
func methods(t *testing.T, s *scene, paths []operation) {
	known := map[string]map[string]bool{}
	for _, op := range paths {
		if known[op.path] == nil {
			known[op.path] = map[string]bool{}
		}
		known[op.path][op.method] = true
	}
	for _, token := range []string{"", s.home.at(ours, partner).Token} {
		client := harness.NewClient(s.server.URL, s.home.at(ours, partner).HTTP)
		client.Token = token
		for path, has := range known {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				if has[method] {
					continue
				}
				answer, err := client.JSON(ctx(t), method, filled(path), nil)
				if err != nil {
					t.Fatal(err)
				}
				sound(t, method+" "+path, answer)
				if otherPath(known, filled(path), method) {
					continue // /a/{id} and /a/b may have different methods
				}
				refused(t, answer, http.StatusMethodNotAllowed, "method_not_allowed")
			}
			if strings.HasSuffix(path, "}") || otherPath(known, filled(path)+"/nothing", "") {
				continue // the last parameter of a path takes what follows it
			}
			answer, err := client.JSON(ctx(t), http.MethodGet, filled(path)+"/nothing", nil)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, answer, http.StatusNotFound, "not_found")
		}
	}
}

// otherPath tells whether a filled path is also one of another pattern that has the
// method, "" for any.
func otherPath(known map[string]map[string]bool, path, method string) bool {
	parts := strings.Split(path, "/")
	for pattern, has := range known {
		names := strings.Split(pattern, "/")
		if method != "" && !has[method] || len(names) != len(parts) {
			continue
		}
		same := true
		for i := range names {
			same = same && (names[i] == parts[i] || strings.HasPrefix(names[i], "{"))
		}
		if same {
			return true
		}
	}
	return false
}
