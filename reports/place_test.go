package reports

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestEverySortKeyIsAnOrder(t *testing.T) {
	for _, key := range SortKeys() {
		for _, key := range []string{key, "-" + key} {
			if _, ok := ServiceOrder(key); !ok {
				t.Errorf("%s is no order", key)
			}
		}
	}
}

// In every order, what comes after a row's place is what is sorted behind the row.
func TestAPlaceCutsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"", "-"}).Draw(t, "direction") + rapid.SampledFrom(SortKeys()).Draw(t, "key")
		compare, _ := ServiceOrder(key)
		var rows []ServiceFigures
		for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
			f := ServiceFigures{ServiceID: string(rune('a' + i)), Status: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "status")}
			f.Attempts = rapid.IntRange(0, 2).Draw(t, "attempts")
			if rapid.Bool().Draw(t, "gap") {
				gap := float64(rapid.IntRange(0, 2).Draw(t, "days"))
				f.LongestGapDays, f.ReachRate = &gap, &gap
			}
			rows = append(rows, f)
		}
		slices.SortFunc(rows, compare)
		for i, row := range rows {
			place := PlaceOf(key, row)
			for j, other := range rows {
				if place.after(key, other) != (j > i) {
					t.Fatalf("sorted by %s, row %d is after %d: %v", key, j, i, !(j > i))
				}
			}
		}
	})
}
