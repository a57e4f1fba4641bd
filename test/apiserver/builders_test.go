package apiserver

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// serviceBuilder makes a Service: by default one of type ClusterIP, opted in, that selects app=<name> and has port 80 to
// target port 8080.
type serviceBuilder struct {
	w       *world
	service *corev1.Service
}

func (w *world) aService(name string) *serviceBuilder {
	return &serviceBuilder{w, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: name, Annotations: map[string]string{contract.AnnotationEnabled: "true"},
		},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": name},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}}
}

func (b *serviceBuilder) with(key, value string) *serviceBuilder {
	b.service.Annotations[key] = value
	return b
}

func (b *serviceBuilder) labelled(key, value string) *serviceBuilder {
	metav1.SetMetaDataLabel(&b.service.ObjectMeta, key, value)
	return b
}

func (b *serviceBuilder) notOptedIn() *serviceBuilder {
	delete(b.service.Annotations, contract.AnnotationEnabled)
	return b
}

func (b *serviceBuilder) spec(change func(*corev1.ServiceSpec)) *serviceBuilder {
	change(&b.service.Spec)
	return b
}

func (b *serviceBuilder) ports(ports ...corev1.ServicePort) *serviceBuilder {
	b.service.Spec.Ports = ports
	return b
}

func (b *serviceBuilder) families(policy corev1.IPFamilyPolicy, families ...corev1.IPFamily) *serviceBuilder {
	b.service.Spec.IPFamilyPolicy, b.service.Spec.IPFamilies = &policy, families
	return b
}

func (b *serviceBuilder) create() *corev1.Service {
	GinkgoHelper()
	Expect(admin.Create(b.w.ctx, b.service)).To(Succeed())
	return b.service
}

// createLed makes the Service and its Pods, of which the first leads.
func (b *serviceBuilder) createLed(leader string, candidates ...string) {
	GinkgoHelper()
	name := b.service.Name
	b.w.aPod(name, leader).create()
	b.create()
	b.w.switched(name, leader, 1, contract.ReasonElected)
	for _, candidate := range candidates {
		b.w.aPod(name, candidate).create()
	}
	if len(candidates) > 0 {
		Eventually(b.w.metric("zen_lead_candidates", "service="+name)).Should(BeNumerically("==", 1+len(candidates)))
	}
}

func port(name string, number int32, target intstr.IntOrString) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: number, TargetPort: target}
}

// podBuilder makes a Pod: by default one that app=<app> selects, Running and Ready for a minute, with addresses of both
// families.
type podBuilder struct {
	w      *world
	pod    *corev1.Pod
	status corev1.PodStatus
}

func (w *world) aPod(app, name string) *podBuilder {
	number := w.addresses.Add(1)
	b := &podBuilder{w: w, pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name, Labels: map[string]string{"app": app}},
		Spec: corev1.PodSpec{
			NodeName:   controlplane.Nodes[int(number)%len(controlplane.Nodes)],
			Containers: []corev1.Container{{Name: "app", Image: "app"}},
		},
	}}
	b.status = corev1.PodStatus{Phase: corev1.PodRunning}
	b.ips(fmt.Sprintf("10.1.%d.%d", number/250, number%250+1), fmt.Sprintf("fd00:1::%x", number+1))
	return b.readySince(time.Now().Add(-time.Minute))
}

func (b *podBuilder) ips(addresses ...string) *podBuilder {
	b.status.PodIP, b.status.PodIPs = "", nil
	for i, address := range addresses {
		if i == 0 {
			b.status.PodIP = address
		}
		b.status.PodIPs = append(b.status.PodIPs, corev1.PodIP{IP: address})
	}
	return b
}

func (b *podBuilder) readySince(since time.Time) *podBuilder {
	b.status.Conditions = []corev1.PodCondition{readyCondition(corev1.ConditionTrue, since)}
	return b
}

func (b *podBuilder) notReady() *podBuilder {
	b.status.Conditions = []corev1.PodCondition{readyCondition(corev1.ConditionFalse, time.Now())}
	return b
}

func (b *podBuilder) containers(containers ...corev1.Container) *podBuilder {
	b.pod.Spec.Containers = containers
	return b
}

func (b *podBuilder) spec(change func(*corev1.PodSpec)) *podBuilder {
	change(&b.pod.Spec)
	return b
}

func (b *podBuilder) labelled(key, value string) *podBuilder {
	b.pod.Labels[key] = value
	return b
}

func (b *podBuilder) create() *corev1.Pod {
	GinkgoHelper()
	Expect(admin.Create(b.w.ctx, b.pod)).To(Succeed())
	b.pod.Status = b.status
	Expect(admin.Status().Update(b.w.ctx, b.pod)).To(Succeed())
	return b.pod
}

func readyCondition(status corev1.ConditionStatus, since time.Time) corev1.PodCondition {
	return corev1.PodCondition{Type: corev1.PodReady, Status: status, LastTransitionTime: metav1.NewTime(since)}
}

// container is one with named ports, as alternating names and numbers.
func container(ports ...corev1.ContainerPort) corev1.Container {
	return corev1.Container{Name: "app", Image: "app", Ports: ports}
}

func named(name string, number int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: number}
}

// What happens to Pods.

func (w *world) setStatus(pod string, apply func(*corev1.PodStatus)) {
	GinkgoHelper()
	Eventually(func() error {
		existing := &corev1.Pod{}
		if err := admin.Get(w.ctx, w.key(pod), existing); err != nil {
			return err
		}
		apply(&existing.Status)
		return admin.Status().Update(w.ctx, existing)
	}).Should(Succeed())
}

func (w *world) setReady(pod string, ready bool) {
	GinkgoHelper()
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	w.setStatus(pod, func(s *corev1.PodStatus) {
		s.Conditions = []corev1.PodCondition{readyCondition(status, time.Now())}
	})
}

// remove deletes a Pod at once, as a finished graceful deletion does.
func (w *world) remove(pod string) {
	GinkgoHelper()
	Expect(admin.Delete(w.ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: pod}},
		client.GracePeriodSeconds(0))).To(Succeed())
}

// terminate begins a graceful deletion, which no kubelet ends.
func (w *world) terminate(pod string) {
	GinkgoHelper()
	Expect(admin.Delete(w.ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: pod}})).To(Succeed())
}
