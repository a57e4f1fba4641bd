package controllers

import (
	"context"
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// The functions of this file say which source Services an object concerns. They look up indexes and never ask the API server.

// sourcesOfPod are the opted-in Services whose selector matches the Pod, and those that it leads.
func (r *Reconciler) sourcesOfPod(ctx context.Context, pod *corev1.Pod) []types.NamespacedName {
	sources := r.sourcesLedBy(ctx, pod)
	for _, pair := range append(podLabels(pod), noAnchor) {
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

// sourcesOfService are the Service itself, if it bears an annotation of ours; the source of a leader Service; and the
// sources whose leader Service would have its name.
func (r *Reconciler) sourcesOfService(ctx context.Context, service *corev1.Service) []types.NamespacedName {
	var sources []types.NamespacedName
	if bearsAnnotation(service) {
		sources = append(sources, client.ObjectKeyFromObject(service))
	}
	for _, name := range leaderservice.SourceNames(service) {
		sources = append(sources, types.NamespacedName{Namespace: service.Namespace, Name: name})
	}
	if name := r.attested(service); name != "" { // whatever somebody has made of the Service itself
		sources = append(sources, types.NamespacedName{Namespace: service.Namespace, Name: name})
	}
	return append(sources, r.sourcesAskingFor(ctx, service.Namespace, service.Name)...)
}

// sourceOf is the source that a leader Service was made for, by its slices or else by what it says itself.
func (r *Reconciler) sourceOf(leaderService *corev1.Service) types.NamespacedName {
	name := r.attested(leaderService)
	if name == "" {
		name = leaderservice.SourceName(leaderService)
	}
	return types.NamespacedName{Namespace: leaderService.Namespace, Name: name}
}

// sourceOfSlice is the source that a slice of ours was made for: by its label or, where somebody has taken that away, by its leader Service. Others
// that the slice concerns have nothing to learn from it.
func (r *Reconciler) sourceOfSlice(ctx context.Context, slice client.Object) types.NamespacedName {
	source := types.NamespacedName{Namespace: slice.GetNamespace(), Name: slice.GetLabels()[contract.LabelSourceService]}
	if name, named := contract.LeaderServiceOfSliceName(slice.GetName()); named && source.Name == "" {
		leaderService := &corev1.Service{}
		if r.cache.Get(ctx, types.NamespacedName{Namespace: source.Namespace, Name: name}, leaderService) == nil {
			source.Name = leaderservice.SourceName(leaderService)
		}
	}
	return source
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
