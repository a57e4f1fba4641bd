package controllers

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// trusted is whether the caches are no further behind than whoever wrote the primary slice: this replica wrote it by them, or the
// watches had come past that write before the caches were read. Where there has been a slice and is none, nothing tells what another
// replica may have written to it.
func (r *Reconciler) trusted(p *pass) bool {
	slice := p.primary()
	if slice == nil {
		return p.before.Epoch == 0
	}
	return r.writes.ours(slice) || p.seen.progress.isPast(slice.ResourceVersion, p.seen.policy.FollowLease != "")
}

// contested is whether this replica would overrule a slice by caches that may be behind what whoever wrote it knew.
func (r *Reconciler) contested(p *pass) bool {
	slice := p.primary()
	if slice == nil {
		return !p.trusted
	}
	return !p.trusted && !r.writes.stale(slice) && (leaderservice.EpochOf(slice) != p.before.Epoch || !metav1.IsControlledBy(slice, p.leaderService) ||
		leaderservice.SliceEdited(slice) || leaderservice.Misroutes(slice, p.route))
}

// primary is the slice that holds the record; nil if there is none.
func (p *pass) primary() *discoveryv1.EndpointSlice {
	return p.slices.primary(wantedAddressTypes(p.leaderService, p.seen.source)[0])
}

// electFresh elects again, by what the API server itself says. It returns errStale if what the caches show is no longer there.
// The slices are read first: that they have not changed when they are written then says that nobody has decided since by anything
// newer than what is read here.
func (r *Reconciler) electFresh(ctx context.Context, cached *pass) (*pass, error) {
	seen := &observation{key: cached.seen.key, reader: r.live, cautious: cached.seen.cautious, conflict: cached.seen.conflict}
	families := wantedAddressTypes(cached.leaderService, cached.seen.source)
	set, err := r.freshSlices(ctx, seen.key, cached.leaderService, families)
	if err != nil {
		return nil, err
	}
	seen.attested = set.attested
	set.beside, set.mirrored, set.spilled = cached.slices.beside, cached.slices.mirrored, cached.slices.spilled // who leads does not depend on them
	source, leaderService := &corev1.Service{}, &corev1.Service{}
	if err := r.readFresh(ctx, "Service", seen.key, source); err != nil {
		return nil, err
	}
	if err := r.readFresh(ctx, "Service", client.ObjectKeyFromObject(cached.leaderService), leaderService); err != nil {
		return nil, err
	}
	seen.read(source)
	seen.leaderServices = []*corev1.Service{leaderService}
	if !seen.routable() || seen.ownership(leaderService) != leaderservice.Ours || seen.cautious && seen.standing() == nil ||
		leaderService.UID != cached.leaderService.UID || !slices.Equal(wantedAddressTypes(leaderService, source), families) {
		return nil, errStale
	}
	if err := r.readPodsAndLease(ctx, seen); err != nil {
		return nil, err
	}
	p, err := r.elect(ctx, seen, leaderService, set)
	if err == nil && p.before.Epoch < cached.before.Epoch {
		return nil, errStale // somebody has taken the slice with its record away; the watch is about to tell
	}
	return p, err
}

func (r *Reconciler) readPodsAndLease(ctx context.Context, seen *observation) error {
	var err error
	if seen.pods, err = r.freshPods.matching(ctx, seen.key.Namespace, seen.source.Spec.Selector); err != nil {
		return err
	}
	seen.lease, err = leaseOf(ctx, r.live, seen.key.Namespace, seen.policy.FollowLease)
	if seen.lease != nil {
		r.leases.observeFresh(seen.lease, r.clock.Now())
	}
	return err
}

// freshSlices reads the leader Service's slices of these families.
func (r *Reconciler) freshSlices(ctx context.Context, source types.NamespacedName, leaderService *corev1.Service,
	families []discoveryv1.AddressType) (*sliceSet, error) {
	set := newSliceSet()
	for _, addressType := range families {
		key := types.NamespacedName{Namespace: source.Namespace, Name: contract.SliceName(leaderService.Name, addressType)}
		slice := &discoveryv1.EndpointSlice{}
		err := r.live.Get(ctx, key, slice)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return nil, fmt.Errorf("reading EndpointSlice %s: %w", key, err)
		default:
			slice.ManagedFields = foreignManagers(slice.ManagedFields)
			set.add(addressType, slice, leaderService.Name, leaderService.UID, source.Name)
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
