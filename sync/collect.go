package sync

import (
	"context"
	"encoding/json"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// AuditCollect is the audit's action for tombstones that were removed.
const AuditCollect = "collect"

// collect removes what is older than keptFor: deleted rows, former versions, and
// mutations with their results. The floor tells devices that were away for longer
// to compare instead of going on. Source: docs/protocol.md, section 9.
func (w *sweeper) collect(ctx context.Context, p models.Program) error {
	h, err := w.engine.store.Head(ctx, p.No)
	if err != nil {
		return err
	}
	horizon := w.engine.store.Clock().Add(-keptFor)
	oldest, any, err := w.engine.store.OldestChange(ctx, p.No, h.Floor)
	if err != nil {
		return err
	}
	if any && oldest.Before(horizon) {
		if h.Floor, err = w.tombstones(ctx, p.No, h.Floor, horizon); err != nil {
			return err
		}
	}
	if h.Floor == 0 { // nothing in the program is that old
		return nil
	}
	return w.walks(ctx, p.No, h.Floor, horizon)
}

// tombstones moves the floor step by step and gives its new place.
func (w *sweeper) tombstones(ctx context.Context, program int32, floor int64, horizon time.Time) (int64, error) {
	defer w.engine.heads.forget()
	for range collectSteps {
		var done store.Collected
		err := store.InProgram(ctx, w.engine.store, program, func(tx *store.ProgramTx) error {
			var err error
			if done, err = tx.CollectTombstones(horizon, collectRows); err != nil || done.Tombstones == 0 {
				return err
			}
			detail, err := json.Marshal(map[string]int64{"tombstones": done.Tombstones, "versions": done.Versions, "floor": done.Floor})
			if err != nil {
				return err
			}
			return tx.Audit(store.AuditEntry{Action: AuditCollect, Detail: detail})
		})
		if err != nil {
			return floor, err
		}
		floor = done.Floor
		w.removed.Add(done.Tombstones)
		if !done.More {
			break
		}
		if err := pause(ctx, collectPause); err != nil {
			return floor, err
		}
	}
	return floor, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// walks takes one step of the slow walks over versions and mutations, which have no
// index by age: they go round by id and remove what they come across.
func (w *sweeper) walks(ctx context.Context, program int32, floor int64, horizon time.Time) error {
	w.mu.Lock()
	at := w.places[program]
	w.mu.Unlock()
	var next places
	err := store.InProgram(ctx, w.engine.store, program, func(tx *store.ProgramTx) error {
		var err error
		if next.versions, _, err = tx.CollectVersions(floor, at.versions, collectRows); err != nil {
			return err
		}
		var old []string
		if old, next.mutations, err = tx.OldMutations(horizon, at.mutations, collectRows); err != nil {
			return err
		}
		if old, err = withoutOpen(tx, old); err != nil {
			return err
		}
		return tx.ForgetMutations(old)
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	next.ripe = w.places[program].ripe
	w.places[program] = next
	return nil
}

// withoutOpen leaves out the mutations that stand in an open quarantine: a
// supervisor may still release them.
func withoutOpen(tx *store.ProgramTx, ids []string) ([]string, error) {
	rowOf := make(map[string]string, len(ids))
	rows := make([]string, len(ids))
	for i, id := range ids {
		rows[i] = models.DerivedID(id, "quarantine")
		rowOf[rows[i]] = id
	}
	held, err := tx.Rows(rows)
	if err != nil {
		return nil, err
	}
	open := map[string]bool{}
	for _, r := range held {
		if !r.Deleted && r.Text("state") == "open" {
			open[rowOf[r.ID]] = true
		}
	}
	kept := ids[:0:0]
	for _, id := range ids {
		if !open[id] {
			kept = append(kept, id)
		}
	}
	return kept, nil
}
