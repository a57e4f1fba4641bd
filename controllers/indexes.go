package controllers

import (
	"cmp"
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// The indexes of the cache. All are looked up within one namespace.
const (
	// indexPodLabel finds Pods by each of their labels but unindexedLabels, as "key=value".
	indexPodLabel = "zen-lead.podLabel"
	// indexSelector finds opted-in Services by one label of their selector (see anchor), as "key=value", or under noAnchor.
	indexSelector = "zen-lead.selector"
	// indexLeaderServiceName finds opted-in Services by the leader Service's name that they ask for.
	indexLeaderServiceName = "zen-lead.leaderServiceName"
	// indexFollowLease finds opted-in Services by the Lease that they follow.
	indexFollowLease = "zen-lead.followLease"
	// indexSource finds leader Services by the source they belong to.
	indexSource = "zen-lead.source"
	// indexLeaderPod finds our slices by the UID of the Pod that leads, or led last.
	indexLeaderPod = "zen-lead.leaderPod"
	// indexSliceSource finds our slices by the source whose leader Service they belong to.
	indexSliceSource = "zen-lead.sliceSource"
	// indexServiceName finds slices by the Service that they belong to.
	indexServiceName = "zen-lead.serviceName"
)

// noAnchor is what Services are indexed under whose selector has no label that is indexed.
const noAnchor = "="

// addIndexes tells the caches what they are going to be asked.
func addIndexes(ctx context.Context, objects, foreignSlices cache.Cache) error {
	if err := addPodIndex(ctx, objects); err != nil {
		return fmt.Errorf("adding the index %s: %w", indexPodLabel, err)
	}
	for _, index := range objectIndexes() {
		if err := objects.IndexField(ctx, index.object, index.name, index.values); err != nil {
			return fmt.Errorf("adding the index %s: %w", index.name, err)
		}
	}
	if err := foreignSlices.IndexField(ctx, foreignSlice(), indexServiceName, sliceServiceName); err != nil {
		return fmt.Errorf("adding the index %s: %w", indexServiceName, err)
	}
	return nil
}

// objectIndex is an index of the cache of objects.
type objectIndex struct {
	object client.Object
	name   string
	values client.IndexerFunc
}

// objectIndexes are those of Services and of our slices.
func objectIndexes() []objectIndex {
	return []objectIndex{
		{&corev1.Service{}, indexSelector, optedIn(func(service *corev1.Service, _ contract.Policy) string {
			if len(service.Spec.Selector) == 0 {
				return "" // it cannot be served, and no Pod concerns it
			}
			return cmp.Or(anchor(service.Spec.Selector), noAnchor)
		})},
		{&corev1.Service{}, indexLeaderServiceName, optedIn(func(_ *corev1.Service, policy contract.Policy) string {
			return policy.LeaderServiceName
		})},
		{&corev1.Service{}, indexFollowLease, optedIn(func(_ *corev1.Service, policy contract.Policy) string {
			return policy.FollowLease
		})},
		{&corev1.Service{}, indexSource, func(object client.Object) []string {
			return leaderservice.SourceNames(object.(*corev1.Service))
		}},
		{&discoveryv1.EndpointSlice{}, indexLeaderPod, func(object client.Object) []string {
			return []string{object.GetAnnotations()[contract.AnnotationLeaderPodUID]}
		}},
		{&discoveryv1.EndpointSlice{}, indexSliceSource, func(object client.Object) []string {
			return []string{object.GetLabels()[contract.LabelSourceService]}
		}},
		{&discoveryv1.EndpointSlice{}, indexServiceName, sliceServiceName},
	}
}

// addPodIndex adds indexPodLabel. FieldIndexer.IndexField would add a second entry for each label, to be looked up across
// namespaces; Pods are many, and that is a seventh of what one takes in memory.
func addPodIndex(ctx context.Context, objects cache.Cache) error {
	informer, err := objects.GetInformer(ctx, &corev1.Pod{}, cache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	// Source of the names that the cache looks up: sigs.k8s.io/controller-runtime/pkg/cache/internal, FieldIndexName and
	// KeyToNamespacedKey.
	return informer.AddIndexers(toolscache.Indexers{"field:" + indexPodLabel: func(object any) ([]string, error) {
		pod, ok := object.(*corev1.Pod)
		if !ok {
			return nil, fmt.Errorf("%T is no Pod", object)
		}
		values := podLabels(pod)
		for i := range values {
			values[i] = pod.Namespace + "/" + values[i]
		}
		return values, nil
	}})
}

func podLabels(pod *corev1.Pod) []string {
	pairs := make([]string, 0, len(pod.Labels))
	for key, value := range pod.Labels {
		if !unindexedLabels.Has(key) {
			pairs = append(pairs, key+"="+value)
		}
	}
	return pairs
}

// unindexedLabels are on nearly every Pod, and a selector that needs them has others beside them. Each label that is indexed
// takes a sixtieth of a Pod's memory. Pods of a selector that has no other label are looked for in their whole namespace.
// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/
var unindexedLabels = sets.New(
	appsv1.DefaultDeploymentUniqueLabelKey, appsv1.ControllerRevisionHashLabelKey, appsv1.PodIndexLabel, batchv1.JobCompletionIndexAnnotation,
	"app.kubernetes.io/managed-by", "app.kubernetes.io/version", "app.kubernetes.io/part-of", "helm.sh/chart", "heritage",
)

// optedIn indexes opted-in Services by a value; an empty value indexes nothing.
func optedIn(value func(*corev1.Service, contract.Policy) string) client.IndexerFunc {
	return func(object client.Object) []string {
		if !contract.OptedIn(object.GetAnnotations()) {
			return nil
		}
		policy, _ := contract.Parse(object.GetName(), object.GetAnnotations())
		if found := value(object.(*corev1.Service), policy); found != "" {
			return []string{found}
		}
		return nil
	}
}

// anchor is the label of a selector that Pods are looked up by: of those that are indexed the one with the longest value, which
// tends to be the one that fewest Pods share; among equals the last key. Empty if none is indexed.
func anchor(selector map[string]string) string {
	var bestKey, bestValue string
	for key, value := range selector {
		if unindexedLabels.Has(key) {
			continue
		}
		if bestKey == "" || len(value) > len(bestValue) || len(value) == len(bestValue) && key > bestKey {
			bestKey, bestValue = key, value
		}
	}
	if bestKey == "" {
		return ""
	}
	return bestKey + "=" + bestValue
}

// sliceServiceName is the Service that kube-proxy takes the slice for.
func sliceServiceName(object client.Object) []string {
	if name := object.GetLabels()[discoveryv1.LabelServiceName]; name != "" {
		return []string{name}
	}
	return nil
}

// foreignSlice is the object that other controllers' slices are cached as: their metadata.
func foreignSlice() *metav1.PartialObjectMetadata {
	slice := &metav1.PartialObjectMetadata{}
	slice.SetGroupVersionKind(discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"))
	return slice
}
