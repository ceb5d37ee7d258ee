package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"pursuit/models"
)

// fields are the values of one mutation by field name.
type fields map[string]any

// entry is one write: made at one moment, pushed at another.
type entry struct {
	made, pushed moment
	author       string
	mutation     models.Mutation
}

// journal collects what everybody wrote, in any order of time.
type journal struct {
	calendar calendar
	entries  []entry
	fault    error // the first value that could not be written as JSON
}

// insert notes a new row.
func (j *journal) insert(author *User, made, pushed moment, table, row string, set fields) {
	j.note(author, made, pushed, models.Mutation{Table: table, Row: row, Op: models.OpInsert}, set)
}

// patch notes a change of a row that the author has seen.
func (j *journal) patch(author *User, made, pushed moment, table, row string, set fields) {
	j.note(author, made, pushed, models.Mutation{Table: table, Row: row, Op: models.OpPatch, Base: SeenAll}, set)
}

func (j *journal) note(author *User, made, pushed moment, m models.Mutation, set fields) {
	m.ID = idFor(j.calendar.instant(made), fmt.Sprintf("mutation/%d", len(j.entries)))
	m.At = j.calendar.stamp(made)
	m.Set = make(map[string]json.RawMessage, len(set))
	for name, value := range set {
		raw, err := json.Marshal(value)
		if err != nil && j.fault == nil {
			j.fault = fmt.Errorf("write field %s of %s: %w", name, m.Table, err)
		}
		m.Set[name] = raw
	}
	j.entries = append(j.entries, entry{made: made, pushed: pushed, author: author.ID, mutation: m})
}

// steps gathers what each author pushes at one moment, in order of time and, within
// a push, in the order in which it was made.
func (j *journal) steps() ([]Step, error) {
	if j.fault != nil {
		return nil, j.fault
	}
	ordered := slices.Clone(j.entries)
	slices.SortStableFunc(ordered, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.pushed, b.pushed), cmp.Compare(a.author, b.author), cmp.Compare(a.made, b.made))
	})
	var steps []Step
	for i, e := range ordered {
		fresh := i == 0 || e.pushed != ordered[i-1].pushed || e.author != ordered[i-1].author
		if fresh || len(steps[len(steps)-1].Push) == MaxPush {
			steps = append(steps, Step{At: j.calendar.instant(e.pushed), Author: e.author})
		}
		last := &steps[len(steps)-1]
		last.Push = append(last.Push, e.mutation)
	}
	return steps, nil
}
