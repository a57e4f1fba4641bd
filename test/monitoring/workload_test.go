package monitoring

import (
	"fmt"
	"net"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// gate is the readiness gate by which tests say whether a Pod is ready.
const gate = "zen-lead.io/test-ready"

// startPod starts a Pod of the shop, and waits until it is ready.
func startPod(name string) {
	GinkgoHelper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: name, Labels: map[string]string{"app": "till"}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: ptr.To(int64(0)),
			ReadinessGates:                []corev1.PodReadinessGate{{ConditionType: gate}},
			Containers: []corev1.Container{{
				Name: "till", Image: "traffic:dev", Args: []string{"serve"},
				Env:   []corev1.EnvVar{{Name: "POD_NAME", Value: name}},
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
			}},
		},
	}
	created(pod)
	setReady(name, true)
	Eventually(func() bool { return isReady(name) }).Should(BeTrue())
}

func setReady(pod string, ready bool) {
	GinkgoHelper()
	status := map[bool]string{true: "True", false: "False"}[ready]
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":%q,"status":%q}]}}`, gate, status)
	_, err := clients.CoreV1().Pods(shop).Patch(ctx, pod, "application/strategic-merge-patch+json", []byte(patch), metav1.PatchOptions{}, "status")
	Expect(err).NotTo(HaveOccurred())
}

func isReady(name string) bool {
	pod, err := clients.CoreV1().Pods(shop).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// makeService makes a Service for the Pods of the shop that is opted in, with more annotations.
func makeService(name string, annotations map[string]string, change ...func(*corev1.ServiceSpec)) *corev1.Service {
	GinkgoHelper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: name, Annotations: map[string]string{contract.AnnotationEnabled: "true"}},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "till"},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
		},
	}
	for key, value := range annotations {
		service.Annotations[key] = value
	}
	for _, apply := range change {
		apply(&service.Spec)
	}
	return created(service)
}

// makeForeignService makes a Service that has nothing to do with the operator.
func makeForeignService(name string) *corev1.Service {
	GinkgoHelper()
	return created(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	})
}

// created creates an object that goes at the end of the test.
func created[object client.Object](made object) object {
	GinkgoHelper()
	Expect(admin.Create(ctx, made)).To(Succeed())
	DeferCleanup(func() { Expect(client.IgnoreNotFound(admin.Delete(ctx, made))).To(Succeed()) })
	return made
}

// leader is the Pod that a Service is routed to; empty for nobody.
func leader(service string) string {
	slice, err := clients.DiscoveryV1().EndpointSlices(shop).Get(ctx, service+"-leader-ipv4", metav1.GetOptions{})
	if err != nil || len(slice.Endpoints) == 0 || slice.Endpoints[0].TargetRef == nil {
		return ""
	}
	return slice.Endpoints[0].TargetRef.Name
}

func annotate(service *corev1.Service, key, value string) {
	GinkgoHelper()
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, key, value)
	Expect(admin.Patch(ctx, service, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
}

// slowDown has the API server ask a webhook, which does not answer for two seconds, about every write of an EndpointSlice.
func slowDown() (mend func()) {
	GinkgoHelper()
	listener, err := net.Listen("tcp", bridge+":0") // the API server has a network of its own
	Expect(err).NotTo(HaveOccurred())
	go func() {
		for {
			if _, err := listener.Accept(); err != nil { // nothing is ever said to whoever calls
				return
			}
		}
	}()
	webhook := &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "slow"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "slow.example.org", AdmissionReviewVersions: []string{"v1"}, SideEffects: ptr.To(admissionv1.SideEffectClassNone),
			FailurePolicy: ptr.To(admissionv1.Ignore), TimeoutSeconds: ptr.To(int32(2)),
			ClientConfig:      admissionv1.WebhookClientConfig{URL: ptr.To(fmt.Sprintf("https://%s/", listener.Addr()))},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": shop}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Update},
				Rule:       admissionv1.Rule{APIGroups: []string{"discovery.k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"endpointslices"}},
			}},
		}},
	}
	Expect(admin.Create(ctx, webhook)).To(Succeed())
	mend = func() {
		err := admin.Delete(ctx, webhook)
		Expect(err == nil || apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
		_ = listener.Close()
	}
	DeferCleanup(mend)
	return mend
}

// bridge is this machine's address in the nodes' network; test/cluster has it.
const bridge = "172.31.240.1"
