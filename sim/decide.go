package sim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// decide lets somebody decide online: their device catches up, decides on what it
// sees and sends that at once, so that the order of decisions is known.
func (r *Run) decide(ctx context.Context, op Op) error {
	if op.Kind == decideRole {
		return r.move(ctx, op)
	}
	roles := []string{oracle.Manager, oracle.Supervisor}
	if op.Kind == decideHeld {
		roles = roles[1:]
	}
	d, ok := pick(r.those(false, roles...), op.A)
	if !ok {
		return nil
	}
	r.route(d, op.C>>8)
	if err := r.catchUp(ctx, d); err != nil {
		return err
	}
	switch op.Kind {
	case decideAssign:
		r.assign(d, op, "")
	case decideEnd:
		r.end(d, op)
	case decideReassign:
		if service := r.end(d, op); service != "" {
			r.assign(d, op, service)
			r.group(d)
		}
	case decideConflict:
		r.settleConflict(d, op)
	case decideHeld:
		r.settleHeld(d, op)
	}
	return r.catchUp(ctx, d)
}

// apply lets the oracle take a mutation, a decision by its own door.
func (r *Run) apply(q queued) oracle.Verdict {
	deed, ok := r.deeds[q.wire.ID]
	if !ok {
		verdict := r.oracle.Apply(q.meant)
		if q.wire.Table == "assignments" && !verdict.Duplicate && verdict.Status == "applied" {
			r.holds[[2]string{q.wire.Set["user_id"].(string), q.wire.Set["service_id"].(string)}] = [2]time.Time{time.Now()}
		}
		return verdict
	}
	if verdict, ok := r.taken[q.wire.ID]; ok {
		verdict.Duplicate = true
		return verdict
	}
	r.taken[q.wire.ID] = deed()
	return r.taken[q.wire.ID]
}

// group puts the whole queue of a device into one group.
func (r *Run) group(d *device) {
	for i := range d.queue {
		d.queue[i].wire.Group = "reassign"
	}
}

// assign assigns a worker of the device's organisation to a service of it.
func (r *Run) assign(d *device, op Op, service string) {
	if service == "" {
		row, ok := pick(r.ownServices(d), op.B)
		if !ok {
			return
		}
		service = row.ID()
	}
	worker, ok := pick(r.workers(d.user.Org), op.C)
	if !ok {
		return
	}
	for _, a := range r.oracle.Assignments {
		if a.Service == service && a.User == worker.ID && !a.Ended {
			return
		}
	}
	d.enqueue(r.insert("assignments", map[string]any{"service_id": service, "user_id": worker.ID, "role": oracle.Worker}), time.Now())
}

func (r *Run) ownServices(d *device) []harness.Row {
	return slices.DeleteFunc(d.rows("services"), func(row harness.Row) bool { return row.Text("org_id") != d.user.Org })
}

// end ends a live assignment of the device's organisation and answers its service.
func (r *Run) end(d *device, op Op) string {
	live := slices.DeleteFunc(d.rows("assignments"), func(row harness.Row) bool {
		service := d.Row("services", row.Text("service_id"))
		return row["ended_at"] != nil || service == nil || service.Text("org_id") != d.user.Org
	})
	row, ok := pick(live, op.B)
	if !ok {
		return ""
	}
	a := r.assignment(row)
	if a == nil {
		return ""
	}
	q := r.change(d, "patch", "assignments", row.ID(), map[string]any{"ended_at": harness.At(time.Now())})
	before := time.Now()
	r.deeds[q.wire.ID] = func() oracle.Verdict {
		r.oracle.End(a, before)
		key := [2]string{a.User, a.Service}
		if times, ok := r.holds[key]; ok && !r.oracle.Holds(r.oracle.Users[a.User], a.Service) {
			r.holds[key] = [2]time.Time{times[0], before}
		}
		return oracle.Verdict{Status: "applied"}
	}
	d.enqueue(q, time.Now())
	return a.Service
}

// assignment finds the oracle's assignment of a row; one that the server made for
// a worker's own service is known by service and user.
func (r *Run) assignment(row harness.Row) *oracle.Assignment {
	var made *oracle.Assignment
	for _, a := range r.oracle.Assignments {
		if a.ID == row.ID() {
			return a
		}
		if a.ID == "" && a.Service == row.Text("service_id") && a.User == row.Text("user_id") {
			made = a
		}
	}
	return made
}

// settleConflict keeps or restores an open conflict.
func (r *Run) settleConflict(d *device, op Op) {
	open := slices.DeleteFunc(d.rows("conflicts"), func(row harness.Row) bool { return row.Text("state") != "open" })
	row, ok := pick(open, op.B)
	if !ok {
		return
	}
	at := slices.IndexFunc(r.oracle.Conflicts, func(c *oracle.Conflict) bool { return c.ServerID == row.ID() })
	if at < 0 {
		return
	}
	conflict := r.oracle.Conflicts[at]
	state := "kept"
	if restorable := conflict.Policy == "latest" || conflict.Field == "_deleted"; restorable && r.oracle.Rows[conflict.Key].Live && op.C%2 == 0 {
		state = "restored"
	}
	q := r.change(d, "patch", "conflicts", row.ID(), map[string]any{"state": state})
	by := oracle.Mutation{ID: q.wire.ID, At: time.Now(), Author: d.user.ID, Device: d.name}
	r.deeds[q.wire.ID] = func() oracle.Verdict {
		r.oracle.Settle(conflict, state, by)
		return oracle.Verdict{Status: "applied"}
	}
	d.enqueue(q, by.At)
}

// settleHeld releases or dismisses a quarantined mutation.
func (r *Run) settleHeld(d *device, op Op) {
	open := slices.DeleteFunc(d.rows("quarantine"), func(row harness.Row) bool { return row.Text("state") != "open" || row.Text("table") == "services" })
	row, ok := pick(open, op.B)
	if !ok {
		return
	}
	at := slices.IndexFunc(r.oracle.Held, func(h *oracle.Held) bool { return h.ID == row.Text("mutation_id") })
	if at < 0 {
		return
	}
	held := r.oracle.Held[at]
	state := []string{"released", "dismissed"}[op.C%2]
	q := r.change(d, "patch", "quarantine", row.ID(), map[string]any{"state": state})
	r.deeds[q.wire.ID] = func() oracle.Verdict {
		if state == "released" {
			return r.oracle.Release(held)
		}
		r.oracle.Dismiss(held)
		return oracle.Verdict{Status: "applied"}
	}
	d.enqueue(q, time.Now())
}

// roams tells whether a user moves between organisations: nobody is assigned who
// may be elsewhere tomorrow.
func (r *Run) roams(user *oracle.User) bool { return user == r.devices[len(r.devices)-1].user }

// move changes the role of one who floats, or role and organisation of one who roams.
func (r *Run) move(ctx context.Context, op Op) error {
	d, ok := pick(slices.DeleteFunc(slices.Clone(r.devices), func(d *device) bool { return !d.floats }), op.A)
	if !ok {
		return nil
	}
	role, org := oracle.Manager, d.user.Org
	if d.user.Role == oracle.Manager {
		role = oracle.Worker
	}
	if r.roams(d.user) {
		next := []oracle.User{{Role: oracle.Supervisor, Org: r.orgs[1]}, {Role: oracle.Supervisor, Org: r.orgs[2]}, {Role: oracle.Worker, Org: r.orgs[1]}}[op.B%3]
		role, org = next.Role, next.Org
	}
	if err := r.patchUser(ctx, d.user.ID, map[string]any{"role": role, "org_id": org}); err != nil {
		return err
	}
	r.oracle.MoveUser(d.user.ID, role, org)
	return nil
}

// patchUser tries until the server has answered; the same patch twice is one.
func (r *Run) patchUser(ctx context.Context, id string, set map[string]any) error {
	for deadline := time.Now().Add(retryLimit); ; time.Sleep(retryPause) {
		answer, err := r.program.Admin.JSON(ctx, http.MethodPatch, "/v1/users/"+id, set)
		switch {
		case err == nil && answer.Status == http.StatusOK:
			return nil
		case err == nil && answer.Code() == "token_expired":
			err = r.program.Admin.Refresh(ctx)
		case err == nil && (answer.Status < http.StatusInternalServerError || r.world.calm()):
			return fmt.Errorf("patch a user: status %d: %.300s", answer.Status, answer.Body)
		}
		if time.Now().After(deadline) || err != nil && r.world.calm() {
			return err
		}
	}
}
