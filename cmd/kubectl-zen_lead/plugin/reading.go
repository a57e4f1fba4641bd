package plugin

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers"
)

// pageSize is how many objects are asked for at a time, as kubectl does.
const pageSize = 500

// reading is what was read of a namespace, or of all.
type reading struct {
	snapshot *controllers.Snapshot
	onlooker *controllers.Onlooker
	// unreadable are the followed Leases that the user may not read.
	unreadable map[types.NamespacedName]error
}

func newReading(clock clock.PassiveClock) *reading {
	snapshot := controllers.NewSnapshot()
	return &reading{snapshot, controllers.NewOnlooker(snapshot, clock), map[types.NamespacedName]error{}}
}

// kind is one that is read, and where to.
type kind struct {
	plural   string
	list     func() client.ObjectList
	example  client.Object
	into     *controllers.SnapshotOf
	selector string
}

// kinds are all that is listed. Leases are read one by one: few are followed, and the right to is rarer.
func (r *reading) kinds() []kind {
	return []kind{
		{"Services", func() client.ObjectList { return &corev1.ServiceList{} }, &corev1.Service{}, r.snapshot.Services, ""},
		{"Pods", func() client.ObjectList { return &corev1.PodList{} }, &corev1.Pod{}, r.snapshot.Pods, ""},
		{"EndpointSlices", func() client.ObjectList { return &discoveryv1.EndpointSliceList{} }, &discoveryv1.EndpointSlice{}, r.snapshot.Slices,
			controllers.OwnSlices},
		{"EndpointSlices", foreignSlices, foreignSlice(), r.snapshot.ForeignSlices, controllers.ForeignSlices},
	}
}

func foreignSlices() client.ObjectList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(discoveryv1.SchemeGroupVersion.WithKind("EndpointSliceList"))
	return list
}

func foreignSlice() client.Object {
	slice := &metav1.PartialObjectMetadata{}
	slice.SetGroupVersionKind(discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"))
	return slice
}

// read reads the cluster's namespace, or all.
func (c *cli) read(ctx context.Context, from *cluster) (*reading, error) {
	read := newReading(c.clock)
	for _, kind := range read.kinds() {
		if err := from.readAll(ctx, kind); err != nil {
			return nil, fmt.Errorf("reading %s: %w", kind.plural, err)
		}
	}
	for _, lease := range read.followed() {
		if err := read.readLease(ctx, from, lease); err != nil {
			return nil, err
		}
	}
	return read, nil
}

// readAll lists all objects of a kind, a page at a time.
func (c *cluster) readAll(ctx context.Context, kind kind) error {
	for next := ""; ; {
		list := kind.list()
		raw := &metav1.ListOptions{LabelSelector: kind.selector}
		err := c.List(ctx, list, &client.ListOptions{Namespace: c.namespace, Limit: pageSize, Continue: next, Raw: raw})
		if err != nil {
			return err
		}
		err = meta.EachListItem(list, func(object runtime.Object) error { return kind.into.Add(object) })
		if next = list.GetContinue(); err != nil || next == "" {
			return err
		}
	}
}

// followed are the Leases that Services follow.
func (r *reading) followed() []types.NamespacedName {
	var followed []types.NamespacedName
	for _, source := range r.onlooker.Sources() {
		if lease := r.onlooker.Follows(source); lease != "" {
			followed = append(followed, types.NamespacedName{Namespace: source.Namespace, Name: lease})
		}
	}
	return followed
}

// readLease reads a followed Lease. Not to be allowed to is no failure: what depends on it is said to be unknown.
func (r *reading) readLease(ctx context.Context, from client.Reader, key types.NamespacedName) error {
	lease := &coordinationv1.Lease{}
	switch err := from.Get(ctx, key, lease); {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		r.unreadable[key] = err
		return nil
	case err != nil:
		return fmt.Errorf("reading Lease %s: %w", key, err)
	}
	return r.snapshot.Leases.Add(lease)
}

// look looks at a source, and whether the Lease that it follows cannot be read.
func (r *reading) look(ctx context.Context, source types.NamespacedName) (*controllers.View, bool, error) {
	view, err := r.onlooker.Look(ctx, source)
	if err != nil {
		return nil, false, err
	}
	lease := types.NamespacedName{Namespace: source.Namespace, Name: view.Policy.FollowLease}
	return view, r.unreadable[lease] != nil, nil
}
