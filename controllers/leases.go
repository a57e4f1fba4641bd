package controllers

import (
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/election"
)

// leaseClock remembers when, by our own clock, each followed Lease was last seen renewed. The times in a Lease are by the
// holder's clock and are never compared with ours. After a restart a Lease has its full duration again.
type leaseClock struct {
	mutex sync.Mutex
	seen  map[types.NamespacedName]sighting
}

// sighting is a Lease as it was last seen to change.
type sighting struct {
	uid     types.UID
	holder  string
	renewed int64 // the holder's clock; only ever compared with itself
	at      time.Time
	// alive is whether it was seen to change. Until then nobody knows how long ago it was renewed last.
	alive bool
	// awaited is whether an election waits for that.
	awaited bool
	// ahead is whether a fresh reading has brought what the watch has yet to tell to all who follow the Lease.
	ahead bool
}

// observe notes a Lease that the watch reports. It is whether that matters to an election: another holder, a renewal that an
// election waits for, or one after the Lease had run out. A renewal in time does not.
func (c *leaseClock) observe(lease *coordinationv1.Lease, now time.Time) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.seen == nil {
		c.seen = map[types.NamespacedName]sighting{}
	}
	key := types.NamespacedName{Namespace: lease.Namespace, Name: lease.Name}
	before, known := c.seen[key]
	after := sighting{uid: lease.UID, holder: holderOf(lease), at: now}
	if lease.Spec.RenewTime != nil {
		after.renewed = lease.Spec.RenewTime.UnixMicro()
	}
	if known && before.uid == after.uid && before.holder == after.holder && before.renewed == after.renewed {
		ahead := before.ahead
		before.ahead = false
		c.seen[key] = before
		return ahead
	}
	after.alive = known
	c.seen[key] = after
	return before.ahead || before.awaited || !known || before.uid != after.uid || before.holder != after.holder || ranOut(before, durationOf(lease), now)
}

// observeFresh notes a Lease that was read from the API server. Whatever that tells the watch will tell too, to everybody concerned.
func (c *leaseClock) observeFresh(lease *coordinationv1.Lease, now time.Time) {
	if !c.observe(lease, now) {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	key := types.NamespacedName{Namespace: lease.Namespace, Name: lease.Name}
	seen := c.seen[key]
	seen.ahead = true
	c.seen[key] = seen
}

// state is the Lease as the election wants it; a nil Lease is held by nobody.
func (c *leaseClock) state(lease *coordinationv1.Lease, now time.Time) election.Lease {
	if lease == nil {
		return election.Lease{}
	}
	last, known := c.lastSeen(types.NamespacedName{Namespace: lease.Namespace, Name: lease.Name})
	if !known {
		c.observe(lease, now) // the watch is about to report it
		last = sighting{holder: holderOf(lease), at: now}
	}
	duration := durationOf(lease)
	if ranOut(last, duration, now) {
		return election.Lease{}
	}
	state := election.Lease{Holder: podNameOf(last.holder)}
	if duration > 0 {
		state.Remaining = last.at.Add(duration).Sub(now)
	}
	return state
}

// taken notes that the Lease was made just now, by whoever holds it.
func (c *leaseClock) taken(lease *coordinationv1.Lease) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	key := types.NamespacedName{Namespace: lease.Namespace, Name: lease.Name}
	seen := c.seen[key]
	seen.alive = true
	c.seen[key] = seen
}

// awaitAlive is whether a Lease that can run out was not seen to be renewed or taken since a time, or never if that is zero, rather
// than to have been at some time. From then on its next renewal matters.
func (c *leaseClock) awaitAlive(lease *coordinationv1.Lease, since time.Time) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	key := types.NamespacedName{Namespace: lease.Namespace, Name: lease.Name}
	seen, known := c.seen[key]
	if durationOf(lease) == 0 || known && seen.alive && seen.at.After(since) {
		return false
	}
	seen.awaited = true
	c.seen[key] = seen
	return true
}

func (c *leaseClock) lastSeen(lease types.NamespacedName) (sighting, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	last, known := c.seen[lease]
	return last, known
}

func (c *leaseClock) forget(lease types.NamespacedName) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.seen, lease)
}

func ranOut(last sighting, duration time.Duration, now time.Time) bool {
	return duration > 0 && now.Sub(last.at) >= duration
}

// durationOf is the Lease's duration; 0 if it names none and so does not run out.
func durationOf(lease *coordinationv1.Lease) time.Duration {
	if lease.Spec.LeaseDurationSeconds == nil {
		return 0
	}
	return time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second
}

// sameHold is whether two states of a Lease differ in their renewal only.
func sameHold(before, after *coordinationv1.Lease) bool {
	return before.UID == after.UID && holderOf(before) == holderOf(after) && durationOf(before) == durationOf(after)
}

func holderOf(lease *coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// podNameOf is the Pod name in a holder identity: "pod" or "pod_anything". A Pod name has no underscore.
func podNameOf(holder string) string {
	name, _, _ := strings.Cut(holder, "_")
	return name
}
