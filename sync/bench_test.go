package sync_test

import (
	"context"
	"encoding/json"
	"log/slog"
	gosync "sync"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/sync"
)

// BenchmarkPush pushes 20 attempts a request from 8 devices at once, without HTTP.
func BenchmarkPush(b *testing.B) {
	for _, kind := range []store.Dialect{store.SQLite, store.Postgres} {
		b.Run(string(kind), func(b *testing.B) {
			s := storetest.Open(b, kind)
			e, err := sync.New(context.Background(), s, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			who, service := benchCase(b, e)
			b.ResetTimer()
			var all gosync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range (b.N + 7) / 8 {
						if _, err := e.Push(context.Background(), who, time.Time{}, benchAttempts(service)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)*60/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// benchCase makes a program with a case and gives its worker.
func benchCase(b *testing.B, e *sync.Engine) (models.Actor, string) {
	ctx := context.Background()
	made, err := e.Bootstrap(ctx, sync.NewProgram{Name: "Bench", TimeZone: "UTC", AdminEmail: models.NewID() + "@example.org"})
	if err != nil {
		b.Fatal(err)
	}
	programs, err := e.Store().Programs(ctx)
	if err != nil {
		b.Fatal(err)
	}
	who := models.Actor{Program: programs[len(programs)-1].No, ProgramID: made.ProgramID, OrgID: made.OrgID, DeviceID: models.NewID(), TimeZone: "UTC"}
	user := func(role models.Role) models.Actor {
		u, err := e.CreateUser(ctx, who, models.User{OrgID: made.OrgID, Email: models.NewID() + "@example.org", Name: "B", Role: role, Active: true})
		if err != nil {
			b.Fatal(err)
		}
		actor := who
		actor.UserID, actor.Role, actor.OrgKind = u.ID, role, models.OrgLead
		return actor
	}
	lead, worker := user(models.RoleCaseManager), user(models.RoleOutreachWorker)
	person, referral, service := models.NewID(), models.NewID(), models.NewID()
	results, err := e.Push(ctx, lead, time.Time{}, []sync.Item{
		benchInsert("people", person, map[string]any{"code": "Bench"}),
		benchInsert("referrals", referral, map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-01-02"}),
		benchInsert("services", service, map[string]any{"referral_id": referral, "person_id": person, "track": "hhp", "org_id": made.OrgID}),
		benchInsert("assignments", models.NewID(), map[string]any{"service_id": service, "user_id": worker.UserID, "role": "outreach_worker"}),
	})
	if err != nil || results[3].Status != models.StatusApplied {
		b.Fatal(err, results)
	}
	return worker, service
}

func benchInsert(table, row string, set map[string]any) sync.Item {
	raw := map[string]json.RawMessage{}
	for k, v := range set {
		raw[k], _ = json.Marshal(v) // strings
	}
	return sync.Item{Mutation: models.Mutation{ID: models.NewID(), Table: table, Row: row, Op: models.OpInsert,
		At: "2026-01-02T03:04:05.000Z", Set: raw}}
}

func benchAttempts(service string) []sync.Item {
	list := make([]sync.Item, 20)
	for i := range list {
		list[i] = benchInsert("contact_attempts", models.NewID(), map[string]any{"service_id": service, "channel": "call",
			"outcome": "no_answer", "occurred_at": "2026-01-02T03:04:05.000Z", "note": "Rang twice, nobody there."})
	}
	return list
}
