package leaderservice

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// serviceLabelKeys are the labels of a leader Service that are ours.
var serviceLabelKeys = []string{contract.LabelManagedBy, contract.LabelSourceService, contract.LabelSkipMirror}

// NewService is the leader Service of that name for the source. It takes the ports and the IP families over and nothing
// else: a copied label or annotation would make ServiceMonitors, external-dns, load-balancer controllers and GitOps tools
// act twice.
func NewService(source *corev1.Service, name string) *corev1.Service {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: source.Namespace,
			Name:      name,
			Labels: map[string]string{
				contract.LabelManagedBy:     contract.ManagedBy,
				contract.LabelSourceService: source.Name,
				contract.LabelSkipMirror:    "true",
			},
			OwnerReferences: []metav1.OwnerReference{controllerReference(source)},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP,
			// With one endpoint there is nothing to be sticky between, and a stale affinity would delay a failover.
			SessionAffinity: corev1.ServiceAffinityNone,
			Ports:           servicePorts(source.Spec.Ports),
			IPFamilies:      slices.Clone(source.Spec.IPFamilies),
			IPFamilyPolicy:  clone(source.Spec.IPFamilyPolicy),
		},
	}
	service.Annotations = map[string]string{contract.AnnotationApplied: digest(ownedServiceOf(service))}
	return service
}

func servicePorts(source []corev1.ServicePort) []corev1.ServicePort {
	ports := make([]corev1.ServicePort, 0, len(source))
	for _, port := range source {
		ports = append(ports, corev1.ServicePort{
			Name: port.Name, Protocol: port.Protocol, AppProtocol: clone(port.AppProtocol), Port: port.Port, TargetPort: port.TargetPort,
		})
	}
	return ports
}

// clone copies what a pointer of a cached object points to: a client decodes its answer into the object it was given.
func clone[T any](value *T) *T {
	if value == nil {
		return nil
	}
	copied := *value
	return &copied
}

// selectsNobody is the label of a selector that matches no Pod.
const selectsNobody = contract.Prefix + "selects-nobody"

// UpdatedService is the existing leader Service with our fields as they should be, and whether that differs from what is
// there. What others have added is kept. The existing object is not changed.
//
// It has no selector but for as long as slices of it are mirrored from Endpoints that a selector of somebody else has left (MirroredByEdit): the built-in
// controller, which does not look after Endpoints without a selector, empties them if there is one that matches nobody, and gives them the label that keeps
// them from being mirrored.
func UpdatedService(existing, source *corev1.Service, record Record, mirrored bool) (*corev1.Service, bool) {
	wanted := NewService(source, existing.Name)
	if mirrored {
		wanted.Spec.Selector = map[string]string{selectsNobody: string(existing.UID)}
	}
	wanted.Annotations = record.statusAnnotations()
	applied := digest(ownedServiceOf(wanted))
	if existing.Annotations[contract.AnnotationApplied] == applied && !ServiceEdited(existing) {
		return existing, false
	}
	updated := existing.DeepCopy()
	updated.Labels = mergeLabels(existing.Labels, wanted.Labels)
	wanted.Annotations[contract.AnnotationApplied] = applied
	updated.Annotations = merge(existing.Annotations, wanted.Annotations)
	updated.OwnerReferences = withController(existing.OwnerReferences, wanted.OwnerReferences[0])
	if updated.Spec.Type != wanted.Spec.Type {
		dropTypeFields(&updated.Spec)
	}
	updated.Spec.Type = wanted.Spec.Type
	updated.Spec.Selector = wanted.Spec.Selector
	updated.Spec.ExternalName = ""
	updated.Spec.SessionAffinity = wanted.Spec.SessionAffinity
	updated.Spec.SessionAffinityConfig = nil
	updated.Spec.PublishNotReadyAddresses = false
	updated.Spec.Ports = wanted.Spec.Ports
	setFamilies(updated, wanted)
	return updated, true
}

// dropTypeFields drops what the API refuses on a Service of type ClusterIP.
func dropTypeFields(spec *corev1.ServiceSpec) {
	spec.LoadBalancerSourceRanges, spec.LoadBalancerClass, spec.AllocateLoadBalancerNodePorts = nil, nil, nil
	spec.LoadBalancerIP, spec.ExternalTrafficPolicy, spec.HealthCheckNodePort = "", "", 0
}

// setFamilies takes the wanted families over and drops the cluster IP of a family that goes.
func setFamilies(updated, wanted *corev1.Service) {
	if !familiesDiffer(updated, wanted) {
		return
	}
	updated.Spec.IPFamilies = wanted.Spec.IPFamilies
	updated.Spec.IPFamilyPolicy = wanted.Spec.IPFamilyPolicy
	if keep := len(wanted.Spec.IPFamilies); keep > 0 && len(updated.Spec.ClusterIPs) > keep {
		updated.Spec.ClusterIPs = updated.Spec.ClusterIPs[:keep]
	}
}

func familiesDiffer(a, b *corev1.Service) bool {
	return !equality.Semantic.DeepEqual(ownedServiceOf(a).families, ownedServiceOf(b).families)
}

func mergeLabels(existing, ours map[string]string) map[string]string {
	merged := maps.Clone(existing)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, ours)
	return merged
}

// NeedsReplacement is whether the leader Service cannot be turned into the wanted one by an update: the primary IP family
// and a virtual IP of None are fixed for a Service's life.
func NeedsReplacement(existing, source *corev1.Service) bool {
	return existing.Spec.ClusterIP == corev1.ClusterIPNone ||
		(len(existing.Spec.IPFamilies) > 0 && len(source.Spec.IPFamilies) > 0 &&
			existing.Spec.IPFamilies[0] != source.Spec.IPFamilies[0])
}

// ServiceEdited is whether somebody else has changed what is ours in the leader Service.
func ServiceEdited(existing *corev1.Service) bool {
	return edited(existing, ownedServiceOf(existing))
}

// ownedService is what is ours in a leader Service.
type ownedService struct {
	ownedMetadata
	Type                     corev1.ServiceType
	Selector                 map[string]string
	SessionAffinity          corev1.ServiceAffinity
	PublishNotReadyAddresses bool
	Ports                    []corev1.ServicePort
	families
}

// families is what is ours in the choice of IP families.
type families struct {
	IPFamilyPolicy *corev1.IPFamilyPolicy
	IPFamilies     []corev1.IPFamily
}

func ownedServiceOf(service *corev1.Service) ownedService {
	owned := ownedService{
		ownedMetadata:            ownedMetadataOf(service, serviceLabelKeys),
		Type:                     service.Spec.Type,
		Selector:                 service.Spec.Selector,
		SessionAffinity:          service.Spec.SessionAffinity,
		PublishNotReadyAddresses: service.Spec.PublishNotReadyAddresses,
		Ports:                    servicePorts(service.Spec.Ports), // a node port is not ours
		families:                 families{IPFamilyPolicy: service.Spec.IPFamilyPolicy, IPFamilies: service.Spec.IPFamilies},
	}
	// With PreferDualStack the API server adds the second family by itself where the cluster has one: only the first is
	// the wish, and a source from before the cluster had two families names only one.
	if owned.IPFamilyPolicy != nil && *owned.IPFamilyPolicy == corev1.IPFamilyPolicyPreferDualStack && len(owned.IPFamilies) > 1 {
		owned.IPFamilies = owned.IPFamilies[:1]
	}
	return owned
}

// UnsupportedReason says why a Service cannot have a leader Service; empty if it can.
func UnsupportedReason(source *corev1.Service) string {
	switch {
	case source.Spec.Type == corev1.ServiceTypeExternalName:
		return "a Service of type ExternalName has no Pods to route to"
	case len(source.Spec.Selector) == 0:
		return "a Service without a selector has no Pods to choose from"
	case len(source.Spec.Ports) == 0:
		return "a Service without ports cannot have a leader Service: a virtual IP needs at least one"
	}
	return ""
}
