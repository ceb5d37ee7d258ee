package merge

import (
	"strings"
	"unicode/utf8"

	"pursuit/models"
)

// linesMax bounds the work of a line merge: the product of the lines that differ.
// Notes have a few lines; beyond this the later text stands whole.
const linesMax = 4_000_000

// lines merges two versions of a text against the version both started from.
//
// What only one side changed takes that side, right beside the other's changes too.
// Where both changed the same lines differently the winner's lines stand and overlap is
// true. The result never exceeds the length limit of a note: if it would, the winner stands whole.
func lines(before, current, sent string, sentWins bool) (merged string, overlap bool) {
	winner := current
	if sentWins {
		winner = sent
	}
	if before == "" && current != "" && sent != "" { // nothing in common to merge along
		return winner, true
	}
	if (current == "" || sent == "") && current != before && sent != before && current != sent { // one wiped out what the other worked on
		return winner, true
	}
	o, a, b := split(before), split(current), split(sent)
	inA, okA := match(o, a)
	inB, okB := match(o, b)
	if !okA || !okB {
		return winner, true
	}
	out, overlap := weave(o, hunks(a, inA), hunks(b, inB), sentWins)
	merged = strings.Join(out, "\n")
	if utf8.RuneCountInString(merged) > models.NoteMax {
		return winner, true
	}
	return merged, overlap
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// hunk is one change of a text: its lines [from, to) became other lines. Where from is
// to, lines were put in before that place.
type hunk struct {
	from, to int
	lines    []string
}

// hunks gives the changes that made a of a text, in order, by the partners of its lines.
func hunks(a []string, partner []int) []hunk {
	var out []hunk
	for i, j := 0, 0; i <= len(partner); {
		next := i
		for next < len(partner) && partner[next] < 0 {
			next++
		}
		end := len(a)
		if next < len(partner) {
			end = partner[next]
		}
		switch {
		case next-i == end-j: // so many lines became so many others: each is a change of its own
			for n := range next - i {
				out = append(out, hunk{i + n, i + n + 1, a[j+n : j+n+1]})
			}
		default:
			out = append(out, hunk{i, next, a[j:end]})
		}
		i, j = next+1, end+1
	}
	return out
}

// meets tells whether two changes are of the same lines, or put lines in at the same
// place. Changes that only touch do not meet.
func (h hunk) meets(from, to int) bool {
	return h.from < to && from < h.to || h.from == h.to && from == to && h.from == from
}

// first tells whether a change stands before another one that it does not meet.
func (h hunk) first(other hunk) bool {
	return h.from < other.from || h.from == other.from && h.to <= other.to
}

// weave makes both sides' changes of a text.
func weave(o []string, a, b []hunk, sentWins bool) (out []string, overlap bool) {
	done := 0
	for len(a)+len(b) > 0 {
		var mine, theirs []hunk
		from, to := 0, 0
		if len(b) == 0 || len(a) > 0 && a[0].first(b[0]) {
			from, to, mine, a = a[0].from, a[0].to, a[:1], a[1:]
		} else {
			from, to, theirs, b = b[0].from, b[0].to, b[:1], b[1:]
		}
		for grown := true; grown; { // what meets these, and what meets that
			grown = false
			if len(a) > 0 && a[0].meets(from, to) {
				mine, to, a, grown = append(mine[:len(mine):len(mine)], a[0]), max(to, a[0].to), a[1:], true
			}
			if len(b) > 0 && b[0].meets(from, to) {
				theirs, to, b, grown = append(theirs[:len(theirs):len(theirs)], b[0]), max(to, b[0].to), b[1:], true
			}
		}
		out = append(out, o[done:from]...)
		done = to
		chunk, clash := region(o, from, to, mine, theirs, sentWins)
		out, overlap = append(out, chunk...), overlap || clash
	}
	return append(out, o[done:]...), overlap
}

// region gives the lines [from, to) of a text as two sides' changes of them leave them.
func region(o []string, from, to int, mine, theirs []hunk, sentWins bool) ([]string, bool) {
	a, b := changed(o, from, to, mine), changed(o, from, to, theirs)
	switch {
	case len(theirs) == 0, len(mine) > 0 && same(a, b):
		return a, false
	case len(mine) == 0:
		return b, false
	case from == to && sentWins: // both added here: keep both, the winner last, for nothing contradicts
		return append(a, b...), false
	case from == to:
		return append(b, a...), false
	case sentWins:
		return b, true
	}
	return a, true
}

// changed gives the lines [from, to) of a text after one side's changes.
func changed(o []string, from, to int, list []hunk) []string {
	var out []string
	for _, h := range list {
		out = append(out, o[from:h.from]...)
		out = append(out, h.lines...)
		from = h.to
	}
	return append(out, o[from:to]...)
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// match gives for each line of o its partner in a longest common subsequence with
// a, or -1. It gives up where that would cost too much.
func match(o, a []string) ([]int, bool) {
	pair := make([]int, len(o))
	for i := range pair {
		pair[i] = -1
	}
	head := 0
	for head < len(o) && head < len(a) && o[head] == a[head] {
		pair[head] = head
		head++
	}
	endO, endA := len(o), len(a)
	for endO > head && endA > head && o[endO-1] == a[endA-1] {
		endO, endA = endO-1, endA-1
		pair[endO] = endA
	}
	n, m := endO-head, endA-head
	if n*m > linesMax {
		return nil, false
	}
	length := make([][]int32, n+1)
	for i := range length {
		length[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if o[head+i] == a[head+j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case o[head+i] == a[head+j]:
			pair[head+i] = head + j
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pair, true
}
