package e2e

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// readyPods returns a poll of the names of the application's Pods that are Ready and not about to end.
func (w *world) readyPods(app string) func() []string {
	return func() []string {
		pods := &corev1.PodList{}
		if admin.List(ctx, pods, client.InNamespace(w.namespace), client.MatchingLabels{"app": app}) != nil {
			return nil
		}
		var names []string
		for _, pod := range readyOf(pods.Items) {
			names = append(names, pod.Name)
		}
		return names
	}
}

func readyOf(pods []corev1.Pod) []corev1.Pod {
	var ready []corev1.Pod
	for i := range pods {
		if condition := readyCondition(&pods[i]); pods[i].DeletionTimestamp == nil && condition.Status == corev1.ConditionTrue {
			ready = append(ready, pods[i])
		}
	}
	return ready
}

func readyCondition(pod *corev1.Pod) corev1.PodCondition {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition
		}
	}
	return corev1.PodCondition{}
}

// What happens to the application's Pods.

func (w *world) setReady(pod string, ready bool) {
	GinkgoHelper()
	value := "false"
	if ready {
		value = "true"
	}
	Eventually(func() error {
		return podProxy(clients.CoreV1().RESTClient().Post(), w.namespace, pod, "ready").Param("value", value).Do(ctx).Error()
	}).Should(Succeed())
}

// exit makes the Pod's container end, which it may do before it has answered.
func (w *world) exit(pod string) {
	_ = podProxy(clients.CoreV1().RESTClient().Post(), w.namespace, pod, "exit").Do(ctx).Error()
}

func (w *world) pod(name string) *corev1.Pod {
	GinkgoHelper()
	pod := &corev1.Pod{}
	Expect(admin.Get(ctx, w.key(name), pod)).To(Succeed())
	return pod
}

func (w *world) deletePod(name string) {
	GinkgoHelper()
	Expect(admin.Delete(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}})).To(Succeed())
}

// podProxy asks a Pod's control port through the API server.
func podProxy(request *rest.Request, namespace, pod, path string) *rest.Request {
	return request.Namespace(namespace).Resource("pods").SubResource("proxy").Name(fmt.Sprintf("%s:%d", pod, controlPort)).Suffix(path)
}
