package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// heartbeatCheck is how often a standby asks itself whether the acting replica has ended, while it waits for that.
const heartbeatCheck = 2 * time.Second

// judgeMissing is judge where there is no leader Service that traffic could go through. One that there has been, and that somebody has deleted, is
// made again after the delay: with it went its slices, so nothing is routed; and this replica may be the only one left that knows how
// far its epoch had come. One that may not have seen how far waits until the acting replica has ended, which knew better. Any
// other has to wait for the Lease.
func (t *takeover) judgeMissing(ctx context.Context, seen *observation) (time.Duration, error) {
	if len(seen.leaderServices) > 0 || seen.policy.LeaderServiceName == "" || !t.counts.remembers(seen.key) {
		t.leave(seen.key)
		return 0, nil
	}
	now := t.clock.Now()
	since := t.wrong.since(seen.key, leaderTerm{}, now)
	if !t.wrong.confirm(seen.key, leaderTerm{}, now) {
		return t.delay, nil // that its slice was wrong is another matter
	}
	if !t.counts.isComplete(seen.key, seen.progress.slices) {
		// The acting replica may have gone on from what is remembered. That the slice is gone will tell, or has to wait.
		if ended, err := t.actingHasEnded(ctx); err != nil || !ended {
			return heartbeatCheck, err
		}
	}
	if left := since.Add(t.delay).Sub(now); left > 0 {
		return left, nil
	}
	err := inTurn(t.routing, func() error { return t.makeAgain(ctx, seen, since) })
	switch {
	case errors.Is(err, errNameTaken): // the acting replica tells of it
		t.leave(seen.key)
		return 0, nil
	case err != nil:
		return 0, err
	}
	// The suspicion stays: the watch brings the new Service, and its slices are next, without another delay.
	return maxStaleRetries * staleRetry, nil
}

// actingHasEnded looks at the Lease now: the election looks at it less often.
func (t *takeover) actingHasEnded(ctx context.Context) (bool, error) {
	lease, asked := &coordinationv1.Lease{}, t.clock.Now()
	err := t.live.Get(ctx, types.NamespacedName{Namespace: t.leaseNamespace, Name: Name}, lease)
	if err != nil {
		return false, fmt.Errorf("reading the Lease of the replicas: %w", err)
	}
	t.heartbeat.note(lease.ResourceVersion, asked)
	return t.heartbeat.isOver(), nil
}

// makeAgain makes the leader Service again, with the record that is remembered, if the API server itself says that it is missing.
func (t *takeover) makeAgain(ctx context.Context, cached *observation, since time.Time) error {
	seen := &observation{key: cached.key, reader: t.live, cautious: true, attested: t.attested}
	source := &corev1.Service{}
	if err := t.readFresh(ctx, "Service", seen.key, source); err != nil {
		return err
	}
	seen.read(source)
	name := cached.policy.LeaderServiceName
	if !seen.routable() || source.UID != cached.source.UID || seen.policy.LeaderServiceName != name {
		return errStale
	}
	existing := &corev1.Service{}
	switch err := t.live.Get(ctx, types.NamespacedName{Namespace: seen.key.Namespace, Name: name}, existing); {
	case err == nil && seen.ownership(existing) == leaderservice.Foreign:
		return errNameTaken
	case err == nil:
		return errStale // somebody was faster, and the watch is about to tell
	case !apierrors.IsNotFound(err):
		return fmt.Errorf("reading Service %s/%s: %w", seen.key.Namespace, name, err)
	}
	service, err := t.newService(ctx, seen, name, newSliceSet())
	if err != nil {
		return err
	}
	created, err := t.createService(ctx, seen, service)
	if err != nil {
		return err
	}
	t.metrics.Takeover(seen.key)
	logf.FromContext(ctx).Info("Made a leader Service again that somebody has deleted, in place of the acting replica",
		"service", seen.key, "leaderService", name, "after", t.clock.Now().Sub(since))
	if t.writes.takeVanished(seen.key, kindName("Service", name), seen.source.UID) {
		t.reportReverted(seen, edit{object: created, deleted: true})
	}
	return nil
}
