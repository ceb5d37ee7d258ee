package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"pursuit/sim/harness"
)

const (
	// absence is how long nobody syncs: longer than the 400 days for which deletions
	// are kept (docs/protocol.md, section 9).
	absence = 401 * 24 * time.Hour
	// awayOps is how many operations are played without those who are away.
	awayOps = 400
	// collectOps is how many are played once the old is collected.
	collectOps = 150
	// collectLimit bounds the wait until the servers have collected what is old.
	collectLimit = 60 * time.Second
	// collectCut is the size of the pages that are pulled while they do.
	collectCut = 3
)

// Collect plays a long absence after a settled run: some devices stay away while the
// others go on, then nobody syncs for 401 days, by the servers' clocks and everybody's.
// The servers collect tombstones, former versions and results while all devices pull
// small pages. Whoever was away is told to reconcile, once; in the end every device
// equals the oracle. No other run may be going on, and none may follow.
func (r *Run) Collect(ctx context.Context, seed uint64) error {
	everybody := r.devices
	r.devices = slices.DeleteFunc(slices.Clone(everybody), away)
	for i, op := range Generate(seed+lostTime, Plan{Ops: awayOps, Apps: r.world.trial}) {
		if op.Kind == decideRole || op.Kind.strikes() {
			continue
		}
		if err := r.step(ctx, op); err != nil {
			return &Failure{Op: i, Cause: fmt.Errorf("while some are away: %s: %w", op, err)}
		}
	}
	if err := r.converge(ctx); err != nil {
		return err
	}
	r.devices = everybody
	stale := map[*device]*string{}
	for _, d := range everybody {
		stale[d] = d.Cursor
	}
	if err := r.world.paused(ctx, r.world.leap); err != nil {
		return err
	}
	r.oracle.Expire()
	for _, d := range everybody {
		if err := r.returns(ctx, d); err != nil {
			return err
		}
	}
	if err := r.whileCollecting(ctx, stale); err != nil {
		return err
	}
	if err := r.compared(ctx); err != nil {
		return err
	}
	return r.goesOn(ctx, seed+2*lostTime)
}

// away tells who stays away: every fourth device, but those who move.
func away(d *device) bool { return !d.floats && len(d.name)%2 == 0 && d.Skew == 0 }

// strikes tells whether an operation ends servers.
func (k Kind) strikes() bool {
	return k == strikeServer || k == strikeDatabase || k == strikeRolling
}

// leap puts the clocks of all servers forward.
func (w *World) leap() error {
	for _, server := range w.Servers {
		server.Set("PURSUIT_CLOCK_OFFSET", absence.String())
	}
	return nil
}

// returns signs a device in again, as the same one, with its clock as far ahead.
func (r *Run) returns(ctx context.Context, d *device) error {
	d.Skew += absence
	d.sent = nil // what was acknowledged so long ago is not remembered any more
	body := harness.LoginBody(d.Tokens.User.Email, harness.Password, d.DeviceID)
	answer, err := d.JSON(ctx, http.MethodPost, "/v1/auth/login", body)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("%s signs in after a long absence: status %d: %.300s", d.name, answer.Status, answer.Body)
	}
	if err := answer.Decode(&d.Tokens); err != nil {
		return err
	}
	d.Token = d.AccessToken
	return nil
}

// whileCollecting lets all devices pull small pages until the servers have collected
// all that was there when the clocks leapt: a cursor of before is told so then.
func (r *Run) whileCollecting(ctx context.Context, stale map[*device]*string) error {
	var group sync.WaitGroup
	errs := make([]error, len(r.devices))
	told := make([]int, len(r.devices))
	for i, d := range r.devices {
		group.Go(func() { told[i], errs[i] = r.pullsAmid(ctx, d, stale[d]) })
	}
	group.Wait()
	reconciled := 0
	for _, n := range told {
		reconciled += n
	}
	if reconciled == 0 {
		errs = append(errs, errors.New("nobody was told to reconcile: nothing was collected"))
	}
	r.Stats.Reconciled += reconciled
	return errors.Join(errs...)
}

// pullsAmid pulls until the servers collect no more and the stream is complete, and
// answers how often the device was told to reconcile.
func (r *Run) pullsAmid(ctx context.Context, d *device, stale *string) (int, error) {
	told := 0
	for deadline := time.Now().Add(collectLimit); ; {
		limit := collectCut
		pull := d.NextPull()
		pull.Limit = &limit
		page, err := d.Sync(ctx, d.Request(nil, pull))
		if err != nil {
			return told, fmt.Errorf("%s: amid the collection: %w", d.name, err)
		}
		if page.Directive != nil {
			if page.Directive.Kind != "reconcile" {
				return told, fmt.Errorf("%s: directive %s after a long absence", d.name, page.Directive.Kind)
			}
			told++
		}
		d.Apply(page)
		if told > 1 {
			return told, fmt.Errorf("%s was told to reconcile more than once", d.name)
		}
		if !page.Complete {
			continue
		}
		done, err := r.collected(ctx)
		if err != nil || done || time.Now().After(deadline) {
			return told, err
		}
		if !away(d) { // no more to pull: begin again where it was before the absence
			again := *d.Device
			again.Tables, again.Cursor = map[string]map[string]harness.Row{}, stale
			probe := again.NextPull()
			if _, err := d.Sync(ctx, d.Request(nil, probe)); err != nil {
				return told, fmt.Errorf("%s: an old cursor amid the collection: %w", d.name, err)
			}
		}
		time.Sleep(retryPause)
	}
}

// collected tells whether the audit knows of a collection that the last sweep did not
// go on with.
func (r *Run) collected(ctx context.Context) (bool, error) {
	answer, err := r.admin(ctx, "/v1/audit?action=collect&limit=1")
	if err != nil {
		return false, err
	}
	var list struct{ Entries []struct{ At time.Time } }
	if err := answer.Decode(&list); err != nil || len(list.Entries) == 0 {
		return false, err
	}
	return time.Now().Add(absence).Sub(list.Entries[0].At) > quietAfter, nil
}

// quietAfter is how long servers that sweep every second must have collected nothing.
const quietAfter = 3 * time.Second

// admin makes a call as the program's admin, who signed in before the absence.
func (r *Run) admin(ctx context.Context, path string) (harness.Answer, error) {
	r.signing.Lock()
	defer r.signing.Unlock()
	admin := r.program.Admin
	answer, err := admin.JSON(ctx, http.MethodGet, path, nil)
	if err != nil || answer.Status != http.StatusUnauthorized {
		return answer, err
	}
	again, err := harness.Login(ctx, admin.Base, admin.HTTP, admin.Tokens.User.Email, harness.Password)
	if err != nil {
		return answer, err
	}
	r.program.Admin = again
	return again.JSON(ctx, http.MethodGet, path, nil)
}

// compared lets every device replace the buckets whose digests differ, and waits until
// each equals the oracle.
func (r *Run) compared(ctx context.Context) error {
	for deadline := time.Now().Add(healLimit); ; time.Sleep(retryPause * 4) {
		var late error
		for _, d := range r.devices {
			if err := r.repair(ctx, d); err != nil {
				return fmt.Errorf("repairing: %w", err)
			}
			late = errors.Join(late, r.equal(d))
		}
		if late == nil || time.Now().After(deadline) {
			return late
		}
	}
}

// goesOn plays on, and settles.
func (r *Run) goesOn(ctx context.Context, seed uint64) error {
	for _, d := range r.devices {
		for table, rows := range d.Tables {
			r.markSeen(d, harness.Page{Changes: map[string]harness.Change{table: {Upsert: values(rows)}}})
		}
		d.busy = map[string]bool{}
	}
	for i, op := range Generate(seed, Plan{Ops: collectOps, Apps: r.world.trial}) {
		if !harmless(op.Kind) && op.Kind != editErase && op.Kind != editLater {
			continue
		}
		if err := r.step(ctx, op); err != nil {
			return &Failure{Op: i, Cause: fmt.Errorf("after the collection: %s: %w", op, err)}
		}
	}
	return r.settle(ctx)
}

func values(rows map[string]harness.Row) []harness.Row {
	list := make([]harness.Row, 0, len(rows))
	for _, row := range rows {
		list = append(list, row)
	}
	return list
}
