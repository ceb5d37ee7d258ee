package sync

// Stats is what an engine does now and did since it began: numbers alone.
type Stats struct {
	Streams       int   // live streams open
	Looks         int64 // look-ups of whom commits concerned
	PushesWaiting int   // for a transaction, in all programs
	AuditWaiting  int   // entries not stored yet
	Sweeps        int64
	SweepsFailed  int64
	Settled       int64 // waiting mutations that a sweep applied or quarantined
	Collected     int64 // tombstones removed
}

// Stats gives the engine's numbers.
func (e *Engine) Stats() Stats {
	waiting := 0
	e.queues.Range(func(_, found any) bool {
		if q, ok := found.(*queue); ok {
			q.mu.Lock()
			waiting += len(q.waiting)
			q.mu.Unlock()
		}
		return true
	})
	return Stats{Streams: e.live.open(), Looks: e.live.looks.Load(), PushesWaiting: waiting, AuditWaiting: e.audit.depth(),
		Sweeps: e.sweep.sweeps.Load(), SweepsFailed: e.sweep.failed.Load(), Settled: e.sweep.settled.Load(), Collected: e.sweep.removed.Load()}
}
