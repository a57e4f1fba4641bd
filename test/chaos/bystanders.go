package chaos

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// bystander is the name of objects of somebody else that look as much as can be like those that the operator makes: by name, and by labels.
const bystander = "bystander-leader"

// plant makes the bystanders, and returns which version each has.
func (w *world) plant(ctx context.Context) (map[string]string, error) {
	labels := map[string]string{"app.kubernetes.io/managed-by": "zen-lead", "zen-lead.io/source-service": w.services[0]}
	ports := []corev1.ServicePort{{Port: 80}}
	for _, service := range []*corev1.Service{
		{ObjectMeta: metav1.ObjectMeta{Name: bystander, Labels: labels}, Spec: corev1.ServiceSpec{Ports: ports}},
		{ObjectMeta: metav1.ObjectMeta{Name: "bystander"}, Spec: corev1.ServiceSpec{Ports: ports}},
	} {
		if _, err := w.admin.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
			return nil, fmt.Errorf("planting a Service: %w", err)
		}
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: bystander + "-ipv4", Labels: map[string]string{
			discoveryv1.LabelServiceName: bystander, discoveryv1.LabelManagedBy: "zen-lead", "zen-lead.io/source-service": w.services[0],
		}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{},
	}
	if _, err := w.admin.DiscoveryV1().EndpointSlices(namespace).Create(ctx, slice, metav1.CreateOptions{}); err != nil {
		return nil, fmt.Errorf("planting an EndpointSlice: %w", err)
	}
	return w.bystanders(ctx)
}

// bystanders are the versions of those that are there.
func (w *world) bystanders(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	services, err := w.admin.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, service := range services.Items {
		if service.Name == bystander || service.Name == "bystander" {
			found["Service "+service.Name] = service.ResourceVersion
		}
	}
	slice, err := w.admin.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + bystander + "-ipv4"})
	if err != nil {
		return nil, err
	}
	for _, slice := range slice.Items {
		found["EndpointSlice "+slice.Name] = slice.ResourceVersion
	}
	return found, nil
}

// touched are the bystanders that are no longer as they were planted.
func (w *world) touched(ctx context.Context, planted map[string]string) (wrong []string, err error) {
	now, err := w.bystanders(ctx)
	for _, name := range slices.Sorted(maps.Keys(planted)) {
		if now[name] != planted[name] {
			wrong = append(wrong, fmt.Sprintf("%s of somebody else was at version %s and is at %q", name, planted[name], now[name]))
		}
	}
	return wrong, err
}

// hits are how often troubles of the lines met something, by their kind.
func (w *world) hits() map[string]int {
	all := map[string]int{}
	for _, m := range w.members {
		for kind, count := range m.line.Hits() {
			all[kind] += count
		}
	}
	return all
}
