package e2e

import (
	"encoding/json"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

const (
	chart   = "../../charts/zen-lead"
	release = "zen-lead"
)

// helm runs Helm on a release in the operator's namespace, with values if there are any.
func helm(values map[string]any, arguments ...string) string {
	GinkgoHelper()
	arguments = append(arguments, "--namespace", operatorNamespace)
	input, err := json.Marshal(values) // which is YAML too
	Expect(err).NotTo(HaveOccurred())
	if values != nil {
		arguments = append(arguments, "--values", "-")
	}
	return outputOf(variable("HELM", "helm"), string(input), arguments...)
}

// chartValues are those of a chart that watches the world's namespace, with the image under test and the suite's label.
func (w *world) chartValues() map[string]any {
	image := kustomizeImage(variable("IMAGE", "zen-lead:dev"))
	return map[string]any{
		"image":  map[string]string{"repository": image["newName"], "tag": image["newTag"], "digest": image["digest"]},
		"watch":  map[string]any{"mode": "list", "namespaces": []string{w.namespace}},
		"labels": map[string]string{partOf: partOfSuite},
	}
}

// makeRoomForChart removes the operator that the other specs use, and has it back after the spec. Its namespace is the chart's meanwhile.
func makeRoomForChart() {
	GinkgoHelper()
	DeferCleanup(func() {
		helm(nil, "uninstall", release, "--ignore-not-found", "--wait")
		removeOperatorNamespace()
		installOperator()
		Eventually(operatorReplicas).Should(HaveLen(2), reportAll)
		Eventually(actingReplica).ShouldNot(BeEmpty())
	})
	kubectl(manifests, "delete", "-f", "-")
	removeOperatorNamespace()
	Expect(admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace, Labels: map[string]string{
		partOf: partOfSuite, "pod-security.kubernetes.io/enforce": "restricted",
	}}})).To(Succeed())
}

func removeOperatorNamespace() {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}}
	Expect(client.IgnoreNotFound(admin.Delete(ctx, namespace))).To(Succeed())
	Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(namespace), namespace))
	}).WithTimeout(removalDeadline).Should(BeTrue())
}

// keepsLeader asserts that somebody leads as before: the epoch grows at every change.
func (w *world) keepsLeader(service string, before map[string]string) {
	GinkgoHelper()
	Expect(w.annotations(service + "-leader")()).To(Equal(before))
	w.reaches(service, before[contract.AnnotationLeaderPodName])
}

// leftInOperatorNamespace are the objects of the operator's namespace, without what Kubernetes puts into every one.
func leftInOperatorNamespace() []string {
	GinkgoHelper()
	const kinds = "deployments,replicasets,pods,services,endpointslices,serviceaccounts,roles,rolebindings,configmaps,secrets,leases," +
		"poddisruptionbudgets,networkpolicies"
	names := strings.Fields(kubectl("", "get", kinds, "--namespace", operatorNamespace, "--output", "name"))
	return slices.DeleteFunc(names, func(name string) bool {
		return name == "configmap/kube-root-ca.crt" || name == "serviceaccount/default"
	})
}

// haveArguments matches Pods by what their containers are told.
func haveArguments(what types.GomegaMatcher) types.GomegaMatcher {
	return HaveField("Spec.Containers", HaveEach(HaveField("Args", what)))
}

var _ = Describe("The Helm chart", SpecPriority(priorityReinstallation), func() {
	It("installs the operator, tests it, upgrades it and goes back without a change of leader, and leaves nothing behind", func() {
		makeRoomForChart()
		w := newWorld()
		helm(w.chartValues(), "install", release, chart, "--wait", "--timeout", deadline.String())
		Eventually(operatorReplicas).Should(HaveLen(2), reportAll)

		By("having it fail over")
		w.aService("my-app").create()
		w.deploy("my-app", 2)
		leader := w.elects("my-app")
		w.reaches("my-app", leader)
		w.deletePod(leader)
		leader = w.moves("my-app", leader, contract.ReasonTerminating)
		Eventually(w.readyPods("my-app")).Should(HaveLen(2), reportAll)

		By("running its test")
		Expect(helm(nil, "test", release, "--timeout", deadline.String())).To(MatchRegexp(`Phase: +Succeeded`))

		By("upgrading it with other values")
		before := w.annotations("my-app-leader")()
		Expect(before).To(And(HaveKeyWithValue(contract.AnnotationLeaderPodName, leader), HaveKeyWithValue(contract.AnnotationLeaderEpoch, "2")))
		old := operatorReplicas()
		changed := w.chartValues()
		changed["extraArgs"] = []string{"--zap-log-level=debug"}
		changed["networkPolicy"] = map[string]any{"enabled": false}
		helm(changed, "upgrade", release, chart, "--wait", "--timeout", deadline.String())
		Eventually(operatorReplicas).Should(And(HaveLen(2), HaveEach(haveArguments(ConsistOf("--zap-log-level=debug")))), reportAll)
		Expect(leftInOperatorNamespace()).NotTo(ContainElement(HavePrefix("networkpolicy")))
		w.keepsLeader("my-app", before)

		By("going back")
		helm(nil, "rollback", release, "1", "--wait", "--timeout", deadline.String())
		Eventually(operatorReplicas).Should(And(HaveLen(2), HaveEach(haveArguments(BeEmpty()))), reportAll)
		Expect(operatorReplicas()).NotTo(ContainElement(HaveField("UID", BeElementOf(old[0].UID, old[1].UID))))
		w.keepsLeader("my-app", before)
		w.deletePod(leader)
		w.moves("my-app", leader, contract.ReasonTerminating)

		By("opting out and removing it")
		service := w.service("my-app")
		w.change(service, "my-app", func() { delete(service.Annotations, contract.AnnotationEnabled) })
		w.goes("my-app-leader")
		helm(nil, "uninstall", release, "--wait", "--timeout", deadline.String())
		Eventually(leftovers).WithTimeout(removalDeadline).ShouldNot(ContainElement(Or(ContainSubstring("ClusterRole"), ContainSubstring("Service "))))
		Eventually(leftInOperatorNamespace).WithTimeout(removalDeadline).Should(ConsistOf("lease.coordination.k8s.io/"+operatorName), "the replicas' own Lease")
		Expect(kubectl("", "get", "rolebindings", "--namespace", w.namespace, "--output", "name")).To(BeEmpty())
	})
})
