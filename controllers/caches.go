package controllers

import (
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// cacheOptions says what is watched and what is kept of it.
func cacheOptions(namespaces []string) cache.Options {
	noCopy := true
	leases := cache.ByObject{Transform: stripLease}
	if len(namespaces) == 0 {
		// Every node renews a Lease there every ten seconds, and no application follows one.
		leases.Field = fields.OneTermNotEqualSelector("metadata.namespace", corev1.NamespaceNodeLease)
	}
	return cache.Options{
		DefaultNamespaces:            namespaceOptions(namespaces),
		DefaultUnsafeDisableDeepCopy: &noCopy,
		ReaderFailOnMissingInformer:  true,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}:     {Transform: newPodStripper().strip},
			&corev1.Service{}: {Transform: stripService},
			&discoveryv1.EndpointSlice{}: {
				Transform: stripSlice,
				Label:     labels.SelectorFromSet(labels.Set{contract.LabelSliceManagedBy: contract.ManagedBy}),
			},
			&coordinationv1.Lease{}: leases,
		},
	}
}

func namespaceOptions(namespaces []string) map[string]cache.Config {
	if len(namespaces) == 0 {
		return nil
	}
	options := make(map[string]cache.Config, len(namespaces))
	for _, namespace := range namespaces {
		options[namespace] = cache.Config{}
	}
	return options
}

// newForeignSliceCache caches the metadata of the slices that are not marked as ours: they tell of name conflicts, of
// slices that somebody routes beside ours, and of our own with their label taken away.
func newForeignSliceCache(mgr manager.Manager, namespaces []string, made *informers) (cache.Cache, error) {
	notOurs, err := labels.NewRequirement(contract.LabelSliceManagedBy, selection.NotEquals, []string{contract.ManagedBy})
	if err != nil {
		return nil, fmt.Errorf("selecting foreign EndpointSlices: %w", err)
	}
	noCopy := true
	foreign, err := cache.New(mgr.GetConfig(), cache.Options{
		HTTPClient:                   mgr.GetHTTPClient(),
		Scheme:                       mgr.GetScheme(),
		Mapper:                       mgr.GetRESTMapper(),
		DefaultNamespaces:            namespaceOptions(namespaces),
		DefaultLabelSelector:         labels.NewSelector().Add(*notOurs),
		DefaultTransform:             stripForeignSlice,
		NewInformer:                  made.newInformer,
		DefaultUnsafeDisableDeepCopy: &noCopy,
	})
	if err != nil {
		return nil, fmt.Errorf("creating the cache of foreign EndpointSlices: %w", err)
	}
	return foreign, nil
}
