package olm

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// makeNamespace makes a namespace that holds its Pods to the strictest of Kubernetes' standards, as the bundle suggests.
func makeNamespace(name string) {
	GinkgoHelper()
	apply(`{apiVersion: v1, kind: Namespace, metadata: {name: ` + name + `, labels: {pod-security.kubernetes.io/enforce: restricted}}}`)
}

func removeNamespaces(names ...string) {
	GinkgoHelper()
	kubectl(append([]string{"delete", "namespace", "--ignore-not-found", "--timeout=120s"}, names...)...)
}

// shop makes a namespace with an application of two Pods and its Service, which is opted in. It is removed when the spec ends.
func shop(name string) {
	GinkgoHelper()
	makeNamespace(name)
	DeferCleanup(removeNamespaces, name)
	openShop(name)
}

// openShop puts the application into a namespace.
func openShop(namespace string) {
	GinkgoHelper()
	apply(fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: till, namespace: %[1]s, annotations: {%[2]s: "true"}}
spec: {selector: {app: till}, ports: [{name: tcp, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: till, namespace: %[1]s}
spec:
  replicas: 2
  selector: {matchLabels: {app: till}}
  template:
    metadata: {labels: {app: till}}
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: till
        image: traffic:dev
        imagePullPolicy: IfNotPresent
        args: [serve]
        env: [{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
        readinessProbe: {httpGet: {path: /ready, port: 8081}, periodSeconds: 1, failureThreshold: 1}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`, namespace, contract.AnnotationEnabled))
	Eventually(func() int { return len(readyPods(namespace)) }).Should(Equal(2))
}

// leader returns a poll of the Pods that a shop's leader Service routes to.
func leader(namespace string) func() []string {
	return func() []string {
		list := &discoveryv1.EndpointSliceList{}
		if err := admin.List(ctx, list, client.InNamespace(namespace),
			client.MatchingLabels{discoveryv1.LabelServiceName: "till" + contract.DefaultLeaderServiceSuffix}); err != nil {
			return []string{err.Error()}
		}
		pods := []string{}
		for _, slice := range list.Items {
			for _, endpoint := range slice.Endpoints {
				pods = append(pods, endpoint.TargetRef.Name)
			}
		}
		return pods
	}
}

// elects asserts that a shop comes to have a leader, and returns it.
func elects(namespace string) string {
	GinkgoHelper()
	Eventually(leader(namespace)).Should(HaveLen(1))
	return leader(namespace)()[0]
}

// failsOver asserts that another Pod takes over from the leader when that is deleted.
func failsOver(namespace string) {
	GinkgoHelper()
	before := elects(namespace)
	kubectl("delete", "pod", "-n", namespace, before, "--wait=false")
	Eventually(leader(namespace)).Should(And(HaveLen(1), Not(ContainElement(before))))
	Eventually(func() int { return len(readyPods(namespace)) }).Should(Equal(2))
}

// leaderService is a shop's, or nil.
func leaderService(namespace string) *corev1.Service {
	GinkgoHelper()
	service := &corev1.Service{}
	err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "till" + contract.DefaultLeaderServiceSuffix}, service)
	if apierrors.IsNotFound(err) {
		return nil
	}
	Expect(err).NotTo(HaveOccurred())
	return service
}

func epoch(namespace string) string {
	GinkgoHelper()
	service := leaderService(namespace)
	Expect(service).NotTo(BeNil())
	return service.Annotations[contract.AnnotationLeaderEpoch]
}

// podsOf are the Pods with some labels, by name.
func podsOf(namespace, selector string) []corev1.Pod {
	GinkgoHelper()
	parsed, err := labels.Parse(selector)
	Expect(err).NotTo(HaveOccurred())
	list, err := clients.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: parsed.String()})
	Expect(err).NotTo(HaveOccurred())
	return list.Items
}

// readyPods are those of a shop that are ready and not about to end.
func readyPods(namespace string) []corev1.Pod {
	GinkgoHelper()
	return slices.DeleteFunc(podsOf(namespace, "app=till"), func(pod corev1.Pod) bool {
		return !isReady(&pod) || pod.DeletionTimestamp != nil
	})
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
