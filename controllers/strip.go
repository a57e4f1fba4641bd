package controllers

import (
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

func stripPod(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	stripped := &corev1.Pod{
		ObjectMeta: strippedMetadata(pod.ObjectMeta),
		Spec: corev1.PodSpec{
			NodeName:       pod.Spec.NodeName,
			Containers:     namedPortsOf(pod.Spec.Containers),
			InitContainers: namedPortsOf(pod.Spec.InitContainers),
		},
		Status: corev1.PodStatus{Phase: pod.Status.Phase, PodIP: pod.Status.PodIP, PodIPs: pod.Status.PodIPs},
	}
	stripped.Labels = pod.Labels
	if controller := metav1.GetControllerOfNoCopy(pod); controller != nil {
		yes := true
		stripped.OwnerReferences = []metav1.OwnerReference{{UID: controller.UID, Controller: &yes}}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			stripped.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodReady, Status: condition.Status, LastTransitionTime: condition.LastTransitionTime,
			}}
		}
	}
	return stripped, nil
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
// annotations of ours it keeps those and the spec, and of any other the name alone, which tells a name conflict.
func stripService(object any) (any, error) {
	service, ok := object.(*corev1.Service)
	if !ok {
		return object, nil
	}
	if len(leaderservice.SourceNames(service)) > 0 {
		service.ManagedFields = nil
		return service, nil
	}
	stripped := &corev1.Service{ObjectMeta: strippedMetadata(service.ObjectMeta)}
	if settings := ourAnnotations(service.Annotations); len(settings) > 0 {
		stripped.Annotations, stripped.Finalizers = settings, service.Finalizers
		stripped.Spec = service.Spec
	}
	return stripped, nil
}

func ourAnnotations(annotations map[string]string) map[string]string {
	var ours map[string]string
	for key, value := range annotations {
		if strings.HasPrefix(key, contract.Prefix) {
			if ours == nil {
				ours = map[string]string{}
			}
			ours[key] = value
		}
	}
	return ours
}

func stripSlice(object any) (any, error) {
	if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
		slice.ManagedFields = nil
	}
	return object, nil
}

// stripForeignSlice keeps what tells whose a slice is. The annotations of a slice that bears one of ours are kept whole:
// it is one of ours with its label taken away, and will be written back.
func stripForeignSlice(object any) (any, error) {
	slice, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	stripped := &metav1.PartialObjectMetadata{TypeMeta: slice.TypeMeta, ObjectMeta: strippedMetadata(slice.ObjectMeta)}
	stripped.OwnerReferences = slice.OwnerReferences
	if len(ourAnnotations(slice.Annotations)) > 0 {
		stripped.Annotations, stripped.Labels, stripped.Finalizers = slice.Annotations, slice.Labels, slice.Finalizers
		return stripped, nil
	}
	for _, key := range []string{discoveryv1.LabelServiceName, contract.LabelSliceManagedBy, contract.LabelSourceService} {
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
