package main

import "testing"

// A small heap grows to leastHeap before it is collected, a large one doubles.
func TestPaceOfCollections(t *testing.T) {
	for live := uint64(4 << 20); live < 1<<32; live += live / 3 {
		goal := live + live*uint64(pacePercent(live))/100
		want := max(leastHeap, 2*live)
		if goal > want+want/50 || goal < want-want/50 {
			t.Errorf("with %d bytes alive the heap grows to %d, want %d", live, goal, want)
		}
	}
	if p := pacePercent(0); p != mostPercent {
		t.Errorf("before the first collection the heap may grow by %d %%, want %d", p, mostPercent)
	}
}
