package sync

import (
	"context"

	"pursuit/models"
	"pursuit/models/store"
)

// Standing is what a program has of a mutation and of the row that it would make.
type Standing struct {
	Exists bool          // there is such a row, or was; or a person was merged under its id
	Seen   bool          // the user sees it, a merged person as who they are now
	Before models.Status // what became of the mutation when it was pushed before; "" = it was not
}

// Standings tells, in order, what there is of mutations that a user may be about to push.
// It stores nothing; like a push it holds the program while it looks. A list that is
// taken in finds by it who is there under another id. Source: docs/reports.md, "Import".
func (e *Engine) Standings(ctx context.Context, who models.Actor, list []models.Mutation) ([]Standing, error) {
	p := &pending{who: who, items: make([]Item, len(list))}
	for i, m := range list {
		p.items[i].Mutation = m
	}
	var out []Standing
	want := foresee([]*pending{p})
	err := e.guarded(who.Program, func() error {
		return store.InProgramWith(ctx, e.store, who.Program, want, func(tx *store.ProgramTx, found store.Prefetched) error {
			w := newWorld(tx)
			w.start(want, found)
			var err error
			out, err = w.standings(who, list)
			return err
		})
	})
	return out, err
}

func (w *world) standings(who models.Actor, list []models.Mutation) ([]Standing, error) {
	who, err := w.author(who.UserID)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, m := range list {
		if m.Table == "people" {
			people = append(people, m.Row)
		}
	}
	merged, err := w.tx.Merges(people)
	if err != nil {
		return nil, err
	}
	out := make([]Standing, len(list))
	for i, m := range list {
		if out[i], err = w.standing(who, m, merged[m.Row].Kept); err != nil {
			return nil, err
		}
		out[i].Before = w.seen[m.ID].Result.Status
	}
	return out, nil
}

// standing looks for the row of a mutation: that of a person who was merged into somebody
// is now theirs.
func (w *world) standing(who models.Actor, m models.Mutation, kept string) (Standing, error) {
	t := models.Tables.Table(m.Table)
	if t == nil {
		return Standing{}, nil
	}
	row, err := w.row(t, m.Row)
	if err != nil {
		return Standing{}, err
	}
	out := Standing{Exists: row != nil || kept != ""}
	if (row == nil || row.Deleted) && kept != "" {
		if row, err = w.row(t, kept); err != nil {
			return Standing{}, err
		}
	}
	if row != nil && !row.Deleted {
		out.Seen, err = w.sees(who, row)
	}
	return out, err
}
