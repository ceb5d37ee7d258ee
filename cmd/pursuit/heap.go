package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// leastHeap is how far the heap may grow before garbage is collected. A quiet
	// server keeps a few megabytes alive; collecting whenever those have doubled
	// costs a tenth of the machine while phones push. A heap that keeps more alive
	// than half of this is collected as ever, when it has doubled.
	leastHeap = 32 << 20

	usualPercent = 100 // Go's own
	mostPercent  = 700 // the runtime never collects below 4 MB times this: leastHeap again
	liveBytes    = "/gc/heap/live:bytes"
)

// pace is what a finalizer hangs on: it runs once after each collection.
type pace struct {
	percent int
	sample  []metrics.Sample
}

// paceCollections has garbage collected less often while little is alive. An operator
// who sets GOGC decides instead.
func paceCollections() {
	if _, set := os.LookupEnv("GOGC"); set {
		return
	}
	p := &pace{percent: usualPercent, sample: []metrics.Sample{{Name: liveBytes}}}
	p.adjust()
	runtime.SetFinalizer(p, (*pace).collected)
}

func (p *pace) collected() {
	p.adjust()
	runtime.SetFinalizer(p, (*pace).collected)
}

func (p *pace) adjust() {
	metrics.Read(p.sample)
	if p.sample[0].Value.Kind() != metrics.KindUint64 {
		return
	}
	want := pacePercent(p.sample[0].Value.Uint64())
	if want > p.percent+p.percent/8 || want < p.percent-p.percent/8 { // a change stops the world for a moment
		p.percent = want
		debug.SetGCPercent(want)
	}
}

// pacePercent is how much a heap with so many live bytes may grow, in percent.
func pacePercent(live uint64) int {
	return min(max(usualPercent, int(leastHeap*100/max(live, 1))-100), mostPercent)
}
