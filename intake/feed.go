package intake

import (
	"context"
	"fmt"
	"slices"

	"pursuit/models"
)

// perPush is how many lines go in one push: a page of a phone's outbox.
const perPush = 200

// Push sends mutations as the importing user and answers their results in order. Those
// before are of the same page and were pushed already: a trial, which keeps nothing,
// has to send them again.
type Push func(ctx context.Context, before, list []models.Mutation) ([]models.Result, error)

// Outcome is what became of a list.
type Outcome struct {
	Lines   int // that could be read
	Added   int // whose referral is new
	Known   int // that were taken in before
	Waiting int // that wait for somebody to decide
	Faults  []Fault
}

// Feed pushes entries page by page, persons before what hangs on them, and tells progress
// after each page. It ends at the first push that fails as a whole; running it again goes on
// where it ended, for what is there is known.
func Feed(ctx context.Context, entries []Entry, push Push, progress func(done, of int)) (Outcome, error) {
	out := Outcome{Lines: len(entries)}
	for from := 0; from < len(entries); from += perPush {
		batch := entries[from:min(from+perPush, len(entries))]
		if err := out.feed(ctx, batch, push); err != nil {
			return out, err
		}
		progress(from+len(batch), len(entries))
	}
	return out, nil
}

func (o *Outcome) feed(ctx context.Context, batch []Entry, push Push) error {
	batch = slices.Clone(batch)
	people := make([]models.Mutation, len(batch))
	for i, e := range batch {
		people[i] = e.Person
	}
	results, err := push(ctx, nil, people)
	if err != nil || len(results) != len(batch) {
		return fmt.Errorf("push persons: %w", err)
	}
	if people, err = ownPersons(ctx, batch, people, results, push); err != nil {
		return err
	}
	var children []models.Mutation
	var of []Entry
	for i, e := range batch {
		if r := results[i]; r.Status == models.StatusRejected && !already(r) {
			o.Faults = append(o.Faults, e.FaultOf(e.Person, r.Field, orCode(r)))
			continue
		}
		for _, c := range e.Children {
			children, of = append(children, c), append(of, e)
		}
	}
	if results, err = push(ctx, people, children); err != nil || len(results) != len(children) {
		return fmt.Errorf("push referrals: %w", err)
	}
	for i, r := range results {
		o.count(of[i], children[i], r)
	}
	return nil
}

// ownPersons gives the user a person of their own where the list's is there and not for
// them to see: whether somebody else took the same person in must make no difference to
// them. It changes batch and results, and answers all persons that were pushed.
func ownPersons(ctx context.Context, batch []Entry, people []models.Mutation, results []models.Result, push Push) ([]models.Mutation, error) {
	var places []int
	var own []models.Mutation
	for i, r := range results {
		if r.Status == models.StatusRejected && r.Code == models.CodeRowExists && r.Row == nil && batch[i].own != nil {
			batch[i] = batch[i].own()
			places, own = append(places, i), append(own, batch[i].Person)
		}
	}
	if len(own) == 0 {
		return people, nil
	}
	more, err := push(ctx, people, own)
	if err != nil || len(more) != len(own) {
		return nil, fmt.Errorf("push persons: %w", err)
	}
	for n, i := range places {
		results[i] = more[n]
	}
	return append(people, own...), nil
}

// already tells whether the row is there, from this list or an earlier one.
func already(r models.Result) bool {
	return r.Code == models.CodeRowExists || r.Code == models.CodeMutationIDReused
}

func orCode(r models.Result) string {
	if r.Message == "" {
		return r.Code
	}
	return r.Message
}

// count takes the result of a child; lines are counted by their referral.
func (o *Outcome) count(e Entry, m models.Mutation, r models.Result) {
	referral := m.Table == "referrals"
	switch {
	case r.Status == models.StatusRejected && !already(r):
		o.Faults = append(o.Faults, e.FaultOf(m, r.Field, orCode(r)))
	case !referral:
	case r.Duplicate || already(r):
		o.Known++
	case r.Status == models.StatusDeferred || r.Status == models.StatusQuarantined:
		o.Waiting++
	default:
		o.Added++
	}
}
