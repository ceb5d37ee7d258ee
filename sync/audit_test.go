package sync

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pursuit/models"
	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// audit reads everything, oldest first, of some action ("": all).
func (c *crew) audit(q AuditQuery) []AuditRecord {
	c.t.Helper()
	var all []AuditRecord
	for before := int64(0); ; {
		list, next, err := c.e.ReadAudit(context.Background(), c.admin, q, before, 3)
		c.must(err)
		all = append(all, list...)
		if before = next; next == 0 {
			break
		}
	}
	for i, k := 0, len(all)-1; i < k; i, k = i+1, k-1 {
		all[i], all[k] = all[k], all[i]
	}
	return all
}

func (c *crew) holds() {
	c.t.Helper()
	c.must(c.e.FlushAudit(context.Background()))
	v, err := c.e.store.VerifyAudit(context.Background(), c.admin.Program)
	c.must(err)
	if len(v.Faults) > 0 {
		c.t.Fatalf("the audit has faults: %v", v.Faults)
	}
}

func only(action string) AuditQuery {
	return AuditQuery{AuditFilter: store.AuditFilter{Action: action}}
}

func rowsIn(t testing.TB, r AuditRecord) []auditItem {
	t.Helper()
	var detail struct{ Rows []auditItem }
	if err := json.Unmarshal(r.Detail, &detail); err != nil {
		t.Fatal(err)
	}
	return detail.Rows
}

// A push that changed something, and a page that sent something, each leave one
// entry that names the rows; what changed or sent nothing leaves none.
func TestAuditOfPushesAndPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		before := len(c.audit(only(AuditPush)))
		attempt, bad := attemptAt(p), attemptAt(p)
		bad.Set["channel"] = json.RawMessage(`"pigeon"`)
		push := func(items ...Item) {
			_, err := c.e.Push(context.Background(), c.worker, time.Time{}, items)
			c.must(err)
		}
		push(attempt, bad)
		push(attempt, bad) // a replay
		push(bad)
		pushes := c.audit(only(AuditPush))[before:]
		if len(pushes) != 1 || *pushes[0].Actor != c.worker.UserID || *pushes[0].Device != c.worker.DeviceID {
			t.Fatalf("three pushes of which one changed something left %d entries", len(pushes))
		}
		rows := rowsIn(t, pushes[0])
		if len(rows) != 2 || rows[0].Row != attempt.Row || rows[0].Mutation != attempt.ID || rows[0].Table != "contact_attempts" ||
			rows[0].Op != models.OpInsert || rows[0].Status != models.StatusApplied || rows[0].V == 0 || rows[1].Status != models.StatusRejected {
			t.Errorf("the entry says %+v", rows)
		}

		cursor := ""
		sent, _ := c.pull(c.worker, &cursor)
		c.pull(c.worker, &cursor)
		pulls := c.audit(only(AuditPull))
		if len(pulls) != 1 || len(rowsIn(t, pulls[0])) != len(sent) || len(sent) == 0 {
			t.Fatalf("a page of %d rows and an empty one left %d entries", len(sent), len(pulls))
		}
		for i, row := range rowsIn(t, pulls[0]) {
			if row.Row != sent[i].ID || row.V != sent[i].Seq || row.Table != models.Tables.TableNo(sent[i].Table).Name {
				t.Errorf("row %d of the page is audited as %+v", i, row)
			}
		}
		if got := c.audit(AuditQuery{Row: attempt.Row}); len(got) != 2 {
			t.Errorf("%d entries name the attempt, want its push and its page", len(got))
		}
		c.holds()
	})
}

// What later arrivals make of an attempt of the last resort is audited too, with the
// disclosure: no mutation names either.
func TestAuditOfTheLastResort(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		officer := attemptOn(p, models.ChannelProbationOfficer, "2026-03-01T10:00:00Z")
		approval := insertOf("action_items", map[string]any{"person_id": p.person, "kind": models.ActionApproval, "text": "yes"})
		approval.At = "2026-02-20T10:00:00Z"
		c.push(c.worker, officer)
		disclosure := models.DerivedID(officer.Row, "disclosure")
		if got := c.audit(AuditQuery{AuditFilter: only(AuditServer).AuditFilter, Row: disclosure}); len(got) != 1 {
			t.Errorf("%d entries tell of the disclosure, want 1", len(got))
		}
		c.push(c.worker, lastResortHistory(p)...)
		c.push(c.supervisor, approval)
		row := c.stored("contact_attempts", officer.Row)
		got := c.audit(AuditQuery{AuditFilter: only(AuditServer).AuditFilter, Row: officer.Row})
		if len(got) != 1 || rowsIn(t, got[0])[0].V != row.V {
			t.Errorf("%d entries tell that the attempt is within the rule, want 1, of version %d", len(got), row.V)
		}
		c.holds()
	})
}

// Rows that the server makes are audited as its own, in the commit that makes them;
// what only mutations changed leaves no such entry.
func TestAuditOfServerRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		p := c.open(c.worker)
		before := len(c.audit(only(AuditServer)))
		c.push(c.worker, attemptAt(p))
		if made := c.audit(only(AuditServer))[before:]; len(made) != 0 {
			t.Errorf("a plain attempt left %d entries of the server's", len(made))
		}
		c.push(c.worker, item(models.OpPatch, "services", p.service, models.Forever, map[string]any{"status": "slo_engaged"}))
		made := c.audit(only(AuditServer))[before:]
		if len(made) != 1 || made[0].Actor != nil {
			t.Fatalf("a status left %d entries of the server's", len(made))
		}
		if rows := rowsIn(t, made[0]); len(rows) != 1 || rows[0].Table != "status_events" || rows[0].V == 0 {
			t.Errorf("the entry says %+v", rows)
		}
		id := models.NewID()
		row := store.ServerRow{Table: "reminders", ID: id, Bucket: p.service, Set: map[string]json.RawMessage{
			"service_id": models.Quote(p.service), "kind": models.Quote("silence"), "due_at": models.TimeValue(s.Clock()), "state": models.Quote("pending")}}
		for range 2 { // the second time nothing changes
			c.must(c.e.ServerRows(context.Background(), c.admin.Program, func(*store.ProgramTx) ([]store.ServerRow, error) {
				return []store.ServerRow{row}, nil
			}))
		}
		made = c.audit(only(AuditServer))[before+1:]
		if len(made) != 1 {
			t.Fatalf("a reminder left %d entries of the server's", len(made))
		}
		if rows := rowsIn(t, made[0]); len(rows) != 1 || rows[0].Row != id || rows[0].Table != "reminders" {
			t.Errorf("the entry says %+v", rows)
		}
		c.holds()
	})
}

// A mutation that waited is audited again when its wait ends, as its author's.
func TestAuditOfWhatWaited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		person := models.NewID()
		contact := insertOf("known_contacts", map[string]any{"person_id": person, "name": "N", "relation": "family"})
		c.pushFor(models.StatusDeferred, c.worker, contact)
		c.push(c.worker, item(models.OpInsert, "people", person, 0, map[string]any{"code": "K"}))
		list := c.audit(only(AuditSettle))
		if len(list) != 1 || *list[0].Actor != c.worker.UserID {
			t.Fatalf("%d entries of settled mutations", len(list))
		}
		if rows := rowsIn(t, list[0]); len(rows) != 1 || rows[0].Mutation != contact.ID || rows[0].Status != models.StatusApplied {
			t.Errorf("the entry says %+v", rows)
		}
		c.holds()
	})
}

// What admins do to accounts is audited by names of fields, never by their values.
func TestAuditOfAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		_, err := c.e.UpdateUser(context.Background(), c.admin, c.worker.UserID, func(u *models.User) error {
			u.Name, u.PasswordHash = "Planted Name", "planted"
			return nil
		})
		c.must(err)
		list := c.audit(only(AuditUserChange))
		if len(list) != 1 || string(list[0].Detail) != `{"id":"`+c.worker.UserID+`","fields":["name","password"]}` {
			t.Fatalf("the change is audited as %v", list)
		}
		for _, entry := range c.audit(AuditQuery{}) {
			if strings.Contains(strings.ToLower(string(entry.Detail)), "planted") {
				t.Errorf("entry %d carries a value: %s", entry.N, entry.Detail)
			}
		}
		if made := c.audit(only(AuditUserMade)); len(made) != 4 {
			t.Errorf("%d users made, want 4", len(made))
		}
		c.holds()
	})
}

// What waits when the engine ends is stored, whole and in order.
func TestAuditOutlivesShutdown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := newCrew(t, s)
		ctx, end := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.e.Run(ctx)
		}()
		for i := range 2000 {
			c.must(c.e.Audit(context.Background(), c.admin, "search", map[string]int{"i": i}))
		}
		end()
		<-done
		if left := c.e.audit.depth(); left != 0 {
			t.Fatalf("%d entries were not stored", left)
		}
		n, _, err := s.AuditHead(context.Background(), c.admin.Program)
		c.must(err)
		list, _, err := c.e.ReadAudit(context.Background(), c.admin, only("search"), 0, 500)
		c.must(err)
		if len(list) != 500 || string(list[0].Detail) != `{"i":1999}` || list[0].N != n {
			t.Errorf("the newest entry is %d of %d: %s", list[0].N, n, list[0].Detail)
		}
		c.holds()
	})
}

// When the audit cannot be written, reading stops before memory is full of it.
func TestAuditQueueIsBounded(t *testing.T) {
	q := newAuditQueue()
	big := store.AuditEntry{Detail: make([]byte, 1<<20)}
	n := 0
	for ; n < 1000; n++ {
		if _, err := q.add(1, big); err != nil {
			break
		}
	}
	if n < auditBytes>>20 || n > 2*auditBytes>>20+1 {
		t.Errorf("%d MiB were taken before the queue refused", n)
	}
	_, list := q.take()
	q.giveBack(1, list)
	if q.depth() != n {
		t.Errorf("%d entries wait after some were given back, want %d", q.depth(), n)
	}
	for taken := 0; taken < n; {
		_, list := q.take()
		if len(list) == 0 || len(list) > auditPerTx {
			t.Fatalf("%d entries for one transaction", len(list))
		}
		taken += len(list)
	}
	if q.depth() != 0 || q.bytes != 0 {
		t.Errorf("an empty queue counts %d entries, %d bytes", q.depth(), q.bytes)
	}
}

// Unpacking gives back what was packed, and no bytes make it fail but by an error.
func TestAuditDetailRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := make([]Sent, rapid.IntRange(0, 20).Draw(t, "rows"))
		for i := range sent {
			sent[i] = Sent{Table: rapid.IntRange(1, 12).Draw(t, "table"), ID: models.NewID(), Seq: rapid.Int64Min(0).Draw(t, "seq")}
		}
		list, err := unpack(sentDetail(sent))
		if err != nil || len(list) != len(sent) {
			t.Fatalf("%d of %d rows, %v", len(list), len(sent), err)
		}
		for i, got := range list {
			if got.Row != sent[i].ID || got.V != sent[i].Seq || got.Table != models.Tables.TableNo(sent[i].Table).Name {
				t.Fatalf("row %d is %+v, want %+v", i, got, sent[i])
			}
		}
		if text := shown(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")); !json.Valid(text) {
			t.Fatalf("shown as %q", text)
		}
	})
}
