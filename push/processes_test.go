package push_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to look into the servers' database

	"pursuit/push/fcmtest"
	"pursuit/sim/harness"
)

const (
	crowd      = 3 // server processes
	crowdPhone = 120
	answerStep = 40 * time.Millisecond // by which a phone's answers take longer than the one's before
	crowdTold  = 8                     // reminders: what a day may have before the digest
	crowdWait  = 3 * time.Minute       // a leader may have died with its jobs: 20 s; a minute for the jobs; 30 s between two looks for such
)

// processes are built servers over one database, with FCM's stand-in.
type processes struct {
	t       *testing.T
	fcm     *fcmtest.Server
	site    *harness.Site
	servers []*harness.Server
	program *harness.Program
	db      *sql.DB
}

func newProcesses(t *testing.T, kind harness.Kind, count int, extra map[string]string) *processes {
	t.Helper()
	p := &processes{t: t, fcm: fcmtest.New()}
	t.Cleanup(p.fcm.Close)
	ctx, dir := t.Context(), t.TempDir()
	binary, err := harness.Build(ctx, dir)
	p.must(err)
	var cluster *harness.Cluster
	if kind == harness.Postgres {
		cluster, err = harness.NewCluster(ctx, dir, false)
		p.must(err)
		t.Cleanup(func() { _ = cluster.Stop() })
	}
	p.site, err = harness.NewSite(ctx, kind, binary, dir, "push", cluster)
	p.must(err)
	file, err := p.fcm.WriteCredentials(dir)
	p.must(err)
	p.site.Env["PURSUIT_FCM_CREDENTIALS"], p.site.Env["PURSUIT_FCM_ENDPOINT"] = file, p.fcm.URL()
	p.site.Env["PURSUIT_SCHEDULER_INTERVAL"] = "1s"
	for range count {
		server, err := p.site.Start(ctx, extra)
		p.must(err)
		t.Cleanup(func() { _ = server.Kill() })
		p.servers = append(p.servers, server)
	}
	p.program, err = p.site.Bootstrap(ctx, p.servers[0].URL, "push")
	p.must(err)
	driver, source := "sqlite", "file:"+strings.TrimPrefix(p.site.URL(), "sqlite://")+"?_pragma=busy_timeout(60000)&_pragma=query_only(1)"
	if kind == harness.Postgres {
		driver, source = "pgx", p.site.URL()
	}
	p.db, err = sql.Open(driver, source)
	p.must(err)
	t.Cleanup(func() { _ = p.db.Close() })
	return p
}

func (p *processes) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// until waits for something to hold.
func (p *processes) until(what string, holds func() bool) {
	p.t.Helper()
	for end := time.Now().Add(crowdWait); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	p.t.Fatalf("%s: not within %s", what, crowdWait)
}

func (p *processes) count(query string, args ...any) (n int) {
	p.t.Helper()
	p.must(p.db.QueryRowContext(context.Background(), query, args...).Scan(&n))
	return n
}

// phones gives a user many phones, and no quiet hours near now.
func (p *processes) phones(who *harness.Session) {
	p.t.Helper()
	hour := time.Now().UTC().Hour()
	answer, err := who.JSON(p.t.Context(), http.MethodPatch, "/v1/me", map[string]any{"time_zone": "UTC",
		"quiet_hours": map[string]string{"start": fmt.Sprintf("%02d:00", (hour+8)%24), "end": fmt.Sprintf("%02d:00", (hour+9)%24)}})
	p.must(err)
	if answer.Status != http.StatusOK {
		p.t.Fatalf("quiet hours: status %d", answer.Status)
	}
	_, err = p.db.ExecContext(p.t.Context(), `INSERT INTO devices (program_no, user_id, id, name, platform, app_version, status, push_token, last_sync_at, created_at)
		SELECT 1, CAST($1 AS uuid), 'phone-' || n, 'phone', 'android', '1', 'active', 'token-' || n, 0, 0 FROM generate_series(1, $2::int) n`, who.User.ID, crowdPhone)
	p.must(err)
}

// remind has a case manager enter reminders for a worker, due now.
func (p *processes) remind() {
	p.t.Helper()
	ctx := p.t.Context()
	keeper, err := p.program.User(ctx, "case_manager", p.program.OrgID)
	p.must(err)
	worker, err := p.program.User(ctx, "outreach_worker", p.program.OrgID)
	p.must(err)
	p.phones(worker)
	person, referral, service := harness.NewID(), harness.NewID(), harness.NewID()
	insert := func(table, row string, set map[string]any) harness.Mutation {
		return harness.Mutation{ID: harness.NewID(), Table: table, Row: row, Op: "insert", At: harness.At(time.Now()), Set: set}
	}
	list := []harness.Mutation{
		insert("people", person, map[string]any{"code": "K"}),
		insert("referrals", referral, map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-01-02"}),
		insert("services", service, map[string]any{"referral_id": referral, "person_id": person, "track": "slo_icm", "org_id": p.program.OrgID}),
		insert("assignments", harness.NewID(), map[string]any{"service_id": service, "user_id": worker.User.ID, "role": "outreach_worker"}),
	}
	for range crowdTold {
		list = append(list, insert("reminders", harness.NewID(), map[string]any{"service_id": service, "user_id": worker.User.ID,
			"due_at": harness.At(time.Now().Add(-time.Minute))}))
	}
	page, err := keeper.Sync(ctx, keeper.Request(list, nil))
	p.must(err)
	for i, r := range page.Results {
		if r.Status != "applied" {
			p.t.Fatalf("mutation %d: %s %s", i, r.Status, r.Code)
		}
	}
}

// sent is how many pushes a server says that it sent.
func (p *processes) sent(s *harness.Server) (n float64) {
	p.t.Helper()
	answer, err := http.Get(s.URL + "/metrics")
	p.must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	p.must(err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "pursuit_pushes_sent_total "); ok {
			_, err := fmt.Sscan(rest, &n)
			p.must(err)
		}
	}
	return n
}

// Three processes serve one database and one is killed while FCM is slow to answer:
// each push goes out once, but for those that the killed one had under way. The others
// rescue them, and a phone shows the second in the first's place.
func TestThreeProcessesOneKilled(t *testing.T) {
	p := newProcesses(t, harness.Postgres, crowd, nil)
	for n := range crowdPhone { // one after the other, so that much is under way whenever the kill comes
		p.fcm.OnDevice(fmt.Sprintf("token-%d", n+1), fcmtest.Answer{Delay: 300*time.Millisecond + time.Duration(n)*answerStep, Times: fcmtest.Always})
	}
	p.remind()
	var killed *harness.Server
	p.until("some server sends", func() bool {
		for _, s := range p.servers {
			if p.sent(s) > 0 {
				killed = s
			}
		}
		return killed != nil
	})
	p.must(killed.Kill())
	p.until("the others send the rest", func() bool {
		return p.count(`SELECT count(*) FROM pushes`) == crowdTold*crowdPhone &&
			p.count(`SELECT count(*) FROM river_job WHERE state = 'available'`) == 0 && p.quiet()
	})
	gap := p.gap()
	if len(gap) == 0 {
		t.Fatal("the killed server had nothing under way")
	}
	p.until("what it left is sent", func() bool { return p.count(`SELECT count(*) FROM pushes WHERE state <> 'sent'`) == 0 })
	p.judge(gap)
}

// quiet tells whether the living servers have nothing under way: a row is recorded
// after its answer.
func (p *processes) quiet() bool {
	before := p.count(`SELECT count(*) FROM pushes WHERE state = 'planned'`)
	time.Sleep(2 * time.Second) // many answers long: they end one by one
	return p.count(`SELECT count(*) FROM pushes WHERE state = 'planned'`) == before
}

// gap lists what was taken and is not known to have gone out.
func (p *processes) gap() map[string]bool {
	p.t.Helper()
	rows, err := p.db.QueryContext(context.Background(), `SELECT CAST(id AS text), device_id FROM pushes WHERE state = 'planned'`)
	p.must(err)
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id, device string
		p.must(rows.Scan(&id, &device))
		out[id+" token-"+strings.TrimPrefix(device, "phone-")] = true
	}
	p.must(rows.Err())
	return out
}

// judge holds what every phone got against what it should have got.
func (p *processes) judge(gap map[string]bool) {
	p.t.Helper()
	places := map[string][]string{}
	for _, m := range p.fcm.Taken() {
		if m.Data["type"] == "manual" {
			key := m.Data["id"] + " " + m.Token
			places[key] = append(places[key], p.place(m))
		}
	}
	if len(places) != crowdTold*crowdPhone {
		p.t.Errorf("%d pushes reached a phone, want %d", len(places), crowdTold*crowdPhone)
	}
	repeated := 0
	for key, shown := range places {
		if len(shown) > 1 {
			repeated++
		}
		if len(shown) > 2 || len(shown) == 2 && !gap[key] {
			p.t.Errorf("%s was pushed %d times (under way at the kill: %v)", key, len(shown), gap[key])
		}
		for _, place := range shown {
			if place != shown[0] || !strings.Contains(place, key[:36]) {
				p.t.Errorf("the repeat of %s does not take the first one's place", key)
			}
		}
	}
	p.t.Logf("%d pushes, %d under way at the kill, of which %d reached the phone twice", len(places), len(gap), repeated)
}

// place is where a platform shows a notification: the same place, the same notification.
func (p *processes) place(m fcmtest.Taken) string {
	p.t.Helper()
	var wire struct {
		Message struct {
			Android struct {
				CollapseKey  string `json:"collapse_key"`
				Notification struct{ Tag string }
			}
			APNS    struct{ Headers map[string]string }
			Webpush struct {
				Headers      map[string]string
				Notification struct{ Tag string }
			}
		}
	}
	p.must(json.Unmarshal(m.JSON, &wire))
	w := wire.Message
	return strings.Join([]string{w.Android.CollapseKey, w.Android.Notification.Tag, w.APNS.Headers["apns-collapse-id"],
		w.Webpush.Headers["Topic"], w.Webpush.Notification.Tag}, " ")
}
