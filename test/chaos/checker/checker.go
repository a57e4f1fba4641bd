package checker

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Checker collects versions, and judges them when it is asked to. It is safe for use by several watches at once.
type Checker struct {
	// tolerance is for how long a Pod may have been ineligible when it is published: nobody knows sooner than the news takes to arrive.
	tolerance time.Duration

	mutex    sync.Mutex
	pending  []version
	era      int // of what was judged last
	faults   []span
	apart    []span                 // those in which one replica alone could not know
	pods     map[string]*podHistory // by UID
	leaders  map[string]*leadership // by slice
	services map[string]*service    // by namespace/name
	verdicts []string
	counts   Counts
	// backup is when the state was kept to which etcd was restored last, and started when a replica last began without any memory.
	backup, started time.Time
}

// Counts are how much was judged.
type Counts struct {
	// Versions are those of slices and Pods, Changes those of leaders, Stale the changes to a Pod that had become ineligible longer than the tolerance
	// before, while the replicas were kept from knowing. Spoiled are the slices that somebody else had edited, and Forgotten the epochs that went
	// back because etcd was restored and who decided had begun since, or was kept from knowing before, so that nothing told him how far they had come.
	Versions, Changes, Stale, Spoiled, Forgotten int
}

// Plus adds what was judged elsewhere.
func (c Counts) Plus(other Counts) Counts {
	return Counts{
		c.Versions + other.Versions, c.Changes + other.Changes, c.Stale + other.Stale, c.Spoiled + other.Spoiled, c.Forgotten + other.Forgotten,
	}
}

// Since is what was judged since then.
func (c Counts) Since(before Counts) Counts {
	return Counts{
		c.Versions - before.Versions, c.Changes - before.Changes, c.Stale - before.Stale, c.Spoiled - before.Spoiled, c.Forgotten - before.Forgotten,
	}
}

// span is a time in which replicas could not know what was the case.
type span struct{ from, to time.Time }

// podHistory is whether a Pod may lead, and since when it may not.
type podHistory struct {
	*podVersion
	lost time.Time // when it became ineligible, by when we saw it; zero while it is eligible
}

// leadership is what was last published for a Service, and all that ever was.
type leadership struct {
	current *sliceVersion
	// published is the Pod, by its UID, that the operator published last, if its last version did. Who deletes or edits a slice elects nobody: the
	// leader that it had comes back as it is, and may be on its way out.
	published string
	// missed is whether versions may have been missed since, so that it is not known whom the operator published last.
	missed  bool
	highest int64
	of      map[int64]string // the Pods' UIDs by epoch
	// unsure is whether etcd was restored, and no epoch has been written since that is higher than all before.
	unsure bool
	// recent are the last versions, for who reads a verdict.
	recent []string
}

// recentKept is how many versions are told with a verdict.
const recentKept = 6

func (l *leadership) note(v version) {
	l.recent = append(l.recent, v.tell())
	l.recent = l.recent[max(0, len(l.recent)-recentKept):]
}

// New returns a checker that has seen nothing. The tolerance is for how long a Pod may have been ineligible when it is published.
func New(tolerance time.Duration) *Checker {
	return &Checker{tolerance: tolerance, pods: map[string]*podHistory{}, leaders: map[string]*leadership{}, services: map[string]*service{}}
}

// Version is where a version of an object stands in the course of things.
type Version struct {
	// Era grows when everything is listed anew, because versions may have been missed or etcd was restored from an older state. What is not
	// listed then is no longer there.
	Era      int
	Revision int64
	Seen     time.Time
	Deleted  bool
	// Listed is whether it was found in a list, and may have been written long before.
	Listed bool
}

// Pod takes a version of a Pod.
func (c *Checker) Pod(pod *corev1.Pod, at Version) {
	v := newPodVersion(pod)
	if at.Deleted {
		v.ineligible = "deleted"
	}
	c.add(version{Version: at, pod: v})
}

// Slice takes a version of an EndpointSlice; those that are of no leader Service are passed over.
func (c *Checker) Slice(slice *discoveryv1.EndpointSlice, at Version) {
	if v := newSliceVersion(slice); strings.HasSuffix(v.service, suffix) {
		c.add(version{Version: at, slice: v})
	}
}

func (c *Checker) add(v version) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.pending = append(c.pending, v)
}

// KeptFromKnowing says when replicas could not know what was the case.
func (c *Checker) KeptFromKnowing(from, to time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.faults = append(c.faults, span{from, to})
}

// KeptApart says when one replica could not know what was the case, and the other one could.
func (c *Checker) KeptApart(from, to time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.apart = append(c.apart, span{from, to})
}

// BackupTaken says when the state was kept to which etcd is about to be restored.
func (c *Checker) BackupTaken(at time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.backup = at
}

// ReplicaStarted says that a replica has begun, which knows of no more than it finds.
func (c *Checker) ReplicaStarted(at time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.started = at
}

// Judge judges what has come since the last time. All watches must have brought all there is.
func (c *Checker) Judge() (violations []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	inOrder(c.pending)
	for _, v := range c.pending {
		c.counts.Versions++
		if v.Era != c.era {
			c.era = v.Era
			c.forget(v.Seen)
		}
		if v.pod != nil {
			c.judgePod(v)
		} else {
			c.judgeSlice(v)
		}
		c.noteRight(v)
	}
	c.pending = nil
	violations, c.verdicts = c.verdicts, nil
	return violations
}

// forget has nobody be there; who is will be listed. What was published once stays known.
func (c *Checker) forget(at time.Time) {
	for _, pod := range c.pods {
		if pod.ineligible == "" {
			gone := *pod.podVersion
			gone.ineligible = "gone"
			pod.podVersion, pod.lost = &gone, at
		}
	}
	for _, led := range c.leaders {
		led.current, led.published, led.missed, led.unsure = nil, "", true, !c.backup.IsZero()
	}
	for key, of := range c.services {
		of.note(c.wrong(key, of), at)
	}
}

// Counts are those of all that has been judged.
func (c *Checker) Counts() Counts {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.counts
}

func (c *Checker) judgePod(v version) {
	history := c.pods[v.pod.uid]
	if history == nil {
		history = &podHistory{}
		c.pods[v.pod.uid] = history
	}
	was := history.podVersion
	history.podVersion = v.pod
	switch {
	case v.pod.ineligible == "":
		history.lost = time.Time{}
	case was == nil || was.ineligible == "":
		history.lost = v.Seen
	}
}

func (c *Checker) judgeSlice(v version) {
	key := v.slice.namespace + "/" + v.slice.name
	led := c.leaders[key]
	if led == nil {
		led = &leadership{of: map[int64]string{}}
		c.leaders[key] = led
	}
	led.current = v.slice
	before := strings.Join(led.recent, "; ")
	led.note(v)
	if v.Deleted {
		led.current = nil
		return
	}
	if v.slice.spoiled() {
		c.counts.Spoiled++
		return // the operator did not write it
	}
	say := func(format string, arguments ...any) {
		c.verdicts = append(c.verdicts, fmt.Sprintf("%s at revision %d: ", key, v.Revision)+fmt.Sprintf(format, arguments...)+
			fmt.Sprintf(" [%s, after %s]", v.tell(), before))
	}
	if all := c.published(v.slice); len(all) > 1 {
		say("%d endpoints: %v", len(all), all)
	}
	former, missed := led.published, led.missed
	led.published, led.missed = "", false
	for _, published := range v.slice.endpoints {
		led.published = published.uid
	}
	if v.Listed {
		return // what is there when all is listed anew may be as old as the backup that it comes from
	}
	epochOf := led.of[v.slice.epoch] // whose epoch comes back elects nobody either
	c.judgeEpoch(led, v.slice, v.Seen, say)
	for _, published := range v.slice.endpoints {
		if former == published.uid || !published.ready && (missed || epochOf == published.uid) {
			continue
		}
		c.counts.Changes++
		c.judgeChoice(published, v.Seen, say)
	}
}

// judgeEpoch asserts that the epoch never goes back and is never two Pods'.
func (c *Checker) judgeEpoch(led *leadership, slice *sliceVersion, at time.Time, say func(string, ...any)) {
	if slice.epoch > led.highest {
		led.unsure = false
	}
	if led.unsure && (c.started.After(c.backup) || overlap(c.apart, c.backup, at)) && led.isUsed(slice) {
		c.counts.Forgotten++
		led.highest, led.of = slice.epoch, map[int64]string{}
	}
	if slice.epoch < led.highest {
		say("epoch %d after %d", slice.epoch, led.highest)
	}
	led.highest = max(led.highest, slice.epoch)
	for _, published := range slice.endpoints {
		if of, known := led.of[slice.epoch]; known && of != published.uid {
			say("epoch %d is of %s and was of %s", slice.epoch, published, of)
		}
		led.of[slice.epoch] = published.uid
	}
}

// isUsed is whether a slice's epoch was that of an earlier leader.
func (l *leadership) isUsed(slice *sliceVersion) bool {
	if slice.epoch < l.highest {
		return true
	}
	for _, published := range slice.endpoints {
		if of, known := l.of[slice.epoch]; known && of != published.uid {
			return true
		}
	}
	return false
}

// judgeChoice asserts that a Pod that comes to be published may lead, as far as can be known, and is published by its own address.
func (c *Checker) judgeChoice(published endpoint, at time.Time, say func(string, ...any)) {
	pod := c.pods[published.uid]
	switch {
	case pod == nil:
		say("%s never was", published)
	case !published.ready:
		say("%s became the leader as not ready", published)
	case !slices.Contains(pod.addresses, published.address):
		say("%s has the addresses %v, not %s", published, pod.addresses, published.address)
	case pod.ineligible != "" && at.Sub(pod.lost) > c.tolerance:
		if c.couldNotKnow(pod.lost, at) {
			c.counts.Stale++
			return
		}
		say("%s became the leader, %s for %s", published, pod.ineligible, at.Sub(pod.lost).Round(time.Millisecond))
	}
}

// couldNotKnow is whether replicas were kept from knowing at some time between what happened and the decision, less the tolerance.
func (c *Checker) couldNotKnow(happened, decided time.Time) bool {
	return overlap(c.faults, happened.Add(-c.tolerance), decided)
}

func overlap(spans []span, from, to time.Time) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.from.Before(to) && s.to.After(from) })
}
