package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// contested is whether this replica would overrule, by its caches alone, what another replica has written to the slice since this
// one last had to do with it. One of the two has caches that are behind.
func (r *Reconciler) contested(p *pass) bool {
	slice := p.slices.primary(wantedAddressTypes(p.leaderService, p.seen.source)[0])
	if slice == nil || !r.writes.writtenByAnother(slice) {
		return false
	}
	if leaderservice.SliceEdited(slice) || leaderservice.Misroutes(slice, p.route) {
		return true
	}
	r.writes.agreed(slice)
	return false
}

// electFresh elects again, by what the API server itself says. It returns errStale if what the caches show is no longer there.
func (r *Reconciler) electFresh(ctx context.Context, cached *pass) (*pass, error) {
	seen := &observation{key: cached.seen.key, reader: r.live, conflict: cached.seen.conflict}
	source := &corev1.Service{}
	if err := r.readFresh(ctx, "Service", seen.key, source); err != nil {
		return nil, err
	}
	leaderService := &corev1.Service{}
	if err := r.readFresh(ctx, "Service", client.ObjectKeyFromObject(cached.leaderService), leaderService); err != nil {
		return nil, err
	}
	seen.read(source)
	seen.leaderServices = []*corev1.Service{leaderService}
	if !seen.routable() || seen.standing() == nil {
		return nil, errStale
	}
	if err := r.readPodsAndLease(ctx, seen); err != nil {
		return nil, err
	}
	set, err := r.freshSlices(ctx, seen, leaderService)
	if err != nil {
		return nil, err
	}
	return r.elect(ctx, seen, leaderService, set)
}

func (r *Reconciler) readPodsAndLease(ctx context.Context, seen *observation) error {
	var list corev1.PodList
	if err := r.live.List(ctx, &list, client.InNamespace(seen.key.Namespace), client.MatchingLabels(seen.source.Spec.Selector)); err != nil {
		return fmt.Errorf("listing the Pods of %s: %w", seen.key, err)
	}
	for i := range list.Items {
		seen.pods = append(seen.pods, &list.Items[i])
	}
	var err error
	seen.lease, err = leaseOf(ctx, r.live, seen.key.Namespace, seen.policy.FollowLease)
	if seen.lease != nil {
		r.leases.observe(seen.lease, r.clock.Now())
	}
	return err
}

// freshSlices reads the leader Service's slices of the families that it has and of those it is about to get.
func (r *Reconciler) freshSlices(ctx context.Context, seen *observation, leaderService *corev1.Service) (*sliceSet, error) {
	set := newSliceSet()
	for _, addressType := range wantedAddressTypes(leaderService, seen.source) {
		key := types.NamespacedName{Namespace: seen.key.Namespace, Name: contract.SliceName(leaderService.Name, addressType)}
		slice := &discoveryv1.EndpointSlice{}
		err := r.live.Get(ctx, key, slice)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return nil, fmt.Errorf("reading EndpointSlice %s: %w", key, err)
		default:
			set.add(addressType, slice, leaderService.Name, leaderService.UID, seen.key.Name)
		}
	}
	return set, nil
}

// readFresh reads an object from the API server; that it is gone makes the caches stale.
func (r *Reconciler) readFresh(ctx context.Context, kind string, key types.NamespacedName, object client.Object) error {
	err := r.live.Get(ctx, key, object)
	if apierrors.IsNotFound(err) {
		return errStale
	}
	if err != nil {
		return fmt.Errorf("reading %s %s: %w", kind, key, err)
	}
	return nil
}
