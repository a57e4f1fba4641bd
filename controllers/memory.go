package controllers

import (
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// The types of this file, ownWrites, progress, told and leaseClock are all that the operator remembers beside its caches. Losing them
// costs a repeated or missing Event, an uncounted edit, a fresh reading, or a duration that counts anew or by the kubelet's clock; and the
// epoch, where somebody has deleted or overwritten all that says it.

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

// sourceSet is a set of source Services.
type sourceSet struct {
	mutex   sync.Mutex
	sources sets.Set[types.NamespacedName]
}

func (s *sourceSet) add(source types.NamespacedName) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.sources == nil {
		s.sources = sets.New[types.NamespacedName]()
	}
	s.sources.Insert(source)
}

func (s *sourceSet) remove(source types.NamespacedName) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sources.Delete(source)
}

func (s *sourceSet) has(source types.NamespacedName) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.sources.Has(source)
}

// suspicions remembers, for each source, since when a standby has seen a slice misroute.
type suspicions struct {
	mutex sync.Mutex
	held  map[types.NamespacedName]suspicion
}

// suspicion is that what a slice says of the leader is wrong.
type suspicion struct {
	of    leaderTerm
	since time.Time
}

// leaderTerm is who leads by a slice, and the how many-th leader it is. It is zero where there is no slice.
type leaderTerm struct {
	leader types.UID
	epoch  int64
}

func termOf(primary *discoveryv1.EndpointSlice) leaderTerm {
	if primary == nil {
		return leaderTerm{}
	}
	record := leaderservice.WrittenRecord(primary)
	return leaderTerm{leader: record.LeaderUID, epoch: record.Epoch}
}

// since is when the suspicion arose. One that is new is of what the caches have, which may be a term that is over.
func (s *suspicions) since(source types.NamespacedName, cached leaderTerm, now time.Time) time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, suspected := s.held[source]; !suspected {
		s.put(source, suspicion{cached, now})
	}
	return s.held[source].since
}

// confirm is whether the suspicion is of what the API server itself has. If it is of a term that is over, the acting replica is at work:
// the suspicion is of the present one from now on.
func (s *suspicions) confirm(source types.NamespacedName, fresh leaderTerm, now time.Time) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.held[source].of == fresh {
		return true
	}
	s.put(source, suspicion{fresh, now})
	return false
}

func (s *suspicions) put(source types.NamespacedName, held suspicion) {
	if s.held == nil {
		s.held = map[types.NamespacedName]suspicion{}
	}
	s.held[source] = held
}

func (s *suspicions) clear(source types.NamespacedName) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.held, source)
}

// sightings remembers when this replica, by its own clock, first saw a Pod's readiness as it is. Durations count from then: the
// kubelet's clock and ours are never compared unless there is nothing else to go by.
type sightings struct {
	mutex sync.Mutex
	seen  map[types.UID]podSighting
}

// podSighting is a Pod's readiness and when it was first seen so.
type podSighting struct {
	ready         bool
	changedAt, at time.Time
	// happened is whether it was seen to change. Otherwise it may have been so for long.
	happened bool
}

// changed notes that the Pod's readiness was seen to change.
func (s *sightings) changed(pod types.UID, ready bool, changedAt, now time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.put(pod, podSighting{ready: ready, changedAt: changedAt, at: now, happened: true})
}

// at is when the Pod was first seen with this readiness. What happened before this replica looked has no such time: it is zero,
// or, for a cautious replica, now.
func (s *sightings) at(pod types.UID, ready bool, changedAt, now time.Time, cautious bool) time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	last, known := s.seen[pod]
	if !known || last.ready != ready || !last.changedAt.Equal(changedAt) {
		if !cautious {
			return time.Time{}
		}
		last = podSighting{ready: ready, changedAt: changedAt, at: now}
		s.put(pod, last)
	}
	if !last.happened && !cautious {
		return time.Time{}
	}
	return last.at
}

func (s *sightings) put(pod types.UID, sighting podSighting) {
	if s.seen == nil {
		s.seen = map[types.UID]podSighting{}
	}
	s.seen[pod] = sighting
}

func (s *sightings) forget(pod types.UID) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.seen, pod)
}

// losses remembers, for each source whose last leader was lost, when a standby first saw that loss.
type losses struct {
	mutex sync.Mutex
	seen  map[types.NamespacedName]lossSighting
}

// lossSighting is the record of a loss and when it was first seen.
type lossSighting struct {
	record leaderservice.Record
	at     time.Time
}

// at is when the loss was first seen: now, if it is new.
func (l *losses) at(source types.NamespacedName, record leaderservice.Record, now time.Time) time.Time {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.seen == nil {
		l.seen = map[types.NamespacedName]lossSighting{}
	}
	last, known := l.seen[source]
	if !known || last.record != record {
		last = lossSighting{record: record, at: now}
		l.seen[source] = last
	}
	return last.at
}

func (l *losses) forget(source types.NamespacedName) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.seen, source)
}
