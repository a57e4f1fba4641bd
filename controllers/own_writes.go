package controllers

import (
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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
	// made is when this replica set about making a slice that the watch has not reported yet.
	made map[types.NamespacedName]time.Time
	// deleted are the objects that we have deleted ourselves.
	deleted map[types.UID]bool
	// vanished are the objects of each source that somebody else has deleted, with the controllers that they had (empty: somebody had taken that away).
	vanished map[types.NamespacedName]map[string]types.UID
}

func newOwnWrites() *ownWrites {
	return &ownWrites{
		superseded: map[types.UID]string{}, applied: map[types.UID]string{}, made: map[types.NamespacedName]time.Time{},
		deleted: map[types.UID]bool{}, vanished: map[types.NamespacedName]map[string]types.UID{},
	}
}

// forgetVersions drops what is remembered by resource version, and of objects that may never come back.
func (w *ownWrites) forgetVersions() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	clear(w.superseded)
	clear(w.applied)
	clear(w.made)
	clear(w.deleted)
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

// creating notes that this replica is about to make an object: the watch may report it before the API server's answer is here.
func (w *ownWrites) creating(object client.Object, now time.Time) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.made[client.ObjectKeyFromObject(object)] = now
}

func (w *ownWrites) notCreated(object client.Object) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.made, client.ObjectKeyFromObject(object))
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

// deleting notes that this replica is about to delete an object. It is false if it had done so before.
func (w *ownWrites) deleting(uid types.UID) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	before := w.deleted[uid]
	w.deleted[uid] = true
	return !before
}

func (w *ownWrites) notDeleting(uid types.UID) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.deleted, uid)
}

// gone notes that the watch reported the deletion of an object. kindName is "Kind name". What somebody else has made is not missed.
func (w *ownWrites) gone(object client.Object, kindName string, source types.NamespacedName) {
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
	var controller types.UID
	if owner := metav1.GetControllerOfNoCopy(object); owner != nil {
		controller = owner.UID
	}
	if w.vanished[source] == nil {
		w.vanished[source] = map[string]types.UID{}
	}
	w.vanished[source][kindName] = controller
}

// takeVanished is whether somebody else has deleted the object since it was last asked for. One of another controller than the one that
// it would have now went with that one, as garbage.
func (w *ownWrites) takeVanished(source types.NamespacedName, kindName string, controller types.UID) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	former, vanished := w.vanished[source][kindName]
	delete(w.vanished[source], kindName)
	return vanished && (former == controller || former == "")
}

// returned notes that what somebody else has deleted is there again.
func (w *ownWrites) returned(source types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.vanished, source)
}

// forget drops what is remembered of a source.
func (w *ownWrites) forget(source types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.vanished, source)
}
