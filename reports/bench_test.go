package reports

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// BenchmarkStream counts a million attempts in fifty thousand services, fed one service at a
// time as a loader does, and reports the heap that stays.
func BenchmarkStream(b *testing.B) {
	const services, each = 50_000, 20
	loc := zone(b, portland)
	w, err := NewWindow(loc, Date{}, Date{}, day("2026-06-30"), time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	start := day("2026-03-02").Start(loc)
	for b.Loop() {
		n := NewIntensity(w, nil)
		figures := make([]ServiceFigures, 0, services)
		for i := range services {
			id, worker := fmt.Sprint("s", i), fmt.Sprint("w", i%40)
			s := n.Begin(Case{Service: Service{ID: id, ReferredOn: day("2026-03-02"), Status: statusPursuing},
				Assignments: []Assignment{{ServiceID: id, UserID: worker, Role: roleOutreachWorker, StartedAt: start}}})
			for j := range each {
				at := start.Add(time.Duration(j*37) * time.Hour)
				a := Attempt{ServiceID: id, WorkerID: worker, Channel: channels()[j%7], Outcome: "no_answer",
					OccurredAt: at, RecordedAt: at, ReceivedAt: at.Add(time.Hour)}
				if err := s.Add(a); err != nil {
					b.Fatal(err)
				}
			}
			figures = append(figures, s.Finish())
		}
		n.Program()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-kept")
		runtime.KeepAlive(figures)
	}
}
