package sim

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// slot is the distance between the true times of two edits: far more than the
// error with which a server can learn the offset of a device's clock.
const slot = 5 * time.Second

// Run is one program under attack by a list of operations.
type Run struct {
	Stats Stats

	world   *World
	program *harness.Program
	oracle  *oracle.Oracle
	devices []*device
	orgs    []string
	random  *rand.Rand
	started time.Time
	slots   map[int]bool
	names   int
	// taken are the verdicts of decisions, which the oracle takes by other doors.
	taken map[string]oracle.Verdict
	// holds are the times at which a worker was seen to hold a service.
	holds map[[2]string][2]time.Time
	// heldRows maps a quarantine row to its mutation.
	heldRows map[string]string
	// deeds are how the oracle takes a decision, by mutation.
	deeds map[string]func() oracle.Verdict
	leads bool // this run may strike the servers
	// old and new are the apps of two schemas, nil when there is one.
	old, new *harness.App
	signing  sync.Mutex // one call of the admin at a time
}

// Stats counts what a run did.
type Stats struct {
	Ops, Mutations, Requests, Pages, Rows, Replays, Unsure, Conflicts, Upgrades, Reconciled int
	Results                                                                                 map[string]int
}

// Failure is a broken promise and the operation after which it showed.
type Failure struct {
	Op    int // index into the list; len(list) is the settling at the end
	Cause error
}

func (f *Failure) Error() string { return fmt.Sprintf("after operation %d: %v", f.Op, f.Cause) }

func (f *Failure) Unwrap() error { return f.Cause }

// Play runs a list of operations against a fresh program. A broken promise is a
// *Failure; any other error is the harness's own. With leads set, the run strikes
// the servers when its list says so.
func (w *World) Play(ctx context.Context, ops []Op, leads bool) (*Run, error) {
	r := &Run{world: w, started: time.Now().Truncate(time.Second), slots: map[int]bool{},
		taken: map[string]oracle.Verdict{}, holds: map[[2]string][2]time.Time{}, heldRows: map[string]string{}, deeds: map[string]func() oracle.Verdict{}, leads: leads}
	r.Stats.Results = map[string]int{}
	w.setting.RLock()
	err := r.enter(ctx)
	w.setting.RUnlock()
	if err != nil {
		return r, fmt.Errorf("set the stage: %w", err)
	}
	for i, op := range ops {
		if err := r.step(ctx, op); err != nil {
			return r, &Failure{Op: i, Cause: fmt.Errorf("%s: %w", op, err)}
		}
		r.Stats.Ops++
	}
	if err := r.settle(ctx); err != nil {
		return r, &Failure{Op: len(ops), Cause: fmt.Errorf("settling: %w", err)}
	}
	r.Stats.Conflicts = len(r.oracle.Conflicts)
	return r, nil
}

// step runs one operation; one for which there is nothing to choose does nothing.
func (r *Run) step(ctx context.Context, op Op) error {
	// Each operation draws from its own numbers: taking others out of the list
	// leaves its ids and times as they were.
	r.random = rand.New(rand.NewPCG(uint64(op.A)<<32|uint64(op.B), uint64(op.C)))
	if op.Kind.offline() {
		r.edit(op)
		return nil
	}
	switch op.Kind {
	case syncPlain, syncLostRequest, syncLostAnswer, syncReplay, syncCut, syncAbort:
		d, ok := pick(r.devices, op.A)
		if !ok {
			return nil
		}
		return r.sync(ctx, d, op)
	case decideAssign, decideEnd, decideReassign, decideConflict, decideHeld, decideRole:
		return r.decide(ctx, op)
	case strikeBurst:
		return r.together(ctx, op)
	case appUpgrade:
		return r.upgrade(ctx, op)
	}
	return r.struckSync(ctx, op)
}

// id makes a UUID of version 7 from the run's own numbers, so that a seed repeats
// the ties that ids decide.
func (r *Run) id() string {
	var raw uuid.UUID
	binary.BigEndian.PutUint64(raw[:8], r.random.Uint64())
	binary.BigEndian.PutUint64(raw[8:], r.random.Uint64())
	raw[6], raw[8] = raw[6]&0x0f|0x70, raw[8]&0x3f|0x80
	return raw.String()
}

// moment draws a true time in the past that no other edit has.
func (r *Run) moment() time.Time {
	for {
		if n := 1 + r.random.IntN(200000); !r.slots[n] {
			r.slots[n] = true
			return r.started.Add(-time.Duration(n) * slot)
		}
	}
}

// word makes a text that nobody wrote before.
func (r *Run) word(kind string) string {
	r.names++
	return fmt.Sprintf("%s %d", kind, r.names)
}

// enqueue adds a mutation to a device's queue, written by it at a true time.
func (d *device) enqueue(q queued, at time.Time) {
	q.wire.At = harness.At(at.Add(d.Skew))
	q.meant.ID, q.meant.Table, q.meant.Row, q.meant.Op = q.wire.ID, q.wire.Table, q.wire.Row, q.wire.Op
	q.meant.At, q.meant.Author, q.meant.Device = at, d.user.ID, d.name
	if q.meant.Set == nil {
		q.meant.Set = q.wire.Set
	}
	d.queue = append(d.queue, q)
}

func (r *Run) insert(table string, set map[string]any) queued {
	return queued{wire: harness.Mutation{ID: r.id(), Table: table, Row: r.id(), Op: "insert", Set: set}}
}

// change makes a patch or a delete of a row as the device knows it.
func (r *Run) change(d *device, op, table, row string, set map[string]any) queued {
	q := queued{wire: harness.Mutation{ID: r.id(), Table: table, Row: row, Op: op, Set: set}}
	if local := d.Row(table, row); local != nil {
		q.wire.Base = local.V()
	}
	q.meant.Base = d.seen[oracle.Key{Table: table, ID: row}]
	return q
}
