package checker

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Of the contract and of Kubernetes.
const (
	epochKey  = "zen-lead.io/leader-epoch"
	ofService = "kubernetes.io/service-name"
	suffix    = "-leader"
)

// spoiledNetworks are where slices send the traffic that somebody else has edited: addresses that no Pod has (RFC 5737, RFC 3849).
var spoiledNetworks = []string{"192.0.2.", "2001:db8:"}

// version is one that an object had.
type version struct {
	Version
	pod   *podVersion
	slice *sliceVersion
}

// podVersion is what of a Pod decides whether it may lead.
type podVersion struct {
	namespace, name, uid string
	labels               map[string]string
	ineligible           string // why, or empty
	addresses            []string
}

// sliceVersion is what a leader Service's slice said.
type sliceVersion struct {
	namespace, name, service string
	addressType              discoveryv1.AddressType
	epoch                    int64
	endpoints                []endpoint
}

// spoiled is whether somebody else than the operator wrote it.
func (v *sliceVersion) spoiled() bool {
	return slices.ContainsFunc(v.endpoints, func(e endpoint) bool {
		return slices.ContainsFunc(spoiledNetworks, func(network string) bool { return strings.HasPrefix(e.address, network) })
	})
}

type endpoint struct {
	pod, uid, address string
	ready             bool
}

// newPodVersion judges a Pod by the rules of contract 3, for a Service with numeric target ports and without durations.
func newPodVersion(pod *corev1.Pod) *podVersion {
	v := &podVersion{namespace: pod.Namespace, name: pod.Name, uid: string(pod.UID), labels: pod.Labels}
	for _, address := range pod.Status.PodIPs {
		v.addresses = append(v.addresses, address.IP)
	}
	ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	switch {
	case pod.DeletionTimestamp != nil:
		v.ineligible = "terminating"
	case pod.Status.Phase != corev1.PodRunning:
		v.ineligible = "not running"
	case !ready:
		v.ineligible = "not ready"
	case len(v.addresses) == 0:
		v.ineligible = "without address"
	}
	return v
}

func newSliceVersion(slice *discoveryv1.EndpointSlice) *sliceVersion {
	v := &sliceVersion{namespace: slice.Namespace, name: slice.Name, service: slice.Labels[ofService], addressType: slice.AddressType}
	v.epoch, _ = strconv.ParseInt(slice.Annotations[epochKey], 10, 64)
	for _, e := range slice.Endpoints {
		found := endpoint{ready: e.Conditions.Ready == nil || *e.Conditions.Ready}
		if e.TargetRef != nil {
			found.pod, found.uid = e.TargetRef.Name, string(e.TargetRef.UID)
		}
		if len(e.Addresses) > 0 {
			found.address = e.Addresses[0]
		}
		v.endpoints = append(v.endpoints, found)
	}
	return v
}

// tell says in few words what a version of a slice was.
func (v version) tell() string {
	if v.Deleted {
		return fmt.Sprintf("%d gone", v.Revision)
	}
	said := fmt.Sprintf("%d epoch %d", v.Revision, v.slice.epoch)
	for _, e := range v.slice.endpoints {
		said += fmt.Sprintf(" %s/%.4s", e.pod, e.uid)
		if !e.ready {
			said += " not ready"
		}
	}
	switch {
	case v.slice.spoiled():
		said += " (edited)"
	case v.Listed:
		said += " (listed)"
	}
	return said
}

// inOrder sorts versions by when they were written. All kinds are in one etcd, which counts revisions across them.
func inOrder(versions []version) {
	slices.SortStableFunc(versions, func(a, b version) int {
		return cmp.Or(cmp.Compare(a.Era, b.Era), cmp.Compare(a.Revision, b.Revision))
	})
}

func (e endpoint) String() string {
	return fmt.Sprintf("%s (%s)", e.pod, e.uid)
}
