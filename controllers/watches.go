package controllers

import (
	"context"
	"maps"
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
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
	priorityInitial   = handler.LowPriority
)

// watch says for one kind of object which change wakes which source Services, and how urgently.
type watch[T client.Object] struct {
	// matters is whether an update can change anything.
	matters func(before, after T) bool
	// sources are the source Services that an object concerns.
	sources func(ctx context.Context, object T) []types.NamespacedName
	// priority is how urgent a change of the object is; nil for priorityOther.
	priority func(ctx context.Context, object T) int
	// created is told of new objects before anything is woken; may be nil.
	created func(object T)
	// deleted is told of deletions before anything is woken; may be nil.
	deleted func(object T, sources []types.NamespacedName)
}

// startWatches connects the caches to the controller.
func (r *Reconciler) startWatches(c controller.Controller, objects, foreignSlices cache.Cache) error {
	for _, kind := range []source.TypedSyncingSource[reconcile.Request]{
		source.TypedKind(objects, &corev1.Pod{}, handlerOf(r, watch[*corev1.Pod]{
			matters: podMatters, sources: r.sourcesOfPod, priority: r.podPriority,
		})),
		source.TypedKind(objects, &corev1.Service{}, handlerOf(r, watch[*corev1.Service]{
			matters: serviceMatters, sources: r.sourcesOfService,
			deleted: func(service *corev1.Service, sources []types.NamespacedName) {
				r.writes.gone(service, kindName("Service", service.Name), leaderservice.RecordOf(nil, service), sources)
			},
		})),
		source.TypedKind(objects, &discoveryv1.EndpointSlice{}, handlerOf(r, watch[*discoveryv1.EndpointSlice]{
			matters: func(before, after *discoveryv1.EndpointSlice) bool {
				return before.ResourceVersion != after.ResourceVersion
			},
			sources: func(ctx context.Context, slice *discoveryv1.EndpointSlice) []types.NamespacedName {
				return r.sourcesOfSlice(ctx, slice)
			},
			deleted: func(slice *discoveryv1.EndpointSlice, sources []types.NamespacedName) {
				r.writes.gone(slice, kindName("EndpointSlice", slice.Name), leaderservice.RecordOf(slice, nil), sources)
			},
		})),
		source.TypedKind(foreignSlices, foreignSlice(), handlerOf(r, watch[*metav1.PartialObjectMetadata]{
			matters: foreignSliceMatters,
			sources: func(ctx context.Context, slice *metav1.PartialObjectMetadata) []types.NamespacedName {
				return r.sourcesOfSlice(ctx, slice)
			},
			deleted: func(slice *metav1.PartialObjectMetadata, _ []types.NamespacedName) {
				r.writes.notDeleting(slice.UID)
			},
		})),
		source.TypedKind(objects, &coordinationv1.Lease{}, handlerOf(r, watch[*coordinationv1.Lease]{
			matters: r.leaseMatters, sources: r.sourcesOfLease,
			created: func(lease *coordinationv1.Lease) { r.leases.observe(lease, r.clock.Now()) },
			deleted: func(lease *coordinationv1.Lease, _ []types.NamespacedName) {
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

// handlerOf turns a watch into an event handler.
func handlerOf[T client.Object](r *Reconciler, w watch[T]) handler.TypedEventHandler[T, reconcile.Request] {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	priority := func(ctx context.Context, object T) int {
		if w.priority == nil {
			return priorityOther
		}
		return w.priority(ctx, object)
	}
	return handler.TypedFuncs[T, reconcile.Request]{
		CreateFunc: func(ctx context.Context, e event.TypedCreateEvent[T], q queue) {
			if w.created != nil {
				w.created(e.Object)
			}
			if e.IsInInitialList {
				r.wake(q, w.sources(ctx, e.Object), priorityInitial)
				return
			}
			r.wake(q, w.sources(ctx, e.Object), priority(ctx, e.Object))
		},
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[T], q queue) {
			if w.matters(e.ObjectOld, e.ObjectNew) {
				sources := w.sources(ctx, e.ObjectNew)
				for _, former := range w.sources(ctx, e.ObjectOld) {
					if !slices.Contains(sources, former) {
						sources = append(sources, former)
					}
				}
				r.wake(q, sources, priority(ctx, e.ObjectNew))
			}
		},
		DeleteFunc: func(ctx context.Context, e event.TypedDeleteEvent[T], q queue) {
			sources := w.sources(ctx, e.Object)
			if w.deleted != nil {
				w.deleted(e.Object, sources)
			}
			r.wake(q, sources, priority(ctx, e.Object))
		},
	}
}

// wake queues sources. What a start brings has no time of arrival: it happened at some time before.
func (r *Reconciler) wake(q workqueue.TypedRateLimitingInterface[reconcile.Request], sources []types.NamespacedName, priority int) {
	for _, source := range sources {
		if priority > priorityInitial && r.acting() {
			r.arrivals.note(source, r.clock.Now())
		}
		request := reconcile.Request{NamespacedName: source}
		if prioritized, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
			prioritized.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, request)
		} else {
			q.Add(request)
		}
	}
}

// podMatters compares what the contract reads of a Pod.
func podMatters(before, after *corev1.Pod) bool {
	if before.ResourceVersion == after.ResourceVersion {
		return false
	}
	return before.UID != after.UID ||
		before.Status.Phase != after.Status.Phase ||
		before.Spec.NodeName != after.Spec.NodeName ||
		before.Status.PodIP != after.Status.PodIP ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		!maps.Equal(before.Labels, after.Labels) ||
		!slices.Equal(before.Status.PodIPs, after.Status.PodIPs) ||
		!equality.Semantic.DeepEqual(before.Status.Conditions, after.Status.Conditions)
}

// serviceMatters leaves out updates of Services that neither ask for a leader Service nor are one.
func serviceMatters(before, after *corev1.Service) bool {
	concerns := func(service *corev1.Service) bool {
		return len(service.Annotations) > 0 || len(leaderservice.SourceNames(service)) > 0
	}
	return before.ResourceVersion != after.ResourceVersion && (concerns(before) || concerns(after))
}

// foreignSliceMatters compares what tells whose a slice is, and whose traffic it routes.
func foreignSliceMatters(before, after *metav1.PartialObjectMetadata) bool {
	return !maps.Equal(before.Labels, after.Labels) || !equality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences)
}

// leaseMatters leaves out renewals in time.
func (r *Reconciler) leaseMatters(before, after *coordinationv1.Lease) bool {
	revived := r.leases.observe(after, r.clock.Now())
	return revived || before.UID != after.UID || holderOf(before) != holderOf(after) || durationOf(before) != durationOf(after)
}

// sourcesOfPod are the opted-in Services whose selector matches the Pod, and those that it leads.
func (r *Reconciler) sourcesOfPod(ctx context.Context, pod *corev1.Pod) []types.NamespacedName {
	sources := r.sourcesLedBy(ctx, pod)
	for _, pair := range podLabels(pod) {
		var list corev1.ServiceList
		if r.lookUp(ctx, &list, pod.Namespace, indexSelector, pair) != nil {
			continue // the index exists and the cache is there: it cannot fail
		}
		for i := range list.Items {
			key := client.ObjectKeyFromObject(&list.Items[i])
			if labels.SelectorFromSet(list.Items[i].Spec.Selector).Matches(labels.Set(pod.Labels)) && !slices.Contains(sources, key) {
				sources = append(sources, key)
			}
		}
	}
	return sources
}

// sourcesLedBy are the source Services whose slices name the Pod as leader.
func (r *Reconciler) sourcesLedBy(ctx context.Context, pod *corev1.Pod) []types.NamespacedName {
	var list discoveryv1.EndpointSliceList
	if r.lookUp(ctx, &list, pod.Namespace, indexLeaderPod, string(pod.UID)) != nil {
		return nil
	}
	var sources []types.NamespacedName
	for i := range list.Items {
		key := types.NamespacedName{Namespace: pod.Namespace, Name: list.Items[i].Labels[contract.LabelSourceService]}
		if key.Name != "" && !slices.Contains(sources, key) {
			sources = append(sources, key)
		}
	}
	return sources
}

func (r *Reconciler) podPriority(ctx context.Context, pod *corev1.Pod) int {
	if len(r.sourcesLedBy(ctx, pod)) > 0 {
		return priorityLeader
	}
	return priorityCandidate
}

// sourcesOfService are the Service itself, if it bears an annotation of ours; the source of a leader Service; and the
// sources whose leader Service would have its name.
func (r *Reconciler) sourcesOfService(ctx context.Context, service *corev1.Service) []types.NamespacedName {
	var sources []types.NamespacedName
	if len(ourAnnotations(service.Annotations)) > 0 {
		sources = append(sources, client.ObjectKeyFromObject(service))
	}
	for _, name := range leaderservice.SourceNames(service) {
		sources = append(sources, types.NamespacedName{Namespace: service.Namespace, Name: name})
	}
	return append(sources, r.sourcesAskingFor(ctx, service.Namespace, service.Name)...)
}

// sourcesAskingFor are the opted-in Services whose leader Service has, or would have, a name.
func (r *Reconciler) sourcesAskingFor(ctx context.Context, namespace, name string) []types.NamespacedName {
	var list corev1.ServiceList
	if r.lookUp(ctx, &list, namespace, indexLeaderServiceName, name) != nil {
		return nil
	}
	sources := make([]types.NamespacedName, 0, len(list.Items))
	for i := range list.Items {
		sources = append(sources, client.ObjectKeyFromObject(&list.Items[i]))
	}
	return sources
}

// sourcesOfSlice are the sources that a slice concerns by its label, by the Service that it belongs to and by its name.
func (r *Reconciler) sourcesOfSlice(ctx context.Context, slice client.Object) []types.NamespacedName {
	namespace := slice.GetNamespace()
	var sources []types.NamespacedName
	if name := slice.GetLabels()[contract.LabelSourceService]; name != "" {
		sources = append(sources, types.NamespacedName{Namespace: namespace, Name: name})
	}
	names := sliceServiceName(slice)
	if name, named := contract.LeaderServiceOfSliceName(slice.GetName()); named && !slices.Contains(names, name) {
		names = append(names, name)
	}
	for _, name := range names {
		sources = append(sources, r.sourcesAskingFor(ctx, namespace, name)...)
		leaderService := &corev1.Service{}
		if r.cache.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, leaderService) == nil {
			for _, source := range leaderservice.SourceNames(leaderService) {
				sources = append(sources, types.NamespacedName{Namespace: namespace, Name: source})
			}
		}
	}
	return sources
}

// sourcesOfLease are the opted-in Services that follow the Lease.
func (r *Reconciler) sourcesOfLease(ctx context.Context, lease *coordinationv1.Lease) []types.NamespacedName {
	var list corev1.ServiceList
	if r.lookUp(ctx, &list, lease.Namespace, indexFollowLease, lease.Name) != nil {
		return nil
	}
	sources := make([]types.NamespacedName, 0, len(list.Items))
	for i := range list.Items {
		sources = append(sources, client.ObjectKeyFromObject(&list.Items[i]))
	}
	return sources
}
