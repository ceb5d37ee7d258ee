package sync

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"pursuit/models"
	"pursuit/models/store"
)

const (
	allWithAll = 64 // of a group of this size every two are compared: at most 2,016 pairs
	neighbours = 16 // in a larger one each with so many that follow it, in each sort order
)

// pair is two people who may be one, by their places in the list, a before b.
type pair struct {
	a, b      int32
	phone     bool
	nameBirth bool
}

func (p pair) reasons() []string {
	out := make([]string, 0, 2)
	if p.phone {
		out = append(out, ReasonPhone)
	}
	if p.nameBirth {
		out = append(out, ReasonNameBirthDate)
	}
	return out
}

// alike finds the pairs among people who are sorted by id, and gives them in order.
//
// Numbers and names are compared within groups that have a key in common, so that the
// work grows with the people and not with their square: in a group larger than
// allWithAll (a shelter's number, a birthday that stands for "unknown") each is
// compared with its neighbours alone. It is a pure function.
// Source: docs/adr/0009-merging-people.md.
func alike(people []store.Likeness) []pair {
	f := finder{people: people, names: make([]foldedName, len(people)), found: map[[2]int32]pair{}}
	phones, births, names := groups{}, groups{}, groups{}
	for i := range people {
		n := int32(i) //nolint:gosec // a program has far fewer people
		f.names[i] = foldName(people[i].FirstName, people[i].LastName)
		for _, key := range phoneKeys(people[i].Phones) {
			phones.add(key, n)
		}
		if people[i].DateOfBirth != "" && f.names[i].letters != "" {
			births.add(people[i].DateOfBirth, n)
			names.add(f.names[i].key, n)
		}
	}
	for _, group := range phones {
		f.samePhone(group)
	}
	for _, group := range births {
		f.sameBirth(group)
	}
	for _, group := range names {
		f.sameName(group)
	}
	out := make([]pair, 0, len(f.found))
	for _, p := range f.found {
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y pair) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return out
}

// groups are places in a list by what they have in common.
type groups map[string][]int32

func (g groups) add(key string, n int32) { g[key] = append(g[key], n) }

// near visits every two of a small group, and of a large one each with those that
// come soon after it.
func near(group []int32, visit func(a, b int32)) {
	reach := neighbours
	if len(group) <= allWithAll {
		reach = len(group)
	}
	for i := range group {
		for k := i + 1; k < len(group) && k <= i+reach; k++ {
			visit(group[i], group[k])
		}
	}
}

type finder struct {
	people []store.Likeness
	names  []foldedName
	found  map[[2]int32]pair
}

func (f *finder) add(a, b int32, phone bool) {
	if a == b {
		return
	}
	at := [2]int32{min(a, b), max(a, b)}
	p := f.found[at]
	p.a, p.b = at[0], at[1]
	p.phone, p.nameBirth = p.phone || phone, p.nameBirth || !phone
	f.found[at] = p
}

// samePhone takes those who share a number. One that more than allWithAll share is a
// shelter's or an office's, and says nothing unless the names are alike too.
func (f *finder) samePhone(group []int32) {
	if len(group) <= allWithAll {
		near(group, func(a, b int32) { f.add(a, b, true) })
		return
	}
	f.amongNamesakes(group, true)
}

// sameBirth compares the names of those born on one day.
func (f *finder) sameBirth(group []int32) { f.amongNamesakes(group, false) }

// amongNamesakes pairs those of a group whose names are alike. A large group is sorted
// by last and then by first name, so that a slip in either still leaves the two close.
func (f *finder) amongNamesakes(group []int32, phone bool) {
	compare := func(a, b int32) {
		if f.names[a].like(f.names[b]) {
			f.add(a, b, phone)
		}
	}
	if len(group) <= allWithAll {
		near(group, compare)
		return
	}
	for _, byLast := range []bool{true, false} {
		slices.SortFunc(group, func(a, b int32) int {
			m, n := &f.names[a], &f.names[b]
			last, first := strings.Compare(m.last, n.last), strings.Compare(m.first, n.first)
			if byLast {
				return cmp.Or(last, first, cmp.Compare(a, b))
			}
			return cmp.Or(first, last, cmp.Compare(a, b))
		})
		near(group, compare)
	}
}

// sameName compares the dates of birth of those with one name, for one slip.
func (f *finder) sameName(group []int32) {
	birth := func(n int32) string { return f.people[n].DateOfBirth }
	slices.SortFunc(group, func(a, b int32) int { return cmp.Or(strings.Compare(birth(a), birth(b)), cmp.Compare(a, b)) })
	near(group, func(a, b int32) {
		if slipOfDate(birth(a), birth(b)) {
			f.add(a, b, false)
		}
	})
}

// slipOfDate tells whether two dates are the same but for one digit, two digits that
// changed places, or day and month that did.
func slipOfDate(a, b string) bool {
	const year, month, day = 4, 5, 8
	if len(a) != len(models.DateLayout) || len(b) != len(a) {
		return a == b
	}
	swapped := a[:year] == b[:year] && a[month:day-1] == b[day:] && a[day:] == b[month:day-1]
	return swapped || within(a, b, 1)
}

// phoneKeys are the keys of a person's numbers, given as a JSON list, each once.
func phoneKeys(list string) []string {
	if list == "" {
		return nil
	}
	var out []string
	for _, phone := range models.Texts(json.RawMessage(list)) {
		if key := phoneKey(phone); key != "" && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}
