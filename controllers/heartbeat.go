package controllers

import (
	"sync"
	"time"
)

// longestLook is longer than the time between two looks of a standby at the Lease, which is two to five seconds.
const longestLook = 6 * time.Second

// heartbeat is that of the replica that acts: how this replica sees its Lease renewed, by its own clock.
type heartbeat struct {
	mutex   sync.Mutex
	version string
	// renewed is when the Lease was first seen with this version, looked when it was looked at last.
	renewed, looked time.Time
}

// note takes down the resource version that the API server has told of the Lease, and when it was asked for.
func (h *heartbeat) note(version string, asked time.Time) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.looked = asked
	if version != h.version {
		h.version, h.renewed = version, asked
	}
}

// isOver is whether the replica that acted has not renewed the Lease for so long that it has ended, unless it is frozen, and no other one has taken it.
func (h *heartbeat) isOver(now time.Time) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.looked.Sub(h.renewed) > renewDeadline && now.Sub(h.looked) < longestLook
}
