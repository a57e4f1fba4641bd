package controllers

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// Snapshot holds objects for an Onlooker, cut down and indexed as they are in the operator's caches. Whoever reads or watches them puts them here.
type Snapshot struct {
	Services, Pods, Leases *SnapshotOf
	// Slices are the EndpointSlices with our label, ForeignSlices the metadata of all others.
	Slices, ForeignSlices *SnapshotOf
}

// SnapshotOf holds the objects of one kind. It is a store that a reflector can fill.
type SnapshotOf struct {
	toolscache.Indexer
	resource  schema.GroupResource
	transform func(any) (any, error)
}

// NewSnapshot is an empty one.
func NewSnapshot() *Snapshot {
	indexes := map[reflect.Type]toolscache.Indexers{}
	add := func(object client.Object, name string, values client.IndexerFunc) {
		kind := reflect.TypeOf(object)
		if indexes[kind] == nil {
			indexes[kind] = toolscache.Indexers{toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc}
		}
		indexes[kind][name] = func(object any) ([]string, error) {
			found := object.(client.Object)
			keys := values(found)
			for i := range keys {
				keys[i] = indexed(found.GetNamespace(), keys[i])
			}
			return keys, nil
		}
	}
	for _, index := range objectIndexes() {
		add(index.object, index.name, index.values)
	}
	add(&corev1.Pod{}, indexPodLabel, func(object client.Object) []string { return podLabels(object.(*corev1.Pod)) })
	add(foreignSlice(), indexServiceName, sliceServiceName)
	of := func(object client.Object, group, resource string, transform func(any) (any, error)) *SnapshotOf {
		return &SnapshotOf{
			Indexer:   toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, indexes[reflect.TypeOf(object)]),
			resource:  schema.GroupResource{Group: group, Resource: resource},
			transform: transform,
		}
	}
	return &Snapshot{
		Services:      of(&corev1.Service{}, corev1.GroupName, "services", stripService),
		Pods:          of(&corev1.Pod{}, corev1.GroupName, "pods", newPodStripper().strip),
		Leases:        of(&coordinationv1.Lease{}, coordinationv1.GroupName, "leases", stripLease),
		Slices:        of(&discoveryv1.EndpointSlice{}, discoveryv1.GroupName, "endpointslices", stripSlice),
		ForeignSlices: of(foreignSlice(), discoveryv1.GroupName, "endpointslices", stripForeignSlice),
	}
}

// indexed is what an index has a value of a namespace under.
func indexed(namespace, value string) string { return namespace + "/" + value }

// Add adds an object, of which less is kept.
func (s *SnapshotOf) Add(object any) error {
	stripped, err := s.transform(object)
	if err != nil {
		return err
	}
	return s.Indexer.Add(stripped)
}

// Update replaces an object.
func (s *SnapshotOf) Update(object any) error { return s.Add(object) }

// Replace replaces all objects.
func (s *SnapshotOf) Replace(objects []any, version string) error {
	stripped := make([]any, 0, len(objects))
	for _, object := range objects {
		kept, err := s.transform(object)
		if err != nil {
			return err
		}
		stripped = append(stripped, kept)
	}
	return s.Indexer.Replace(stripped, version)
}

// snapshotReader reads a snapshot as if it were the operator's caches.
type snapshotReader struct {
	snapshot *Snapshot
	// without is the name of a Pod that is not to be there; empty for none.
	without string
}

// of is where the objects of a kind are, single or in a list.
func (r snapshotReader) of(object runtime.Object) (*SnapshotOf, error) {
	switch object.(type) {
	case *corev1.Service, *corev1.ServiceList:
		return r.snapshot.Services, nil
	case *corev1.Pod, *corev1.PodList:
		return r.snapshot.Pods, nil
	case *coordinationv1.Lease:
		return r.snapshot.Leases, nil
	case *discoveryv1.EndpointSlice, *discoveryv1.EndpointSliceList:
		return r.snapshot.Slices, nil
	case *metav1.PartialObjectMetadata, *metav1.PartialObjectMetadataList:
		return r.snapshot.ForeignSlices, nil
	}
	return nil, fmt.Errorf("a snapshot has no %T", object)
}

// Get reads one object.
func (r snapshotReader) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	from, err := r.of(object)
	if err != nil {
		return err
	}
	found, exists, err := from.GetByKey(key.String())
	if _, isPod := object.(*corev1.Pod); err != nil || !exists || isPod && key.Name == r.without {
		return cmp.Or(err, error(apierrors.NewNotFound(from.resource, key.Name)))
	}
	reflect.ValueOf(object).Elem().Set(reflect.ValueOf(found).Elem())
	return nil
}

// List lists the objects of a namespace, or those that one of the indexes has under a value.
func (r snapshotReader) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	from, err := r.of(list)
	if err != nil {
		return err
	}
	asked := client.ListOptions{}
	asked.ApplyOptions(options)
	index, value := toolscache.NamespaceIndex, asked.Namespace
	if asked.FieldSelector != nil {
		requirement := asked.FieldSelector.Requirements()[0]
		index, value = requirement.Field, indexed(asked.Namespace, requirement.Value)
	}
	objects, err := from.ByIndex(index, value)
	if err != nil {
		return err
	}
	found := make([]runtime.Object, 0, len(objects))
	for _, object := range objects {
		pod, isPod := object.(*corev1.Pod)
		if !isPod || pod.Name != r.without {
			found = append(found, object.(runtime.Object))
		}
	}
	return meta.SetList(list, found)
}

// Label selectors of the EndpointSlices with our label, and of all others.
const (
	OwnSlices     = contract.LabelSliceManagedBy + "=" + contract.ManagedBy
	ForeignSlices = contract.LabelSliceManagedBy + "!=" + contract.ManagedBy
)
