package reports

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

type waiting struct {
	days     int
	happened bool
}

// plainMedian walks day by day and counts who is at risk each time anew.
func plainMedian(cases []waiting) *int {
	s := big.NewRat(1, 1)
	for day := 0; day <= 400; day++ {
		atRisk, events := 0, 0
		for _, c := range cases {
			if c.days >= day {
				atRisk++
			}
			if c.days == day && c.happened {
				events++
			}
		}
		if events == 0 {
			continue
		}
		s.Mul(s, big.NewRat(int64(atRisk-events), int64(atRisk)))
		if s.Cmp(big.NewRat(1, 2)) <= 0 {
			return &day
		}
	}
	return nil
}

func TestMedianByKaplanMeier(t *testing.T) {
	for name, c := range map[string]struct {
		cases []waiting
		want  int // -1: null
	}{
		"nobody":                        {nil, -1},
		"one":                           {[]waiting{{7, true}}, 7},
		"touches one half":              {[]waiting{{1, true}, {2, true}, {3, false}, {3, false}}, 2},
		"never falls to one half":       {[]waiting{{1, true}, {9, false}, {9, false}, {9, false}}, -1},
		"censored on the day at risk":   {[]waiting{{5, false}, {5, true}, {6, true}, {7, true}}, 6},
		"all censored":                  {[]waiting{{5, false}, {5, false}}, -1},
		"a censored one is not dropped": {[]waiting{{1, false}, {2, true}, {3, true}, {4, false}}, 3},
	} {
		var s Survival
		for _, x := range c.cases {
			s.Add(x.days, x.happened)
		}
		got := -1
		if m := s.Median(); m != nil {
			got = *m
		}
		if got != c.want {
			t.Errorf("%s: median %d, not %d", name, got, c.want)
		}
	}
}

func TestMedianEqualsThePlainOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cases := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) waiting {
			return waiting{rapid.IntRange(0, 30).Draw(t, "days"), rapid.Bool().Draw(t, "happened")}
		}), 0, 60).Draw(t, "cases")
		var s Survival
		for _, x := range cases {
			s.Add(x.days, x.happened)
		}
		got, want := s.Median(), plainMedian(cases)
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Fatalf("median %v, plainly %v", null(got), null(want))
		}
	})
}
