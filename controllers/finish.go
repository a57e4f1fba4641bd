package controllers

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// finish does what can wait until the traffic has been moved: the leader Service's own fields and its status for people,
// slices that a reverted edit has left, leader Services under former names.
func (r *Reconciler) finish(ctx context.Context, p *pass) error {
	existing := p.leaderService
	if r.writes.stale(existing) {
		return errStale
	}
	updated, differs := leaderservice.UpdatedService(existing, p.seen.source, p.after, p.slices.mirrored)
	if differs {
		if err := r.update(ctx, "Service", updated); err != nil {
			return err
		}
		putBack := updated.ResourceVersion != existing.ResourceVersion // else an admission policy has kept it as it was
		if putBack && leaderservice.ServiceEdited(existing) {
			r.reportReverted(p.seen, edit{object: updated})
		}
	}
	if len(existing.Spec.Selector) == 0 {
		for _, slice := range p.slices.spilled {
			if err := r.remove(ctx, "EndpointSlice", slice); err != nil {
				return err
			}
		}
	}
	if p.leaderService.Name != p.seen.policy.LeaderServiceName {
		return nil
	}
	return r.retire(ctx, p.seen, slices.DeleteFunc(slices.Clone(p.seen.leaderServices), func(service *corev1.Service) bool {
		return service.Name == p.leaderService.Name
	}))
}

// retire deletes leader Services and their slices. That of a source that is gone, or gone and made again, is a leftover.
func (r *Reconciler) retire(ctx context.Context, seen *observation, leaderServices []*corev1.Service) error {
	for _, service := range leaderServices {
		set, err := r.slicesOf(ctx, seen.key, service.Name, service.UID)
		if err != nil {
			return err
		}
		for _, slice := range set.ours { // before the Service: afterwards the garbage collector deletes them too
			if err := r.remove(ctx, "EndpointSlice", slice); err != nil {
				return err
			}
		}
		if service.DeletionTimestamp == nil {
			if err := r.remove(ctx, "Service", service); err != nil {
				return err
			}
			r.reportRetired(seen, service.Name)
		}
	}
	if !seen.routable() {
		r.forget(seen)
	}
	return nil
}

// forget drops everything that is remembered of a source that is not routed.
func (r *Reconciler) forget(seen *observation) {
	if seen.source != nil {
		r.tellRoutes(seen.key)
	}
	r.untold.take(seen.key)
	r.drop(seen.key)
}
