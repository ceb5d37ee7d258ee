package merge

import (
	"encoding/json"

	"pursuit/models"
)

// union merges two versions of a set against the version both started from: what
// either side added is in, what either side took out is out. The order is the
// standing one, with additions behind. An empty result is an empty list, unless
// both sides unset the field.
func union(before, current, sent json.RawMessage) json.RawMessage {
	base, now, next := models.Texts(before), models.Texts(current), models.Texts(sent)
	removed := minus(base, next)
	var out []string
	for _, s := range now {
		if !in(removed, s) {
			out = append(out, s)
		}
	}
	for _, s := range minus(next, base) {
		if !in(out, s) {
			out = append(out, s)
		}
	}
	if len(out) > models.ListMax { // both sides were within it; the standing side has precedence, the caller keeps the rest
		out = out[:models.ListMax]
	}
	if len(out) == 0 && (current == nil || sent == nil) {
		return nil
	}
	return models.TextsValue(out)
}

func minus(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !in(b, s) {
			out = append(out, s)
		}
	}
	return out
}

func in(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
