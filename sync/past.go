package sync

import (
	"context"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// pastPerTx bounds the mutations of the past that share a transaction: enough that
// the commits do not count, few enough that the rows of one fit in little memory.
const pastPerTx = 2000

// PastPush is one push as it was made at a moment of the past.
type PastPush struct {
	At    time.Time // when the server got it
	Who   models.Actor
	Items []Item
}

// PushPast stores pushes that were made in the past, in the order given, as if each
// had arrived at its time: by the same rules, with grants, status events, results and
// audit of that time. Device clocks are believed.
//
// It is for a program that nobody uses yet, such as a demonstration. There is one
// slice of results a push, one result a mutation. When it fails, the transactions
// before the one that failed stay; pushing all again answers those as duplicates.
func (e *Engine) PushPast(ctx context.Context, program int32, pushes []PastPush) ([][]models.Result, error) {
	results := make([][]models.Result, 0, len(pushes))
	for len(pushes) > 0 {
		var batch []*pending
		for mutations := 0; len(batch) < len(pushes); {
			p := pushes[len(batch)]
			if mutations += len(p.Items); len(batch) > 0 && mutations > pastPerTx {
				break
			}
			batch = append(batch, &pending{who: p.Who, items: p.Items, arrived: models.Millis(p.At)})
		}
		pushes = pushes[len(batch):]
		if err := e.transactPast(ctx, program, batch); err != nil {
			return results, err
		}
		for _, p := range batch {
			results = append(results, p.results)
		}
	}
	return results, nil
}

// transactPast runs pushes in one transaction whose now moves from push to push.
func (e *Engine) transactPast(ctx context.Context, program int32, batch []*pending) error {
	want := foresee(batch)
	return store.InProgramWith(ctx, e.store, program, want, func(tx *store.ProgramTx, found store.Prefetched) error {
		w := newWorld(tx)
		w.start(want, found)
		for _, p := range batch {
			tx.Now = p.arrived
			if err := w.push(p); err != nil {
				return err
			}
			if err := w.auditPushes([]*pending{p}); err != nil {
				return err
			}
		}
		if err := w.settleDeferred(); err != nil {
			return err
		}
		if err := w.auditPushes(nil); err != nil { // what had waited
			return err
		}
		return w.flush()
	})
}
