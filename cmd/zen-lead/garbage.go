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
	// leastWaste and wasteShare are how much garbage and free memory may lie about once a process has grown: so many bytes, and one
	// in so many of those in use. The lists that a start decodes leave more, and where hardly anything happens afterwards no
	// collection comes for minutes.
	leastWaste, wasteShare = 1 << 20, 32
	// returnEvery is how often that is collected and given back to the machine, at most.
	returnEvery = 20 * time.Second
)

// limitGarbage keeps the collector's percentage right, and gives unused memory back, until the context ends, unless the user has
// set GOGC.
func limitGarbage(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	heap := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	ticker := time.NewTicker(adjustEvery)
	defer ticker.Stop()
	returned := time.Time{}
	for last := mostPercent; ; {
		metrics.Read(heap)
		if percent := garbagePercent(heap[0].Value.Uint64()); percent != last {
			debug.SetGCPercent(percent)
			last = percent
		}
		waste := heap[1].Value.Uint64() + heap[2].Value.Uint64() - heap[0].Value.Uint64()
		if now := time.Now(); wasteful(heap[0].Value.Uint64(), waste) && now.Sub(returned) > returnEvery { //nolint:forbidigo // no decision goes by it
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

// wasteful is whether so many bytes of waste, beside so many in use, are worth a collection.
func wasteful(live, waste uint64) bool {
	return int64(waste) > leastWaste+int64(live)/wasteShare //nolint:gosec // far below 2^63; negative where the collector has just marked
}

// garbagePercent is by how much a heap of so many bytes may grow.
func garbagePercent(live uint64) int {
	return max(leastPercent, min(mostPercent, int(garbageAllowed*100/max(live, 1)))) //nolint:gosec // at most 2.5e9
}
