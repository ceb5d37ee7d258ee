package push_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/push/fcmtest"
)

const (
	leaderBegins = 8 * time.Second  // what the leader does once, a second apart
	idleFor      = 12 * time.Second // twice what River does again and again, but for steps of minutes
	outageTries  = 3 * 10           // thrice as many as are counted
	heldLong     = 100              // looks in a row at which a connection to the writer was in use
)

// plan decides on pushes of one kind to the worker's phone and gives their ids.
func (sc *scene) plan(ids ...string) {
	sc.t.Helper()
	var list []store.NewPush
	for _, id := range ids {
		list = append(list, store.NewPush{ID: id, UserID: sc.worker.UserID, Kind: "silence", Devices: []string{sc.worker.DeviceID}, Covers: []string{id}})
	}
	sc.must(sc.push.Plan(context.Background(), sc.admin.Program, list))
}

// count answers a query for one number.
func (sc *scene) count(query string) (n int) {
	sc.t.Helper()
	sc.must(sc.store.SQLDB().QueryRowContext(context.Background(), query).Scan(&n))
	return n
}

// A push that is decided on twice before it goes is sent once: the job of the first
// decision finds that it was settled.
func TestDecidedTwiceIsSentOnce(t *testing.T) {
	onBoth(t, func(sc *scene) {
		id := models.NewID()
		sc.plan(id)
		sc.plan(id)
		sc.deliver(sc.push)
		if n := sc.told(sc.worker, "silence"); n != 1 {
			sc.t.Errorf("%d pushes, want 1", n)
		}
		if done, settled := sc.count(`SELECT count(*) FROM river_job WHERE state = 'completed'`),
			sc.count(`SELECT count(*) FROM river_job WHERE state = 'cancelled'`); done != 1 || settled != 1 {
			sc.t.Errorf("%d jobs done and %d settled, want 1 and 1", done, settled)
		}
		sc.plan(id) // told again, as at the end of a snooze
		sc.deliver(sc.push)
		if n := sc.told(sc.worker, "silence"); n != 2 {
			sc.t.Errorf("%d pushes after a third decision, want 2", n)
		}
	})
}

// A job is there when the transaction that decided on its push commits, not before, and
// never without it.
func TestJobsGoWithTheirTransaction(t *testing.T) {
	onBoth(t, func(sc *scene) {
		sc.deliver(sc.push) // River works
		refused := errors.New("refused")
		err := store.InProgram(context.Background(), sc.store, sc.admin.Program, func(tx *store.ProgramTx) error {
			if err := sc.push.PlanIn(tx, []store.NewPush{{ID: models.NewID(), UserID: sc.worker.UserID, Kind: "silence", Devices: []string{sc.worker.DeviceID}}}); err != nil {
				return err
			}
			return refused
		})
		if !errors.Is(err, refused) {
			sc.t.Fatal(err)
		}
		if n := sc.count(`SELECT (SELECT count(*) FROM pushes) + (SELECT count(*) FROM river_job)`); n != 0 {
			sc.t.Errorf("%d pushes and jobs of a transaction that was taken back", n)
		}
		sc.plan(models.NewID())
		sc.deliver(sc.push)
		if n := sc.told(sc.worker, "silence"); n != 1 {
			sc.t.Errorf("%d pushes, want 1", n)
		}
	})
}

// A push that was planned by a server from before the job queue gets its job, unless
// such a server has it under way: then when its time is over. None goes twice.
func TestPushesOfAnOlderServerGo(t *testing.T) {
	onBoth(t, func(sc *scene) {
		ctx, now := context.Background(), sc.clock().UnixMilli()
		for n, next := range []int64{0, now, now + time.Minute.Milliseconds()} {
			_, err := sc.store.SQLDB().ExecContext(ctx, fmt.Sprintf(`INSERT INTO pushes (program_no, id, user_id, device_id, kind, state, tries, next_at, made_at, sent_at)
				VALUES (%d, '%s', '%s', '%s', 'silence', 'planned', %d, %d, %d, 0)`, sc.admin.Program, models.NewID(), sc.worker.UserID, sc.worker.DeviceID, n, next, now))
			sc.must(err)
		}
		sc.forward(time.Second)
		if n := sc.told(sc.worker, "silence"); n != 2 {
			sc.t.Errorf("%d pushes while one is under way elsewhere, want 2", n)
		}
		sc.forward(time.Minute)
		sc.forward(time.Minute)
		if n := sc.told(sc.worker, "silence"); n != 3 {
			sc.t.Errorf("%d pushes, want 3", n)
		}
	})
}

// Jobs that were lost are put in anew when an operator says so (docs/operating.md, "The
// job queue"), and what still has its job goes once all the same.
func TestLostJobsAreMadeAnew(t *testing.T) {
	onBoth(t, func(sc *scene) {
		exec := func(query string) {
			_, err := sc.store.SQLDB().ExecContext(context.Background(), query)
			sc.must(err)
		}
		sc.plan(models.NewID())
		exec(`DELETE FROM river_job`)
		sc.plan(models.NewID())
		exec(`UPDATE pushes SET next_at = 0 WHERE state = 'planned'`)
		sc.forward(time.Second)
		if n := sc.told(sc.worker, "silence"); n != 2 {
			sc.t.Errorf("%d pushes, want 2", n)
		}
	})
}

// While FCM is away for days a push is tried in even steps and its job does not grow;
// when FCM is back it goes, once.
func TestLongOutageKeepsJobsSmall(t *testing.T) {
	onBoth(t, func(sc *scene) {
		away := fcmtest.Forbidden()
		away.Times = fcmtest.Always
		sc.fcm.OnAny(away)
		sc.plan(models.NewID())
		for range outageTries {
			sc.now.Add((11 * time.Minute).Milliseconds())
			sc.deliver(sc.push)
		}
		size := "octet_length(CAST(errors AS text))"
		if sc.store.Dialect() == store.SQLite {
			size = "length(errors)"
		}
		if n := sc.fcm.Attempts("token-" + sc.worker.DeviceID); n < outageTries {
			sc.t.Errorf("%d tries, want at least %d", n, outageTries)
		}
		if n := sc.count(`SELECT max(` + size + `) FROM river_job`); n > 2048 {
			sc.t.Errorf("the errors of a job take %d bytes", n)
		}
		sc.fcm.OnAny()
		sc.now.Add((11 * time.Minute).Milliseconds())
		sc.deliver(sc.push)
		if n := sc.told(sc.worker, "silence"); n != 1 {
			sc.t.Errorf("%d pushes, want 1", n)
		}
	})
}

// An idle server does not wait for SQLite's writer, so it never holds it either: while
// somebody else has the file locked, River looks for jobs, leads and cleans up, and no
// statement of it is held up.
func TestIdleQueueLeavesTheWriterAlone(t *testing.T) {
	sc := newScene(t, storetest.Open(t, store.SQLite))
	sc.plan(models.NewID())
	sc.deliver(sc.push)
	var file string
	sc.must(sc.store.SQLDB().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file))
	other, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate&_pragma=busy_timeout(5000)")
	sc.must(err)
	defer other.Close()
	time.Sleep(leaderBegins)
	lock, err := other.BeginTx(t.Context(), nil)
	sc.must(err)
	defer func() { _ = lock.Rollback() }()
	held := 0
	for end := time.Now().Add(idleFor); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if held++; sc.store.SQLDB().Stats().InUse == 0 {
			held = 0
		}
		if held > heldLong {
			t.Fatal("a statement waits for the writer")
		}
	}
	if said := sc.log.String(); strings.Contains(said, "level=ERROR") || strings.Contains(said, "level=WARN") {
		t.Errorf("an idle queue complains: %s", said)
	}
}
