package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("The leader", func() {
	It("changes when its readiness probe fails", func() {
		w, leader := newLedWorld(2)
		w.setReady(leader, false)
		w.moves("my-app", leader, contract.ReasonNotReady)
	})

	It("changes when it is deleted gracefully, while it still serves", func() {
		w, leader := newLedWorld(2)
		w.deletePod(leader)
		w.moves("my-app", leader, contract.ReasonTerminating)
	})

	It("changes when its container ends, unless Kubernetes never took it for not Ready", func() {
		w, leader := newLedWorld(2)
		w.exit(leader)
		Eventually(func() int32 { return w.pod(leader).Status.ContainerStatuses[0].RestartCount }).Should(BeNumerically("==", 1))
		Eventually(w.readyPods("my-app")).Should(ContainElement(leader))
		if w.wasNotReady(leader) {
			w.moves("my-app", leader, contract.ReasonNotReady)
		} else {
			w.reaches("my-app", leader)
		}
	})

	It("changes when the acting replica of the operator has just been deleted: another acts", func() {
		w, leader := newLedWorld(2)
		var acting string
		Eventually(func() (err error) { acting, err = actingReplica(); return err }).Should(Succeed())
		Expect(admin.Delete(ctx, operatorPod(acting))).To(Succeed())
		w.setReady(leader, false)
		w.moves("my-app", leader, contract.ReasonNotReady)
		Eventually(actingReplica).ShouldNot(Equal(acting))
		Eventually(operatorReplicas).Should(HaveLen(2)) // other tests count on it
	})
})

// wasNotReady is whether a Pod has become Ready again after its container was restarted.
func (w *world) wasNotReady(name string) bool {
	GinkgoHelper()
	pod := w.pod(name)
	ended := pod.Status.ContainerStatuses[0].LastTerminationState.Terminated
	Expect(ended).NotTo(BeNil())
	ready := readyCondition(pod)
	return ready.Status == corev1.ConditionTrue && !ready.LastTransitionTime.Before(&ended.FinishedAt)
}
