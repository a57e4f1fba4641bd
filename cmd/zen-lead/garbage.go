package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The garbage collector lets the heap double before it runs. Of a few megabytes that is well, of a cache with tens of thousands
// of Pods a waste, the more so as hardly anything in it ever becomes garbage.
const (
	// garbageAllowed is how much garbage may lie about, in bytes.
	garbageAllowed = 24 << 20
	// leastPercent and mostPercent bound that, in percent of what is not garbage: below, the collector would never rest.
	leastPercent, mostPercent = 15, 100
	// adjustEvery is how often the percentage follows the heap, which grows with the cluster.
	adjustEvery = 5 * time.Second
	// freeAllowed is how much memory may lie about that is not even garbage, in bytes: lists that a start decodes leave more. The
	// runtime gives it back in its own time.
	freeAllowed = 16 << 20
	// returnEvery is how often it is given back at once, at most: that takes a collection.
	returnEvery = time.Minute
)

// limitGarbage keeps the collector's percentage right, and gives unused memory back, until the context ends, unless the user has
// set GOGC.
func limitGarbage(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	ticker := time.NewTicker(adjustEvery)
	defer ticker.Stop()
	returned := time.Time{}
	for last := mostPercent; ; {
		metrics.Read(heap)
		if percent := garbagePercent(heap[0].Value.Uint64()); percent != last {
			debug.SetGCPercent(percent)
			last = percent
		}
		if now := time.Now(); heap[1].Value.Uint64() > freeAllowed && now.Sub(returned) > returnEvery { //nolint:forbidigo // no decision goes by it
			debug.FreeOSMemory()
			returned = now
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// garbagePercent is by how much a heap of so many bytes may grow.
func garbagePercent(live uint64) int {
	return max(leastPercent, min(mostPercent, int(garbageAllowed*100/max(live, 1)))) //nolint:gosec // at most 2.5e9
}
