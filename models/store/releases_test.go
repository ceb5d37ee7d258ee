package store_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pursuit/models/store"
	"pursuit/models/store/storetest"
)

// release shows partners a value of a total unless they were shown one that is near it, and
// tells what they had been shown.
func release(t *testing.T, s *store.Store, program int32, year int, field string, value int) (before []int, shown bool) {
	t.Helper()
	err := s.ReleaseTotals(context.Background(), program, year, func(all map[string][]int) map[string]int {
		before = slices.Sorted(slices.Values(all[field]))
		shown = !slices.ContainsFunc(before, func(old int) bool { return old != value && max(value-old, old-value) < 5 })
		if !shown {
			return nil
		}
		return map[string]int{field: value}
	})
	if err != nil {
		t.Error(err)
	}
	return before, shown
}

// What partners were shown is known of each total of each year of each program by itself, once.
func TestWhatPartnersWereShownIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, step := range []struct {
			program int32
			year    int
			field   string
			value   int
			before  []int
			shown   bool
		}{
			{1, 2026, "referred", 20, nil, true},
			{1, 2026, "referred", 20, []int{20}, true},
			{1, 2026, "referred", 22, []int{20}, false},
			{1, 2026, "referred", 25, []int{20}, true},
			{1, 2026, "referred", 20, []int{20, 25}, true},
			{1, 2026, "refused", 22, nil, true},
			{1, 2025, "referred", 22, nil, true},
			{2, 2026, "referred", 22, nil, true},
			{1, 2026, "referred", 30, []int{20, 25}, true},
		} {
			before, shown := release(t, s, step.program, step.year, step.field, step.value)
			if !cmp.Equal(before, step.before) || shown != step.shown {
				t.Errorf("%+v: shown before %v, now %v", step, before, shown)
			}
		}
	})
}

// Of readers at once each knows what the others were shown: no two of them are shown values
// that differ by a small count.
func TestReadersAtOnceAreShownOneValue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const readers = 8
		for year := 2001; year <= 2010; year++ {
			var all sync.WaitGroup
			var mu sync.Mutex
			var seen []int
			start := make(chan struct{})
			for i := range readers {
				all.Go(func() {
					<-start
					if _, shown := release(t, s, 1, year, "referred", 20+i%5); shown {
						mu.Lock()
						defer mu.Unlock()
						seen = append(seen, 20+i%5)
					}
				})
			}
			close(start)
			all.Wait()
			slices.Sort(seen)
			if values := slices.Compact(seen); len(values) != 1 {
				t.Errorf("%d: shown were %v", year, values)
			}
		}
	})
}

// Who left before the end is told so, and nothing is shown that is not recorded.
func TestWhatIsNotRecordedIsAnError(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		gone, leave := context.WithCancel(context.Background())
		err := s.ReleaseTotals(gone, 1, 2026, func(map[string][]int) map[string]int {
			leave()
			return map[string]int{"referred": 20}
		})
		if before, _ := release(t, s, 1, 2026, "referred", 20); (err == nil) != slices.Equal(before, []int{20}) {
			t.Errorf("%v was answered, and recorded is %v", err, before)
		}
	})
}
