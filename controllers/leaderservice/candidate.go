package leaderservice

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/election"
)

// Candidate is the Pod as the election wants it, but for when its readiness was seen to change. selected is whether the Service's selector
// matches it; primary is the address type of the leader Service's first family.
func Candidate(source *corev1.Service, pod *corev1.Pod, selected bool, primary discoveryv1.AddressType) election.Pod {
	_, portsResolve := ResolvePorts(source, pod)
	ready, changedAt := Readiness(pod)
	return election.Pod{
		Name:           pod.Name,
		UID:            pod.UID,
		CreatedAt:      pod.CreationTimestamp.Time,
		Revision:       RevisionOf(pod),
		Selected:       selected,
		Terminating:    pod.DeletionTimestamp != nil,
		Finished:       pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed,
		Running:        pod.Status.Phase == corev1.PodRunning,
		Ready:          ready,
		ReadyChangedAt: changedAt,
		HasAddress:     Address(pod, primary) != "",
		PortsResolve:   portsResolve,
	}
}

// RevisionOf is the group of Pods that the Pod was made with. A ReplicaSet is one revision of its Deployment; StatefulSets
// and DaemonSets mark each Pod with the hash of its ControllerRevision.
func RevisionOf(pod *corev1.Pod) election.Revision {
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

// Readiness is the Ready condition, and when it last changed.
func Readiness(pod *corev1.Pod) (bool, time.Time) {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue, condition.LastTransitionTime.Time
		}
	}
	return false, time.Time{}
}
