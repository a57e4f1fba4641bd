package controllers

import (
	"sync"
	"time"
)

// longestHeartbeat is how long the replica that acts is taken to be at work without having renewed its Lease. It does so every two seconds.
const longestHeartbeat = 3 * time.Second

// heartbeat is that of the replica that acts: how this replica sees its Lease renewed, by its own clock. A standby looks every two to
// five seconds.
type heartbeat struct {
	mutex   sync.Mutex
	version string
	// renewed is when the Lease was first seen with this version, looked when it was looked at last.
	renewed, looked time.Time
}

// note takes down the resource version of the Lease as the API server has just told it.
func (h *heartbeat) note(version string, now time.Time) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.looked = now
	if version != h.version {
		h.version, h.renewed = version, now
	}
}

// missedSince is whether, after that, there was a time in which the replica that acts should have renewed the Lease and did not, until now.
func (h *heartbeat) missedSince(then time.Time) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.renewed.After(then) {
		then = h.renewed
	}
	return h.looked.Sub(then) > longestHeartbeat
}
