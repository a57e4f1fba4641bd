package controllers

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// counts remembers how far the epoch of each source has come. A count begins when a source is opted in and ends when it opts out or is deleted;
// until then it never goes back, whatever becomes of the objects that it stands on.
type counts struct {
	mutex sync.Mutex
	// records are, of each source, the record with the highest epoch that was written or seen: the only trace of the epoch if slice
	// and Service are deleted at once, or the slice's is overwritten before the copy on the Service is written. They are remembered
	// when they are written, not when they are lost: caches show a loss a moment before anybody is told of it.
	records map[types.NamespacedName]leaderservice.Record
	// published are, of each source, the Pod that a slice of it routed to as the operator wrote it last. The record may be from elsewhere.
	published map[types.NamespacedName]types.UID
	// owners are, of each source, the leader Services that its count has had, each with the resourceVersion that it was first seen with. Slices of
	// others are of a count that has ended.
	owners map[types.NamespacedName]map[types.UID]string
	// ended is when each source last ended a count. Caches may show for a while what was written before.
	ended map[types.NamespacedName]ending
	// gone is the resourceVersion with which each source's leader Service was last deleted.
	gone map[types.NamespacedName]string
	// missed are the sources of which a slice was found gone that may have had versions that this replica has not seen.
	missed map[types.NamespacedName]missedSlice
}

// missedSlice is the resourceVersion as of which a slice was found gone, and when that was.
type missedSlice struct {
	version string
	at      time.Time
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

func newCounts() *counts {
	return &counts{
		records: map[types.NamespacedName]leaderservice.Record{}, published: map[types.NamespacedName]types.UID{},
		owners: map[types.NamespacedName]map[types.UID]string{}, ended: map[types.NamespacedName]ending{},
		gone: map[types.NamespacedName]string{}, missed: map[types.NamespacedName]missedSlice{},
	}
}

// recorded notes a record that stands on a version of a slice as the operator wrote it.
func (c *counts) recorded(record leaderservice.Record, version string, source types.NamespacedName) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.remember(source, record, version)
	if isLater(version, c.missed[source].version) {
		delete(c.missed, source)
	}
	if record.Published {
		c.published[source] = record.LeaderUID
	}
}

// owned notes a leader Service, as of a version of it.
func (c *counts) owned(service types.UID, version string, source types.NamespacedName) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, known := c.ended[source].owners[service]; known || c.isOfEndedCount(source, version) {
		return
	}
	if len(c.owners[source]) >= ownersKept {
		delete(c.owners, source)
	}
	if c.owners[source] == nil {
		c.owners[source] = map[types.UID]string{}
	}
	if c.owners[source][service] == "" {
		c.owners[source][service] = version
	}
}

// sameCount returns whether a leader Service is of the count that a source has now.
func (c *counts) sameCount(source types.NamespacedName) func(types.UID) bool {
	return func(service types.UID) bool {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		return c.owners[source][service] != ""
	}
}

// missedAt is when versions of a source's slice may have been missed; zero if none was.
func (c *counts) missedAt(source types.NamespacedName) time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.missed[source].at
}

// isOfEndedCount is whether a version was written before the source ended a count.
func (c *counts) isOfEndedCount(source types.NamespacedName, version string) bool {
	ended, known := c.ended[source]
	if !known {
		return false
	}
	after, err := resourceversion.CompareResourceVersion(version, ended.version)
	return err != nil || after < 0
}

// serviceGone notes that a leader Service was deleted, with this version.
func (c *counts) serviceGone(version string, source types.NamespacedName) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.gone[source] = version
}

// sliceMissed notes that a slice was found gone as of a version, and that what had been written to it last may not be known.
func (c *counts) sliceMissed(version string, now time.Time, source types.NamespacedName) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.missed[source] = missedSlice{version, now}
}

// isComplete is whether all is known of a count that a source had until its leader Service was deleted, if the slices' watch has come to a version.
func (c *counts) isComplete(source types.NamespacedName, slices string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.missed[source].version == "" && isLater(slices, c.gone[source])
}

// remember keeps the record with the highest epoch. Of two with the same epoch the later one tells that its leader was lost, or how it is; one
// with another leader was put back from a backup, for an epoch is one leader's.
func (c *counts) remember(source types.NamespacedName, record leaderservice.Record, version string) {
	if c.isOfEndedCount(source, version) {
		return
	}
	last := c.records[source]
	if record.Epoch > last.Epoch || record.Epoch == last.Epoch && record.Epoch > 0 && record.LeaderUID == last.LeaderUID {
		c.records[source] = record
	}
}

// lastRecord is the record to go on from: what was found in the API, or what this replica remembers, if it has seen that count go further. What
// was found, in a version of an object, counts only if it is certain. An epoch that has become two Pods', because another replica has counted
// without knowing of this count, is left for the next one: that replica goes on from there then, and neither overrules the other again.
func (c *counts) lastRecord(source types.NamespacedName, found leaderservice.Record, certain bool, version string) leaderservice.Record {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if certain {
		c.remember(source, found, version)
	}
	last := c.records[source]
	if certain && found.Epoch == last.Epoch && found.Epoch > 0 && found.LeaderUID != "" && found.LeaderUID != last.LeaderUID {
		last.Epoch = last.NextEpoch()
		return last
	}
	sameTerm := found.Epoch == last.Epoch && found.LeaderUID == last.LeaderUID
	if last.Epoch == 0 || certain && found.Epoch > last.Epoch || sameTerm {
		return found
	}
	return last
}

// wasPublished is whether a Pod is the one that a slice of the source routed to last, as the operator wrote it.
func (c *counts) wasPublished(source types.NamespacedName, pod types.UID) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return pod != "" && c.published[source] == pod
}

// remembers is whether there is a count to go on from.
func (c *counts) remembers(source types.NamespacedName) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.records[source].Epoch > 0
}

// end ends the count of a source, which did so itself with this version, or is gone.
func (c *counts) end(source types.NamespacedName, version string, now time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.ended) >= endingsKept {
		maps.DeleteFunc(c.ended, func(_ types.NamespacedName, e ending) bool { return now.Sub(e.told) > endingFor })
	}
	former, owners := c.owners[source], map[types.UID]string{}
	c.ended[source] = ending{version: version, told: now}
	for service, seen := range former {
		if !c.isOfEndedCount(source, seen) { // caches have shown it before this was told
			owners[service] = seen
			delete(former, service)
		}
	}
	c.ended[source], c.owners[source] = ending{version: version, owners: former, told: now}, owners
	c.drop(source)
}

// drop drops what there is of a count.
func (c *counts) drop(source types.NamespacedName) {
	delete(c.records, source)
	delete(c.published, source)
	delete(c.gone, source)
	delete(c.missed, source)
}

// forget drops what is remembered of a source that is not routed.
func (c *counts) forget(source types.NamespacedName) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.drop(source)
	delete(c.owners, source)
}

// forgetVersions drops what is remembered by resource version, because they begin again. Records stay: an epoch that was reached does not become
// free again.
func (c *counts) forgetVersions() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	clear(c.ended)
	clear(c.gone)
	clear(c.missed)
}
