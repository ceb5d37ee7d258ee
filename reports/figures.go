package reports

import (
	"math"
	"slices"
	"time"
)

// Effort holds the figures that services, workers and the program share. Rates are parts of 1
// with four decimals, null over no attempts. Source: docs/domain.md, section 3.
type Effort struct {
	Attempts        int            `json:"attempts" doc:"Attempts that count, in the window"`
	PursuitDays     int            `json:"pursuit_days" doc:"Calendar dates in pursuit in the window; for workers and the program summed over services"`
	AttemptsPerWeek *float64       `json:"attempts_per_week" doc:"Attempts ÷ (pursuit days ÷ 7)"`
	ChannelsUsed    int            `json:"channels_used" doc:"Distinct channels in the window"`
	Channels        map[string]int `json:"channels" doc:"Attempts by channel in the window"`
	Reached         int            `json:"reached" doc:"Attempts that reached the individual"`
	ReachRate       *float64       `json:"reach_rate"`
	ThirdParty      int            `json:"third_party" doc:"Attempts that found something out through others"`
	ThirdPartyRate  *float64       `json:"third_party_rate"`
	// FreshnessMinutes is the median of received_at − occurred_at over the window's attempts.
	FreshnessMinutes *float64 `json:"freshness_minutes"`
}

// tally gathers an Effort.
type tally struct {
	attempts, reached, thirdParty int
	channels                      map[string]int
	lateness                      []time.Duration
}

// add takes one counted attempt that lies in the window.
func (t *tally) add(a Attempt) {
	if t.channels == nil {
		t.channels = make(map[string]int, rungs+1)
	}
	t.attempts++
	t.channels[a.Channel]++
	if reached(a.Outcome) {
		t.reached++
	}
	if throughOthers(a.Outcome) {
		t.thirdParty++
	}
	t.lateness = append(t.lateness, max(0, a.ReceivedAt.Sub(a.OccurredAt)))
}

// effort sums up; pursuitDays is what the attempts are spread over.
func (t *tally) effort(pursuitDays int) Effort {
	e := Effort{
		Attempts: t.attempts, PursuitDays: pursuitDays,
		ChannelsUsed: len(t.channels), Channels: t.channels,
		Reached: t.reached, ReachRate: ratio(t.reached, t.attempts),
		ThirdParty: t.thirdParty, ThirdPartyRate: ratio(t.thirdParty, t.attempts),
	}
	if e.Channels == nil {
		e.Channels = map[string]int{}
	}
	if pursuitDays > 0 {
		e.AttemptsPerWeek = decimals(float64(t.attempts)*7/float64(pursuitDays), 4)
	}
	if middle, ok := median(t.lateness); ok {
		e.FreshnessMinutes = decimals(middle.Minutes(), 2)
	}
	return e
}

// median sorts its argument in place; of an even number it is the mean of the middle two.
func median(durations []time.Duration) (time.Duration, bool) {
	n := len(durations)
	if n == 0 {
		return 0, false
	}
	slices.Sort(durations)
	if n%2 == 1 {
		return durations[n/2], true
	}
	low, high := durations[n/2-1], durations[n/2]
	return low + (high-low)/2, true
}

func ratio(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	return decimals(float64(part)/float64(whole), 4)
}

// days is a duration in days of 24 hours, with two decimals.
func days(d time.Duration) *float64 { return decimals(d.Hours()/24, 2) }

func decimals(x float64, places int) *float64 {
	scale := math.Pow10(places)
	rounded := math.Round(x*scale) / scale
	return &rounded
}
