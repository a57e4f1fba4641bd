package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("Opting in (contract 1 and 2)", func() {
	It("makes a leader Service whose slice has the one leader", func() {
		w := newWorld()
		source := w.aService("my-app").create()
		first := w.aPod("my-app", "a").create()
		w.switched("my-app", "a", 1, contract.ReasonElected)

		leaderService := w.service("my-app-leader")
		Expect(leaderService.Spec.Selector).To(BeEmpty())
		Expect(leaderService.Spec.Type).To(Equal(corev1.ServiceTypeClusterIP))
		Expect(leaderService.Spec.ClusterIP).NotTo(BeElementOf("", corev1.ClusterIPNone))
		Expect(leaderService.Labels).To(HaveKeyWithValue("app.kubernetes.io/managed-by", "zen-lead"))
		Expect(leaderService.Labels).To(HaveKeyWithValue("zen-lead.io/source-service", "my-app"))
		owner := metav1.GetControllerOf(leaderService)
		Expect(owner.UID).To(Equal(source.UID))
		Expect(*owner.BlockOwnerDeletion).To(BeFalse())

		slice := w.slice("my-app-leader-ipv4")
		Expect(slice.AddressType).To(Equal(discoveryv1.AddressTypeIPv4))
		Expect(slice.Labels).To(HaveKeyWithValue("kubernetes.io/service-name", "my-app-leader"))
		Expect(slice.Labels).To(HaveKeyWithValue("endpointslice.kubernetes.io/managed-by", "zen-lead"))
		Expect(metav1.GetControllerOf(slice).UID).To(Equal(leaderService.UID))
		Expect(slice.Annotations).To(HaveKey("endpoints.kubernetes.io/last-change-trigger-time"))
		Expect(slice.Annotations).To(HaveKey(contract.AnnotationLeaderLastSwitchTime))
		Expect(slice.Endpoints).To(HaveLen(1))
		endpoint := slice.Endpoints[0]
		Expect(endpoint.Addresses).To(Equal([]string{first.Status.PodIP}))
		Expect(endpoint.TargetRef.UID).To(Equal(first.UID))
		Expect(*endpoint.NodeName).To(Equal(first.Spec.NodeName))
		Expect(*endpoint.Conditions.Ready).To(BeTrue())
		Expect(*endpoint.Conditions.Serving).To(BeTrue())
		Expect(*endpoint.Conditions.Terminating).To(BeFalse())
		Expect(*slice.Ports[0].Port).To(Equal(int32(8080)))

		Eventually(w.eventsOf("my-app", contract.EventLeaderElected)).Should(HaveLen(1))
		Eventually(w.events("Pod", "a")).Should(HaveLen(1))
	})

	It("moves the leader when it is no longer ready", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(ConsistOf(ContainSubstring("b leads after a (NotReady), epoch 2")))
	})
})
