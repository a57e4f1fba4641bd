package workload

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// MakeService makes a Service that is opted in, of these IP families, with so many Pods that are ready.
func (p *Pods) MakeService(ctx context.Context, name string, pods int, families ...corev1.IPFamily) error {
	policy := corev1.IPFamilyPolicySingleStack
	if len(families) > 1 {
		policy = corev1.IPFamilyPolicyRequireDualStack
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{contract.AnnotationEnabled: "true"}},
		Spec:       corev1.ServiceSpec{Selector: Selector(name), Ports: []corev1.ServicePort{{Port: 80}}, IPFamilies: families, IPFamilyPolicy: &policy},
	}
	if _, err := p.Client.CoreV1().Services(p.Namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	for number := range pods {
		if err := p.Make(ctx, Name(name, number)); err != nil {
			return err
		}
	}
	return nil
}
