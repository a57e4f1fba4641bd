package controllers

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// candidate is the Pod as the election wants it.
func candidate(source *corev1.Service, pod *corev1.Pod, selected bool, primary discoveryv1.AddressType) election.Pod {
	_, portsResolve := leaderservice.ResolvePorts(source, pod)
	ready, changedAt := readiness(pod)
	return election.Pod{
		Name:           pod.Name,
		UID:            pod.UID,
		CreatedAt:      pod.CreationTimestamp.Time,
		Revision:       revision(pod),
		Selected:       selected,
		Terminating:    pod.DeletionTimestamp != nil,
		Finished:       pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed,
		Running:        pod.Status.Phase == corev1.PodRunning,
		Ready:          ready,
		ReadyChangedAt: changedAt,
		HasAddress:     leaderservice.Address(pod, primary) != "",
		PortsResolve:   portsResolve,
	}
}

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
	wasReady, changedBefore := readiness(before)
	ready, changedAt := readiness(after)
	if before.UID != after.UID || ready != wasReady || !changedAt.Equal(changedBefore) {
		r.sightings.changed(after.UID, ready, changedAt, r.clock.Now())
	}
}

// revision is the group of Pods that the Pod was made with. A ReplicaSet is one revision of its Deployment; StatefulSets
// and DaemonSets mark each Pod with the hash of its ControllerRevision.
func revision(pod *corev1.Pod) election.Revision {
	var revision election.Revision
	if controller := metav1.GetControllerOfNoCopy(pod); controller != nil {
		revision.Controller = controller.UID
	}
	revision.Hash = pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if revision.Hash == "" {
		revision.Hash = pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	}
	return revision
}

// readiness is the Ready condition, and when it last changed.
func readiness(pod *corev1.Pod) (bool, time.Time) {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue, condition.LastTransitionTime.Time
		}
	}
	return false, time.Time{}
}
