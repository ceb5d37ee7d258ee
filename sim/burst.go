package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

// struckSync lets a device sync while a server or the database is struck.
func (r *Run) struckSync(ctx context.Context, op Op) error {
	d, ok := pick(r.devices, op.A)
	if !ok {
		return nil
	}
	r.route(d, op.B)
	if !r.leads {
		return r.catchUp(ctx, d)
	}
	struck := make(chan error, 1)
	go func() { struck <- r.world.strike(ctx, op.Kind, op.B, time.Duration(op.C%20)*time.Millisecond) }()
	_, err := r.exchange(ctx, d, exchangeHow{copies: 1 + int(op.C%2)})
	return errors.Join(<-struck, err)
}

// burstDevices is how many devices push at the same time in a burst.
const burstDevices = 6

// together lets several devices push and pull at once. What they push are inserts
// below rows in scope, which give the same outcome in every order.
func (r *Run) together(ctx context.Context, op Op) error {
	all := r.those(true, oracle.Worker, oracle.Manager, oracle.Supervisor)
	crew, err := r.ready(ctx, op, all)
	if err != nil {
		return err
	}
	pages, sure, errs := make([][]harness.Page, len(crew)), make([]bool, len(crew)), make([]error, len(crew))
	var group sync.WaitGroup
	var counting sync.Mutex
	for i, d := range crew {
		group.Go(func() {
			page, tries, err := r.answered(ctx, d, wires(d.queue), d.NextPull())
			pages[i], sure[i], errs[i] = []harness.Page{page}, tries == 1, err
			counting.Lock()
			r.Stats.Requests += tries
			counting.Unlock()
		})
	}
	group.Wait()
	for i, d := range crew {
		if errs[i] != nil {
			return fmt.Errorf("%s: %w", d.name, errs[i])
		}
		if _, err := r.judge(d, d.queue, pages[i], sure[i]); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	for i, d := range crew {
		if _, err := r.take(d, d.queue, pages[i][0]); err != nil {
			return err
		}
	}
	return nil
}

// ready chooses the devices of a burst, brings them up to date and gives each some
// inserts to push.
func (r *Run) ready(ctx context.Context, op Op, all []*device) ([]*device, error) {
	var crew []*device
	for i := range burstDevices {
		if d, ok := pick(all, op.A+uint32(i)*5); ok && !slices.Contains(crew, d) {
			crew = append(crew, d)
		}
	}
	for i, d := range crew {
		r.route(d, op.B+uint32(i))
		if err := r.catchUp(ctx, d); err != nil {
			return nil, err
		}
		for j := range op.C % 4 {
			r.contactAt(d, Op{B: op.B + j})
			r.attemptAt(d, Op{Kind: editAttempt, B: op.C + j})
		}
	}
	return crew, nil
}

func wires(batch []queued) []harness.Mutation {
	push := make([]harness.Mutation, len(batch))
	for i, q := range batch {
		push[i] = q.wire
	}
	return push
}
