package reports

import (
	"maps"
	"math/big"
	"slices"
)

// Survival gathers how long each case waited for something, cases still waiting included, and
// answers the median by the estimator of Kaplan and Meier (Journal of the American
// Statistical Association 53, 1958). The zero value is empty and ready.
type Survival struct {
	happened map[int]int64 // by days
	censored map[int]int64
}

// Add takes one case: the days until it happened, or until it was last seen waiting. Fewer
// than 0 days count as 0.
func (s *Survival) Add(days int, happened bool) {
	if s.happened == nil {
		s.happened, s.censored = map[int]int64{}, map[int]int64{}
	}
	days = max(days, 0)
	if happened {
		s.happened[days]++
	} else {
		s.censored[days]++
	}
}

// Median is the first day t with S(t) ≤ 0.5, nil when S never falls so low. A case last seen
// waiting on day t is still at risk on day t. S is kept as an exact fraction, so that a curve
// that touches one half is never missed by rounding.
func (s *Survival) Median() *int {
	atRisk := total(s.happened) + total(s.censored)
	days := slices.Sorted(maps.Keys(s.happened))
	leaving := slices.Sorted(maps.Keys(s.censored))
	alive, of, twice := big.NewInt(1), big.NewInt(1), new(big.Int)
	for _, day := range days {
		for len(leaving) > 0 && leaving[0] < day {
			atRisk -= s.censored[leaving[0]]
			leaving = leaving[1:]
		}
		events := s.happened[day]
		alive.Mul(alive, big.NewInt(atRisk-events))
		of.Mul(of, big.NewInt(atRisk))
		if twice.Lsh(alive, 1).Cmp(of) <= 0 {
			return &day
		}
		atRisk -= events
	}
	return nil
}

func total(counts map[int]int64) int64 {
	var sum int64
	for _, n := range counts {
		sum += n
	}
	return sum
}
