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
// Regions that only one side changed take that side. Where both changed the same
// lines differently the winner's lines stand and overlap is true. The result never
// exceeds the length limit of a note: if it would, the winner stands whole.
func lines(before, current, sent string, sentWins bool) (merged string, overlap bool) {
	winner := current
	if sentWins {
		winner = sent
	}
	if before == "" && current != "" && sent != "" { // nothing in common to merge along
		return winner, true
	}
	o, a, b := split(before), split(current), split(sent)
	inA, okA := match(o, a)
	inB, okB := match(o, b)
	if !okA || !okB {
		return winner, true
	}
	out, overlap := weave(o, a, b, inA, inB, sentWins)
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

// weave walks the lines that all three versions share and merges what lies between.
func weave(o, a, b []string, inA, inB []int, sentWins bool) (out []string, overlap bool) {
	i, j, k := 0, 0, 0
	for {
		next := i
		for next < len(o) && (inA[next] < 0 || inB[next] < 0) {
			next++
		}
		endA, endB := len(a), len(b)
		if next < len(o) {
			endA, endB = inA[next], inB[next]
		}
		chunk, clash := region(o[i:next], a[j:endA], b[k:endB], sentWins)
		out, overlap = append(out, chunk...), overlap || clash
		if next == len(o) {
			return out, overlap
		}
		out = append(out, o[next])
		i, j, k = next+1, endA+1, endB+1
	}
}

// region merges one stretch between shared lines.
func region(o, a, b []string, sentWins bool) ([]string, bool) {
	switch {
	case same(a, b), same(o, b):
		return a, false
	case same(o, a):
		return b, false
	case len(o) == 0 && sentWins: // both added here: keep both, the winner last, for nothing contradicts
		return append(append([]string(nil), a...), b...), false
	case len(o) == 0:
		return append(append([]string(nil), b...), a...), false
	case sentWins:
		return b, true
	}
	return a, true
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
