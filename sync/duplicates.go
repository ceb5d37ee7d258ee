package sync

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"pursuit/models"
	"pursuit/models/store"
)

// The reasons for which two people may be one.
const (
	ReasonPhone         = "phone"           // a telephone number in common
	ReasonNameBirthDate = "name_birth_date" // names and dates of birth that are alike
)

// searchRoom is how many searches for duplicates run side by side: each may hold tens
// of megabytes. Those that wait hold nothing.
const searchRoom = 2

// DuplicateFilter narrows the list of possible duplicates.
type DuplicateFilter struct {
	Person string   // only pairs with this person; "" = all
	Reason string   // only pairs for this reason; "" = any
	After  []string // the ids of the last pair seen, or two times ""
	Limit  int
}

// Duplicate is two people who may be one, the smaller id first.
type Duplicate struct {
	People  [2]Likeness `json:"people"`
	Reasons []string    `json:"reasons"`
}

// Likeness is what a person may have in common with another.
type Likeness struct {
	ID          string   `json:"id"`
	Code        string   `json:"code"`
	FirstName   *string  `json:"first_name"`
	LastName    *string  `json:"last_name"`
	DateOfBirth *string  `json:"date_of_birth"`
	Phones      []string `json:"phones"`
	CreatedAt   string   `json:"created_at"`
}

// Key is the place of a pair in the list.
func (d Duplicate) Key() string { return d.People[0].ID + "/" + d.People[1].ID }

// Duplicates lists, by their ids, the pairs of people who may be one and both of whom
// the caller holds now. Nothing is kept of it: it is found on each call, by work that
// is linear in the people held. The error is forbidden for roles that do not merge.
// Source: docs/protocol.md, section 6, "Merging people".
func (e *Engine) Duplicates(ctx context.Context, who models.Actor, f DuplicateFilter) ([]Duplicate, error) {
	if !MayMergePeople(who.Role) {
		return nil, models.Forbidden("Case managers and supervisors see who may be the same person.")
	}
	select {
	case e.pairs <- struct{}{}:
		defer func() { <-e.pairs }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h, err := e.head(ctx, who.Program)
	if err != nil {
		return nil, err
	}
	o, ok, err := e.outlook(ctx, who, cursor{Eff: h.Seq, Pos: h.Seq, AsOf: h.Seq, Tables: models.AllTables}, h.Seq)
	if err != nil || !ok {
		return nil, err
	}
	var people []store.Likeness
	if err := e.store.Likenesses(ctx, o.now, func(l store.Likeness) { people = append(people, l) }); err != nil {
		return nil, err
	}
	slices.SortFunc(people, func(a, b store.Likeness) int { return strings.Compare(a.ID, b.ID) })
	return f.choose(people, alike(people)), nil
}

// choose takes the pairs that the filter wants, in order.
func (f DuplicateFilter) choose(people []store.Likeness, found []pair) []Duplicate {
	out := []Duplicate{}
	for _, p := range found {
		a, b := people[p.a], people[p.b]
		reasons := p.reasons()
		switch {
		case f.Person != "" && f.Person != a.ID && f.Person != b.ID:
		case f.Reason != "" && !slices.Contains(reasons, f.Reason):
		case a.ID < f.After[0] || a.ID == f.After[0] && b.ID <= f.After[1]:
		default:
			out = append(out, Duplicate{People: [2]Likeness{shownLikeness(a), shownLikeness(b)}, Reasons: reasons})
		}
		if len(out) == f.Limit {
			break
		}
	}
	return out
}

func shownLikeness(l store.Likeness) Likeness {
	return Likeness{ID: l.ID, Code: l.Code, FirstName: unlessEmpty(l.FirstName), LastName: unlessEmpty(l.LastName),
		DateOfBirth: unlessEmpty(l.DateOfBirth), Phones: append([]string{}, models.Texts(json.RawMessage(l.Phones))...),
		CreatedAt: models.FormatTime(time.UnixMilli(l.CreatedAt).UTC())}
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
