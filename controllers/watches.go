package controllers

import (
	"context"
	"maps"
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// Priorities in the work queue. controller-runtime gives -100 to what a start or a resync brings.
const (
	priorityLeader    = 100 // something happened to a leader
	priorityCandidate = 50  // something happened to another Pod
	priorityOther     = 0
	priorityReport    = -50 // our own write came back: status annotations and Events are due
	priorityInitial   = handler.LowPriority
)

// watch says for one kind of object which change wakes which source Services, and how urgently.
type watch[T client.Object] struct {
	// matters is whether an update can change anything.
	matters func(before, after T) bool
	// sources are the source Services that an object concerns.
	sources func(ctx context.Context, object T) []types.NamespacedName
	// unmoved is whether an update leaves the object with the sources that it had; nil if that is not known.
	unmoved func(before, after T) bool
	// priority is how urgent a change of the object is; nil for priorityOther.
	priority func(ctx context.Context, object T, deleted bool) int
	// changed is told of updates that concern a source before anything is woken; may be nil.
	changed func(before, after T)
	// created is told of new objects before anything is woken, and whether they may have been there for long; may be nil.
	created func(object T, listed bool)
	// deleted is told of deletions before anything is woken, and whether the object may have had versions that were missed; may be nil.
	deleted func(object T, unknown bool)
}

// startWatches connects the caches to the controller.
func (r *Reconciler) startWatches(c controller.Controller, objects, foreignSlices cache.Cache) error {
	for _, kind := range []source.TypedSyncingSource[reconcile.Request]{
		source.TypedKind(objects, &corev1.Pod{}, handlerOf(r, watch[*corev1.Pod]{
			matters: podMatters, sources: r.sourcesOfPod, priority: r.podPriority,
			unmoved: func(before, after *corev1.Pod) bool {
				return before.UID == after.UID && maps.Equal(before.Labels, after.Labels)
			},
			changed: r.noteReadiness,
			deleted: func(pod *corev1.Pod, _ bool) { r.sightings.forget(pod.UID) },
		})),
		source.TypedKind(objects, &corev1.Service{}, handlerOf(r, r.serviceWatch())),
		source.TypedKind(objects, &discoveryv1.EndpointSlice{}, handlerOf(r, watch[*discoveryv1.EndpointSlice]{
			matters: func(before, after *discoveryv1.EndpointSlice) bool {
				return before.ResourceVersion != after.ResourceVersion
			},
			sources: func(ctx context.Context, slice *discoveryv1.EndpointSlice) []types.NamespacedName {
				return r.sourcesOfSlice(ctx, slice)
			},
			priority: slicePriority,
			changed:  func(_, after *discoveryv1.EndpointSlice) { r.recordSeen(after) },
			created: func(slice *discoveryv1.EndpointSlice, _ bool) {
				r.writes.reported(slice)
				r.recordSeen(slice)
			},
			deleted: func(slice *discoveryv1.EndpointSlice, unknown bool) {
				r.writes.gone(slice, kindName("EndpointSlice", slice.Name), r.sourceOfSlice(context.Background(), slice))
				if unknown {
					r.noteMissed(slice, slice.ResourceVersion)
				}
			},
		})),
		source.TypedKind(foreignSlices, foreignSlice(), handlerOf(r, watch[*metav1.PartialObjectMetadata]{
			matters: foreignSliceMatters,
			sources: func(ctx context.Context, slice *metav1.PartialObjectMetadata) []types.NamespacedName {
				return r.sourcesOfSlice(ctx, slice)
			},
			deleted: func(slice *metav1.PartialObjectMetadata, unknown bool) {
				r.writes.notDeleting(slice.UID)
				if unknown {
					r.noteMissed(slice, slice.ResourceVersion)
				}
			},
		})),
		source.TypedKind(objects, &coordinationv1.Lease{}, handlerOf(r, watch[*coordinationv1.Lease]{
			matters: r.leaseMatters, sources: r.sourcesOfLease,
			created: func(lease *coordinationv1.Lease, listed bool) {
				r.leases.observe(lease, r.clock.Now())
				if !listed {
					r.leases.taken(lease)
				}
			},
			deleted: func(lease *coordinationv1.Lease, _ bool) {
				r.leases.forget(client.ObjectKeyFromObject(lease))
			},
		})),
	} {
		if err := c.Watch(kind); err != nil {
			return err
		}
	}
	return nil
}

// serviceWatch is that of Services: sources, and what was made for them.
func (r *Reconciler) serviceWatch() watch[*corev1.Service] {
	return watch[*corev1.Service]{
		matters: serviceMatters, sources: r.sourcesOfService, priority: servicePriority,
		changed: r.noteOptOut,
		created: func(service *corev1.Service, _ bool) { r.noteOwner(service) },
		deleted: func(service *corev1.Service, _ bool) {
			source := r.sourceOf(service)
			r.writes.gone(service, kindName("Service", service.Name), source)
			if leaderservice.MadeByUs(service) {
				r.counts.serviceGone(service.ResourceVersion, source)
			}
			r.noteSourceGone(service)
		},
	}
}

// noteOwner notes a leader Service for the count of the source that it was made for. Others may ask for its name; what it counts is not theirs. What
// no slice attests is the source's if it has the name that this wants: anybody may make a Service that says it is.
func (r *Reconciler) noteOwner(service *corev1.Service) {
	if !leaderservice.MadeByUs(service) {
		return
	}
	key := types.NamespacedName{Namespace: service.Namespace, Name: r.attested(service)}
	if key.Name == "" {
		key.Name = leaderservice.SourceName(service)
		source := &corev1.Service{}
		if r.cache.Get(context.Background(), key, source) != nil { // from memory
			return
		}
		if policy, _ := contract.Parse(source.Name, source.Annotations); policy.LeaderServiceName != service.Name {
			return
		}
	}
	r.counts.owned(service.UID, service.ResourceVersion, key)
}

// noteMissed notes a slice that is gone, as of a version, and of which versions may have been missed.
func (r *Reconciler) noteMissed(object any, version string) {
	switch slice := object.(type) {
	case *discoveryv1.EndpointSlice, *metav1.PartialObjectMetadata:
		r.counts.sliceMissed(version, r.clock.Now(), r.sourceOfSlice(context.Background(), slice.(client.Object)))
	}
}

// recordSeen remembers the record of a slice as the operator wrote it, if it is of a leader Service of the count that there is now.
func (r *Reconciler) recordSeen(slice *discoveryv1.EndpointSlice) {
	controller := metav1.GetControllerOfNoCopy(slice)
	if controller == nil || !leaderservice.MadeByUs(slice) {
		return
	}
	leaderService := &corev1.Service{}
	key := types.NamespacedName{Namespace: slice.Namespace, Name: controller.Name}
	if err := r.cache.Get(context.Background(), key, leaderService); err == nil && leaderService.UID == controller.UID { // from memory
		r.noteOwner(leaderService) // it has not come to its own handler yet, perhaps
	}
	source := r.sourceOfSlice(context.Background(), slice)
	if r.counts.sameCount(source)(controller.UID) {
		r.counts.recorded(leaderservice.WrittenRecord(slice), slice.ResourceVersion, source)
	}
}

// noteOptOut ends the count of a source that opts out, or that was deleted and made again, whether or not it opts in again before anybody has
// dealt with it.
func (r *Reconciler) noteOptOut(before, after *corev1.Service) {
	if len(before.Annotations) == 0 {
		return
	}
	was, _ := contract.Parse(before.Name, before.Annotations)
	is, _ := contract.Parse(after.Name, after.Annotations)
	if was.Enabled && !is.Enabled || before.UID != after.UID {
		r.endCount(client.ObjectKeyFromObject(after), after.ResourceVersion)
	}
}

// endCount ends the count of a source, with this version of it.
func (r *Reconciler) endCount(source types.NamespacedName, version string) {
	r.writes.forget(source)
	r.counts.end(source, version, r.clock.Now())
}

// noteSourceGone ends the count of a source that was deleted.
func (r *Reconciler) noteSourceGone(service *corev1.Service) {
	if was, _ := contract.Parse(service.Name, service.Annotations); was.Enabled {
		r.endCount(client.ObjectKeyFromObject(service), service.ResourceVersion)
	}
}

// handlerOf turns a watch into an event handler.
func handlerOf[T client.Object](r *Reconciler, w watch[T]) handler.TypedEventHandler[T, reconcile.Request] {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	priority := func(ctx context.Context, object T, deleted bool) int {
		if w.priority == nil {
			return priorityOther
		}
		return w.priority(ctx, object, deleted)
	}
	return handler.TypedFuncs[T, reconcile.Request]{
		CreateFunc: func(ctx context.Context, e event.TypedCreateEvent[T], q queue) {
			r.progress.note(e.Object)
			sources := w.sources(ctx, e.Object)
			if w.created != nil {
				w.created(e.Object, e.IsInInitialList)
			}
			if e.IsInInitialList {
				r.wake(ctx, q, sources, priorityInitial)
				return
			}
			r.wake(ctx, q, sources, priority(ctx, e.Object, false))
		},
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[T], q queue) {
			r.progress.note(e.ObjectNew)
			if !w.matters(e.ObjectOld, e.ObjectNew) {
				return
			}
			sources := w.sourcesOfBoth(ctx, e.ObjectOld, e.ObjectNew)
			if w.changed != nil && len(sources) > 0 {
				w.changed(e.ObjectOld, e.ObjectNew)
			}
			r.wake(ctx, q, sources, priority(ctx, e.ObjectNew, false))
		},
		DeleteFunc: func(ctx context.Context, e event.TypedDeleteEvent[T], q queue) {
			r.progress.note(e.Object)
			sources := w.sources(ctx, e.Object)
			if w.deleted != nil {
				w.deleted(e.Object, e.DeleteStateUnknown)
			}
			r.wake(ctx, q, sources, priority(ctx, e.Object, true))
		},
	}
}

// sourcesOfBoth are the sources that an object concerns, and those that it concerned before.
func (w watch[T]) sourcesOfBoth(ctx context.Context, before, after T) []types.NamespacedName {
	sources := w.sources(ctx, after)
	if w.unmoved != nil && w.unmoved(before, after) {
		return sources
	}
	for _, former := range w.sources(ctx, before) {
		if !slices.Contains(sources, former) {
			sources = append(sources, former)
		}
	}
	return sources
}

// wake queues sources. What a start brings has no time of arrival: it happened at some time before.
func (r *Reconciler) wake(ctx context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request], sources []types.NamespacedName, priority int) {
	acting := r.acting()
	for _, source := range sources {
		if priority > priorityInitial && acting {
			r.arrivals.note(source, r.clock.Now())
		}
		if !acting && r.standby != nil {
			add(r.standby, source, priority)
		}
		number, held := r.held.add(source, priority)
		switch {
		case !held:
			add(q, source, priority)
		case r.isGone(ctx, source):
			r.held.drop(source, number)
			if r.standby == nil { // nobody else notices that it is gone
				r.drop(source)
			}
		}
	}
}

func add(q workqueue.TypedRateLimitingInterface[reconcile.Request], source types.NamespacedName, priority int) {
	request := reconcile.Request{NamespacedName: source}
	if prioritized, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		prioritized.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, request)
	} else {
		q.Add(request)
	}
}
