package intake

import (
	"context"
	"fmt"

	"pursuit/models"
)

// perPage is how many lines are tried and pushed together: a page of a phone's outbox.
const perPage = 200

// Standing is what the program has of a mutation and of the row that it would make.
type Standing struct {
	Exists bool          // there is such a row, or was
	Seen   bool          // the user sees it; a person who was merged into another counts as that one
	Ours   bool          // of a person: the user's organisation holds or brought them, seen or not
	Before models.Status // what became of the mutation when it was pushed before; "" = it was not
}

// Door is the way into the program, with the importing user's rights. Each answers in the
// order of its list.
type Door struct {
	Look func(ctx context.Context, list []models.Mutation) ([]Standing, error)
	// Try tells what would become of a list now, after those before, and keeps nothing.
	Try func(ctx context.Context, before, list []models.Mutation) ([]models.Result, error)
	// Push writes; nil for a dry run.
	Push func(ctx context.Context, list []models.Mutation) ([]models.Result, error)
}

// Outcome is what became of a list: each entry is one of the four.
type Outcome struct {
	Added   int // whose referral is new
	Known   int // that were taken in before, or stand twice in the list
	Waiting int // that wait for somebody to decide
	AtFault int // of which nothing is kept
	Faults  []Fault
}

// feeder takes a list in, page by page.
type feeder struct {
	door    Door
	out     Outcome
	brought map[string]models.Mutation // rows of lines above by id, with what made them
}

// Feed takes entries in, page by page, and tells progress after each. A page is tried
// first; what of it is at fault is told and left out, and of the others each line is
// pushed as one group, all of it or nothing. It ends at the first call that fails as a
// whole; running it again goes on where it ended, for what is there is known. A dry run
// does the same but for the push.
func Feed(ctx context.Context, entries []Entry, door Door, progress func(done, of int)) (Outcome, error) {
	f := &feeder{door: door, brought: map[string]models.Mutation{}}
	for from := 0; from < len(entries); from += perPage {
		batch := entries[from:min(from+perPage, len(entries))]
		if err := f.page(ctx, batch); err != nil {
			return f.out, err
		}
		progress(from+len(batch), len(entries))
	}
	return f.out, nil
}

func (f *feeder) page(ctx context.Context, batch []Entry) error {
	p, err := f.look(ctx, batch)
	if err != nil {
		return err
	}
	if err := p.try(ctx); err != nil {
		return err
	}
	var list []models.Mutation
	for _, t := range p.todo {
		list = append(list, f.assemble(p, t)...)
	}
	var results []models.Result
	if f.door.Push != nil && len(list) > 0 {
		if results, err = f.door.Push(ctx, list); err != nil || len(results) != len(list) {
			return fmt.Errorf("push lines: %w", err)
		}
	}
	for _, t := range p.todo {
		if len(results) > 0 {
			t.pushed, results = results[:len(t.bring)], results[len(t.bring):]
		}
		f.count(t)
	}
	return nil
}

// assemble says what a line without fault brings: what is not there, and no line above
// brings. It is one group, named by the last of it, which no other line brings.
func (f *feeder) assemble(p *page, t *task) []models.Mutation {
	if len(t.faults) > 0 {
		return nil
	}
	for _, m := range t.wants {
		if _, done := f.brought[m.Row]; !done {
			f.brought[m.Row] = m
			t.bring = append(t.bring, m)
		}
	}
	for i := range t.bring {
		t.bring[i] = grouped(t.bring[i], t.bring[len(t.bring)-1].Row)
		if p.standing[t.bring[i].ID].Before != "" { // its answer is given, and was none: say it anew
			t.bring[i].ID = models.NewID()
		}
	}
	return t.bring
}

// count takes a line's results; of a dry run those of the trial.
func (f *feeder) count(t *task) {
	for i, r := range t.pushed {
		m := t.bring[i]
		if r.Status != models.StatusRejected || r.Code == models.CodeGroupFailed {
			continue
		}
		message := orCode(r)
		if already(r) {
			message += "; somebody else wrote it just now: take the list in again"
		}
		t.faults = append(t.faults, t.entry.FaultOf(m, r.Field, message))
	}
	for _, m := range t.bring {
		if len(t.faults) > 0 {
			delete(f.brought, m.Row)
		}
	}
	f.out.Faults = append(f.out.Faults, t.faults...)
	switch status := t.status(); {
	case len(t.faults) > 0:
		f.out.AtFault++
	case status == "":
		f.out.Known++
	case status == models.StatusDeferred || status == models.StatusQuarantined:
		f.out.Waiting++
	default:
		f.out.Added++
	}
}

// already tells whether the row is there.
func already(r models.Result) bool {
	return r.Code == models.CodeRowExists || r.Code == models.CodeMutationIDReused
}

func orCode(r models.Result) string {
	if r.Message == "" {
		return r.Code
	}
	return r.Message
}
