package sync

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	phoneDigitsMost  = 10 // a number without its country: enough to tell two apart, and written by all
	phoneDigitsLeast = 7  // fewer are an extension or a slip
)

// phoneKey is what two ways of writing one telephone number have in common: the last
// ten digits before any extension, without zeros in front. "" when they are too few
// to be somebody's.
func phoneKey(text string) string {
	if cut := strings.IndexAny(strings.ToLower(text), "x#;"); cut >= 0 { // extensions: x12, ext 12, #12, ;ext=12
		text = text[:cut]
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	if len(digits) > phoneDigitsMost {
		digits = digits[len(digits)-phoneDigitsMost:]
	}
	if digits = strings.TrimLeft(digits, "0"); len(digits) < phoneDigitsLeast {
		return ""
	}
	return digits
}

// foldedName is a name without case, accents, spaces and signs.
type foldedName struct {
	first, last string
	letters     string // first and last in one
	key         string // its words in alphabetical order: names may have changed places
}

func foldName(first, last string) foldedName {
	a, b := fold(first), fold(last)
	words := append(append(make([]string, 0, usualWords), strings.Fields(a)...), strings.Fields(b)...)
	slices.Sort(words)
	n := foldedName{first: squeeze(a), last: squeeze(b), key: strings.Join(words, " ")}
	n.letters = n.first + n.last
	return n
}

const usualWords = 4 // of a name

func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

// letters that do not fall apart into a plain one and an accent.
var plainLetters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "ł", "l", "þ", "th", "ı", "i")

// fold writes a text in small plain letters and digits, its words apart by one space.
func fold(text string) string {
	text = strings.ToLower(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		text = norm.NFKD.String(plainLetters.Replace(text))
	}
	var b strings.Builder
	b.Grow(len(text))
	apart := false
	for _, r := range text {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if apart && b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteRune(unicode.ToLower(r))
			apart = false
		case unicode.IsSpace(r) || r == '-':
			apart = true
		}
	}
	return b.String()
}

// like tells whether two names may be one: the same words, a slip or two, or one that
// lacks a part and has the other the same.
func (n foldedName) like(o foldedName) bool {
	switch {
	case n.letters == "" || o.letters == "":
		return false
	case n.key == o.key || n.letters == o.letters:
		return true
	case n.first == "" || o.first == "":
		return n.last == o.last
	case n.last == "" || o.last == "":
		return n.first == o.first
	}
	return within(n.letters, o.letters, slips(min(len(n.letters), len(o.letters))))
}

// slips is how many slips a name of a length may have and still be the same.
func slips(length int) int {
	const short, long = 5, 9
	switch {
	case length < short:
		return 0
	case length < long:
		return 1
	}
	return 2
}

const usualName = 48 // letters of a name, and one

// within tells whether two texts are at most so many slips apart: a letter too many,
// too few, another one, or two next to each other that changed places. It is the
// optimal string alignment distance, row by row, and gives up when a row exceeds it.
func within(a, b string, slips int) bool {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > slips || len(y)-len(x) > slips {
		return false
	}
	var room [3 * usualName]int // so that the usual name needs no memory of its own
	rows := room[:]
	if len(y) >= usualName {
		rows = make([]int, 3*(len(y)+1))
	}
	before, last, next := rows[:len(y)+1], rows[len(y)+1:2*len(y)+2], rows[2*len(y)+2:3*len(y)+3]
	for k := range last {
		last[k] = k
	}
	for i := 1; i <= len(x); i++ {
		next[0] = i
		least := i
		for k := 1; k <= len(y); k++ {
			cost := 1
			if x[i-1] == y[k-1] {
				cost = 0
			}
			next[k] = min(last[k]+1, next[k-1]+1, last[k-1]+cost)
			if i > 1 && k > 1 && x[i-1] == y[k-2] && x[i-2] == y[k-1] {
				next[k] = min(next[k], before[k-2]+1)
			}
			least = min(least, next[k])
		}
		if least > slips {
			return false
		}
		before, last, next = last, next, before
	}
	return last[len(y)] <= slips
}
