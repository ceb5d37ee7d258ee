package retention_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pursuit/demo"
	"pursuit/demo/stage"
	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/reports"
	"pursuit/retention"
	"pursuit/sync"
)

// year is the demonstration program after its year, looked at years later.
type year struct {
	t       *testing.T
	store   *store.Store
	engine  *sync.Engine
	program models.Program
	plan    demo.Plan
}

// laterHalf is the part of the year that these tests do not need: people of
// every kind are there by then, and their time is over years later all the same.
func laterHalf(s demo.Step) bool {
	return s.At.After(time.Date(demo.Year, time.July, 1, 0, 0, 0, 0, time.UTC))
}

// Each part looks at a copy of its own of the demonstration program, which is played
// once for each database.
func TestTheDemonstrationYearsLater(t *testing.T) {
	plan, err := demo.Build()
	if err != nil {
		t.Fatal(err)
	}
	plan.Steps = slices.DeleteFunc(plan.Steps, laterHalf)
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			url := storetest.URL(t, dialect)
			if err := stage.Play(context.Background(), url, plan, "hash"); err != nil {
				t.Fatal(err)
			}
			for name, test := range map[string]func(t *testing.T, y year){
				"a purge follows the schedule and leaves counts":              aPurgeFollowsTheScheduleAndLeavesCounts,
				"devices drop who was purged":                                 devicesDropWhoWasPurged,
				"holds and records":                                           holdsAndRecords,
				"merged people are one person to reports, records and purges": mergedPeopleAreOnePerson,
			} {
				t.Run(name, func(t *testing.T) { test(t, yearsLater(t, storetest.Copy(t, url), plan)) })
			}
		})
	}
}

func yearsLater(t *testing.T, url string, plan demo.Plan) year {
	t.Helper()
	ctx, s := context.Background(), storetest.OpenURL(t, url)
	s.Clock = func() time.Time { return time.Date(2031, 6, 1, 12, 0, 0, 0, time.UTC) }
	engine, err := sync.New(ctx, s, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	programs, err := s.Programs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return year{t: t, store: s, engine: engine, program: programs[0], plan: plan}
}

func (y year) actor(role models.Role, org int) models.Actor {
	for _, u := range y.plan.Users {
		if u.Role == role && u.OrgID == y.plan.Orgs[org].ID {
			return models.Actor{Program: y.program.No, ProgramID: y.program.ID, TimeZone: y.program.TimeZone, UserID: u.ID,
				OrgID: u.OrgID, OrgKind: y.plan.Orgs[org].Kind, Role: role}
		}
	}
	y.t.Fatalf("no %s", role)
	return models.Actor{}
}

// set writes a setting as an admin (of the program) or as a supervisor (of their
// organisation), in place of the one that stands.
func (y year) set(t *testing.T, who models.Actor, key, value string) {
	t.Helper()
	m := models.Mutation{ID: models.NewID(), Table: "settings", Row: models.NewID(), Op: models.OpInsert, At: models.FormatTime(y.store.Clock()),
		Set: map[string]json.RawMessage{"key": models.Quote(key), "value": json.RawMessage(value)}}
	var standing string
	err := y.store.SQLDB().QueryRow(`SELECT id FROM settings WHERE "key" = '` + key + `' AND org_id IS NULL`).Scan(&standing)
	if err == nil && who.Role == models.RoleAdmin {
		m.Row, m.Op, m.Base = standing, models.OpPatch, demo.SeenAll
		delete(m.Set, "key")
	}
	results, err := y.engine.Push(context.Background(), who, time.Time{}, []sync.Item{{Mutation: m}})
	if err != nil || results[0].Status != models.StatusApplied {
		t.Fatalf("%v %+v", err, results)
	}
}

func (y year) summary(t *testing.T, who models.Actor) reports.Summary {
	t.Helper()
	return y.summaryOn(t, who, "2031-01-01")
}

// summaryOn is the summary as of a date.
func (y year) summaryOn(t *testing.T, who models.Actor, date string) reports.Summary {
	t.Helper()
	on, err := reports.ParseDate(date)
	if err != nil {
		t.Fatal(err)
	}
	s, err := reports.NewLoader(y.store).Summary(context.Background(), who, 2024, on)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (y year) purge(t *testing.T, dry bool) retention.Outcome {
	t.Helper()
	out, err := retention.New(y.store).Purge(context.Background(), y.program, dry)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (y year) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := y.store.SQLDB().QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Nobody goes without a schedule, under a hold or while an organisation keeps them
// longer; a dry run changes nothing; a purge leaves every count where it was.
func aPurgeFollowsTheScheduleAndLeavesCounts(t *testing.T, y year) {
	admin, director, supervisor := y.actor(models.RoleAdmin, 0), y.actor(models.RoleDirector, 0), y.actor(models.RoleSupervisor, 1)
	if out := y.purge(t, false); out.Persons != 0 || out.Days != 0 {
		t.Errorf("without a schedule: %+v", out)
	}
	y.set(t, admin, "retention_days", "1500")
	dry := y.purge(t, true)
	if dry.Persons == 0 || dry.Rows["people"] != dry.Persons || dry.Rows["contact_attempts"] == 0 || dry.Rows["services"] == 0 {
		t.Fatalf("dry: %+v", dry)
	}
	people := y.count(t, `SELECT count(*) FROM people`)
	y.set(t, supervisor, "legal_hold", "true")
	held := y.purge(t, true)
	if held.Persons == 0 || held.Persons >= dry.Persons || held.Kept != 1 {
		t.Errorf("an organisation's hold keeps %d of %d", dry.Persons-held.Persons, dry.Persons)
	}
	if now := y.count(t, `SELECT count(*) FROM people`); now != people {
		t.Errorf("a dry run took %d persons", people-now)
	}
	before, beforeOrg := y.summary(t, director), y.summary(t, supervisor)
	past := map[string]reports.Summary{}
	for _, date := range []string{"2024-01-31", "2024-03-31", "2024-04-30", "2024-06-30", "2024-09-30", "2025-01-31"} {
		past[date] = y.summaryOn(t, director, date)
	}
	done := y.purge(t, false)
	if done.Persons != held.Persons || done.Rows["contact_attempts"] != held.Rows["contact_attempts"] {
		t.Errorf("dry %+v, done %+v", held, done)
	}
	if now := y.count(t, `SELECT count(*) FROM people`); now != people-done.Persons {
		t.Errorf("%d persons of %d are left after %d went", now, people, done.Persons)
	}
	sameSummary(t, before, y.summary(t, director))
	sameSummary(t, beforeOrg, y.summary(t, supervisor))
	for date, was := range past {
		sameSummary(t, was, y.summaryOn(t, director, date))
	}
	if again := y.purge(t, false); again.Persons != 0 {
		t.Errorf("again: %+v", again)
	}
	y.nothingIsLeft(t)
	y.purgeIsAudited(t, done.Persons)
}

// purgeIsAudited holds that the audit names every person that a purge took, by id, and
// that its chain goes on over it.
func (y year) purgeIsAudited(t *testing.T, taken int) {
	t.Helper()
	if n := y.count(t, `SELECT count(*) FROM audit WHERE action = 'purge'`); n == 0 {
		t.Error("the audit does not tell of the purge")
	}
	rows, err := y.store.SQLDB().Query(`SELECT detail FROM audit WHERE action = 'purge'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	named := map[string]bool{}
	for rows.Next() {
		var text []byte
		var detail struct{ Persons []string }
		if err := rows.Scan(&text); err != nil || json.Unmarshal(text, &detail) != nil {
			t.Fatalf("an entry says %s: %v", text, err)
		}
		for _, id := range detail.Persons {
			named[id] = true
		}
	}
	if len(named) != taken || rows.Err() != nil {
		t.Errorf("the audit names %d of %d persons: %v", len(named), taken, rows.Err())
	}
	programs, err := y.store.Programs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := y.store.VerifyAudit(context.Background(), programs[0].No); err != nil || len(v.Faults) > 0 {
		t.Errorf("the audit has faults: %v, %v", v.Faults, err)
	}
}

func sameSummary(t *testing.T, before, after reports.Summary) {
	t.Helper()
	a, errA := json.Marshal(before)
	b, errB := json.Marshal(after)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("the summary was\n%s\nand is\n%s", a, b)
	}
}

// nothingIsLeft holds that no row of any kind speaks of a person who is gone.
func (y year) nothingIsLeft(t *testing.T) {
	for what, query := range map[string]string{
		"services":    `SELECT count(*) FROM services v WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.id = v.person_id)`,
		"referrals":   `SELECT count(*) FROM referrals v WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.id = v.person_id)`,
		"attempts":    `SELECT count(*) FROM contact_attempts a WHERE NOT EXISTS (SELECT 1 FROM services v WHERE v.id = a.service_id)`,
		"assignments": `SELECT count(*) FROM assignments a WHERE NOT EXISTS (SELECT 1 FROM services v WHERE v.id = a.service_id)`,
		"feed rows":   `SELECT count(*) FROM feed f WHERE f.tbl = 7 AND f.id NOT IN (SELECT id FROM contact_attempts)`,
		"versions":    `SELECT count(*) FROM versions v WHERE v.id NOT IN (SELECT id FROM feed)`,
		"texts":       `SELECT count(*) FROM mutations m WHERE m.body IS NOT NULL AND m.row_id NOT IN (SELECT id FROM feed)`,
		"live grants": `SELECT count(*) FROM grants g WHERE g.revoked IS NULL AND g.source LIKE 'service:%' AND NOT EXISTS (SELECT 1 FROM people p WHERE p.id = g.bucket) AND NOT EXISTS (SELECT 1 FROM services v WHERE v.id = g.bucket)`,
	} {
		if n := y.count(t, query); n != 0 {
			t.Errorf("%d %s are left of persons who are gone", n, what)
		}
	}
}

// A device that held a person drops them after the purge.
func devicesDropWhoWasPurged(t *testing.T, y year) {
	ctx, supervisor := context.Background(), y.actor(models.RoleSupervisor, 1)
	cursor := ""
	for range 1000 {
		page, err := y.engine.Pull(ctx, supervisor, sync.PullRequest{Cursor: cursor, Limit: sync.PageMax})
		if err != nil {
			t.Fatal(err)
		}
		if cursor = page.Cursor; page.Complete {
			break
		}
	}
	y.set(t, y.actor(models.RoleAdmin, 0), "retention_days", `{"days": 1500}`)
	y.purge(t, false)
	page, err := y.engine.Pull(ctx, supervisor, sync.PullRequest{Cursor: cursor, Limit: sync.PageMax})
	if err != nil || len(page.Drop) == 0 {
		t.Errorf("%d buckets dropped, %v", len(page.Drop), err)
	}
}

func holdsAndRecords(t *testing.T, y year) {
	t.Run("a person's own record", y.aPersonsOwnRecord)
	t.Run("a legal hold stops everything", y.aHoldStopsEverything)
	t.Run("deleted persons", y.deletedPersonsGoToo)
}

// A person whose row was deleted goes too, with what is left of them, in their time.
func (y year) deletedPersonsGoToo(t *testing.T) {
	ctx, supervisor := context.Background(), y.actor(models.RoleSupervisor, 1)
	var person string
	err := y.store.SQLDB().QueryRow(`SELECT person_id FROM services WHERE status = 'refused' AND org_id = '` + supervisor.OrgID + `' ORDER BY id LIMIT 1`).Scan(&person)
	if err != nil {
		t.Fatal(err)
	}
	y.set(t, y.actor(models.RoleAdmin, 0), "retention_days", "3000")
	results, err := y.engine.Push(ctx, supervisor, time.Time{}, []sync.Item{{Mutation: models.Mutation{ID: models.NewID(), Table: "people",
		Row: person, Op: models.OpDelete, Base: demo.SeenAll, At: models.FormatTime(y.store.Clock())}}})
	if err != nil || results[0].Status != models.StatusApplied {
		t.Fatalf("%v %+v", err, results)
	}
	left := func() int { return y.count(t, `SELECT count(*) FROM feed WHERE id = '`+person+`'`) }
	if y.purge(t, false); left() != 1 {
		t.Fatal("somebody deleted today is gone already")
	}
	y.store.Clock = func() time.Time { return time.Date(2041, 6, 1, 12, 0, 0, 0, time.UTC) }
	if out := y.purge(t, false); left() != 0 || out.Persons == 0 {
		t.Errorf("%d rows are left, %+v", left(), out)
	}
}

func (y year) aHoldStopsEverything(t *testing.T) {
	admin := y.actor(models.RoleAdmin, 0)
	y.set(t, admin, "retention_days", "30")
	y.set(t, admin, "legal_hold", "true")
	if out := y.purge(t, false); out.Persons != 0 || !out.Hold {
		t.Errorf("%+v", out)
	}
	y.set(t, admin, "legal_hold", "false")
	if out := y.purge(t, true); out.Persons == 0 || out.Hold {
		t.Errorf("after the hold: %+v", out)
	}
}

// disputeAContact has two phones call a contact of a person by different names.
func (y year) disputeAContact(t *testing.T, person string) {
	t.Helper()
	var contact, org string
	err := y.store.SQLDB().QueryRow(`SELECT k.id, v.org_id FROM known_contacts k JOIN services v ON v.person_id = k.person_id
		WHERE k.person_id = '`+person+`' ORDER BY k.id LIMIT 1`).Scan(&contact, &org)
	if err != nil {
		t.Fatal(err)
	}
	place := slices.IndexFunc(y.plan.Orgs, func(o demo.Org) bool { return o.ID == org })
	for i, name := range []string{"Mumzilla", "Grandmother"} {
		who := y.actor(models.RoleSupervisor, place)
		who.DeviceID = name
		at := models.FormatTime(y.store.Clock().Add(time.Duration(i-2) * time.Hour))
		results, err := y.engine.Push(context.Background(), who, time.Time{}, []sync.Item{{Mutation: models.Mutation{ID: models.NewID(),
			Table: "known_contacts", Row: contact, Op: models.OpPatch, Base: 1, At: at, Set: map[string]json.RawMessage{"name": models.Quote(name)}}}})
		if err != nil || results[0].Status == models.StatusRejected {
			t.Fatalf("%v %+v", err, results)
		}
	}
}

// A person's record holds their rows and who held them, and nothing of others.
func (y year) aPersonsOwnRecord(t *testing.T) {
	ctx := context.Background()
	var person string
	if err := y.store.SQLDB().QueryRow(`SELECT person_id FROM known_contacts ORDER BY id LIMIT 1`).Scan(&person); err != nil {
		t.Fatal(err)
	}
	y.disputeAContact(t, person)
	record, err := retention.SubjectAccess(ctx, y.store, y.program, person, false)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(record.Tables); err != nil || strings.Contains(string(text), "Mumzilla") {
		t.Errorf("the record tells a name that a conflict over a contact keeps (%v)", err)
	}
	if len(record.Tables["conflicts"]) == 0 {
		t.Error("the record has no conflict")
	}
	if len(record.Tables["people"]) != 1 || len(record.Tables["referrals"]) == 0 || len(record.Held) == 0 {
		t.Errorf("the record has %d people, %d referrals, %d holders", len(record.Tables["people"]), len(record.Tables["referrals"]), len(record.Held))
	}
	for _, doc := range record.Tables["known_contacts"] {
		if !strings.Contains(string(doc), `"name":null`) {
			t.Error("the record tells the name of a contact")
		}
	}
	for table, docs := range record.Tables {
		for _, doc := range docs {
			if table != "people" && strings.Contains(string(doc), `"person_id":`) && !strings.Contains(string(doc), person) {
				t.Errorf("a row of %s is of somebody else", table)
			}
		}
	}
	if _, err := retention.SubjectAccess(ctx, y.store, y.program, "Nobody", false); models.AsError(err) == nil {
		t.Errorf("nobody's record: %v", err)
	}
	if n := y.count(t, `SELECT count(*) FROM audit WHERE action = 'subject_access'`); n != 1 {
		t.Errorf("%d entries in the audit", n)
	}
}
