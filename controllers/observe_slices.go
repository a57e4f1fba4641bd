package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// sliceAddressTypes are the address types that a leader Service may have slices of.
var sliceAddressTypes = []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6}

// sliceSet are the slices that bear a leader Service's name.
type sliceSet struct {
	// ours are those that we made for the leader Service, as it is or as it was before it was made again.
	ours map[discoveryv1.AddressType]*discoveryv1.EndpointSlice
	// taken are the address types whose slice name somebody else's slice has.
	taken map[discoveryv1.AddressType]bool
	// spilled are the built-in controller's, left behind by a selector that somebody had added.
	spilled []*metav1.PartialObjectMetadata
	// beside are the names of somebody else's slices that kube-proxy takes for the leader Service's, and mirrored is whether one of them is
	// what the edit of somebody has led to.
	beside   []string
	mirrored bool
}

func newSliceSet() *sliceSet {
	return &sliceSet{
		ours: map[discoveryv1.AddressType]*discoveryv1.EndpointSlice{}, taken: map[discoveryv1.AddressType]bool{},
	}
}

// add takes the slice that has the name of an address type's.
func (s *sliceSet) add(addressType discoveryv1.AddressType, slice *discoveryv1.EndpointSlice, leaderService string, uid types.UID, source string) {
	if leaderservice.OwnershipOf(slice, leaderService, uid, source) == leaderservice.Foreign {
		s.taken[addressType] = true
	} else {
		s.ours[addressType] = slice
	}
}

// attested is the source that a leader Service was made for, by these slices; empty if they do not say.
func (s *sliceSet) attested(service *corev1.Service) string {
	for _, slice := range s.ours {
		if source := leaderservice.Attested(slice, service); source != "" {
			return source
		}
	}
	return ""
}

// primary is the slice that the record is read from: the given type's, or another where there is none. May be nil.
func (s *sliceSet) primary(addressType discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	for _, addressType := range append([]discoveryv1.AddressType{addressType}, sliceAddressTypes...) {
		if slice := s.ours[addressType]; slice != nil {
			return slice
		}
	}
	return nil
}

// slicesOf finds the slices of the source's leader Service of that name; uid is empty where that does not exist.
func (r *Reconciler) slicesOf(ctx context.Context, source types.NamespacedName, name string, uid types.UID) (*sliceSet, error) {
	set := newSliceSet()
	for _, addressType := range sliceAddressTypes {
		slice, err := r.sliceOf(ctx, source.Namespace, name, addressType)
		if err != nil {
			return nil, err
		}
		if slice != nil {
			set.add(addressType, slice, name, uid, source.Name)
		}
	}
	return set, r.findBeside(ctx, set, source.Namespace, name, uid)
}

// sliceOf is the leader Service's slice of an address type, whoever made it; nil if there is none. Without our label it is
// only known by its metadata.
func (r *Reconciler) sliceOf(ctx context.Context, namespace, name string, addressType discoveryv1.AddressType) (*discoveryv1.EndpointSlice, error) {
	key := types.NamespacedName{Namespace: namespace, Name: contract.SliceName(name, addressType)}
	slice := &discoveryv1.EndpointSlice{}
	err := r.cache.Get(ctx, key, slice)
	if err == nil {
		return slice, nil
	}
	unlabelled := foreignSlice()
	if apierrors.IsNotFound(err) {
		err = r.foreignSlices.Get(ctx, key, unlabelled)
	}
	if err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil, nil
		}
		return nil, fmt.Errorf("reading EndpointSlice %s: %w", key, err)
	}
	return &discoveryv1.EndpointSlice{ObjectMeta: unlabelled.ObjectMeta, AddressType: addressType}, nil
}

// findBeside finds the slices under other names that kube-proxy takes for the leader Service's, our label or not.
func (r *Reconciler) findBeside(ctx context.Context, set *sliceSet, namespace, name string, uid types.UID) error {
	var labelled discoveryv1.EndpointSliceList
	if err := r.lookUp(ctx, &labelled, namespace, indexServiceName, name); err != nil {
		return err
	}
	for i := range labelled.Items {
		if !isSliceNameOf(name, labelled.Items[i].Name) {
			set.beside = append(set.beside, labelled.Items[i].Name)
		}
	}
	var foreign metav1.PartialObjectMetadataList
	foreign.SetGroupVersionKind(discoveryv1.SchemeGroupVersion.WithKind("EndpointSliceList"))
	err := r.foreignSlices.List(ctx, &foreign, client.InNamespace(namespace), client.MatchingFields{indexServiceName: name})
	if err != nil {
		return fmt.Errorf("looking up the EndpointSlices of %s/%s: %w", namespace, name, err)
	}
	for i := range foreign.Items {
		slice := &foreign.Items[i]
		switch {
		case isSliceNameOf(name, slice.Name): // judged by sliceOf
		case leaderservice.SpilledByEdit(slice, uid):
			set.spilled = append(set.spilled, slice)
		default:
			set.beside = append(set.beside, slice.Name)
			set.mirrored = set.mirrored || leaderservice.MirroredByEdit(slice)
		}
	}
	return nil
}

// isSliceNameOf is whether a slice has one of the names that we give a leader Service's slices.
func isSliceNameOf(leaderService, slice string) bool {
	owner, named := contract.LeaderServiceOfSliceName(slice)
	return named && owner == leaderService
}
