package push_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	gosync "sync"
	"sync/atomic"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/push"
	"pursuit/push/fcm"
	"pursuit/push/fcmtest"
	"pursuit/sync"
)

// monday is a Monday noon in Portland, in winter.
var monday = time.Date(2026, 1, 5, 20, 0, 0, 0, time.UTC)

const (
	never        = 100 * 365 * 24 * time.Hour // River rescues and cleans up by the real time, which is not the scene's
	pollSoon     = 20 * time.Millisecond
	deliverLimit = time.Minute
)

// output keeps all that is logged.
type output struct {
	mu   gosync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// scene is a program with one person of each role, a phone for each, and a clock that
// the test moves.
type scene struct {
	t      testing.TB
	now    *atomic.Int64 // milliseconds
	store  *store.Store
	engine *sync.Engine
	push   *push.Service
	fcm    *fcmtest.Server
	log    *output
	sender fcm.Sender
	jobs   push.JobTimes
	begun  map[*push.Service]func() // ends it

	admin, worker, keeper, supervisor models.Actor
}

func newScene(t testing.TB, s *store.Store) *scene {
	t.Helper()
	sc := &scene{t: t, now: new(atomic.Int64), store: s, fcm: fcmtest.New(), log: &output{}, begun: map[*push.Service]func(){}}
	sc.jobs = push.JobTimes{Clock: sc.clock, RescueAfter: never, PollEvery: pollSoon, KeepDone: never}
	t.Cleanup(sc.fcm.Close)
	sc.now.Store(monday.UnixMilli())
	file, err := sc.fcm.WriteCredentials(t.TempDir())
	sc.must(err)
	sc.sender, err = fcm.New(context.Background(), fcm.Config{CredentialsFile: file, Endpoint: sc.fcm.URL()})
	sc.must(err)
	sc.engine, sc.push = sc.instance(s, false)
	made, err := sc.engine.Bootstrap(context.Background(), sync.NewProgram{Name: "PLANTED program", TimeZone: "America/Los_Angeles",
		AdminEmail: "planted@example.org"})
	sc.must(err)
	programs, err := s.Programs(context.Background())
	sc.must(err)
	sc.admin = models.Actor{Program: programs[0].No, ProgramID: made.ProgramID, OrgID: made.OrgID, OrgKind: models.OrgLead,
		TimeZone: "America/Los_Angeles", UserID: made.UserID, Role: models.RoleAdmin, DeviceID: "desk"}
	sc.worker, sc.keeper, sc.supervisor = sc.user(models.RoleOutreachWorker), sc.user(models.RoleCaseManager), sc.user(models.RoleSupervisor)
	return sc
}

// instance makes one more server over a store, with the scene's clock.
func (sc *scene) instance(s *store.Store, tickles bool) (*sync.Engine, *push.Service) {
	sc.t.Helper()
	s.Clock = sc.clock
	log := slog.New(slog.NewTextHandler(sc.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	engine, err := sync.New(context.Background(), s, log)
	sc.must(err)
	engine.CheckSettings(push.CheckSetting)
	service, err := push.New(push.Config{Store: s, Rows: engine, Live: engine, Sender: sc.sender, Log: log,
		Interval: 50 * time.Millisecond, Tickles: tickles, Jobs: sc.jobs})
	sc.must(err)
	return engine, service
}

func (sc *scene) clock() time.Time { return time.UnixMilli(sc.now.Load()).UTC() }

func (sc *scene) must(err error) {
	sc.t.Helper()
	if err != nil {
		sc.t.Fatal(err)
	}
}

// user makes a user with a phone that can be pushed to; its token is its user's id.
func (sc *scene) user(role models.Role) models.Actor {
	sc.t.Helper()
	u, err := sc.engine.CreateUser(context.Background(), sc.admin, models.User{OrgID: sc.admin.OrgID, Email: models.NewID() + "@example.org",
		Name: "PLANTED name", Role: role, Locale: "en", Active: true})
	sc.must(err)
	who := sc.admin
	who.UserID, who.Role, who.DeviceID = u.ID, role, "phone-"+u.ID
	sc.device(who)
	return who
}

func (sc *scene) device(who models.Actor) {
	sc.t.Helper()
	sc.must(store.InTx(context.Background(), sc.store, func(tx *store.Tx) error {
		if err := tx.PutDevice(models.Device{Program: who.Program, UserID: who.UserID, ID: who.DeviceID, Name: "PLANTED phone"}); err != nil {
			return err
		}
		return tx.SetPushToken(who.Program, who.UserID, who.DeviceID, "token-"+who.DeviceID)
	}))
}

func (sc *scene) send(who models.Actor, op models.Op, table, row string, base int64, set map[string]any) models.Result {
	sc.t.Helper()
	raw := map[string]json.RawMessage{}
	for name, value := range set {
		raw[name], _ = json.Marshal(value) // strings, numbers and maps of them
	}
	results, err := sc.engine.Push(context.Background(), who, time.Time{}, []sync.Item{{Mutation: models.Mutation{ID: models.NewID(),
		Table: table, Row: row, Op: op, Base: base, At: models.FormatTime(sc.store.Clock()), Set: raw}}})
	sc.must(err)
	return results[0]
}

func (sc *scene) insert(who models.Actor, table string, set map[string]any) string {
	sc.t.Helper()
	id := models.NewID()
	if r := sc.send(who, models.OpInsert, table, id, 0, set); r.Status != models.StatusApplied {
		sc.t.Fatalf("insert into %s: %s %s %s", table, r.Status, r.Code, r.Field)
	}
	return id
}

// pursue opens a service, assigned to the worker and the case manager.
func (sc *scene) pursue(track string) string {
	sc.t.Helper()
	person := sc.insert(sc.keeper, "people", map[string]any{"code": "PLANTED", "first_name": "PLANTED", "phones": []string{"+15035550100"}, "address": "PLANTED street"})
	referral := sc.insert(sc.keeper, "referrals", map[string]any{"person_id": person, "source": "outreach", "referred_on": "2026-01-05"})
	service := sc.insert(sc.keeper, "services", map[string]any{"person_id": person, "referral_id": referral, "track": track, "org_id": sc.admin.OrgID})
	for _, who := range []models.Actor{sc.worker, sc.keeper} {
		sc.insert(sc.supervisor, "assignments", map[string]any{"service_id": service, "user_id": who.UserID, "role": string(who.Role)})
	}
	return service
}

func (sc *scene) attempt(service string, at time.Time) {
	sc.t.Helper()
	sc.insert(sc.worker, "contact_attempts", map[string]any{"service_id": service, "channel": "in_person_visit", "outcome": "not_there",
		"occurred_at": models.FormatTime(at), "note": "PLANTED note"})
}

// forward moves the clock and lets the services look once and send what is due.
func (sc *scene) forward(d time.Duration, services ...*push.Service) {
	sc.t.Helper()
	sc.now.Add(d.Milliseconds())
	for _, s := range append(services, sc.push) {
		sc.must(s.Look(context.Background()))
		sc.deliver(s)
	}
}

// begin lets services send until the test ends.
func (sc *scene) begin(services ...*push.Service) {
	for _, s := range services {
		if sc.begun[s] != nil {
			continue
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { s.Work(ctx); close(ended) }()
		sc.begun[s] = func() { stop(); <-ended }
		sc.t.Cleanup(sc.begun[s])
	}
}

// deliver lets River work until no job is due by the scene's clock. From the first time
// on it works until the test ends, as it does beside a server.
func (sc *scene) deliver(s *push.Service) {
	sc.t.Helper()
	sc.begin(s)
	for end := time.Now().Add(deliverLimit); ; time.Sleep(time.Millisecond) {
		due, err := s.DueJobs(context.Background())
		sc.must(err)
		if due == 0 {
			return
		}
		if time.Now().After(end) {
			sc.t.Fatalf("%d jobs are due and not done in %s", due, deliverLimit)
		}
	}
}

// reminder is a row as it stands.
type reminder struct {
	kind, state, user string
	escalation        int
}

func (sc *scene) reminders(service string) []reminder {
	sc.t.Helper()
	c, err := sc.store.ReminderCase(context.Background(), sc.admin.Program, service)
	sc.must(err)
	var out []reminder
	for _, n := range c.Notes {
		r := reminder{kind: n.Kind, state: n.RowState, user: n.UserID}
		query := `SELECT escalation FROM reminders WHERE id = '` + n.ID + `'`
		sc.must(sc.store.SQLDB().QueryRowContext(context.Background(), query).Scan(&r.escalation))
		out = append(out, r)
	}
	return out
}

// told counts the pushes of a kind that a person's phone got.
func (sc *scene) told(who models.Actor, kind string) int {
	n := 0
	for _, m := range sc.fcm.Taken() {
		if m.Token == "token-"+who.DeviceID && m.Data["type"] == kind {
			n++
		}
	}
	return n
}

func onBoth(t *testing.T, test func(sc *scene)) {
	storetest.Each(t, func(t *testing.T, s *store.Store) { test(newScene(t, s)) })
}

// until lets services send until something holds.
func (sc *scene) until(what string, holds func() bool, services ...*push.Service) {
	sc.t.Helper()
	sc.begin(services...)
	for end := time.Now().Add(deliverLimit); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			sc.t.Fatalf("%s: not within %s", what, deliverLimit)
		}
	}
}
