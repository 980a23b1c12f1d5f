package main

import (
	"context"
	"log/slog"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// An idle replica allocates less than littleAllocated in each idleInterval: it answers probes, and is asked for metrics.
const (
	idleInterval    = 30 * time.Second
	littleAllocated = 16 << 20
)

// giveBackWhenIdle gives back the memory that only the start needed, and again whenever a replica has become idle. The
// runtime would keep what the heap's floor allows for ever.
func giveBackWhenIdle(ctx context.Context) {
	giveBack()
	turns := time.NewTicker(idleInterval)
	defer turns.Stop()
	idle := &idleness{given: allocated(), seen: allocated()}
	for {
		select {
		case <-ctx.Done():
			return
		case <-turns.C:
		}
		if idle.begins(allocated()) {
			giveBack()
		}
	}
}

func giveBack() {
	debug.FreeOSMemory()
	if err := unmapProgram(); err != nil {
		slog.Debug("cannot unmap the program's code", "reason", err)
	}
	slog.Debug("gave unused memory back")
}

// idleness knows how many bytes had been allocated when memory was last given back, and at the last look.
type idleness struct{ given, seen uint64 }

// begins reports whether little has been allocated since the last look, but more since memory was given back.
func (i *idleness) begins(allocated uint64) bool {
	idle := allocated-i.seen < littleAllocated
	i.seen = allocated
	if !idle || allocated-i.given < littleAllocated {
		return false
	}
	i.given = allocated
	return true
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
