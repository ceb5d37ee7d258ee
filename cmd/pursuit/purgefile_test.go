package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
	"pursuit/retention"
	"pursuit/sync"
)

// planted is a person of years ago of whom every table holds words of their own.
type planted struct {
	t       *testing.T
	st      *store.Store
	engine  *sync.Engine
	program models.Program
	words   int
	at      time.Time

	contacts string // a word of a known contact
}

// word is a text that stands nowhere else, of so many bytes.
func (p *planted) word(bytes int) json.RawMessage {
	p.words++
	word := fmt.Sprintf("Zqplanted%05d ", p.words)
	return models.Quote(strings.Repeat(word, bytes/len(word)+1))
}

// push writes as somebody, on a device, and wants a status.
func (p *planted) push(who models.Actor, want models.Status, table, row string, op models.Op, base int64, set map[string]json.RawMessage) {
	p.t.Helper()
	p.at = p.at.Add(time.Minute)
	m := models.Mutation{ID: models.NewID(), Table: table, Row: row, Op: op, Base: base, At: models.FormatTime(p.at), Set: set}
	results, err := p.engine.Push(context.Background(), who, time.Time{}, []sync.Item{{Mutation: m}})
	must(p.t, err)
	if results[0].Status != want {
		p.t.Fatalf("%s %s is answered %+v, want %s", op, table, results[0], want)
	}
}

// insert makes a row and answers its id.
func (p *planted) insert(who models.Actor, want models.Status, table string, set map[string]json.RawMessage) string {
	p.t.Helper()
	row := models.NewID()
	p.push(who, want, table, row, models.OpInsert, 0, set)
	return row
}

type fields = map[string]json.RawMessage

func q(text string) json.RawMessage { return models.Quote(text) }

// plant writes a person whose service ended, with words in every table, edits that leave
// former versions, deleted rows, conflicts, and what waits, stands in quarantine or was
// refused.
func (p *planted) plant(supervisor, worker models.Actor) string {
	person := p.insert(supervisor, models.StatusApplied, "people", fields{"code": p.word(20), "first_name": p.word(20), "notes": p.word(15_000)})
	p.insert(supervisor, models.StatusApplied, "known_contacts", fields{"person_id": q(person), "name": p.word(20), "relation": q("family"), "notes": p.word(40)})
	p.contacts = fmt.Sprintf("Zqplanted%05d", p.words)
	gone := p.insert(supervisor, models.StatusApplied, "known_contacts", fields{"person_id": q(person), "name": p.word(20), "relation": q("family")})
	p.push(supervisor, models.StatusApplied, "known_contacts", gone, models.OpDelete, 1<<40, nil)
	p.insert(supervisor, models.StatusApplied, "assessments", fields{"person_id": q(person), "shooting_review_on": q("2020-01-01"),
		"disposition": q("referred"), "override": q("yes"), "override_reason": p.word(40)})
	referral := p.insert(supervisor, models.StatusApplied, "referrals", fields{"person_id": q(person), "source": q("outreach"), "referred_on": q("2020-01-01"), "reason": p.word(40)})
	service := p.insert(supervisor, models.StatusApplied, "services", fields{"referral_id": q(referral), "person_id": q(person), "track": q("slo_icm"), "org_id": q(supervisor.OrgID)})
	p.insert(supervisor, models.StatusApplied, "action_items", fields{"person_id": q(person), "text": p.word(40)})
	p.insert(supervisor, models.StatusApplied, "consents", fields{"person_id": q(person), "recipient_org_id": q(supervisor.OrgID), "scope": p.word(40), "signed_on": q("2020-01-01"), "expires_on": q("2021-01-01")})
	p.insert(supervisor, models.StatusApplied, "reminders", fields{"service_id": q(service), "due_at": q("2020-02-01T00:00:00.000Z"), "note": p.word(40)})
	attempt := func(who models.Actor, want models.Status, more fields) string {
		set := fields{"service_id": q(service), "channel": q("call"), "outcome": q("no_answer"), "occurred_at": q(models.FormatTime(p.at)), "note": p.word(12_000)}
		for name, value := range more {
			set[name] = value
		}
		return p.insert(who, want, "contact_attempts", set)
	}
	tried := attempt(supervisor, models.StatusApplied, nil)
	attempt(supervisor, models.StatusRejected, fields{"channel": q("pigeon")})
	waits := p.insert(supervisor, models.StatusDeferred, "services", fields{"referral_id": q(models.NewID()), "person_id": q(person), "track": q("hhp"), "org_id": q(supervisor.OrgID), "status_reason": p.word(40)})
	attempt(supervisor, models.StatusDeferred, fields{"service_id": q(waits)}) // leads to the person over two steps
	assignment := p.insert(supervisor, models.StatusApplied, "assignments", fields{"service_id": q(service), "user_id": q(worker.UserID), "role": q("outreach_worker")})
	p.push(supervisor, models.StatusApplied, "assignments", assignment, models.OpPatch, 1<<40, fields{"ended_at": q(models.FormatTime(p.at))})
	attempt(worker, models.StatusQuarantined, fields{"occurred_at": q("2019-12-01T00:00:00.000Z")})
	for _, device := range []string{"one", "two", "three"} {
		supervisor.DeviceID = device
		p.push(supervisor, models.StatusApplied, "people", person, models.OpPatch, 1<<40, fields{"address": p.word(40), "notes": p.word(15_000), "last_name": p.word(20)})
		p.push(supervisor, models.StatusApplied, "contact_attempts", tried, models.OpPatch, 1<<40, fields{"note": p.word(12_000)})
	}
	supervisor.DeviceID = "four"
	p.push(supervisor, models.StatusApplied, "people", person, models.OpPatch, 1, fields{"last_name": p.word(20)}) // a conflict
	p.push(supervisor, models.StatusApplied, "services", service, models.OpPatch, 1<<40, fields{"status": q("refused"), "status_reason": p.word(40)})
	return person
}

// plantPerson plants in a database as it was in 2020.
func (s site) plantPerson(st *store.Store) *planted {
	s.t.Helper()
	p := &planted{t: s.t, st: st, at: time.Date(2020, 1, 10, 12, 0, 0, 0, time.UTC)}
	st.Clock = func() time.Time { return p.at.Add(time.Hour) }
	app := &application{store: st}
	supervisor, err := app.actor(context.Background(), s.user(st, models.RoleSupervisor))
	must(s.t, err)
	worker, err := app.actor(context.Background(), s.user(st, models.RoleOutreachWorker))
	must(s.t, err)
	admin, err := app.actor(context.Background(), "admin@example.org")
	must(s.t, err)
	p.engine, p.program = engineOf(s.t, st)
	p.insert(admin, models.StatusApplied, "settings", fields{"key": q("retention_days"), "value": json.RawMessage("30")})
	p.plant(supervisor, worker)
	if left := p.left(); len(left) == 0 {
		s.t.Fatal("nothing is planted")
	}
	st.Clock = models.SystemClock(0)
	return p
}

// left lists the planted words that some table still holds, by table.
func (p *planted) left() (found []string) {
	p.t.Helper()
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if p.st.Dialect() == store.Postgres {
		tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
	}
	for name := range strings.Lines(p.cells(tables)) {
		name = strings.TrimSpace(name)
		if words := p.wordsOf([]byte(p.cells(`SELECT * FROM "` + name + `"`))); words != "" {
			found = append(found, name+": "+words)
		}
	}
	return found
}

// cells answers a query as text, a line a cell.
func (p *planted) cells(query string) string {
	p.t.Helper()
	rows, err := p.st.SQLDB().Query(query)
	must(p.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(p.t, err)
	cells := make([]any, len(columns))
	for i := range cells {
		cells[i] = new(any)
	}
	var text strings.Builder
	for rows.Next() {
		must(p.t, rows.Scan(cells...))
		for _, cell := range cells {
			fmt.Fprintf(&text, "%s\n", *cell.(*any))
		}
	}
	must(p.t, rows.Err())
	return text.String()
}

// wordsOf lists the planted words in a content.
func (p *planted) wordsOf(content []byte) string {
	var found []string
	for n := 1; n <= p.words; n++ {
		if word := fmt.Sprintf("Zqplanted%05d", n); bytes.Contains(content, []byte(word)) {
			found = append(found, word)
		}
	}
	return strings.Join(found, " ")
}

// inFiles lists the planted words in a database's files.
func (s site) inFiles(p *planted) (found []string) {
	s.t.Helper()
	file, ok := strings.CutPrefix(s.args[2], "--database-url=sqlite://")
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		content, err := os.ReadFile(file + end)
		if err != nil || !ok {
			continue
		}
		if words := p.wordsOf(content); words != "" {
			found = append(found, "db"+end+": "+words)
		}
	}
	return found
}

// After a purge no table holds a word of the person, former versions, refused, waiting and
// quarantined writes included, and on SQLite no file does: while the server runs, its log
// included, and after it ended.
func TestAPurgeLeavesNoWord(t *testing.T) {
	purges := map[string]func(s site, p *planted){
		"by the server": func(s site, p *planted) {
			out, err := retention.New(p.st).Purge(context.Background(), p.program, false)
			must(s.t, err)
			if out.Persons != 1 {
				s.t.Fatalf("%+v", out)
			}
		},
		"by the command": func(s site, _ *planted) {
			if out, errs := s.command(0, "purge"); !strings.Contains(out, `"persons":1`) {
				s.t.Fatalf("%s%s", out, errs)
			}
		},
	}
	for name, purge := range purges {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s site) {
				s.bootstrap(0, "admin@example.org")
				p := s.plantPerson(storetest.OpenURL(t, strings.TrimPrefix(s.args[2], "--database-url=")))
				purge(s, p)
				if left := p.left(); len(left) > 0 {
					t.Errorf("rows hold %v", left)
				}
				if left := s.inFiles(p); len(left) > 0 {
					t.Errorf("while the database is open, %v", left)
				}
				p.st.Close()
				if left := s.inFiles(p); len(left) > 0 {
					t.Errorf("after it was closed, %v", left)
				}
			})
		})
	}
}

// What was deleted in a file before deleted text was overwritten goes with the command's
// next purge, whoever it takes.
func TestAPurgeWritesAnOldFileAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, s site) {
		s.bootstrap(0, "admin@example.org")
		file, ok := strings.CutPrefix(s.args[2], "--database-url=sqlite://")
		if !ok {
			s.command(0, "purge")
			return
		}
		p := &planted{t: t}
		old, err := sql.Open("sqlite", "file:"+file+"?_pragma=secure_delete(0)")
		must(t, err)
		_, err = old.Exec(`CREATE TABLE old (word TEXT)`)
		must(t, err)
		for range 50 {
			_, err = old.Exec(`INSERT INTO old (word) VALUES (?)`, string(p.word(5000)))
			must(t, err)
		}
		_, err = old.Exec(`DELETE FROM old; DROP TABLE old`)
		must(t, err)
		must(t, old.Close())
		if len(s.inFiles(p)) == 0 {
			t.Fatal("nothing is left in the free pages")
		}
		if s.command(0, "purge", "--dry-run"); len(s.inFiles(p)) == 0 {
			t.Error("a dry run wrote the file anew")
		}
		if s.command(0, "purge"); len(s.inFiles(p)) > 0 {
			t.Errorf("free pages hold %v", s.inFiles(p))
		}
	})
}
