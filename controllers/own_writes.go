package controllers

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// ownWrites remembers what this replica has written and has not yet seen come back through the watch.
type ownWrites struct {
	mutex sync.Mutex
	// superseded is the resourceVersion that our last write of an object replaced.
	superseded map[types.UID]string
	// applied is, of each slice, the digest that this replica wrote last, if its caches alone led to that.
	applied map[types.UID]string
	// made is when this replica made a slice that the watch has not reported yet.
	made map[types.NamespacedName]time.Time
	// deleted are the objects that we have deleted ourselves.
	deleted map[types.UID]bool
	// vanished are the objects of each source that somebody else has deleted.
	vanished map[types.NamespacedName]map[string]bool
	// records are, of each source, the record with the highest epoch that was written or seen: the only trace of the epoch if slice
	// and Service are deleted at once, or the slice's is overwritten before the copy on the Service is written. They are remembered
	// when they are written, not when they are lost: caches show a loss a moment before anybody is told of it.
	records map[types.NamespacedName]leaderservice.Record
	// owners are, of each source, the leader Services that its count has had, each with the resourceVersion that it was first seen with. Slices of
	// others are of a count that has ended.
	owners map[types.NamespacedName]map[types.UID]string
	// ended is when each source last ended a count. Caches may show for a while what was written before.
	ended map[types.NamespacedName]ending
}

// ending is the resourceVersion with which a source ended a count, the leader Services that it had had by then, and when this replica was told.
type ending struct {
	version string
	owners  map[types.UID]string
	told    time.Time
}

const (
	// ownersKept is of how many leader Services of one count is known at least that they were of it, but for the one there is.
	ownersKept = 16
	// endingsKept is of how many sources that ended a count this is remembered without regard to when that was, and endingFor how long of others:
	// longer than any cache is behind.
	endingsKept = 1000
	endingFor   = 10 * time.Minute
)

func newOwnWrites() *ownWrites {
	return &ownWrites{
		superseded: map[types.UID]string{}, applied: map[types.UID]string{}, made: map[types.NamespacedName]time.Time{},
		deleted:  map[types.UID]bool{},
		vanished: map[types.NamespacedName]map[string]bool{}, records: map[types.NamespacedName]leaderservice.Record{},
		owners: map[types.NamespacedName]map[types.UID]string{}, ended: map[types.NamespacedName]ending{},
	}
}

// forgetVersions drops what is remembered by resource version, and of objects that may never come back. Records stay: an epoch that was reached
// does not become free again.
func (w *ownWrites) forgetVersions() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	clear(w.superseded)
	clear(w.applied)
	clear(w.made)
	clear(w.deleted)
	clear(w.ended)
}

func (w *ownWrites) updated(object client.Object, replaced string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.superseded[object.GetUID()] = replaced
}

// decided notes that this replica has written a slice, and whether its caches alone led to that.
func (w *ownWrites) decided(slice client.Object, byCaches bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if byCaches {
		w.applied[slice.GetUID()] = slice.GetAnnotations()[contract.AnnotationApplied]
	} else {
		delete(w.applied, slice.GetUID())
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

// ours is whether the slice says what this replica wrote last, by its caches. Otherwise another replica has decided since, this one
// before it was started, or this one by what the API server itself said: the caches may be behind that.
func (w *ownWrites) ours(slice client.Object) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	wrote, remembered := w.applied[slice.GetUID()]
	return remembered && wrote == slice.GetAnnotations()[contract.AnnotationApplied]
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

// gone notes that the watch reported the deletion of an object. kindName is "Kind name". What somebody else has made is not missed.
func (w *ownWrites) gone(object client.Object, kindName string, sources []types.NamespacedName) {
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
	}
}

// recorded notes a record that stands on a version of a slice as the operator wrote it.
func (w *ownWrites) recorded(record leaderservice.Record, version string, sources ...types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, source := range sources {
		w.remember(source, record, version)
	}
}

// owned notes a leader Service, as of a version of it.
func (w *ownWrites) owned(service types.UID, version string, sources ...types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, source := range sources {
		if _, known := w.ended[source].owners[service]; known || w.isOfEndedCount(source, version) {
			continue
		}
		if len(w.owners[source]) >= ownersKept {
			delete(w.owners, source)
		}
		if w.owners[source] == nil {
			w.owners[source] = map[types.UID]string{}
		}
		if w.owners[source][service] == "" {
			w.owners[source][service] = version
		}
	}
}

// sameCount returns whether a leader Service is of the count that a source has now.
func (w *ownWrites) sameCount(source types.NamespacedName) func(types.UID) bool {
	return func(service types.UID) bool {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		return w.owners[source][service] != ""
	}
}

// isOfEndedCount is whether a version was written before the source ended a count.
func (w *ownWrites) isOfEndedCount(source types.NamespacedName, version string) bool {
	ended, known := w.ended[source]
	if !known {
		return false
	}
	after, err := resourceversion.CompareResourceVersion(version, ended.version)
	return err != nil || after < 0
}

// remember keeps the record with the highest epoch. Of two with the same epoch the later one tells that its leader was lost, or how it is; one
// with another leader was put back from a backup, for an epoch is one leader's.
func (w *ownWrites) remember(source types.NamespacedName, record leaderservice.Record, version string) {
	if w.isOfEndedCount(source, version) {
		return
	}
	last := w.records[source]
	if record.Epoch > last.Epoch || record.Epoch == last.Epoch && record.Epoch > 0 && record.LeaderUID == last.LeaderUID {
		w.records[source] = record
	}
}

// lastRecord is the record to go on from: what was found in the API, or what this replica remembers, if it has seen that count go further. What
// was found, in a version of an object, counts only if it is certain.
func (w *ownWrites) lastRecord(source types.NamespacedName, found leaderservice.Record, certain bool, version string) leaderservice.Record {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if certain {
		w.remember(source, found, version)
	}
	last := w.records[source]
	sameTerm := found.Epoch == last.Epoch && found.LeaderUID == last.LeaderUID
	if last.Epoch == 0 || certain && found.Epoch > last.Epoch || sameTerm {
		return found
	}
	return last
}

// takeVanished is whether somebody else has deleted the object since it was last asked for.
func (w *ownWrites) takeVanished(source types.NamespacedName, kindName string) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	vanished := w.vanished[source][kindName]
	delete(w.vanished[source], kindName)
	return vanished
}

// remembers is whether there is a count to go on from.
func (w *ownWrites) remembers(source types.NamespacedName) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.records[source].Epoch > 0
}

// returned notes that what somebody else has deleted is there again.
func (w *ownWrites) returned(source types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.vanished, source)
}

// end ends the count of a source, which did so itself with this version, or is gone.
func (w *ownWrites) end(source types.NamespacedName, version string, now time.Time) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if len(w.ended) >= endingsKept {
		maps.DeleteFunc(w.ended, func(_ types.NamespacedName, e ending) bool { return now.Sub(e.told) > endingFor })
	}
	former, owners := w.owners[source], map[types.UID]string{}
	w.ended[source] = ending{version: version, told: now}
	for service, seen := range former {
		if !w.isOfEndedCount(source, seen) { // caches have shown it before this was told
			owners[service] = seen
			delete(former, service)
		}
	}
	w.ended[source], w.owners[source] = ending{version: version, owners: former, told: now}, owners
	delete(w.vanished, source)
	delete(w.records, source)
}

// forget drops what is remembered of a source.
func (w *ownWrites) forget(source types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.vanished, source)
	delete(w.records, source)
	delete(w.owners, source)
}
