package reports

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

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

// Whatever the answer says of a service, the list can be sorted by; an object of counts
// by channel is no one value.
func TestEveryFigureIsASortKey(t *testing.T) {
	text, err := json.Marshal(ServiceFigures{})
	if err != nil {
		t.Fatal(err)
	}
	var carried map[string]any
	if err := json.Unmarshal(text, &carried); err != nil {
		t.Fatal(err)
	}
	delete(carried, "channels")
	for name := range carried {
		if !slices.Contains(SortKeys(), name) {
			t.Errorf("%s is carried and no sort key", name)
		}
	}
	if len(SortKeys()) != len(carried) {
		t.Errorf("%d sort keys for %d figures", len(SortKeys()), len(carried))
	}
}

// What a service lacks comes last in both directions: text, time and number alike.
func TestNullsComeLastEitherWay(t *testing.T) {
	zero, none, noon := 0.0, 0, &Instant{time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)}
	full := ServiceFigures{ServiceID: "b", PersonCode: "a", WorkerID: "a", DaysSinceLastAttempt: &zero, LongestGapDays: &zero,
		HoursToFirstAttempt: &zero, DaysToFirstContact: &none, DaysToEngagement: &none, DaysToEnrollment: &none,
		FirstAttemptAt: noon, LastAttemptAt: noon, LastSyncAt: noon}
	full.AttemptsPerWeek, full.ReachRate, full.ThirdPartyRate, full.FreshnessMinutes = &zero, &zero, &zero, &zero
	empty, judged := ServiceFigures{ServiceID: "a"}, 0
	var shown map[string]any
	if text, err := json.Marshal(empty); err != nil || json.Unmarshal(text, &shown) != nil {
		t.Fatal(err)
	}
	for _, key := range SortKeys() {
		if shown[key] != nil {
			continue
		}
		judged++
		for _, key := range []string{key, "-" + key} {
			compare, _ := ServiceOrder(key)
			rows := []ServiceFigures{empty, full}
			if slices.SortFunc(rows, compare); rows[1].ServiceID != "a" {
				t.Errorf("sorted by %s a null comes first", key)
			}
			if PlaceOf(key, full).after(key, empty) != true || PlaceOf(key, empty).after(key, full) {
				t.Errorf("sorted by %s a page does not go on from value to null", key)
			}
		}
	}
	if judged < 14 {
		t.Errorf("%d figures can be null", judged)
	}
}

// Flags and moments sort by what they say: no before yes, early before late.
func TestFlagsAndMomentsSort(t *testing.T) {
	early, late := &Instant{time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}, &Instant{time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)}
	low := ServiceFigures{ServiceID: "z", FirstAttemptAt: early, OrgID: "a"}
	high := ServiceFigures{ServiceID: "a", FirstAttemptAt: late, OrgID: "b", Stale: true, NeverAttempted: true}
	high.Reached, high.ThirdParty = 1, 1
	for _, key := range strings.Fields("first_attempt_at org_id stale never_attempted reached third_party") {
		for key, want := range map[string]string{key: "z", "-" + key: "a"} {
			rows := []ServiceFigures{low, high}
			compare, ok := ServiceOrder(key)
			if !ok {
				t.Errorf("%s is no order", key)
			} else if slices.SortFunc(rows, compare); rows[0].ServiceID != want {
				t.Errorf("sorted by %s, %s comes first", key, rows[0].ServiceID)
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
			f.WorkerID = OptionalID(rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "worker"))
			f.PersonCode, f.Stale = f.WorkerID, rapid.Bool().Draw(t, "stale")
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
