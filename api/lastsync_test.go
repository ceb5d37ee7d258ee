package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pursuit/models"
)

// Every report that tells when a worker last synced knows of a sync that was answered
// before it was asked, for a worker who had never synced too.
func TestReportsKnowASyncThatWasAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site) {
		c := newCasework(s)
		for i, path := range []string{"/v1/intensity/services/%s", "/v1/intensity/services", "/v1/intensity/workers",
			"/v1/intensity/services?sort=-attempts", "/v1/intensity/services?format=csv"} {
			worker, service := s.user(models.RoleOutreachWorker, fmt.Sprintf("w%d@example.org", i)), models.NewID()
			supervisor := c.who[models.RoleSupervisor]
			c.push(supervisor, "services", service, map[string]any{"referral_id": c.referral, "person_id": c.person, "track": "hhp", "org_id": s.made.OrgID})
			c.push(supervisor, "assignments", models.NewID(), map[string]any{"service_id": service, "user_id": worker.User.ID, "role": "outreach_worker"})
			if strings.Contains(path, "%s") {
				path = fmt.Sprintf(path, service)
			}
			before := s.store.Clock()
			c.push(worker, "contact_attempts", models.NewID(), map[string]any{"service_id": service, "channel": "call", "outcome": "spoke",
				"occurred_at": models.FormatTime(time.Now())})
			got := c.get(models.RoleSupervisor, path)
			if strings.Contains(path, "csv") {
				line := string(got.body)[strings.Index(string(got.body), service):]
				if line, _, _ = strings.Cut(line, "\n"); !strings.Contains(line, worker.User.ID) || strings.Contains(line, "true") {
					t.Errorf("%s: %s", path, line)
				}
				continue
			}
			told := lastSyncs(got, service, worker.User.ID)
			if told == nil || told["stale"] != false {
				t.Errorf("%s: %v", path, told)
				continue
			}
			at, ok := models.ParseTime(fmt.Sprint(told["last_sync_at"]))
			if !ok || at.Before(before) {
				t.Errorf("%s: last synced at %v, which is before %v", path, told["last_sync_at"], before)
			}
		}
	})
}

// lastSyncs finds what an answer tells of a service, or of a worker where it is of workers.
func lastSyncs(a answer, service, worker string) map[string]any {
	var page struct {
		Services []map[string]any `json:"services"`
		Workers  []map[string]any `json:"workers"`
	}
	var one map[string]any
	a.into(200, &page)
	a.into(200, &one)
	for _, row := range append(append(page.Services, page.Workers...), one) {
		if row["service_id"] == service || row["worker_id"] == worker {
			return row
		}
	}
	return nil
}
