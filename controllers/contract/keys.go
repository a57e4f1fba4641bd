package contract

import (
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// Prefix is the prefix of every annotation and label that belongs to zen-lead.
const Prefix = "zen-lead.io/"

// Annotations that users set on a Service to opt in and to configure its leader Service.
const (
	// AnnotationEnabled opts a Service in: "true" or "false".
	AnnotationEnabled = Prefix + "enabled"
	// AnnotationLeaderServiceName names the leader Service: an RFC 1035 label.
	AnnotationLeaderServiceName = Prefix + "leader-service-name"
	// AnnotationSticky keeps a leader for as long as it is eligible: "true" or "false".
	AnnotationSticky = Prefix + "sticky"
	// AnnotationMinReadyDuration is how long a Pod must have been Ready to become a candidate: a Go duration.
	AnnotationMinReadyDuration = Prefix + "min-ready-duration"
	// AnnotationFailoverMinDelay is how long a leader that is merely not Ready keeps the endpoint: a Go duration.
	AnnotationFailoverMinDelay = Prefix + "failover-min-delay"
	// AnnotationStrategy is the election order: a Strategy.
	AnnotationStrategy = Prefix + "strategy"
	// AnnotationPreferredLeader names the Pod that leads whenever it is eligible.
	AnnotationPreferredLeader = Prefix + "preferred-leader"
	// AnnotationPaused keeps the leader for as long as it exists: "true" or "false".
	AnnotationPaused = Prefix + "paused"
	// AnnotationFollowLease names the Lease whose holder leads.
	AnnotationFollowLease = Prefix + "follow-lease"
)

// Annotations that the operator writes: the leader's record, on every EndpointSlice and, for people, on the leader Service.
const (
	// AnnotationLeaderPodName is the leader's Pod name. On a slice without endpoint it is the last leader's.
	AnnotationLeaderPodName = Prefix + "leader-pod-name"
	// AnnotationLeaderPodUID is the leader's Pod UID. On a slice without endpoint it is the last leader's.
	AnnotationLeaderPodUID = Prefix + "leader-pod-uid"
	// AnnotationLeaderLastSwitchTime is when the leader last changed or was lost: RFC 3339 with microseconds, UTC.
	AnnotationLeaderLastSwitchTime = Prefix + "leader-last-switch-time"
	// AnnotationLeaderEpoch counts the changes of leader; it grows by one at each and never goes back.
	AnnotationLeaderEpoch = Prefix + "leader-epoch"
	// AnnotationLeaderReason is the Reason of the last change.
	AnnotationLeaderReason = Prefix + "leader-reason"
	// AnnotationApplied is the digest of what the operator wrote last, which tells an edit by someone else from a change of
	// what the operator itself wants. Its format is private and versioned.
	AnnotationApplied = Prefix + "applied"
)

// Labels of the objects that the operator makes.
const (
	// LabelSourceService is the Service that the object was made for.
	LabelSourceService = Prefix + "source-service"
	// LabelManagedBy is Kubernetes' recommended label for the tool that manages an object.
	// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// LabelSliceManagedBy says which controller manages an EndpointSlice.
	LabelSliceManagedBy = discoveryv1.LabelManagedBy
	// LabelSkipMirror keeps Kubernetes' EndpointSliceMirroring controller from turning an Endpoints object of the leader
	// Service into slices beside ours. The built-in Endpoints controller copies it from the Service when somebody adds a
	// selector, and leaves its Endpoints behind when the selector is taken away again.
	LabelSkipMirror = discoveryv1.LabelSkipMirror
	// ManagedBy is the value of both managed-by labels.
	ManagedBy = "zen-lead"
)

// DefaultLeaderServiceSuffix is appended to a Service's name where no leader Service name is set.
const DefaultLeaderServiceSuffix = "-leader"

// SliceName is the name of the leader Service's EndpointSlice of one address type: IPv4 or IPv6.
func SliceName(leaderServiceName string, addressType discoveryv1.AddressType) string {
	return leaderServiceName + "-" + strings.ToLower(string(addressType))
}

// LeaderServiceOfSliceName is the leader Service's name that a slice of this name would belong to; false where the name
// cannot be a slice's of ours.
func LeaderServiceOfSliceName(sliceName string) (string, bool) {
	for _, addressType := range []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6} {
		if name, found := strings.CutSuffix(sliceName, SliceName("", addressType)); found {
			return name, true
		}
	}
	return "", false
}
