package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"pursuit/sim/harness"
)

// settleLimit bounds how long scheduled work may take until all devices agree.
const settleLimit = 30 * time.Second

// settle lets every device catch up without faults and then holds the server to
// all of its promises at once.
func (r *Run) settle(ctx context.Context) error {
	if err := r.converge(ctx); err != nil {
		return err
	}
	for _, d := range r.devices {
		if err := r.replayAll(ctx, d); err != nil {
			return fmt.Errorf("replaying: %w", err)
		}
	}
	if err := r.converge(ctx); err != nil {
		return fmt.Errorf("after replaying everything: %w", err)
	}
	for i, d := range r.devices {
		if err := r.agree(ctx, d); err != nil {
			return err
		}
		if err := r.fresh(ctx, d, max(10+i*7, len(d.store())/freshPages)); err != nil {
			return fmt.Errorf("a fresh installation of %s: %w", d.name, err)
		}
	}
	return nil
}

// converge catches every device up until each equals the oracle, deferred rows
// included.
func (r *Run) converge(ctx context.Context) error {
	for deadline := time.Now().Add(settleLimit); ; time.Sleep(retryPause * 4) {
		var late error
		for _, d := range r.devices {
			if err := r.catchUp(ctx, d); err != nil {
				return err
			}
		}
		for _, d := range r.devices {
			if err := r.catchUp(ctx, d); err != nil {
				return err
			}
			late = errors.Join(late, r.complete(d))
		}
		if late == nil || time.Now().After(deadline) {
			return late
		}
	}
}

// complete is equal without patience for what was let in lately.
func (r *Run) complete(d *device) error {
	if missing := minus(r.viewOf(d), d.store()); len(missing) > 0 {
		return fmt.Errorf("%s still lacks %d rows %q", d.name, len(missing), first(missing))
	}
	return nil
}

// replayAll sends everything a device was ever acknowledged for once more: each
// must get its first answer and change nothing.
func (r *Run) replayAll(ctx context.Context, d *device) error {
	for at := 0; at < len(d.sent); at += pushRoom {
		batch := d.sent[at:min(at+pushRoom, len(d.sent))]
		page, tries, err := r.answered(ctx, d, wires(batch), nil)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		firsts, err := r.judge(d, batch, []harness.Page{page}, tries == 1)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		if firsts > 0 {
			return fmt.Errorf("%s: %d acknowledged mutations were unknown to the oracle", d.name, firsts)
		}
		r.Stats.Replays += len(batch)
	}
	return nil
}

// freshPages bounds into how many pages a fresh installation's pull is cut: enough to
// cut every case somewhere, and not the whole time of a long run.
const freshPages = 40

// agreeRounds bounds how often a device pulls again because the server's own rows
// (reminders) came between its pull and its digests.
const agreeRounds = 20

// agree compares a device's digests with the server's, after pulling what the
// server says is newer.
func (r *Run) agree(ctx context.Context, d *device) error {
	for range agreeRounds {
		digests, err := r.digests(ctx, d)
		if err != nil {
			return err
		}
		if digests.Seq <= digests.CursorSeq {
			return sums(d, digests.Buckets)
		}
		if _, err := d.PullAll(ctx); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return fmt.Errorf("%s: always behind after %d pulls", d.name, agreeRounds)
}

func (r *Run) digests(ctx context.Context, d *device) (harness.Digests, error) {
	var digests harness.Digests
	answer, err := d.JSON(ctx, http.MethodPost, "/v1/sync/digests", map[string]any{"cursor": d.Cursor})
	if err != nil {
		return digests, err
	}
	if answer.Status != http.StatusOK {
		return digests, fmt.Errorf("%s: digests: status %d: %.300s", d.name, answer.Status, answer.Body)
	}
	return digests, answer.Decode(&digests)
}

// sums compares every bucket and table that either side has.
func sums(d *device, server map[string]map[string]harness.Digest) error {
	own := d.Digest()
	for _, side := range []map[string]map[string]harness.Digest{own, server} {
		for bucket, tables := range side {
			for table := range tables {
				if d.App.KnowsTable(table) && own[bucket][table] != server[bucket][table] {
					return fmt.Errorf("%s: bucket %s, table %s: digest %v, the server's %v", d.name, bucket, table, own[bucket][table], server[bucket][table])
				}
			}
		}
	}
	return nil
}

// fresh pulls everything anew in small pages and compares it with the device that
// followed the stream all along.
func (r *Run) fresh(ctx context.Context, d *device, limit int) error {
	anew := &device{Device: harness.NewDevice(d.Session), name: d.name + " anew", user: d.user}
	anew.Limit, anew.App = limit, d.App
	if _, err := anew.PullAll(ctx); err != nil {
		return err
	}
	if err := r.equal(anew); err != nil {
		return err
	}
	return r.agree(ctx, anew)
}
