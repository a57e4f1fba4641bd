package controllers

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	endpointsliceutil "k8s.io/endpointslice/util"
)

// triggerTimes are when what a pass answers to has happened, for the annotation by which kube-proxy measures how long it took.
type triggerTimes struct {
	*endpointsliceutil.TriggerTimeTracker

	mutex sync.Mutex
	// unwritten are those of passes that have written nothing, because the caches were behind or a write failed: the tracker tells each but once.
	unwritten map[types.NamespacedName]time.Time
}

func newTriggerTimes() *triggerTimes {
	return &triggerTimes{TriggerTimeTracker: endpointsliceutil.NewTriggerTimeTracker(), unwritten: map[types.NamespacedName]time.Time{}}
}

// take is the time of what has happened since a source was written last; zero if nothing has.
func (t *triggerTimes) take(source *corev1.Service, key types.NamespacedName, pods []*corev1.Pod) time.Time {
	happened := t.ComputeEndpointLastChangeTriggerTime(key.Namespace, source, pods)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if before, is := t.unwritten[key]; is && (happened.IsZero() || before.Before(happened)) {
		happened = before
	}
	if !happened.IsZero() {
		t.unwritten[key] = happened
	}
	return happened
}

// written says that the slices of a source are as they should be.
func (t *triggerTimes) written(key types.NamespacedName) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.unwritten, key)
}

// forget drops all that is known of a source.
func (t *triggerTimes) forget(key types.NamespacedName) {
	t.DeleteService(key.Namespace, key.Name)
	t.written(key)
}
