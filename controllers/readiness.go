package controllers

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// seenAt is when this replica saw the Pod's readiness change, where the policy has durations that begin then. A standby is
// cautious: what it did not see happen, it counts from when it first looked, and so decides no sooner than the acting replica.
func (r *Reconciler) seenAt(seen *observation, pod election.Pod) time.Time {
	if seen.policy.MinReadyDuration == 0 && seen.policy.FailoverMinDelay == 0 {
		return time.Time{}
	}
	return r.sightings.at(pod.UID, pod.Ready, pod.ReadyChangedAt, r.clock.Now(), seen.cautious)
}

// noteReadiness notes when the readiness of a Pod is seen to change.
func (r *Reconciler) noteReadiness(before, after *corev1.Pod) {
	if before.UID != after.UID {
		r.sightings.forget(before.UID)
	}
	wasReady, changedBefore := leaderservice.Readiness(before)
	ready, changedAt := leaderservice.Readiness(after)
	if before.UID != after.UID || ready != wasReady || !changedAt.Equal(changedBefore) {
		r.sightings.changed(after.UID, ready, changedAt, r.clock.Now())
	}
}
