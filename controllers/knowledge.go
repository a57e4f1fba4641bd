package controllers

import (
	"context"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// isBehind is whether another replica may know better than this one how far the epoch of a leader Service had come that somebody has deleted. fresh are
// its slices as the API server has them.
func (r *Reconciler) isBehind(ctx context.Context, seen *observation, name string, fresh *sliceSet) (bool, error) {
	primary := leaderservice.AddressTypes(seen.source.Spec.IPFamilies)[0]
	if fresh.primary(primary) != nil || fresh.taken[primary] {
		return false, nil
	}
	cached, err := r.sliceOf(ctx, seen.key.Namespace, name, primary)
	return cached != nil || r.leavesToOthers(seen), err // its watch has yet to bring how it went on
}

// leavesToOthers is whether a slice that is gone is left for another replica to make first, because this one may have missed what was written to it
// last: its watch had expired. A standby that has seen it all does so after its takeover delay. One that has not waits twice as long as a
// replica that acts and has not.
func (r *Reconciler) leavesToOthers(seen *observation) bool {
	missed := r.counts.missedAt(seen.key)
	if missed.IsZero() {
		return false
	}
	patience := r.patience
	if seen.cautious {
		patience *= 2
	}
	return r.clock.Now().Sub(missed) < patience
}
