package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// truthOf lists what a person sees now, by looking at every row there is.
func truthOf(t fataler, e *Engine, who models.Actor) map[string]seen {
	t.Helper()
	sc := &scene{t: t, e: e, program: models.Program{No: who.Program, ID: who.ProgramID}}
	return sc.truth(who, models.AllTables)
}

// follow pulls pages until one is complete and applies them.
func (ph *phone) follow(t fataler, e *Engine, who models.Actor, limit int) {
	t.Helper()
	for pages := 0; ; pages++ {
		page, err := e.Pull(context.Background(), who, PullRequest{Cursor: ph.cursor, Limit: limit})
		if err != nil || pages > 10_000 {
			t.Fatalf("page %d: %v", pages, err)
		}
		ph.apply(page, changesOf(t, page))
		ph.cursor = page.Cursor
		if page.Complete {
			return
		}
	}
}

// Invariant 2: the same push from eight sides at once, over two servers, is stored
// once, and everybody gets the same answer.
func TestConcurrentReplays(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			url := storetest.URL(t, dialect)
			c := newCrew(t, storetest.OpenURL(t, url))
			second := testEngine(t, storetest.OpenURL(t, url))
			p := c.open(c.worker)
			items := []Item{item(models.OpPatch, "people", p.person, 1<<40, map[string]any{"first_name": "Jo"}),
				item(models.OpPatch, "people", p.person, 1<<40, map[string]any{"shoe_size": 44})}
			for range 20 {
				items = append(items, attemptAt(p))
			}
			var wait gosync.WaitGroup
			answers := make([][]models.Result, 8)
			for n := range answers {
				e := []*Engine{c.e, second}[n%2]
				wait.Add(1)
				go func() {
					defer wait.Done()
					var err error
					if answers[n], err = e.Push(context.Background(), c.worker, time.Time{}, items); err != nil {
						t.Error(err)
					}
				}()
			}
			wait.Wait()
			for i := range items {
				first := 0
				for n := range answers {
					if len(answers[n]) != len(items) {
						t.Fatalf("%d answers to %d mutations", len(answers[n]), len(items))
					}
					if !answers[n][i].Duplicate {
						first++
					}
					answers[n][i].Duplicate = false
					if !reflect.DeepEqual(answers[n][i], answers[0][i]) {
						t.Errorf("mutation %d: one is told %+v, another %+v", i, answers[0][i], answers[n][i])
					}
				}
				if first != 1 {
					t.Errorf("mutation %d was stored %d times", i, first)
				}
			}
		})
	}
}

// Invariant 1: while eight people write and a worker's cases come and go, phones
// that pull all the time miss nothing: order of sequence is order of commit, and a
// page is made at one number of it.
func TestReadersSkipNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		cases := []pursuit{c.open(c.worker), c.open(c.worker), c.open(c.worker)}
		var writers, readers gosync.WaitGroup
		for n := range 4 {
			writers.Add(1)
			go func() { // attempts by the case manager, who holds all of them
				defer writers.Done()
				for i := range 25 {
					c.push(c.keeper, attemptAt(cases[(n+i)%3]))
				}
			}()
			writers.Add(1)
			go func() { // cases given and taken
				defer writers.Done()
				for range 12 {
					it := c.assign(cases[n%3], c.worker)
					c.push(c.supervisor, item(models.OpPatch, "assignments", it.Row, 1<<40, map[string]any{"ended_at": "now"}))
				}
			}()
		}
		stop := make(chan struct{})
		phones := []*phone{{}, {}, {}}
		owners := []models.Actor{c.worker, c.supervisor, c.worker}
		for n, ph := range phones {
			ph.rows = map[string]seen{}
			readers.Add(1)
			go func() {
				defer readers.Done()
				for {
					select {
					case <-stop:
						return
					default:
						ph.follow(t, c.e, owners[n], 1+rand.IntN(7))
					}
				}
			}()
		}
		writers.Wait()
		close(stop)
		readers.Wait()
		for n, ph := range phones {
			ph.follow(t, c.e, owners[n], 50)
			if want := truthOf(t, c.e, owners[n]); !reflect.DeepEqual(ph.rows, want) {
				t.Errorf("phone %d holds %d rows, want %d", n, len(ph.rows), len(want))
			}
		}
	})
}

// Invariant 3: one bad mutation among five hundred leaves 499 applied.
func TestPoisonAmongFiveHundred(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		for name, poison := range map[string]Item{
			"unknown table":   item(models.OpInsert, "shoes", models.NewID(), 0, nil),
			"no row":          item(models.OpInsert, "contact_attempts", "", 0, nil),
			"a faulty frame":  {Mutation: models.Mutation{ID: models.NewID()}, Fault: models.Reject(models.CodeInvalidValue, "set", "must be an object")},
			"a deep value":    item(models.OpInsert, "contact_attempts", models.NewID(), 0, map[string]any{"service_id": []any{[]any{}}}),
			"U+0000":          item(models.OpPatch, "people", p.person, 0, map[string]any{"first_name": "a\x00b"}),
			"half a letter":   {Mutation: models.Mutation{ID: models.NewID(), Table: "people", Row: p.person, Op: "patch", Set: map[string]json.RawMessage{"first_name": json.RawMessage("\"\xff\"")}}},
			"an unknown op":   item("upsert", "people", p.person, 0, nil),
			"a negative base": item(models.OpPatch, "people", p.person, -1, map[string]any{"first_name": "Jo"}),
		} {
			items := make([]Item, 500)
			for i := range items {
				items[i] = attemptAt(p)
			}
			items[250] = poison
			results, err := c.e.Push(context.Background(), c.worker, time.Time{}, items)
			c.must(err)
			good := 0
			for _, r := range results {
				if r.Status == models.StatusApplied {
					good++
				}
			}
			if bad := results[250]; good < 499 || bad.ID != poison.ID || name != "half a letter" && bad.Status != models.StatusRejected {
				t.Errorf("%s: %d applied, and the bad one is %s %s", name, good, bad.Status, bad.Code)
			}
		}
	})
}

// The same id with other content, or another author, is another mutation.
func TestMutationIDReused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		it := attemptAt(p)
		c.push(c.worker, it)
		other := it
		other.Set = map[string]json.RawMessage{}
		for name, v := range it.Set {
			other.Set[name] = v
		}
		other.Set["outcome"] = models.Quote("spoke")
		spaced := it
		spaced.Set = map[string]json.RawMessage{}
		for name, v := range it.Set {
			spaced.Set[name] = v
		}
		for _, again := range []struct {
			who  models.Actor
			it   Item
			code string
		}{{c.worker, other, models.CodeMutationIDReused}, {c.keeper, it, models.CodeMutationIDReused}, {c.worker, spaced, ""}} {
			results, err := c.e.Push(context.Background(), again.who, time.Time{}, []Item{again.it})
			c.must(err)
			if results[0].Code != again.code || again.code != "" && string(results[0].Row) != string(c.stored("contact_attempts", it.Row).Doc()) {
				t.Errorf("%+v, want code %q", results[0], again.code)
			}
		}
		if n := len(truthOf(t, c.e, c.worker)); n != 9 { // person, referral, service, assignment, attempt and 4 rows of staff
			t.Errorf("the worker sees %d rows, want 9", n)
		}
	})
}

// A cursor is good for its user in its program, and for nobody else.
func TestForeignCursor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c, other := newCrew(t, s), (*crew)(nil)
		c.open(c.worker)
		other = newCrew(t, s)
		var mine string
		c.pull(c.worker, &mine)
		alias := c.worker
		alias.ProgramID, alias.Program = other.admin.ProgramID, other.admin.Program
		for name, who := range map[string]models.Actor{"another user": c.keeper, "another program": other.worker, "the same id elsewhere": alias} {
			_, err := c.e.Pull(context.Background(), who, PullRequest{Cursor: mine, Limit: 10})
			if known := models.AsError(err); known == nil || known.Code != "bad_cursor" || known.Kind != models.KindBadRequest {
				t.Errorf("%s: %v", name, err)
			}
		}
		var narrow string
		page, err := c.e.Pull(context.Background(), c.worker, PullRequest{Limit: 10, Tables: []string{"people"}})
		c.must(err)
		narrow = page.Cursor
		if _, err := c.e.Pull(context.Background(), c.worker, PullRequest{Cursor: narrow, Limit: 10}); err == nil {
			t.Error("a cursor of one table was good for all")
		}
	})
}

// A page holds about a mebibyte, however many rows were asked for.
func TestPageBytes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		for range 4 {
			var items []Item
			for range 40 {
				it := attemptAt(p)
				it.Set["note"] = models.Quote(strings.Repeat("n", models.NoteMax))
				items = append(items, it)
			}
			c.push(c.worker, items...)
		}
		ph, pages := &phone{rows: map[string]seen{}}, 0
		for {
			page, err := c.e.Pull(context.Background(), c.worker, PullRequest{Cursor: ph.cursor, Limit: PageMax})
			c.must(err)
			if size := len(changesText(t, page)); size > pageBytes+64<<10 {
				t.Fatalf("a page has %d bytes", size)
			}
			ph.apply(page, changesOf(t, page))
			ph.cursor, pages = page.Cursor, pages+1
			if page.Complete {
				break
			}
		}
		if want := truthOf(t, c.e, c.worker); pages < 3 || !reflect.DeepEqual(ph.rows, want) {
			t.Errorf("%d pages brought %d rows, want %d", pages, len(ph.rows), len(want))
		}
	})
}

// FuzzCursor: open never panics and accepts nothing that seal did not write, for
// this very user.
func FuzzCursor(f *testing.F) {
	e := &Engine{key: bytes.Repeat([]byte{7}, 32)}
	who := models.Actor{ProgramID: testID(1, 1), UserID: testID(2, 1)}
	good := e.seal(who, cursor{Mode: modeStream, Epoch: testID(3, 1), Eff: 5, Pos: -9, AsOf: 7, Tables: models.AllTables, Dropped: testID(4, 4), DropAt: 6})
	f.Add(good)
	f.Add("")
	f.Add(good[:len(good)-1])
	f.Add(good + "=")
	f.Add(strings.ToUpper(good))
	f.Add(strings.Repeat("A", 4096))
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := e.open(who, text)
		if ok && e.seal(who, c) != text {
			t.Fatalf("%q was opened as %+v", text, c)
		}
		if ok && text != good {
			t.Fatalf("%q was accepted", text)
		}
	})
}

// Every cursor comes back as it was, and with one bit changed not at all.
func TestCursorRoundTrip(t *testing.T) {
	e := &Engine{key: bytes.Repeat([]byte{7}, 32)}
	who := models.Actor{ProgramID: testID(1, 1), UserID: testID(2, 1)}
	for n := range 200 {
		c := cursor{Mode: mode(1 + n%4), Epoch: testID(3, n), Eff: rand.Int64(), Pos: -rand.Int64(), AsOf: rand.Int64(), Tables: models.TableSet(rand.Uint32()),
			Tag: rand.Uint32(), DropAt: rand.Int64()}
		if n%2 == 0 {
			c.After, c.Dropped = testID(4, n), testID(5, n)
		}
		text := e.seal(who, c)
		if back, ok := e.open(who, text); !ok || back != c {
			t.Fatalf("%+v came back as %+v, %v", c, back, ok)
		}
		spoilt := []byte(text)
		at := rand.IntN(len(spoilt))
		spoilt[at] = "AB"[fmt.Sprintf("%c", spoilt[at])[0]&1]
		if _, ok := e.open(who, string(spoilt)); ok && string(spoilt) != text {
			t.Fatalf("a cursor changed at %d was accepted", at)
		}
	}
}

// FuzzDecode: a body is a request within the limits or a fault of the caller, never
// a panic, and a fault repeats nothing that was sent.
func FuzzDecode(f *testing.F) {
	id := testID(1, 1)
	for _, body := range []string{`{}`, `{"protocol":1}`, `{"protocol":1,"push":[{"id":"` + id + `"}]}`, `{"protocol":1,"push":[{"id":"` + id + `","base":"x","set":[]}]}`,
		`{"protocol":1,"pull":{"cursor":null,"limit":0}}`, `{"protocol":1,"pull":{"tables":["people"],"buckets":["` + id + `"],"backfill":{"from_schema":1}}}`,
		`{"protocol":1.0,"schema":-1}`, `{"protocol":1,"device_time":"2026-11-20T17:04:05.123Z","push":null,"pull":null}`, `[]`, `null`, `{"protocol":1,"push":{"0":1}}`,
		`{"protocol":1,"push":[null,1,"x",[]]}`, `{"protocol":1,"protocol":2}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return // refused before
		}
		req, err := Decode(body)
		if err != nil {
			known := models.AsError(err)
			if known == nil || known.Kind != models.KindBadRequest && known.Kind != models.KindInvalid {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(req.Push) > MutationsMax || req.Pull != nil && (req.Pull.Limit < 1 || req.Pull.Limit > PageMax || len(req.Pull.Buckets) > BucketsMax) {
			t.Fatalf("beyond the limits: %d mutations, %+v", len(req.Push), req.Pull)
		}
		for _, it := range req.Push {
			if !models.ValidID(it.ID) {
				t.Fatalf("a mutation without a usable id was taken")
			}
			j := job{Mutation: it.Mutation}
			if table, fault := j.frame(it.Fault); fault == nil {
				_, _ = j.values(table)
			}
		}
	})
}

// What a role may not do is answered with the row as it stands, where its author sees it:
// a phone that showed its edit has to go back to something. A partner's answer stays bare.
func TestAForbiddenEditOfAVisibleRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		given := c.assign(c.open(), c.worker)
		edit := func(table, row string) Item {
			return item(models.OpPatch, table, row, endless, map[string]any{"ended_at": "now"})
		}
		r := c.result(c.worker, edit("assignments", given.Row))
		if r.Code != models.CodeForbidden || string(r.Row) != string(c.stored("assignments", given.Row).Doc()) {
			t.Errorf("a worker is answered %s with %s", r.Code, r.Row)
		}
		for name, who := range map[string]models.Actor{"a partner": c.user(models.RoleReferralPartner), "a stranger": c.receiver()} {
			if r := c.result(who, edit("assignments", given.Row)); r.Row != nil {
				t.Errorf("%s is answered %s with a row", name, r.Code)
			}
		}
		rule := insertOf("settings", map[string]any{"key": "push_cap", "value": map[string]any{"count": 5}})
		c.push(c.admin, rule)
		for who, bare := range map[models.Actor]bool{c.worker: false, c.user(models.RoleReferralPartner): true} {
			r := c.result(who, item(models.OpPatch, "settings", rule.Row, endless, map[string]any{"value": map[string]any{"count": 6}}))
			if r.Code != models.CodeForbidden || (r.Row == nil) != bare {
				t.Errorf("a %s is answered %s with %s", who.Role, r.Code, r.Row)
			}
		}
	})
}
