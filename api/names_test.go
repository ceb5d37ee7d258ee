package api

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pursuit/models"
)

// Names of organisations and users are one line of at most 500 characters in valid UTF-8,
// wherever they are given.
func TestNamesAreOneLineOfText(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		admin := s.admin.AccessToken
		worker := s.user(models.RoleOutreachWorker, "w@example.org")
		try := func(name string) []answer {
			return []answer{
				s.call("POST", "/v1/orgs", admin, []byte(`{"kind":"community_partner","name":`+name+`}`)),
				s.call("POST", "/v1/users", admin, []byte(fmt.Sprintf(`{"email":"%s@example.org","password":%q,"role":"director","org_id":%q,"name":%s}`,
					models.NewID(), password, s.made.OrgID, name))),
				s.call("PATCH", "/v1/users/"+worker.User.ID, admin, []byte(`{"name":`+name+`}`)),
				s.call("PATCH", "/v1/me", worker.AccessToken, []byte(`{"name":`+name+`}`)),
			}
		}
		for _, a := range try("\"a\xff\"") {
			a.problem(400, "bad_json")
		}
		for name, why := range map[string]string{`"a\u0000"`: "control", `"a\nb"`: "control", `"a\u007f"`: "control", `"a\u0085b"`: "control",
			`" "`: "required", `"` + strings.Repeat("a", 600) + `"`: "500", `"` + strings.Repeat("é", 501) + `"`: "500"} {
			for _, a := range try(name) {
				if p := a.problem(422, "invalid_request"); !told(p, "body.name", why) || bytes.Contains(a.body, []byte("aaa")) {
					t.Errorf("%.20s: %s", name, a.body)
				}
			}
		}
		for _, a := range try(`"` + strings.Repeat("é", 500) + `"`) {
			if a.status >= 300 {
				t.Errorf("500 characters: %s", a.body)
			}
		}
	})
}
