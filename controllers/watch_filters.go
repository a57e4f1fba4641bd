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

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

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
	return revived || !sameHold(before, after)
}

func (r *Reconciler) podPriority(ctx context.Context, pod *corev1.Pod, _ bool) int {
	if len(r.sourcesLedBy(ctx, pod)) > 0 {
		return priorityLeader
	}
	return priorityCandidate
}

// slicePriority tells what an operator wrote, which is no news, from what somebody else did to the traffic.
func slicePriority(_ context.Context, slice *discoveryv1.EndpointSlice, deleted bool) int {
	if deleted || leaderservice.SliceEdited(slice) {
		return priorityLeader
	}
	return priorityReport
}

// servicePriority tells our own writes of leader Services from everything else.
func servicePriority(_ context.Context, service *corev1.Service, deleted bool) int {
	if !deleted && leaderservice.MadeByUs(service) && !leaderservice.ServiceEdited(service) {
		return priorityReport
	}
	return priorityOther
}
