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

// raiseHeapFloor keeps the floor from now on: above it, the heap grows to twice what is kept, as always. It does
// nothing if somebody has set GOGC.
func raiseHeapFloor() {
	if os.Getenv("GOGC") != "" {
		return
	}
	keepHeapFloor()
	slog.Debug("no garbage is collected below the floor of the heap", "bytes", heapFloor)
}

// keepHeapFloor sets the percentage by which the heap may grow now and after each collection.
func keepHeapFloor() {
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(kept)
	debug.SetGCPercent(growthAbove(kept[0].Value.Uint64(), kept[1].Value.Uint64()+kept[2].Value.Uint64()))
	runtime.SetFinalizer(new(collected), func(*collected) { keepHeapFloor() })
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
