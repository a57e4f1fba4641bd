package controllers

import (
	"maps"
	"runtime"
	"strings"
	"sync"
	"weak"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// The functions of this file cut objects down, on their way into the cache, to what the contract reads. They are called
// once for each object, before anybody else sees it, and may therefore change it.

// strippedMetadata keeps what identifies an object.
func strippedMetadata(from metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: from.Namespace, Name: from.Name, UID: from.UID, ResourceVersion: from.ResourceVersion,
		CreationTimestamp: from.CreationTimestamp, DeletionTimestamp: from.DeletionTimestamp,
	}
}

// podStripper cuts Pods down. Those of one controller share what its template gave all of them.
type podStripper struct {
	mutex     sync.Mutex
	templates map[types.UID]weak.Pointer[podTemplate] // by controller
}

// podTemplate is what Pods have of their template: most of what is kept of a Pod.
type podTemplate struct {
	// owner is referred to by each of the Pods, which keeps the whole template in memory for as long as one of them is there.
	owner                      [1]metav1.OwnerReference
	namespace                  string
	labels                     map[string]string
	containers, initContainers []corev1.Container
}

func newPodStripper() *podStripper {
	return &podStripper{templates: map[types.UID]weak.Pointer[podTemplate]{}}
}

func (s *podStripper) strip(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	stripped := &corev1.Pod{ObjectMeta: strippedMetadata(pod.ObjectMeta)}
	stripped.Labels = pod.Labels
	stripped.Spec = corev1.PodSpec{
		NodeName: pod.Spec.NodeName, Containers: namedPortsOf(pod.Spec.Containers), InitContainers: namedPortsOf(pod.Spec.InitContainers),
	}
	stripped.Status = corev1.PodStatus{Phase: pod.Status.Phase, PodIP: pod.Status.PodIP, PodIPs: pod.Status.PodIPs}
	if len(pod.Status.PodIPs) > 0 && pod.Status.PodIP == pod.Status.PodIPs[0].IP {
		stripped.Status.PodIP = pod.Status.PodIPs[0].IP // one string instead of two
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			stripped.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodReady, Status: condition.Status, LastTransitionTime: condition.LastTransitionTime,
			}}
		}
	}
	if controller := metav1.GetControllerOfNoCopy(pod); controller != nil {
		s.share(stripped, controller.UID)
	}
	return stripped, nil
}

// share replaces what the Pod has of its template by what another Pod of the controller has, if that is the same.
func (s *podStripper) share(pod *corev1.Pod, controller types.UID) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	template := s.templates[controller].Value()
	if template == nil || !template.fits(pod) {
		yes := true
		template = &podTemplate{
			owner: [1]metav1.OwnerReference{{UID: controller, Controller: &yes}}, namespace: pod.Namespace, labels: pod.Labels,
			containers: pod.Spec.Containers, initContainers: pod.Spec.InitContainers,
		}
		made := weak.Make(template)
		s.templates[controller] = made
		runtime.AddCleanup(template, func(controller types.UID) { s.forget(controller, made) }, controller)
	}
	pod.OwnerReferences = template.owner[:]
	pod.Namespace, pod.Labels = template.namespace, template.labels
	pod.Spec.Containers, pod.Spec.InitContainers = template.containers, template.initContainers
}

// forget drops a template that no Pod has any longer, unless there is a newer one.
func (s *podStripper) forget(controller types.UID, template weak.Pointer[podTemplate]) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.templates[controller] == template {
		delete(s.templates, controller)
	}
}

func (t *podTemplate) fits(pod *corev1.Pod) bool {
	return t.namespace == pod.Namespace && maps.Equal(t.labels, pod.Labels) &&
		equality.Semantic.DeepEqual(t.containers, pod.Spec.Containers) &&
		equality.Semantic.DeepEqual(t.initContainers, pod.Spec.InitContainers)
}

// namedPortsOf keeps the containers that have named ports, and of those only the ports: a number needs no looking up.
func namedPortsOf(containers []corev1.Container) []corev1.Container {
	var stripped []corev1.Container
	for i := range containers {
		var ports []corev1.ContainerPort
		for _, port := range containers[i].Ports {
			if port.Name != "" {
				ports = append(ports, corev1.ContainerPort{Name: port.Name, Protocol: port.Protocol, ContainerPort: port.ContainerPort})
			}
		}
		if len(ports) > 0 {
			stripped = append(stripped, corev1.Container{Ports: ports, RestartPolicy: containers[i].RestartPolicy})
		}
	}
	return stripped
}

// stripService leaves a possible leader Service whole, because it is written back whole; of a Service that bears
// annotations of ours it keeps those and what is read of its spec, and of any other the name alone, which tells a name conflict.
func stripService(object any) (any, error) {
	service, ok := object.(*corev1.Service)
	if !ok {
		return object, nil
	}
	if leaderservice.BearsMark(service) {
		service.ManagedFields = nil
		return service, nil
	}
	stripped := &corev1.Service{ObjectMeta: strippedMetadata(service.ObjectMeta)}
	if settings := contract.Kept(service.Annotations); len(settings) > 0 {
		stripped.Annotations = settings
		if controllerutil.ContainsFinalizer(service, metav1.FinalizerOrphanDependents) {
			stripped.Finalizers = []string{metav1.FinalizerOrphanDependents}
		}
		stripped.Spec = corev1.ServiceSpec{
			Type: service.Spec.Type, Selector: service.Spec.Selector, Ports: service.Spec.Ports,
			IPFamilies: service.Spec.IPFamilies, IPFamilyPolicy: service.Spec.IPFamilyPolicy,
		}
	}
	return stripped, nil
}

// bearsAnnotation is whether an object has an annotation whose key is ours.
func bearsAnnotation(object metav1.Object) bool {
	for key := range object.GetAnnotations() {
		if strings.HasPrefix(key, contract.Prefix) {
			return true
		}
	}
	return false
}

func stripSlice(object any) (any, error) {
	if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
		slice.ManagedFields = foreignManagers(slice.ManagedFields)
	}
	return object, nil
}

// foreignManagers are those who have set fields of an object and are not this operator, which updates and never applies; which
// fields, is left out.
func foreignManagers(entries []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
	var foreign []metav1.ManagedFieldsEntry
	for i := range entries {
		if entries[i].Manager != Name || entries[i].Operation != metav1.ManagedFieldsOperationUpdate {
			foreign = append(foreign, metav1.ManagedFieldsEntry{Manager: entries[i].Manager, Operation: entries[i].Operation})
		}
	}
	return foreign
}

// stripForeignSlice keeps what tells whose a slice is. The metadata of a slice that bears an annotation or a label of ours are kept
// whole: it is one of ours with its label taken away, and will be written back.
func stripForeignSlice(object any) (any, error) {
	slice, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	stripped := &metav1.PartialObjectMetadata{TypeMeta: slice.TypeMeta, ObjectMeta: strippedMetadata(slice.ObjectMeta)}
	stripped.OwnerReferences = slice.OwnerReferences
	if bearsAnnotation(slice) || slice.Labels[contract.LabelSourceService] != "" {
		stripped.Annotations, stripped.Labels, stripped.Finalizers = slice.Annotations, slice.Labels, slice.Finalizers
		stripped.ManagedFields = foreignManagers(slice.ManagedFields)
		return stripped, nil
	}
	for _, key := range []string{discoveryv1.LabelServiceName, contract.LabelSliceManagedBy} {
		if value, present := slice.Labels[key]; present {
			if stripped.Labels == nil {
				stripped.Labels = map[string]string{}
			}
			stripped.Labels[key] = value
		}
	}
	return stripped, nil
}

func stripLease(object any) (any, error) {
	lease, ok := object.(*coordinationv1.Lease)
	if !ok {
		return object, nil
	}
	return &coordinationv1.Lease{ObjectMeta: strippedMetadata(lease.ObjectMeta), Spec: lease.Spec}, nil
}
