package main

import (
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// heapFloor is the size in bytes of the heap below which no garbage is collected. What a replica keeps is small, so that
// it would collect garbage every 30 requests, and spend a fifth of its time on that.
const heapFloor = 48 << 20

// aroundHeap is how many bytes the runtime may have beside what the heap may grow to, for stacks, for itself, and for free
// memory in pieces that are too small for large requests. Above that, it gives free memory back before it takes more.
const aroundHeap = 32 << 20

// raiseHeapFloor keeps the floor from now on: above it, the heap grows to twice what is kept, as always. The runtime takes
// little more than that, and at most GOMEMLIMIT. It does nothing if somebody has set GOGC.
func raiseHeapFloor() {
	if os.Getenv("GOGC") != "" {
		return
	}
	keepHeapFloor(debug.SetMemoryLimit(-1))
	slog.Debug("no garbage is collected below the floor of the heap", "bytes", heapFloor)
}

// keepHeapFloor sets how far the heap and all memory may grow, now and after each collection. All memory has a limit.
func keepHeapFloor(limit int64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(samples)
	kept, scanned := samples[0].Value.Uint64(), samples[1].Value.Uint64()+samples[2].Value.Uint64()
	debug.SetGCPercent(growthAbove(kept, scanned))
	debug.SetMemoryLimit(min(limit, memoryAbove(kept, scanned)))
	runtime.SetFinalizer(new(collected), func(*collected) { keepHeapFloor(limit) })
}

// collected is found to be garbage by the next collection.
type collected struct{ _ [32]byte }

// growthAbove returns by how many percent the heap may grow if so many bytes of it are kept. The percentage counts for
// other memory that is scanned, too, and for a heap of 4 MiB if it is smaller.
func growthAbove(kept, scanned uint64) int {
	const usual, smallest = 100, 4 << 20
	if kept >= heapFloor/2 {
		return usual
	}
	return int(max(usual, (heapFloor-kept)*100/max(kept+scanned, smallest))) //nolint:gosec // at most 1200
}

// memoryAbove returns how many bytes the runtime may have if so many bytes of the heap are kept, and of other memory are
// scanned.
func memoryAbove(kept, scanned uint64) int64 {
	return int64(max(heapFloor, 2*kept+scanned)) + aroundHeap //nolint:gosec // no heap is that large
}
