package cadence_test

import (
	"fmt"
	"testing"
	"time"

	"pursuit/push/cadence"
)

// BenchmarkEvaluate looks at a service with five months of attempts, three a week.
func BenchmarkEvaluate(b *testing.B) {
	c := story(b, "slo_icm", "2026-03-02 10:00")
	for i := range 66 {
		at := c.OpenedAt.Add(time.Duration(i) * 55 * time.Hour)
		c.Attempts = append(c.Attempts, cadence.Attempt{ID: fmt.Sprint(i), WorkerID: worker, Channel: "call", Outcome: "no_answer", OccurredAt: at, RecordedAt: at})
	}
	now := portland(b, "2026-07-31 10:00")
	b.ReportAllocs()
	for b.Loop() {
		cadence.Evaluate(c, nil, now)
	}
}
