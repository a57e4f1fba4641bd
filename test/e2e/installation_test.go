package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

var _ = Describe("The operator as it ships", func() {
	It("has two replicas, on different nodes where there are two", func() {
		Eventually(operatorReplicas).Should(HaveLen(2))
		if schedulableNodes() < 2 {
			Skip("the cluster has one node for workloads; both replicas are Ready on it")
		}
		replicas := operatorReplicas()
		Expect(replicas[0].Spec.NodeName).NotTo(Equal(replicas[1].Spec.NodeName))
	})

	It("runs where restricted Pod security is enforced", func() {
		namespace, err := clients.CoreV1().Namespaces().Get(ctx, operatorNamespace, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(namespace.Labels).To(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))

		// Proof that the cluster heeds the label: the operator's own Pod is let in, and not with a little less.
		again := operatorReplicas()[0]
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{GenerateName: "again-", Namespace: operatorNamespace}, Spec: again.Spec}
		pod.Spec.NodeName = ""
		dryRun := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
		_, err = clients.CoreV1().Pods(operatorNamespace).Create(ctx, pod, dryRun)
		Expect(err).NotTo(HaveOccurred())
		pod.Spec.Containers[0].SecurityContext.AllowPrivilegeEscalation = ptr.To(true)
		_, err = clients.CoreV1().Pods(operatorNamespace).Create(ctx, pod, dryRun)
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		Expect(err).To(MatchError(ContainSubstring(`violates PodSecurity "restricted`)))
	})

	It("runs as a user that is not root, from a file system that it cannot write to", func() {
		for _, replica := range operatorReplicas() {
			Expect(replica.Spec.Containers).To(HaveLen(1))
			Expect(replica.Spec.SecurityContext.RunAsNonRoot).To(HaveValue(BeTrue()))
			Expect(replica.Spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem).To(HaveValue(BeTrue()))
		}
	})
})

// schedulableNodes are how many nodes take Pods that tolerate nothing.
func schedulableNodes() int {
	GinkgoHelper()
	nodes, err := clients.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	Expect(err).NotTo(HaveOccurred())
	count := 0
	for _, node := range nodes.Items {
		if !node.Spec.Unschedulable && !hasTaint(node) {
			count++
		}
	}
	return count
}

func hasTaint(node corev1.Node) bool {
	for _, taint := range node.Spec.Taints {
		if taint.Effect != corev1.TaintEffectPreferNoSchedule {
			return true
		}
	}
	return false
}
