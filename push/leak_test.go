package push_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/push/fcmtest"
)

// Nothing of a case leaves the process by a push, a log line, a metric or an error:
// names, codes, phones, addresses, notes, tracks and organisations are planted in all
// that reminders can come by, FCM repeats them in its refusals, and the database fails.
func TestNothingLeaks(t *testing.T) {
	onBoth(t, func(sc *scene) {
		services := []string{sc.planted("hhp"), sc.planted("slo_icm"), sc.planted("tvif")}
		token := "token-" + sc.worker.DeviceID
		gossip := strings.Join(sc.secrets(services), " ")
		sc.fcm.OnDevice(token, fcmtest.Answer{Status: 503, Code: "PLANTED", Messaging: "PLANTED", Field: gossip, Text: gossip, Times: 6},
			fcmtest.Answer{Status: 400, Raw: gossip, Times: 2}, fcmtest.Answer{Status: 403, Code: "PERMISSION_DENIED", Text: gossip, Times: 2})
		kept := ""
		for range 24 {
			sc.forward(8 * time.Hour)
			kept += sc.jobTable() // River removes what is done
		}
		if !strings.Contains(kept, "did not go out") {
			sc.t.Fatal("no job was tried again: the check is empty")
		}
		sc.fcm.OnDevice("token-"+sc.keeper.DeviceID, fcmtest.Unregistered())
		said := kept + sc.metrics() + sc.broken()
		taken := sc.fcm.Taken()
		for _, m := range taken {
			said += strings.ReplaceAll(string(m.JSON), m.Token, "") // the address of the push
			for name := range m.Data {
				if name != "type" && name != "id" {
					sc.t.Errorf("a push carries %s", name)
				}
			}
		}
		if said += sc.log.String(); len(taken) == 0 || !strings.Contains(said, "did not go out") || !strings.Contains(said, "pursuit_pushes_failed_total") {
			sc.t.Fatalf("%d pushes, %d bytes said: the check is empty", len(taken), len(said))
		}
		for _, secret := range sc.secrets(services) {
			if at := strings.Index(strings.ToLower(said), strings.ToLower(secret)); at >= 0 {
				sc.t.Errorf("%q left the process: %s", secret, said[max(0, at-100):min(len(said), at+100)])
			}
		}
	})
}

// secrets are what was planted: marks, tracks, the phone, addresses, ids of the case
// and of the organisation.
func (sc *scene) secrets(services []string) []string {
	return append([]string{"PLANTED", "5035550100", "example.org", "hhp", "slo_icm", "tvif", "deceased", sc.admin.OrgID}, services...)
}

// planted is a service with a mark in every field that takes text.
func (sc *scene) planted(track string) string {
	sc.t.Helper()
	service := sc.pursue(track)
	c, err := sc.store.ReminderCase(context.Background(), sc.admin.Program, service)
	sc.must(err)
	contact := sc.insert(sc.keeper, "known_contacts", map[string]any{"person_id": c.PersonID, "name": "PLANTED aunt", "relation": "family",
		"phones": []string{"+15035550100"}, "notes": "PLANTED notes"})
	sc.insert(sc.keeper, "action_items", map[string]any{"person_id": c.PersonID, "text": "PLANTED task", "owner_id": sc.worker.UserID, "due_on": "2026-01-06"})
	sc.insert(sc.keeper, "reminders", map[string]any{"service_id": service, "user_id": sc.worker.UserID, "note": "PLANTED reminder",
		"due_at": models.FormatTime(sc.store.Clock().Add(time.Hour))})
	sc.insert(sc.worker, "contact_attempts", map[string]any{"service_id": service, "channel": "family_friends_known_contacts", "outcome": "deceased",
		"known_contact_id": contact, "occurred_at": models.FormatTime(sc.store.Clock()), "note": "PLANTED note", "latitude": 45.5, "longitude": -122.6})
	return service
}

// metrics is what a scrape gets.
func (sc *scene) metrics() string {
	sc.t.Helper()
	registry := prometheus.NewRegistry()
	sc.must(sc.push.Register(registry))
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}

// jobTable is all that the job queue stores.
func (sc *scene) jobTable() string {
	sc.t.Helper()
	text := "json(args), json(metadata), coalesce(json(errors), ''), json(tags)"
	if sc.store.Dialect() == store.Postgres {
		text = "CAST(args AS text), CAST(metadata AS text), coalesce(CAST(errors AS text), ''), CAST(tags AS text)"
	}
	rows, err := sc.store.SQLDB().QueryContext(context.Background(), `SELECT `+text+` FROM river_job`)
	sc.must(err)
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var args, metadata, faults, tags string
		sc.must(rows.Scan(&args, &metadata, &faults, &tags))
		all.WriteString(args + metadata + faults + tags + "\n")
	}
	sc.must(rows.Err())
	return all.String()
}

// broken is what is said when the database refuses: its own errors may repeat values.
func (sc *scene) broken() string {
	sc.t.Helper()
	ctx := context.Background()
	sc.must(store.InProgram(ctx, sc.store, sc.admin.Program, func(tx *store.ProgramTx) error {
		return tx.TouchReminders(store.ReminderTouch{Program: true})
	}))
	for _, table := range []string{"reminder_notes", "pushes"} {
		_, err := sc.store.SQLDB().ExecContext(ctx, "ALTER TABLE "+table+" RENAME TO "+table+"_away")
		sc.must(err)
	}
	look := sc.push.Look(ctx)
	if look == nil {
		sc.t.Fatal("a database without its tables is no error")
	}
	return look.Error()
}
