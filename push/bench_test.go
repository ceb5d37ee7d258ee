package push_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// BenchmarkLook judges a caseload that is all due at once: the worst a server meets,
// after an upgrade or a changed setting. A second look touches nothing.
func BenchmarkLook(b *testing.B) {
	for _, dialect := range storetest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			sc := newScene(b, storetest.Open(b, dialect))
			const services = 5000
			load(sc, services)
			for b.Loop() {
				sc.must(store.InProgram(context.Background(), sc.store, sc.admin.Program, func(tx *store.ProgramTx) error {
					return tx.TouchReminders(store.ReminderTouch{Program: true})
				}))
				sc.must(sc.push.Look(context.Background()))
			}
			b.ReportMetric(float64(services*b.N)/b.Elapsed().Seconds(), "services/s")
			begin := time.Now()
			sc.must(sc.push.Look(context.Background()))
			b.ReportMetric(float64(time.Since(begin).Microseconds()), "µs/idle-look")
		})
	}
}

// BenchmarkSend puts jobs in and sends them to the stand-in.
func BenchmarkSend(b *testing.B) {
	for _, dialect := range storetest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			sc := newScene(b, storetest.Open(b, dialect))
			const pushes = 2000
			sc.deliver(sc.push)
			for b.Loop() {
				sc.must(sc.push.Plan(context.Background(), sc.admin.Program, func() []store.NewPush {
					list := make([]store.NewPush, pushes)
					for i := range list {
						id := models.NewID()
						list[i] = store.NewPush{ID: id, UserID: sc.worker.UserID, Kind: "silence", Devices: []string{sc.worker.DeviceID}, Covers: []string{id}}
					}
					return list
				}()))
				sc.deliver(sc.push)
			}
			b.ReportMetric(float64(pushes*b.N)/b.Elapsed().Seconds(), "pushes/s")
		})
	}
}

// load stores services in pursuit with an assignment and three attempts each, past
// the engine: only what reminders read.
func load(sc *scene, services int) {
	sc.t.Helper()
	ctx := context.Background()
	tx, err := sc.store.SQLDB().BeginTx(ctx, nil)
	sc.must(err)
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	exec := func(query string) {
		_, err := tx.ExecContext(ctx, query)
		sc.must(err)
	}
	no, at := sc.admin.Program, monday.UnixMilli()
	for range services {
		service := models.NewID()
		exec(fmt.Sprintf(`INSERT INTO services (program_no, id, seq, person_id, track, org_id, status, created_at) VALUES (%d, '%s', 1, '%s', 'slo_icm', '%s', 'pursuing', %d)`,
			no, service, models.NewID(), sc.admin.OrgID, at-86_400_000))
		exec(fmt.Sprintf(`INSERT INTO assignments (program_no, id, seq, service_id, user_id, role, started_at) VALUES (%d, '%s', 1, '%s', '%s', 'outreach_worker', %d)`,
			no, models.NewID(), service, sc.worker.UserID, at-86_400_000))
		for n := range 3 {
			exec(fmt.Sprintf(`INSERT INTO contact_attempts (program_no, id, seq, service_id, worker_id, channel, outcome, occurred_at, recorded_at, received_at)
				VALUES (%d, '%s', 1, '%s', '%s', 'in_person_visit', 'not_there', %d, %d, %d)`, no, models.NewID(), service, sc.worker.UserID,
				at-int64(n+1)*3_600_000, at, at))
		}
	}
	sc.must(tx.Commit())
}
