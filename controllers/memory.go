package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// The types of this file are all that the operator remembers beside its caches and leaseClock. Losing them costs a
// repeated Event or an uncounted edit, never a wrong endpoint.

// arrivals remembers, for each source Service, when the oldest change that has not been dealt with reached us.
type arrivals struct {
	mutex sync.Mutex
	times map[types.NamespacedName]time.Time
}

func (a *arrivals) note(source types.NamespacedName, at time.Time) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.times == nil {
		a.times = map[types.NamespacedName]time.Time{}
	}
	if earlier, waiting := a.times[source]; !at.IsZero() && (!waiting || at.Before(earlier)) {
		a.times[source] = at
	}
}

// take returns the time and forgets it; zero if nothing has arrived.
func (a *arrivals) take(source types.NamespacedName) time.Time {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	at := a.times[source]
	delete(a.times, source)
	return at
}

// ownWrites remembers what this replica has written and has not yet seen come back through the watch.
type ownWrites struct {
	mutex sync.Mutex
	// superseded is the resourceVersion that our last write of an object replaced.
	superseded map[types.UID]string
	// applied is, of each slice, the digest that this replica wrote or agreed with last.
	applied map[types.UID]string
	// made is when this replica made a slice that the watch has not reported yet.
	made map[types.NamespacedName]time.Time
	// deleted are the objects that we have deleted ourselves.
	deleted map[types.UID]bool
	// vanished are the objects of each source that somebody else has deleted.
	vanished map[types.NamespacedName]map[string]bool
	// records are the leader's records that went with them: the only trace of the epoch if slice and Service are deleted
	// at once.
	records map[types.NamespacedName]leaderservice.Record
}

func newOwnWrites() *ownWrites {
	return &ownWrites{
		superseded: map[types.UID]string{}, applied: map[types.UID]string{}, made: map[types.NamespacedName]time.Time{},
		deleted:  map[types.UID]bool{},
		vanished: map[types.NamespacedName]map[string]bool{}, records: map[types.NamespacedName]leaderservice.Record{},
	}
}

func (w *ownWrites) updated(object client.Object, replaced string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.superseded[object.GetUID()] = replaced
	if _, remembered := w.applied[object.GetUID()]; remembered {
		w.applied[object.GetUID()] = object.GetAnnotations()[contract.AnnotationApplied]
	}
}

func (w *ownWrites) created(object client.Object, now time.Time) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.made[client.ObjectKeyFromObject(object)] = now
}

// reported notes that the watch has brought an object that is new.
func (w *ownWrites) reported(object client.Object) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.made, client.ObjectKeyFromObject(object))
}

// onItsWay is whether the watch is about to report an object that this replica has made. After a while it is taken to be gone
// again: the watch may never tell of what was there for a moment only.
func (w *ownWrites) onItsWay(object types.NamespacedName, now time.Time) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	at, made := w.made[object]
	if made && now.Sub(at) > maxStaleRetries*staleRetry {
		delete(w.made, object)
		return false
	}
	return made
}

// writtenByAnother is whether another replica of the operator has written the slice since this one wrote it, agreed with it or
// saw it first.
func (w *ownWrites) writtenByAnother(slice client.Object) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	now := slice.GetAnnotations()[contract.AnnotationApplied]
	before, remembered := w.applied[slice.GetUID()]
	if !remembered {
		w.applied[slice.GetUID()] = now
	}
	return remembered && before != now
}

// agreed notes that this replica would have the slice as it is.
func (w *ownWrites) agreed(slice client.Object) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.applied[slice.GetUID()] = slice.GetAnnotations()[contract.AnnotationApplied]
}

// stale is whether the cache still shows the object as it was before our last write.
func (w *ownWrites) stale(object client.Object) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	replaced, wrote := w.superseded[object.GetUID()]
	return wrote && replaced == object.GetResourceVersion()
}

func (w *ownWrites) deleting(uid types.UID) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.deleted[uid] = true
}

func (w *ownWrites) notDeleting(uid types.UID) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.deleted, uid)
}

// gone notes that the watch reported the deletion of an object, with the record that it held. kindName is "Kind name". What
// somebody else has made is not missed.
func (w *ownWrites) gone(object client.Object, kindName string, record leaderservice.Record, sources []types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.superseded, object.GetUID())
	delete(w.applied, object.GetUID())
	if w.deleted[object.GetUID()] {
		delete(w.deleted, object.GetUID())
		return
	}
	if !leaderservice.MadeByUs(object) {
		return
	}
	for _, source := range sources {
		if w.vanished[source] == nil {
			w.vanished[source] = map[string]bool{}
		}
		w.vanished[source][kindName] = true
		if record.Epoch > w.records[source].Epoch {
			w.records[source] = record
		}
	}
}

// takeVanished is whether somebody else has deleted the object since it was last asked for.
func (w *ownWrites) takeVanished(source types.NamespacedName, kindName string) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	vanished := w.vanished[source][kindName]
	delete(w.vanished[source], kindName)
	return vanished
}

// lostRecord is the record that went with what somebody else has deleted; without an epoch if there is none.
func (w *ownWrites) lostRecord(source types.NamespacedName) leaderservice.Record {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.records[source]
}

// recordKept notes that the API holds the record again.
func (w *ownWrites) recordKept(source types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.records, source)
}

// forget drops what is remembered of a source.
func (w *ownWrites) forget(source types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.vanished, source)
	delete(w.records, source)
}

// staleTries counts, for each source, how often in a row the cache was found behind.
type staleTries struct {
	mutex sync.Mutex
	tries map[types.NamespacedName]int
}

func (s *staleTries) again(source types.NamespacedName) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.tries == nil {
		s.tries = map[types.NamespacedName]int{}
	}
	s.tries[source]++
	return s.tries[source]
}

func (s *staleTries) over(source types.NamespacedName) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.tries, source)
}

// suspicions remembers, for each source, since when a standby has seen a slice misroute.
type suspicions struct {
	mutex sync.Mutex
	times map[types.NamespacedName]time.Time
}

// since is when the suspicion arose: now, if it is new.
func (s *suspicions) since(source types.NamespacedName, now time.Time) time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.times == nil {
		s.times = map[types.NamespacedName]time.Time{}
	}
	if _, suspected := s.times[source]; !suspected {
		s.times[source] = now
	}
	return s.times[source]
}

func (s *suspicions) clear(source types.NamespacedName) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.times, source)
}

// sightings remembers when a standby saw the readiness of a Pod change. It counts durations from then: if its clock is ahead,
// it must not decide sooner than the acting replica.
type sightings struct {
	mutex sync.Mutex
	seen  map[types.UID]podSighting
}

// podSighting is a Pod's readiness and when it was first seen so.
type podSighting struct {
	ready         bool
	changedAt, at time.Time
}

// at is when the Pod was first seen with this readiness: now, if that is new.
func (s *sightings) at(pod types.UID, ready bool, changedAt, now time.Time) time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.seen == nil {
		s.seen = map[types.UID]podSighting{}
	}
	last, known := s.seen[pod]
	if !known || last.ready != ready || !last.changedAt.Equal(changedAt) {
		last = podSighting{ready: ready, changedAt: changedAt, at: now}
		s.seen[pod] = last
	}
	return last.at
}

func (s *sightings) forget(pod types.UID) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.seen, pod)
}
