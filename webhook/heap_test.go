package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestGrowthAboveWhatIsKept(t *testing.T) {
	const mega = 1 << 20
	for _, test := range []struct {
		kept, scanned uint64
		want          int
	}{
		{0, 0, 1200}, {2 * mega, mega, 1150}, {8 * mega, 2 * mega, 400}, {12 * mega, 0, 300}, {20 * mega, 30 * mega, 100},
		{heapFloor/2 - 1, 0, 100}, {heapFloor, 0, 100}, {math.MaxUint64, 0, 100},
	} {
		if got := growthAbove(test.kept, test.scanned); got != test.want {
			t.Errorf("%d bytes: got %d, want %d", test.kept, got, test.want)
		}
	}
}

func TestMemoryAboveWhatIsKept(t *testing.T) {
	const mega = 1 << 20
	for _, test := range []struct {
		kept, scanned uint64
		want          int64
	}{
		{0, 0, 80 * mega}, {8 * mega, 2 * mega, 80 * mega}, {23 * mega, 2 * mega, 80 * mega}, {24 * mega, 2 * mega, 82 * mega}, {60 * mega, 4 * mega, 156 * mega},
	} {
		if got := memoryAbove(test.kept, test.scanned); got != test.want {
			t.Errorf("%d bytes: got %d, want %d", test.kept, got, test.want)
		}
	}
}

// Requests of a small replica cause a collection for each floor of garbage, and not for each few megabytes.
func TestFewCollectionsBelowTheFloor(t *testing.T) {
	t.Setenv("GOGC", "") // as in the image
	raiseHeapFloor()
	for range 3 { // the growth is set again after each collection
		runtime.GC()
		for heapGoal() < heapFloor*3/4 {
			runtime.Gosched() // the finalizer runs
		}
	}
	if goal := heapGoal(); goal > heapFloor*5/4 {
		t.Errorf("the heap may grow to %d MiB, more than the floor", goal>>20)
	}
	if limit := debug.SetMemoryLimit(-1); limit > heapFloor*5/4+aroundHeap {
		t.Errorf("the runtime may take %d MiB", limit>>20)
	}
}

func heapGoal() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
