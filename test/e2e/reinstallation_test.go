package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("Removing what was installed with kustomize", SpecPriority(priorityReinstallation), func() {
	It("leaves leader Services routing, to the leaders that they have, and installing it again goes on from there", func() {
		w, leader := newLedWorld(2)
		w.reaches("my-app", leader)
		Eventually(w.annotations("my-app-leader")).Should(HaveKeyWithValue(contract.AnnotationLeaderPodName, leader))
		before := w.annotations("my-app-leader")()

		By("removing the operator")
		kubectl(manifests, "delete", "-f", "-")
		Eventually(leftovers).WithTimeout(removalDeadline).ShouldNot(ContainElement(Or(ContainSubstring("ClusterRole"), HaveSuffix("/"+operatorNamespace))))
		w.reaches("my-app", leader)
		Expect(w.annotations("my-app-leader")()).To(Equal(before))

		By("installing it again")
		installOperator()
		Eventually(operatorReplicas).Should(HaveLen(2), reportAll)
		Eventually(actingReplica).ShouldNot(BeEmpty())
		w.reaches("my-app", leader)
		Expect(w.annotations("my-app-leader")()).To(Equal(before))
		w.deletePod(leader)
		w.moves("my-app", leader, contract.ReasonTerminating)
		Expect(w.annotations("my-app-leader")()).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, "2"))

		By("opting all Services out, as before a removal of which nothing is to stay")
		kubectl("", "annotate", "services", "--namespace", w.namespace, "--selector", contract.LabelManagedBy+"!="+contract.ManagedBy,
			contract.AnnotationEnabled+"-") // all but leader Services, which go meanwhile
		w.goes("my-app-leader")
	})
})
