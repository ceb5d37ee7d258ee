package linear

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// story writes a history of requests one after another, or at once.
type story struct{ list []porcupine.Operation }

func (s *story) then(in Input, out Output) *story {
	now := int64(len(s.list)) * 10
	s.list = append(s.list, porcupine.Operation{ClientId: in.Client, Input: in, Call: now, Output: out, Return: now + 5})
	return s
}

// meanwhile is then, called before the one before it had returned.
func (s *story) meanwhile(in Input, out Output) *story {
	s.then(in, out)
	s.list[len(s.list)-1].Call = s.list[len(s.list)-2].Call
	return s
}

func row(v int64, first, last string) Output {
	return Output{Live: true, V: v, Values: [2]string{first, last}}
}

func born() *story {
	return new(story).then(Input{Kind: Insert, Mutation: "m0", At: 10, Set: [2]string{"a", "b"}}, Output{Status: "applied", V: 5})
}

func read(client int) Input { return Input{Kind: Read, Client: client} }

func patch(client int, mutation string, base, at int64, first string) Input {
	return Input{Kind: Patch, Client: client, Mutation: mutation, Base: base, At: at, Set: [2]string{first, ""}}
}

// The checker takes what the contract allows and finds each broken promise.
func TestModelTellsRightFromWrong(t *testing.T) {
	applied := func(v int64) Output { return Output{Status: "applied", V: v} }
	merged := func(v int64) Output { return Output{Status: "merged", V: v} }
	erase := func(client int, base int64) Input {
		return Input{Kind: Delete, Client: client, Mutation: "d", Base: base, At: 50}
	}
	for name, one := range map[string]struct {
		history *story
		right   bool
	}{
		"what was written is read":                {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).then(read(2), row(6, "c", "b")), true},
		"a read in the past":                      {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).then(read(2), row(5, "a", "b")), false},
		"a read in the past that began before":    {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).meanwhile(read(2), row(5, "a", "b")), true},
		"a lost update":                           {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).then(patch(2, "m2", 5, 30, "d"), applied(7)).then(read(1), row(7, "c", "b")), false},
		"the later edit wins":                     {born().then(patch(1, "m1", 5, 30, "c"), applied(6)).then(patch(2, "m2", 5, 20, "d"), merged(7)).then(read(1), row(7, "c", "b")), true},
		"an edit that lost without a sign":        {born().then(patch(1, "m1", 5, 30, "c"), applied(6)).then(patch(2, "m2", 5, 20, "d"), merged(6)), false},
		"a delete of an unseen edit that lost":    {born().then(patch(1, "m1", 5, 30, "c"), applied(6)).then(patch(2, "m2", 5, 20, "d"), merged(7)).then(erase(3, 6), applied(8)), false},
		"an edit that lost outlives a delete":     {born().then(patch(1, "m1", 5, 30, "c"), applied(6)).then(patch(2, "m2", 5, 20, "d"), merged(7)).then(erase(3, 6), merged(7)), true},
		"what stood does not bring a row back":    {born().then(erase(2, 5), applied(6)).then(patch(1, "m1", 5, 20, "a"), Output{Status: "rejected", Code: "row_gone"}), true},
		"the earlier edit wins":                   {born().then(patch(1, "m1", 5, 30, "c"), applied(6)).then(patch(2, "m2", 5, 20, "d"), applied(7)).then(read(1), row(7, "d", "b")), false},
		"a tie goes to the larger id":             {born().then(patch(1, "m1", 5, 30, "c"), applied(6)).then(patch(2, "m2", 5, 30, "d"), applied(7)), true},
		"a tie goes to the smaller id":            {born().then(patch(1, "m2", 5, 30, "c"), applied(6)).then(patch(2, "m1", 5, 30, "d"), applied(7)), false},
		"what was seen is no conflict":            {born().then(patch(1, "m1", 5, 30, "c"), applied(6)).then(patch(2, "m2", 6, 20, "d"), applied(7)), true},
		"two changes with one number":             {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).then(patch(2, "m2", 6, 30, "d"), applied(6)), false},
		"a number that goes back":                 {born().then(patch(1, "m1", 5, 20, "c"), applied(9)).then(patch(2, "m2", 9, 30, "d"), applied(8)), false},
		"an edit outlives a delete":               {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).then(erase(2, 5), merged(6)).then(read(1), row(6, "c", "b")), true},
		"a delete of an unseen edit":              {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).then(erase(2, 5), applied(7)), false},
		"an edit brings a row back":               {born().then(erase(2, 5), applied(6)).then(patch(1, "m1", 5, 20, "c"), applied(7)).then(read(1), row(7, "c", "b")), true},
		"an edit of a row seen deleted":           {born().then(erase(2, 5), applied(6)).then(patch(1, "m1", 6, 20, "c"), applied(7)), false},
		"a deleted row is read":                   {born().then(erase(2, 5), applied(6)).then(read(1), row(5, "a", "b")), false},
		"a row is made twice":                     {born().then(Input{Kind: Insert, Client: 1, Mutation: "m9", At: 10, Set: [2]string{"x", "y"}}, applied(6)), false},
		"an edit that was acknowledged went away": {born().then(patch(1, "m1", 5, 20, "c"), applied(6)).then(read(2), row(6, "a", "b")), false},
	} {
		if got := porcupine.CheckOperations(Model(), one.history.list); got != one.right {
			t.Errorf("%s: found right %v, want %v", name, got, one.right)
		}
	}
}
