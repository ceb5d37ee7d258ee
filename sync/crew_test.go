package sync

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// crew is a program with an admin and one person of each role that works cases.
type crew struct {
	t          testing.TB
	e          *Engine
	made       Bootstrapped
	ahead      *atomic.Int64 // nanoseconds added to now
	admin      models.Actor
	worker     models.Actor
	keeper     models.Actor // case manager
	supervisor models.Actor
}

func newCrew(t testing.TB, s *store.Store) *crew {
	t.Helper()
	c := &crew{t: t, ahead: new(atomic.Int64)}
	s.Clock = func() time.Time { return models.Millis(time.Now().Add(time.Duration(c.ahead.Load()))) }
	c.e = testEngine(t, s)
	var err error
	c.made, err = c.e.Bootstrap(context.Background(), NewProgram{Name: "P", TimeZone: "UTC", AdminEmail: models.NewID() + "@example.org"})
	c.must(err)
	programs, err := s.Programs(context.Background())
	c.must(err)
	c.admin = models.Actor{Program: programs[len(programs)-1].No, ProgramID: c.made.ProgramID, OrgID: c.made.OrgID, OrgKind: models.OrgLead,
		TimeZone: "UTC", UserID: c.made.UserID, Role: models.RoleAdmin, DeviceID: "desk"}
	c.worker, c.keeper, c.supervisor = c.user(models.RoleOutreachWorker), c.user(models.RoleCaseManager), c.user(models.RoleSupervisor)
	return c
}

func (c *crew) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *crew) user(role models.Role) models.Actor {
	c.t.Helper()
	u, err := c.e.CreateUser(context.Background(), c.admin, models.User{OrgID: c.made.OrgID, Email: models.NewID() + "@example.org",
		Name: "U", Role: role, Active: true})
	c.must(err)
	who := c.admin
	who.UserID, who.Role, who.DeviceID = u.ID, role, models.NewID()
	return who
}

// org makes another organisation.
func (c *crew) org() string {
	c.t.Helper()
	o, err := c.e.CreateOrg(context.Background(), c.admin, models.Org{Name: "O", Kind: models.OrgServiceProvider})
	c.must(err)
	return o.ID
}

// move gives a user another role or organisation.
func (c *crew) move(who *models.Actor, role models.Role, org string) {
	c.t.Helper()
	_, err := c.e.UpdateUser(context.Background(), c.admin, who.UserID, func(u *models.User) error {
		u.Role, u.OrgID = role, org
		return nil
	})
	c.must(err)
	who.Role, who.OrgID = role, org
}

func item(op models.Op, table, row string, base int64, set map[string]any) Item {
	raw := map[string]json.RawMessage{}
	for name, value := range set {
		raw[name], _ = json.Marshal(value) // strings and numbers
	}
	return Item{Mutation: models.Mutation{ID: models.NewID(), Table: table, Row: row, Op: op, Base: base,
		At: "2026-01-02T03:04:05.000Z", Set: raw}}
}

func insertOf(table string, set map[string]any) Item {
	return item(models.OpInsert, table, models.NewID(), 0, set)
}

// push wants every mutation to be applied and answers the seq of the last.
func (c *crew) push(who models.Actor, items ...Item) int64 {
	c.t.Helper()
	return c.pushFor(models.StatusApplied, who, items...)
}

func (c *crew) pushFor(want models.Status, who models.Actor, items ...Item) int64 {
	c.t.Helper()
	results, err := c.e.Push(context.Background(), who, time.Time{}, items)
	c.must(err)
	for i, r := range results {
		if r.Status != want {
			c.t.Fatalf("%s %s is %s (%s %s), want %s", items[i].Op, items[i].Table, r.Status, r.Code, r.Field, want)
		}
	}
	return results[len(results)-1].V
}

// pursuit is one person with a service in pursuit.
type pursuit struct{ person, referral, service string }

// open makes a case of the case manager's and assigns it to workers.
func (c *crew) open(workers ...models.Actor) pursuit {
	c.t.Helper()
	p := pursuit{models.NewID(), models.NewID(), models.NewID()}
	c.push(c.keeper, item(models.OpInsert, "people", p.person, 0, map[string]any{"code": "K"}),
		item(models.OpInsert, "referrals", p.referral, 0, map[string]any{"person_id": p.person, "source": "outreach", "referred_on": "2026-01-02"}),
		item(models.OpInsert, "services", p.service, 0, map[string]any{"referral_id": p.referral, "person_id": p.person, "track": "hhp", "org_id": c.made.OrgID}))
	for _, w := range workers {
		c.assign(p, w)
	}
	return p
}

func (c *crew) assign(p pursuit, who models.Actor) Item {
	c.t.Helper()
	it := insertOf("assignments", map[string]any{"service_id": p.service, "user_id": who.UserID, "role": string(who.Role)})
	c.push(c.supervisor, it)
	return it
}

func attemptAt(p pursuit) Item {
	return insertOf("contact_attempts", map[string]any{"service_id": p.service, "channel": "call", "outcome": "no_answer",
		"occurred_at": "2026-01-02T03:04:05.000Z"})
}

// pull pulls until complete, as an HTTP call would, and answers the rows and drops.
func (c *crew) pull(who models.Actor, cursor *string) (rows []Sent, drops []string) {
	c.t.Helper()
	for {
		a, err := c.e.Sync(context.Background(), who, Request{Pull: &PullRequest{Cursor: *cursor, Limit: PageDefault}})
		c.must(err)
		*cursor = a.Page.Cursor
		rows, drops = append(rows, a.Page.Sent...), append(drops, a.Page.Drop...)
		if a.Page.Complete {
			return rows, drops
		}
	}
}

// run does what the server does beside requests, until the test ends.
func (c *crew) run(e *Engine) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(ctx)
	}()
	c.t.Cleanup(func() { cancel(); <-done })
}
