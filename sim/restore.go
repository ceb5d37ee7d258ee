package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

const (
	// backupName names the copy that a restore puts back.
	backupName = "before"
	// lostOps is how many operations are played in the time that a restore loses.
	lostOps = 150
	// lostTime sets the numbers of the lost time apart from those before it.
	lostTime = 1 << 40
	// healLimit bounds how long deferred mutations may take after a restore.
	healLimit = 30 * time.Second
)

// Restore plays the loss of a database after a settled run: a backup is taken,
// people go on, the backup is put back, and the devices, one after another, heal
// the server with what they had been acknowledged for. Decisions stay out of the
// lost time: their order is not known to devices. No other run may be going on.
func (r *Run) Restore(ctx context.Context, seed uint64) error {
	if err := r.world.paused(ctx, func() error { return r.world.Site.Backup(ctx, backupName) }); err != nil {
		return err
	}
	kept := map[*device]int{}
	for _, d := range r.devices {
		kept[d] = len(d.sent)
	}
	for i, op := range Generate(seed+lostTime, Plan{Ops: lostOps * 4}) {
		if !harmless(op.Kind) {
			continue
		}
		if err := r.step(ctx, op); err != nil {
			return &Failure{Op: i, Cause: fmt.Errorf("in the lost time: %s: %w", op, err)}
		}
	}
	if err := r.converge(ctx); err != nil {
		return err
	}
	if err := r.world.paused(ctx, func() error { return r.world.putBack(ctx) }); err != nil {
		return err
	}
	for _, d := range r.devices {
		if err := r.comeBack(ctx, d, kept[d]); err != nil {
			return fmt.Errorf("%s comes back: %w", d.name, err)
		}
	}
	return r.healed(ctx)
}

// harmless are the operations whose outcome does not hang on the order in which
// devices come back, but for which value wins.
func harmless(kind Kind) bool {
	switch kind {
	case editPerson, editCase, editContact, editAttempt, editName, editPhones, editNotes, editRelation, editOutcome, syncPlain, syncCut, syncLostAnswer:
		return true
	}
	return false
}

// paused stops all servers, acts and starts them again.
func (w *World) paused(ctx context.Context, act func() error) error {
	w.struck.Store(time.Now().UnixMilli())
	for _, server := range w.Servers {
		if err := server.Stop(); err != nil {
			return err
		}
	}
	err := act()
	for _, server := range w.Servers {
		err = errors.Join(err, server.Restart(ctx))
	}
	w.struck.Store(time.Now().UnixMilli())
	return err
}

func (w *World) putBack(ctx context.Context) error {
	if err := w.Site.Restore(ctx, backupName); err != nil {
		return err
	}
	out, err := w.Site.Command(ctx, nil, "restored")
	if err == nil && out.Code != 0 {
		err = fmt.Errorf("restored ended with %d: %s", out.Code, out.Stderr)
	}
	return err
}

// comeBack takes the directive and sends again all that was acknowledged: what the
// backup held is a duplicate, the rest is taken anew.
func (r *Run) comeBack(ctx context.Context, d *device, kept int) error {
	page, err := d.Sync(ctx, d.Request(nil, d.NextPull()))
	if err != nil {
		return err
	}
	if page.Directive == nil || page.Directive.Kind != "reconcile" {
		return fmt.Errorf("directive %+v, want reconcile", page.Directive)
	}
	d.Apply(page)
	for at := 0; at < len(d.sent); at += pushRoom {
		batch := d.sent[at:min(at+pushRoom, len(d.sent))]
		page, err := d.Sync(ctx, d.Request(wires(batch), nil))
		if err != nil {
			return err
		}
		for i, got := range page.Results {
			first, _ := r.oracle.Verdict(batch[i].wire.ID)
			if old := at+i < kept; got.Duplicate != old || got.Status == "rejected" && first.Status != "rejected" {
				return fmt.Errorf("%s of %s, held by the backup %v, answered at first %q: %+v", batch[i].wire.Op, batch[i].wire.Table, old, first.Status, got)
			}
		}
	}
	return nil
}

// healed waits until every device agrees with the server once it has replaced the
// buckets that differ, and holds all rows that it held before.
func (r *Run) healed(ctx context.Context) error {
	for deadline := time.Now().Add(healLimit); ; time.Sleep(retryPause * 4) {
		var late error
		for _, d := range r.devices {
			if err := r.repair(ctx, d); err != nil {
				return fmt.Errorf("repairing: %w", err)
			}
			late = errors.Join(late, r.keeps(d))
		}
		if late == nil || time.Now().After(deadline) {
			return late
		}
	}
}

// keeps checks that no row that should be there is missing and none came in that
// should not.
func (r *Run) keeps(d *device) error {
	var want, have []string
	for key, row := range r.oracle.Rows {
		if tracked(key.Table) && row.Live && r.oracle.Holds(d.user, row.Bucket) && oracle.Receives(d.user.Role, key.Table) {
			want = append(want, key.Table+" "+key.ID)
		}
	}
	for table, rows := range d.Tables {
		for id := range rows {
			if tracked(table) {
				have = append(have, table+" "+id)
			}
		}
	}
	if missing, surplus := minus(want, have), minus(have, want); len(missing)+len(surplus) > 0 {
		return fmt.Errorf("%s lost %d rows %q and has %d too many %q after a restore", d.name, len(missing), first(missing), len(surplus), first(surplus))
	}
	return nil
}

// repair pulls and replaces every bucket whose digest differs.
func (r *Run) repair(ctx context.Context, d *device) error {
	if _, err := d.PullAll(ctx); err != nil {
		return err
	}
	digests, err := r.digests(ctx, d)
	if err != nil {
		return err
	}
	for _, bucket := range differing(d.Digest(), digests.Buckets) {
		if err := r.replace(ctx, d, bucket); err != nil {
			return err
		}
	}
	return r.agree(ctx, d)
}

func differing(own, server map[string]map[string]harness.Digest) []string {
	found := map[string]bool{}
	for _, side := range []map[string]map[string]harness.Digest{own, server} {
		for bucket, tables := range side {
			for table := range tables {
				if own[bucket][table] != server[bucket][table] {
					found[bucket] = true
				}
			}
		}
	}
	var buckets []string
	for bucket := range found {
		buckets = append(buckets, bucket)
	}
	return buckets
}

// replace pulls a bucket whole and puts it in place of the local one.
func (r *Run) replace(ctx context.Context, d *device, bucket string) error {
	stream := d.Cursor
	pull := &harness.Pull{Buckets: []string{bucket}}
	d.Apply(harness.Page{Drop: []string{bucket}})
	for range pullRounds {
		page, err := d.Sync(ctx, d.Request(nil, pull))
		if err != nil {
			return err
		}
		d.Apply(page)
		if page.Complete {
			d.Cursor = stream
			return nil
		}
		pull.Cursor = &page.Cursor
	}
	return fmt.Errorf("bucket %s is not complete after %d pages", bucket, pullRounds)
}
