package sim

import (
	"context"
	"fmt"
	"time"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// device is one simulated device: the client's local store, a queue of mutations
// not yet acknowledged and what it has seen, in the oracle's counting.
type device struct {
	*harness.Device
	name  string
	user  *oracle.User
	queue []queued
	sent  []queued // acknowledged, for the replay at the end
	seen  map[oracle.Key]int
	got   map[oracle.Key]bool
	// busy holds the union and text fields edited and not yet seen again.
	busy map[string]bool
	// floats marks users who change roles: they decide nothing.
	floats bool
	// aged keeps the rows of tables by age until another page is applied.
	aged   map[string][]harness.Row
	agedAt int
}

// queued is a mutation as it travels and as the oracle reads it.
type queued struct {
	wire  harness.Mutation
	meant oracle.Mutation
}

// member describes a user of the cast and the clocks of their devices.
type member struct {
	role    string
	org     int // index into the organisations; 0 is the lead
	devices []time.Duration
	floats  bool
}

// cast is who takes part: two providers, the lead, a partner and users who move.
func cast() []member {
	exact, near := time.Duration(0), 700*time.Millisecond
	return []member{
		{role: oracle.Supervisor, org: 1, devices: []time.Duration{exact}},
		{role: oracle.Manager, org: 1, devices: []time.Duration{exact, -3 * time.Hour}},
		{role: oracle.Worker, org: 1, devices: []time.Duration{exact, 26 * time.Hour}},
		{role: oracle.Worker, org: 1, devices: []time.Duration{-40 * time.Second}},
		{role: oracle.Supervisor, org: 2, devices: []time.Duration{near}},
		{role: oracle.Manager, org: 2, devices: []time.Duration{exact}},
		{role: oracle.Worker, org: 2, devices: []time.Duration{-400 * 24 * time.Hour}},
		{role: oracle.Supervisor, org: 0, devices: []time.Duration{exact}},
		{role: oracle.Manager, org: 0, devices: []time.Duration{exact}},
		{role: oracle.Partner, org: 3, devices: []time.Duration{exact}},
		{role: oracle.Director, org: 0, devices: []time.Duration{exact}},
		{role: oracle.Worker, org: 1, devices: []time.Duration{exact}, floats: true},
		{role: oracle.Supervisor, org: 1, devices: []time.Duration{exact}, floats: true},
	}
}

// enter makes the program, its organisations, its users and their devices.
func (r *Run) enter(ctx context.Context) error {
	w := r.world
	program, err := w.Site.Bootstrap(ctx, w.Servers[0].URL, fmt.Sprintf("s%d", w.serial.Add(1)))
	if err != nil {
		return err
	}
	r.program = program
	r.oracle = oracle.New(program.ID, program.OrgID)
	r.oracle.AddUser(oracle.User{ID: program.AdminID, Org: program.OrgID, Role: "admin"})
	r.orgs = []string{program.OrgID}
	for _, kind := range []string{"service_provider", "service_provider", "law_enforcement"} {
		org, err := program.Org(ctx, "Organisation "+kind, kind)
		if err != nil {
			return err
		}
		r.orgs = append(r.orgs, org)
	}
	for i, one := range cast() {
		if err := r.join(ctx, i, one); err != nil {
			return err
		}
	}
	return r.equip(ctx)
}

func (r *Run) join(ctx context.Context, index int, one member) error {
	session, err := r.program.User(ctx, one.role, r.orgs[one.org])
	if err != nil {
		return err
	}
	id := session.Tokens.User.ID
	r.oracle.AddUser(oracle.User{ID: id, Org: r.orgs[one.org], Role: one.role})
	for i, skew := range one.devices {
		if i > 0 {
			if session, err = harness.Login(ctx, r.program.Admin.Base, session.HTTP, session.Tokens.User.Email, harness.Password); err != nil {
				return err
			}
		}
		session.Skew = skew
		r.devices = append(r.devices, &device{Device: harness.NewDevice(session), name: fmt.Sprintf("%s%d.%d", one.role, index, i),
			user: r.oracle.Users[id], seen: map[oracle.Key]int{}, got: map[oracle.Key]bool{}, busy: map[string]bool{}, floats: one.floats})
	}
	return nil
}

// those answers the devices whose user now has one of the roles.
func (r *Run) those(floats bool, roles ...string) []*device {
	var found []*device
	for _, d := range r.devices {
		for _, role := range roles {
			if d.user.Role == role && (floats || !d.floats) {
				found = append(found, d)
			}
		}
	}
	return found
}

func pick[T any](list []T, by uint32) (T, bool) {
	if len(list) == 0 {
		var none T
		return none, false
	}
	return list[int(by)%len(list)], true
}
