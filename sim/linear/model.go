package linear

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// clientsMost is how many devices the model can tell apart.
const clientsMost = 8

// fields are those that are edited: both of policy `latest`.
var fields = [...]string{"first_name", "last_name"}

// Kind is what a request does with the row.
type Kind int

// The kinds.
const (
	Insert Kind = iota
	Patch
	Delete
	Read
)

// Input is a request about the row.
type Input struct {
	Kind   Kind
	Client int
	// Mutation, Base and At are as sent; At in milliseconds.
	Mutation string
	Base, At int64
	// Set is the value sent for each field, "" for one not sent.
	Set [len(fields)]string
}

// Output is what the request was answered.
type Output struct {
	Status, Code string
	V            int64
	// Live and Values are what a read found.
	Live   bool
	Values [len(fields)]string
}

// cell is a field with its last writer.
type cell struct {
	value    string
	v, at    int64
	client   int
	mutation string
}

// state is the row as the contract knows it. It is comparable.
type state struct {
	made, live bool
	v          int64
	cells      [len(fields)]cell
	// edited is the number of each device's last edit.
	edited [clientsMost]int64
	// deletedAt and deleter tell of the delete that stands.
	deletedAt int64
	deleter   int
}

// Model is the contract of one row that starts as nothing.
func Model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(s, input, output any) (bool, any) {
			return s.(state).step(input.(Input), output.(Output))
		},
		Equal:             func(a, b any) bool { return a.(state) == b.(state) },
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
		DescribeState:     func(s any) string { return fmt.Sprintf("%+v", s) },
	}
}

func (s state) step(in Input, out Output) (bool, state) {
	switch in.Kind {
	case Read:
		return s.reads(out), s
	case Insert:
		return s.insert(in, out)
	case Delete:
		return s.delete(in, out)
	}
	return s.patch(in, out)
}

func (s state) reads(out Output) bool {
	if out.Live != (s.made && s.live) {
		return false
	}
	if !out.Live {
		return true
	}
	for i, one := range s.cells {
		if out.Values[i] != one.value {
			return false
		}
	}
	return out.V == s.v
}

// changed checks the number of a change: larger than the row's last.
func (s state) changed(out Output) bool { return out.V > s.v }

func (s state) insert(in Input, out Output) (bool, state) {
	if s.made {
		return out.Status == "rejected" && out.Code == "row_exists", s
	}
	if out.Status != "applied" || !s.changed(out) {
		return false, s
	}
	s.made, s.live, s.v = true, true, out.V
	for i := range s.cells {
		s.write(i, in, out.V)
	}
	s.edited[in.Client] = out.V
	return true, s
}

func (s *state) write(i int, in Input, v int64) {
	s.cells[i] = cell{value: in.Set[i], v: v, at: in.At, client: in.Client, mutation: in.Mutation}
}

// delete yields to an edit of another device that the deleter had not seen.
func (s state) delete(in Input, out Output) (bool, state) {
	if !s.live {
		return out.Status == "applied" && out.V == s.v, s
	}
	for client, v := range s.edited {
		if client != in.Client && v > in.Base {
			return out.Status == "merged" && out.V == s.v, s
		}
	}
	if out.Status != "applied" || !s.changed(out) {
		return false, s
	}
	s.live, s.v, s.deletedAt, s.deleter = false, out.V, out.V, in.Client
	return true, s
}

// patch writes each field that it wins; where it loses it leaves the row its number. On a
// deleted row it brings the row back, unless its device had seen the delete or made it, or
// it sends only what stood when the row was deleted.
func (s state) patch(in Input, out Output) (bool, state) {
	revives := !s.live
	if revives && (in.Base >= s.deletedAt || s.deleter == in.Client || s.holds(in)) {
		return out.Status == "rejected" && out.Code == "row_gone", s
	}
	next, changes, loses := s, revives, false
	for i, value := range in.Set {
		if value == "" || value == s.cells[i].value {
			continue
		}
		if !s.wins(i, in) {
			loses, changes = true, true
			continue
		}
		next.write(i, in, out.V)
		changes = true
	}
	if (out.Status == "merged") != loses || out.Status != "merged" && out.Status != "applied" {
		return false, s
	}
	if !changes {
		return out.V == s.v, s
	}
	next.live, next.v = true, out.V
	next.edited[in.Client] = out.V
	return s.changed(out), next
}

// holds tells whether all values that are sent stand already.
func (s state) holds(in Input) bool {
	for i, value := range in.Set {
		if value != "" && value != s.cells[i].value {
			return false
		}
	}
	return true
}

// wins tells whether a field takes the value sent: nobody else changed it after base,
// or the edit is later, by its time and then by its mutation's id.
func (s state) wins(i int, in Input) bool {
	standing := s.cells[i]
	if standing.v <= in.Base || standing.client == in.Client {
		return true
	}
	if in.At != standing.at {
		return in.At > standing.at
	}
	return in.Mutation > standing.mutation
}
