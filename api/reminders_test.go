package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pursuit/models"
)

// Who holds a service is told which rule fires next and why; to everybody else of the
// roles that may ask, a service of others and one that never was are the same.
func TestReminderPreview(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		const path = "/v1/reminders/preview?service_id="
		for _, role := range []models.Role{models.RoleOutreachWorker, models.RoleSupervisor} {
			var out struct {
				ServiceID string `json:"service_id"`
				Why       string `json:"why"`
				AsOf      string `json:"as_of"`
				Next      *struct {
					Kind, Role string
					DueAt      string `json:"due_at"`
				} `json:"next"`
			}
			a := c.get(role, path+c.service)
			a.into(http.StatusOK, &out)
			if out.ServiceID != c.service || out.Next == nil || out.Next.Kind == "" || out.Why == "" {
				t.Errorf("%s is told %s", role, a.body)
			}
			for _, stamp := range []string{out.AsOf, out.Next.DueAt} {
				if _, err := time.Parse(models.TimeLayout, stamp); err != nil {
					t.Errorf("%q is not how timestamps travel", stamp)
				}
			}
			for _, secret := range []string{"Heron", "Ana", "hhp", "secret"} {
				if strings.Contains(string(a.body), secret) {
					t.Errorf("the preview tells %q", secret)
				}
			}
		}
		unseen, unknown := c.get(models.RoleCaseManager, path+c.service), c.get(models.RoleCaseManager, path+models.NewID())
		if unseen.status != http.StatusNotFound || unknown.status != http.StatusNotFound || !sameProblem(t, unseen.body, unknown.body) {
			t.Errorf("unseen is %d %s, unknown %d %s", unseen.status, unseen.body, unknown.status, unknown.body)
		}
		if a := c.get(models.RoleOutreachWorker, "/v1/reminders/preview"); a.status != http.StatusBadRequest && a.status != http.StatusUnprocessableEntity {
			t.Errorf("without a service it is %d", a.status)
		}
		for _, role := range []models.Role{models.RoleDirector, models.RoleReferralPartner, models.RoleAdmin} {
			if a := c.get(role, path+c.service); a.status != http.StatusForbidden {
				t.Errorf("%s is answered %d", role, a.status)
			}
		}
	})
}

// sameProblem compares two problems but for the request they are about.
func sameProblem(t *testing.T, a, b []byte) bool {
	t.Helper()
	var problems [2]map[string]any
	for i, body := range [][]byte{a, b} {
		must(t, json.Unmarshal(body, &problems[i]))
	}
	return problems[0]["code"] == problems[1]["code"] && problems[0]["title"] == problems[1]["title"] && problems[0]["detail"] == problems[1]["detail"]
}

// refusing is a push service whose credential FCM refuses.
type refusing struct{ Reminders }

func (refusing) CredentialRefused() bool { return true }

// A refused credential is told by /readyz, which stays ready: phones still sync.
func TestReadyTellsOfARefusedCredential(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		s.server.push = refusing{s.server.push}
		a := s.call("GET", "/readyz", "", nil)
		if a.status != http.StatusOK || !strings.Contains(string(a.body), `"push":"credential_refused"`) {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
}
