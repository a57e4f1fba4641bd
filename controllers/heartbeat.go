package controllers

import (
	"sync"
	"time"
)

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

// isOver is whether the replica that acted has not renewed the Lease, when it was looked at last, for so long that it has ended, unless it is frozen; and no
// other one has taken it.
func (h *heartbeat) isOver() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.looked.Sub(h.renewed) > renewDeadline
}
