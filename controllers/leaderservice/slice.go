package leaderservice

import (
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/endpointslice"
	endpointsliceutil "k8s.io/endpointslice/util"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// sliceLabelKeys are the labels of a slice that are ours.
var sliceLabelKeys = []string{discoveryv1.LabelServiceName, contract.LabelSliceManagedBy, contract.LabelSourceService}

// Route is what the slices of a leader Service are to say.
type Route struct {
	// Source is the opted-in Service.
	Source *corev1.Service
	// Service is the leader Service as it is in the API, with its UID.
	Service *corev1.Service
	// Leader is the Pod to route to; nil for nobody.
	Leader *corev1.Pod
	// Conditions are the endpoint's.
	Conditions election.Conditions
	// Record goes with it.
	Record Record
	// Trigger is when the change happened that led to this route; zero if unknown. kube-proxy reports the time from then
	// until the rules stand.
	Trigger time.Time
}

// AddressTypes are the address types that slices are needed for, the primary one first.
func AddressTypes(families []corev1.IPFamily) []discoveryv1.AddressType {
	types := make([]discoveryv1.AddressType, 0, len(families))
	for _, family := range families {
		types = append(types, discoveryv1.AddressType(family))
	}
	if len(types) == 0 {
		types = append(types, discoveryv1.AddressTypeIPv4) // API servers without dual stack leave the families empty
	}
	return types
}

// NewSlice is the leader Service's slice of an address type. It has at most one endpoint, and none if the leader has no
// address of that type.
func NewSlice(route Route, addressType discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: route.Service.Namespace,
			Name:      contract.SliceName(route.Service.Name, addressType),
			Labels: map[string]string{
				discoveryv1.LabelServiceName: route.Service.Name,
				contract.LabelSliceManagedBy: contract.ManagedBy,
				contract.LabelSourceService:  route.Source.Name,
			},
			Annotations:     route.Record.annotations(),
			OwnerReferences: []metav1.OwnerReference{controllerReference(route.Service)},
		},
		AddressType: addressType,
		Endpoints:   []discoveryv1.Endpoint{},
		Ports:       []discoveryv1.EndpointPort{},
	}
	if address := Address(route.Leader, addressType); address != "" {
		if ports, resolved := ResolvePorts(route.Source, route.Leader); resolved {
			slice.Endpoints = append(slice.Endpoints, endpoint(route, address))
			slice.Ports = ports
		}
	}
	slice.Annotations[contract.AnnotationApplied] = sliceDigest(slice, route.Record)
	if !route.Trigger.IsZero() {
		slice.Annotations[corev1.EndpointsLastChangeTriggerTime] = route.Trigger.UTC().Format(time.RFC3339Nano)
	}
	return slice
}

// endpoint is the leader's, with all three conditions set as the API asks for.
func endpoint(route Route, address string) discoveryv1.Endpoint {
	conditions := route.Conditions
	leader := discoveryv1.Endpoint{
		Addresses: []string{address},
		Conditions: discoveryv1.EndpointConditions{
			Ready: &conditions.Ready, Serving: &conditions.Serving, Terminating: &conditions.Terminating,
		},
		TargetRef: &corev1.ObjectReference{
			Kind: "Pod", Namespace: route.Leader.Namespace, Name: route.Leader.Name, UID: route.Leader.UID,
		},
	}
	if node := route.Leader.Spec.NodeName; node != "" {
		leader.NodeName = &node
	}
	return leader
}

// UpdatedSlice is the existing slice with our fields as they should be, and whether that differs from what is there.
// Labels and annotations that others have added are kept. The existing object is not changed.
func UpdatedSlice(existing *discoveryv1.EndpointSlice, route Route) (*discoveryv1.EndpointSlice, bool) {
	wanted := NewSlice(route, existing.AddressType)
	if sameSlice(existing, wanted) {
		return existing, false
	}
	wanted.ResourceVersion, wanted.UID = existing.ResourceVersion, existing.UID
	wanted.Labels = mergeLabels(existing.Labels, wanted.Labels)
	annotations := merge(existing.Annotations, wanted.Annotations)
	if route.Trigger.IsZero() {
		delete(annotations, corev1.EndpointsLastChangeTriggerTime) // it belongs to the change before
	}
	wanted.Annotations = annotations
	wanted.OwnerReferences = withController(existing.OwnerReferences, wanted.OwnerReferences[0])
	wanted.Finalizers = slices.Clone(existing.Finalizers)
	return wanted, true
}

// sameSlice is whether the existing slice says what the wanted one does.
func sameSlice(existing, wanted *discoveryv1.EndpointSlice) bool {
	return existing.Annotations[contract.AnnotationApplied] == wanted.Annotations[contract.AnnotationApplied] &&
		equality.Semantic.DeepEqual(ownedMetadataOf(existing, sliceLabelKeys), ownedMetadataOf(wanted, sliceLabelKeys)) &&
		equality.Semantic.DeepEqual(existing.Ports, wanted.Ports) &&
		slices.EqualFunc(existing.Endpoints, wanted.Endpoints, sameEndpoint)
}

// Misroutes is whether traffic goes elsewhere through the existing slice than it should. It leaves out whatever else may
// differ, so that two versions of the operator never fight over how a slice is written.
func Misroutes(existing *discoveryv1.EndpointSlice, route Route) bool {
	wanted := NewSlice(route, existing.AddressType)
	return existing.Labels[discoveryv1.LabelServiceName] != wanted.Labels[discoveryv1.LabelServiceName] ||
		!slices.EqualFunc(existing.Ports, wanted.Ports, samePort) ||
		!slices.EqualFunc(existing.Endpoints, wanted.Endpoints, sameTarget)
}

func samePort(a, b discoveryv1.EndpointPort) bool {
	return ptr.Equal(a.Name, b.Name) && ptr.Equal(a.Protocol, b.Protocol) && ptr.Equal(a.Port, b.Port)
}

func sameTarget(a, b discoveryv1.Endpoint) bool {
	return slices.Equal(a.Addresses, b.Addresses) && equality.Semantic.DeepEqual(a.Conditions, b.Conditions) &&
		(a.TargetRef == nil) == (b.TargetRef == nil) && (a.TargetRef == nil || a.TargetRef.UID == b.TargetRef.UID)
}

func sameEndpoint(a, b discoveryv1.Endpoint) bool {
	return slices.Equal(a.Addresses, b.Addresses) && endpointsliceutil.EndpointsEqualBeyondHash(&a, &b) &&
		a.Hostname == nil && b.Hostname == nil && a.Hints == nil && b.Hints == nil
}

// SliceEdited is whether somebody else has changed what is ours in the slice.
func SliceEdited(existing *discoveryv1.EndpointSlice) bool {
	return edited(existing, ownedSliceOf(existing))
}

// ownedSlice is what is ours in a slice: everything but foreign labels and annotations.
type ownedSlice struct {
	ownedMetadata
	Endpoints []discoveryv1.Endpoint
	Ports     []discoveryv1.EndpointPort
}

func ownedSliceOf(slice *discoveryv1.EndpointSlice) ownedSlice {
	owned := ownedSlice{
		ownedMetadata: ownedMetadataOf(slice, sliceLabelKeys),
		Endpoints:     slice.Endpoints,
		Ports:         slice.Ports,
	}
	if owned.Endpoints == nil {
		owned.Endpoints = []discoveryv1.Endpoint{}
	}
	if owned.Ports == nil {
		owned.Ports = []discoveryv1.EndpointPort{}
	}
	return owned
}

// ResolvePorts are the endpoint ports of the source on the Pod, and whether every one was found.
// Source of the rule: k8s.io/endpointslice.FindPort.
func ResolvePorts(source *corev1.Service, pod *corev1.Pod) ([]discoveryv1.EndpointPort, bool) {
	ports := make([]discoveryv1.EndpointPort, 0, len(source.Spec.Ports))
	for i := range source.Spec.Ports {
		port := &source.Spec.Ports[i]
		number, err := endpointslice.FindPort(pod, port)
		if err != nil {
			return nil, false
		}
		resolved := int32(number) //nolint:gosec // port numbers are validated by the API server: 1 to 65535
		name, protocol := port.Name, port.Protocol
		ports = append(ports, discoveryv1.EndpointPort{Name: &name, Protocol: &protocol, Port: &resolved, AppProtocol: clone(port.AppProtocol)})
	}
	return ports, true
}

// UnresolvedPorts are the names of the source's target ports that are not found on the Pod.
func UnresolvedPorts(source *corev1.Service, pod *corev1.Pod) []string {
	var unresolved []string
	for i := range source.Spec.Ports {
		port := &source.Spec.Ports[i]
		if _, err := endpointslice.FindPort(pod, port); err != nil {
			unresolved = append(unresolved, port.TargetPort.String())
		}
	}
	return unresolved
}

// Address is the Pod's address of a type in canonical form; empty if the Pod is nil, has finished or has none that the API
// accepts in an endpoint.
func Address(pod *corev1.Pod, addressType discoveryv1.AddressType) string {
	if pod == nil || !endpointsliceutil.ShouldPodBeInEndpoints(pod, true) {
		return ""
	}
	for _, podIP := range pod.Status.PodIPs {
		address, err := netip.ParseAddr(podIP.IP)
		if err != nil || !acceptable(address) {
			continue
		}
		address = address.Unmap()
		if address.Is4() == (addressType == discoveryv1.AddressTypeIPv4) {
			return address.String()
		}
	}
	return ""
}

// acceptable is whether the API accepts the address in an endpoint.
// Source: k8s.io/kubernetes/pkg/apis/core/validation.ValidateEndpointIP.
func acceptable(address netip.Addr) bool {
	return address.Zone() == "" && !address.IsUnspecified() && !address.IsLoopback() && !address.IsLinkLocalUnicast() && !address.IsLinkLocalMulticast()
}

// HasReadyEndpoint is whether the slice, which may be nil, routes to a Pod as ready.
func HasReadyEndpoint(slice *discoveryv1.EndpointSlice) bool {
	return slice != nil && len(slice.Endpoints) > 0 && ptr.Deref(slice.Endpoints[0].Conditions.Ready, true)
}

// WrittenRecord is the record of a slice as the operator wrote it; without an epoch if somebody has changed it since.
func WrittenRecord(slice *discoveryv1.EndpointSlice) Record {
	record, intact := intactRecord(slice)
	if !intact && !SliceEdited(slice) {
		return sliceRecord(slice) // of another version
	}
	return record
}

// EpochOf is the epoch that a slice says, whoever wrote it; 0 if it says none.
func EpochOf(slice *discoveryv1.EndpointSlice) int64 {
	return parseEpoch(slice.Annotations)
}

// RecordOf reads the leader's record from the primary slice, from what the API holds of the leader Service, or from both.
// The slice counts, for as long as its record stands as it was written: the copy comes later. Where somebody has changed that, has
// deleted the slice or put an older one in its place, the copy on the leader Service does. Either may be nil.
//
// The record is certain if the operator has written it as it is, for a leader Service of this count. A slice that belongs to another one has been
// put back from a backup: its record may be that of a count that has ended. sameCount is asked of the UID of a slice's owner that is not the leader
// Service; nil is no.
func RecordOf(primary *discoveryv1.EndpointSlice, service *corev1.Service, sameCount func(types.UID) bool) (record Record, certain bool) {
	var copied Record
	if service != nil {
		copied = parseRecord(service.Annotations, true)
	}
	if primary == nil {
		if service == nil || copied.Epoch == 0 || ServiceEdited(service) {
			return plausible(copied), false // it is all there is
		}
		return copied, true
	}
	record, written := recordOfSlice(primary)
	certain = written && service != nil && isOwnedBy(primary, service.UID, sameCount)
	if copied.Epoch == 0 || certain && record.Epoch >= copied.Epoch {
		return record, certain // as nearly always: digests cost more than all the rest
	}
	another := record.LeaderUID != copied.LeaderUID && copied.LeaderUID != ""
	older := record.Epoch < copied.Epoch || record.Epoch == copied.Epoch && another && !certain
	if (older || !written && !bare(primary)) && !ServiceEdited(service) {
		return copied, true
	}
	return record, certain
}

// recordOfSlice is the record of a slice, and whether it stands as it was written.
func recordOfSlice(slice *discoveryv1.EndpointSlice) (Record, bool) {
	found := sliceRecord(slice)
	if !SliceEdited(slice) {
		return found, true
	}
	if written, intact := intactRecord(slice); intact {
		return written, true
	}
	if found.LeaderUID != "" {
		found.Published, found.NotReady = true, false // the annotations are the best there is
	}
	return plausible(found), false
}

// sliceRecord is what a slice says.
func sliceRecord(slice *discoveryv1.EndpointSlice) Record {
	record := parseRecord(slice.Annotations, len(slice.Endpoints) > 0)
	record.NotReady = record.Published && !ptr.Deref(slice.Endpoints[0].Conditions.Ready, true)
	return record
}

// bare is whether a slice has no fingerprint that could tell whether its record was changed: it may have lost it alone.
func bare(slice *discoveryv1.EndpointSlice) bool {
	return slice.Annotations[contract.AnnotationApplied] == ""
}

// isOwnedBy is whether a slice was made for this leader Service, or for another one of which that is true.
func isOwnedBy(slice *discoveryv1.EndpointSlice, service types.UID, orFor func(types.UID) bool) bool {
	controller := metav1.GetControllerOfNoCopy(slice)
	return controller != nil && (controller.UID == service || orFor != nil && orFor(controller.UID))
}
