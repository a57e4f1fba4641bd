package controllers

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// heldBack are the sources that a replica has to look at once it acts, and how urgently. Its queue would not do: nothing takes from that until then, and
// what is in a queue stays there though the source goes. A standby that sees Services come and go for weeks would remember each of their names.
type heldBack struct {
	mutex    sync.Mutex
	released bool
	sources  map[types.NamespacedName]holding
	added    uint64
}

// holding is how urgent a source is, and by which addition it was added last.
type holding struct {
	priority int
	number   uint64
}

// add holds a source back, with the highest priority that it was added with, and returns the addition's number. It is false once nothing is held
// back any longer.
func (h *heldBack) add(source types.NamespacedName, priority int) (uint64, bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.released {
		return 0, false
	}
	if h.sources == nil {
		h.sources = map[types.NamespacedName]holding{}
	}
	if before, held := h.sources[source]; held {
		priority = max(priority, before.priority)
	}
	h.added++
	h.sources[source] = holding{priority, h.added}
	return h.added, true
}

// drop drops a source of which there was nothing left, unless it has been added again since that addition.
func (h *heldBack) drop(source types.NamespacedName, number uint64) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.sources[source].number == number {
		delete(h.sources, source)
	}
}

// release puts into a queue what was held back, and holds nothing back from then on.
func (h *heldBack) release(queue requestQueue) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for source, held := range h.sources {
		add(queue, source, held.priority)
	}
	h.released, h.sources = true, nil
}

// isGone is whether nothing is left of a source that the operator has to do with: no Service with an annotation of ours, and no leader Service.
func (r *Reconciler) isGone(ctx context.Context, source types.NamespacedName) bool {
	service := &corev1.Service{}
	if err := r.cache.Get(ctx, source, service); err == nil && bearsAnnotation(service) {
		return false
	}
	var leaderServices corev1.ServiceList
	err := r.lookUp(ctx, &leaderServices, source.Namespace, indexSource, source.Name)
	return err == nil && len(leaderServices.Items) == 0
}

// drop drops everything that is remembered of a source that is not routed, but for what people were told.
func (r *Reconciler) drop(source types.NamespacedName) {
	r.writes.forget(source)
	r.counts.forget(source)
	r.losses.forget(source)
	r.triggers.forget(source)
}
