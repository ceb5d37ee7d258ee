package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"pursuit/sim/harness"
	"pursuit/sim/oracle"
)

const (
	// pushRoom is how many mutations a device sends at once.
	pushRoom = 60
	// retryLimit bounds how long a device goes on trying, longer than any restart.
	retryLimit = 90 * time.Second
	// retryPause is a device's pause between two tries.
	retryPause = 50 * time.Millisecond
	// pullRounds bounds the pages of one catching up.
	pullRounds = 500
	// replays is how many copies of a request race each other.
	replays = 3
)

// sync is one exchange with the fault that the operation names.
func (r *Run) sync(ctx context.Context, d *device, op Op) error {
	r.route(d, op.B)
	switch op.Kind {
	case syncLostRequest:
		return nil // the device tried and nothing left it
	case syncLostAnswer:
		_, err := r.exchange(ctx, d, exchangeHow{forget: true})
		return err
	case syncReplay:
		_, err := r.exchange(ctx, d, exchangeHow{copies: replays})
		return err
	case syncCut:
		_, err := r.exchange(ctx, d, exchangeHow{limit: 1 + int(op.C%7)})
		return err
	case syncAbort:
		_, err := r.exchange(ctx, d, exchangeHow{abort: time.Duration(op.C%6000) * time.Microsecond})
		return err
	}
	return r.catchUp(ctx, d)
}

// route lets the next requests of a device go to one of the servers.
func (r *Run) route(d *device, by uint32) {
	if server, ok := pick(r.world.Servers, by); ok {
		d.Base = server.URL
	}
}

// catchUp empties the queue and pulls until the stream is complete.
func (r *Run) catchUp(ctx context.Context, d *device) error {
	for range pullRounds {
		complete, err := r.exchange(ctx, d, exchangeHow{})
		if err != nil {
			return err
		}
		if complete && len(d.queue) == 0 {
			return r.equal(d)
		}
	}
	return fmt.Errorf("%s: not up to date after %d exchanges", d.name, pullRounds)
}

// exchangeHow is what goes wrong with one exchange.
type exchangeHow struct {
	forget bool          // the answer is lost on the way
	copies int           // the request is sent so many times at once
	limit  int           // the page is cut to so many rows
	abort  time.Duration // the connection breaks after so long; then it is tried again
}

// exchange sends what fits of the queue with a pull, lets the oracle take the same
// mutations, and checks the results and every row of the page.
func (r *Run) exchange(ctx context.Context, d *device, how exchangeHow) (bool, error) {
	batch := d.queue[:min(len(d.queue), pushRoom)]
	pages, sure, err := r.send(ctx, d, batch, how)
	if err != nil {
		return false, fmt.Errorf("%s: %w", d.name, err)
	}
	firsts, err := r.judge(d, batch, pages, sure)
	if err != nil {
		return false, fmt.Errorf("%s: %w", d.name, err)
	}
	r.Stats.Replays += len(batch) - firsts
	if how.forget {
		return false, nil
	}
	return r.take(d, batch, pages[0])
}

// take acknowledges a batch and applies the page of its answer.
func (r *Run) take(d *device, batch []queued, page harness.Page) (bool, error) {
	d.sent = append(d.sent, batch...)
	d.queue = d.queue[len(batch):]
	if err := r.checkPage(d, page); err != nil {
		return false, fmt.Errorf("%s: %w", d.name, err)
	}
	d.Apply(page)
	r.noteSeen(d, page)
	r.Stats.Pages++
	r.Stats.Rows += page.Rows()
	return page.Complete, nil
}

// send sends one request, or copies of it at once, until it is answered. It
// answers the pages, and whether each was sent exactly once.
func (r *Run) send(ctx context.Context, d *device, batch []queued, how exchangeHow) ([]harness.Page, bool, error) {
	pull := d.NextPull()
	if how.limit > 0 {
		pull.Limit = &how.limit
	}
	push := make([]harness.Mutation, len(batch))
	for i, q := range batch {
		push[i] = q.wire
	}
	sure := true
	if how.abort > 0 {
		sure = false
		short, cancel := context.WithTimeout(ctx, how.abort)
		// Whether it arrived is not known, which is the point.
		_, _ = d.Sync(short, d.Request(push, pull))
		cancel()
	}
	pages := make([]harness.Page, max(1, how.copies))
	errs := make([]error, len(pages))
	tries := make([]int, len(pages))
	var group sync.WaitGroup
	for i := range pages {
		group.Go(func() { pages[i], tries[i], errs[i] = r.answered(ctx, d, push, pull) })
	}
	group.Wait()
	for _, n := range tries {
		r.Stats.Requests += n
		sure = sure && n == 1
	}
	if !sure {
		r.Stats.Unsure++
	}
	return pages, sure, errors.Join(errs...)
}

// answered tries until there is an answer. A refusal is an error, but for what a
// strike explains.
func (r *Run) answered(ctx context.Context, d *device, push []harness.Mutation, pull *harness.Pull) (harness.Page, int, error) {
	deadline := time.Now().Add(retryLimit)
	for tries := 1; ; tries++ {
		page, err := d.Sync(ctx, d.Request(push, pull))
		if err == nil && page.Directive != nil {
			return page, tries, fmt.Errorf("directive %s in a program that was never reset", page.Directive.Kind)
		}
		if err == nil {
			return page, tries, nil
		}
		var refusal *harness.Refusal
		expired := errors.As(err, &refusal) && refusal.Code == "token_expired"
		if refusal != nil && !expired && (refusal.Status < http.StatusInternalServerError || r.world.calm()) {
			return page, tries, err
		}
		if refusal == nil && r.world.calm() || ctx.Err() != nil || time.Now().After(deadline) {
			return page, tries, err
		}
		if expired {
			if err := d.Refresh(ctx); err != nil && r.world.calm() {
				return page, tries, err
			}
		}
		time.Sleep(retryPause)
	}
}

// judge lets the oracle take a batch and compares each copy's results with it. It
// answers how many mutations were taken for the first time.
func (r *Run) judge(d *device, batch []queued, pages []harness.Page, sure bool) (int, error) {
	firsts := 0
	for i, q := range batch {
		want := r.apply(q)
		if !want.Duplicate {
			firsts++
			r.Stats.Mutations++
			r.Stats.Results[want.Status]++
		}
		fresh := 0
		for _, page := range pages {
			if len(page.Results) != len(batch) {
				return 0, fmt.Errorf("%d results for %d mutations", len(page.Results), len(batch))
			}
			got := page.Results[i]
			if err := compare(q.wire, want, got); err != nil {
				return 0, fmt.Errorf("%w\nsent %v at %s, base %d\n%s", err, q.meant.Set, q.meant.At, q.meant.Base,
					r.oracle.Rows[oracle.Key{Table: q.meant.Table, ID: q.meant.Row}])
			}
			if !got.Duplicate {
				fresh++
			}
		}
		if wantFresh := map[bool]int{true: 0, false: 1}[want.Duplicate]; sure && fresh != wantFresh || fresh > wantFresh {
			return 0, fmt.Errorf("%s of %s %s: told to be new %d times, want %d", q.wire.Op, q.wire.Table, q.wire.ID, fresh, wantFresh)
		}
	}
	return firsts, nil
}

func compare(sent harness.Mutation, want oracle.Verdict, got harness.Result) error {
	status := got.Status == want.Status || want.Also != "" && got.Status == want.Also
	code := got.Code == want.Code || want.Also != "" && got.Status == want.Also || want.Code == "" && got.Status != "rejected"
	stored := got.Status == "applied" || got.Status == "merged"
	if got.ID != sent.ID || !status || !code || stored && got.V <= 0 && want.Also == "" || stored && len(got.Conflicts) != want.Conflicts && want.Also == "" {
		return fmt.Errorf("%s of %s row %s, mutation %s, base %d: answered %+v, want %+v", sent.Op, sent.Table, sent.Row, sent.ID, sent.Base, got, want)
	}
	return nil
}
