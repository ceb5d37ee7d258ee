package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"pursuit/models"
	"pursuit/models/store"
)

// fataler is what a scene needs of a test, be it a plain one or a property.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// scene is a small program whose rows, grants and memberships a test moves by hand,
// past the rules of who may do what.
type scene struct {
	t       fataler
	e       *Engine
	program models.Program
	orgs    [2]string
	buckets [5]string
	users   []models.Actor
	rows    []rowKey // ever inserted
}

var programsMade atomic.Int64

// bucketNumber keeps the ids of buckets apart from those of programs and users, which
// are numbered from 0 on.
const bucketNumber = 1 << 32

func testEngine(t fataler, s *store.Store) *Engine {
	t.Helper()
	e, err := New(context.Background(), s, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// testID makes ids that sort by kind and number, so that a failure can be repeated.
func testID(kind byte, n int) string { return fmt.Sprintf("%02x000000-0000-7000-8000-%012x", kind, n) }

func newScene(t fataler, e *Engine, roles ...models.Role) *scene {
	t.Helper()
	sc := &scene{t: t, e: e, orgs: [2]string{testID(0x30, 1), testID(0xc0, 2)}}
	ctx, made := context.Background(), int(programsMade.Add(1))
	var err error
	sc.program, err = store.In(ctx, e.store, func(tx *store.Tx) (models.Program, error) {
		return tx.NewProgram(models.Program{ID: testID(0x80, made), Name: "Scene", TimeZone: "UTC"})
	})
	sc.must(err)
	admin := models.Actor{Program: sc.program.No, ProgramID: sc.program.ID, Role: models.RoleAdmin}
	for i, id := range sc.orgs {
		_, err = e.CreateOrg(ctx, admin, models.Org{ID: id, Name: id, Kind: []models.OrgKind{models.OrgLead, models.OrgServiceProvider}[i]})
		sc.must(err)
	}
	for i := range sc.buckets {
		sc.buckets[i] = testID(byte(0x20+0x30*i), bucketNumber)
	}
	for i, role := range roles {
		u, err := e.CreateUser(ctx, admin, models.User{ID: testID(0xe0, i), OrgID: sc.orgs[0], Name: "U", Role: role, Active: true,
			Email: fmt.Sprintf("u%d@p%d.example", i, made)})
		sc.must(err)
		sc.users = append(sc.users, models.Actor{Program: sc.program.No, ProgramID: sc.program.ID, TimeZone: "UTC", UserID: u.ID,
			OrgID: u.OrgID, OrgKind: models.OrgLead, Role: u.Role, DeviceID: "phone"})
	}
	return sc
}

func (sc *scene) must(err error) {
	sc.t.Helper()
	if err != nil {
		sc.t.Fatal(err)
	}
}

// commit runs steps in one transaction of the program.
func (sc *scene) commit(steps ...func(w *world)) {
	sc.t.Helper()
	sc.must(store.InProgram(context.Background(), sc.e.store, sc.program.No, func(tx *store.ProgramTx) error {
		w := newWorld(tx)
		for _, step := range steps {
			step(w)
		}
		return w.flush()
	}))
}

// insert puts a new row into a bucket.
func (sc *scene) insert(table, bucket string) func(*world) {
	key := rowKey{models.Tables.Table(table), testID(0x10, len(sc.rows))}
	sc.rows = append(sc.rows, key)
	return func(w *world) {
		row := models.NewRow(key.table, key.id)
		row.Bucket, row.V = bucket, w.tx.Next()
		row.Meta.Wrote(models.Writer{V: row.V, Device: "d", User: sc.users[0].UserID})
		w.put(row)
	}
}

// change writes a row again, as deleted or not.
func (sc *scene) change(n int, deleted bool) func(*world) {
	key := sc.rows[n%len(sc.rows)]
	return func(w *world) {
		row, err := w.row(key.table, key.id)
		sc.must(err)
		row = row.Clone()
		row.V, row.Deleted = w.tx.Next(), deleted
		row.Meta.Wrote(models.Writer{V: row.V, Device: "d", User: sc.users[0].UserID}, "updated_at")
		w.put(row)
	}
}

func (sc *scene) give(principal, bucket, source string) func(*world) {
	return func(w *world) { sc.must(w.give(principal, bucket, source)) }
}

func (sc *scene) take(principal, bucket, source string) func(*world) {
	return func(w *world) {
		sc.must(w.take(bucket, func(g models.Grant) bool { return g.Principal == principal && g.Source == source }))
	}
}

// move gives a user another role or organisation, by the engine's own way.
func (sc *scene) move(n int, role models.Role, org string) {
	sc.t.Helper()
	admin := models.Actor{Program: sc.program.No, ProgramID: sc.program.ID, UserID: sc.users[n].UserID, Role: models.RoleAdmin}
	_, err := sc.e.UpdateUser(context.Background(), admin, sc.users[n].UserID, func(u *models.User) error {
		u.Role, u.OrgID = role, org
		return nil
	})
	sc.must(err)
	sc.users[n].Role, sc.users[n].OrgID = role, org
}

// seen is what a person sees of a row: its version and bucket.
type seen struct {
	v      int64
	bucket string
}

// holds lists the buckets that a person holds now, by asking each grant.
func (sc *scene) holds(who models.Actor) map[string]bool {
	sc.t.Helper()
	out := map[string]bool{who.OrgID: true, who.ProgramID: true}
	query := fmt.Sprintf(`SELECT bucket, principal FROM grants WHERE program_no = %d AND revoked IS NULL`, sc.program.No)
	rows, err := sc.e.store.SQLDB().QueryContext(context.Background(), query)
	sc.must(err)
	defer rows.Close()
	for rows.Next() {
		var bucket, principal string
		sc.must(rows.Scan(&bucket, &principal))
		if principal == who.UserID && who.Role.HoldsCases() || principal == who.OrgID && who.Role.HoldsOrganisation() {
			out[bucket] = true
		}
	}
	sc.must(rows.Err())
	return out
}

// truth lists what a person sees now, by looking at every row there is.
func (sc *scene) truth(who models.Actor, tables models.TableSet) map[string]seen {
	sc.t.Helper()
	held, out := sc.holds(who), map[string]seen{}
	query := fmt.Sprintf(`SELECT tbl, id, seq, bucket FROM feed WHERE program_no = %d AND NOT deleted`, sc.program.No)
	rows, err := sc.e.store.SQLDB().QueryContext(context.Background(), query)
	sc.must(err)
	defer rows.Close()
	for rows.Next() {
		var no int
		var id string
		var s seen
		sc.must(rows.Scan(&no, &id, &s.v, &s.bucket))
		table := models.Tables.TableNo(no)
		if held[s.bucket] && !table.HiddenFrom(who.Role) && tables.Has(table) {
			out[table.Name+" "+id] = s
		}
	}
	sc.must(rows.Err())
	return out
}

// phone is a device as section 4 of the protocol wants it: drop, remove, upsert.
type phone struct {
	user   int
	tables []string
	cursor string
	rows   map[string]seen

	// what needs no sending again: what was in view at the last complete page
	seq   int64
	held  map[string]bool
	shown models.TableSet
	role  models.Role
	org   string
	// and, once a page after it was cut, only what stayed in view all the time since
	cut        bool
	stayed     map[string]bool
	stayedOpen models.TableSet
}

// wireChanges is the `changes` object of an answer.
type wireChanges map[string]struct {
	Upsert []struct {
		ID     string `json:"id"`
		V      int64  `json:"_v"`
		Bucket string `json:"_b"`
	} `json:"upsert"`
	Remove []struct {
		ID string `json:"id"`
		V  int64  `json:"_v"`
	} `json:"remove"`
}

func changesOf(t fataler, p *Page) wireChanges {
	t.Helper()
	var out wireChanges
	if err := json.Unmarshal(changesText(t, p), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func changesText(t fataler, p *Page) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteChanges(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// apply does what a page says.
func (ph *phone) apply(p *Page, changes wireChanges) {
	for _, bucket := range p.Drop {
		for key, s := range ph.rows {
			if s.bucket == bucket {
				delete(ph.rows, key)
			}
		}
	}
	for table, c := range changes {
		for _, r := range c.Remove {
			if s, ok := ph.rows[table+" "+r.ID]; ok && s.v <= r.V {
				delete(ph.rows, table+" "+r.ID)
			}
		}
		for _, r := range c.Upsert {
			ph.rows[table+" "+r.ID] = seen{r.V, r.Bucket}
		}
	}
}
