package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

var _ = Describe("A leader Service", func() {
	It("has a cluster IP, and its DNS name leads clients in other namespaces to one Pod only", func() {
		w, leader := newLedWorld(3)
		leaderService := w.service("my-app-leader")
		Expect(leaderService.Spec.Type).To(Equal(corev1.ServiceTypeClusterIP))
		Expect(leaderService.Spec.ClusterIP).NotTo(BeElementOf("", corev1.ClusterIPNone))
		Expect(leaderService.Annotations).To(HaveKeyWithValue(contract.AnnotationLeaderPodName, leader))

		w.reaches("my-app", leader) // once DNS and kube-proxy know it
		Expect(runningClient.answers(record.ModeNew, w.address("my-app-leader"), 150)).To(Equal([]string{leader}))
		Eventually(runningClient.answers).WithArguments(record.ModeNew, w.address("my-app"), 50).Should(
			ConsistOf(w.readyPods("my-app")()), "the Service itself leads to all, as before")
	})

	It("is made for a headless Service and for UDP too", func() {
		w := newWorld()
		w.aService("my-app").headless().udpToo().create()
		w.deploy("my-app", 2)
		Eventually(w.readyPods("my-app")).Should(HaveLen(2))
		leader := w.elects("my-app")
		Expect(w.service("my-app-leader").Spec.ClusterIP).NotTo(BeElementOf("", corev1.ClusterIPNone))
		w.reaches("my-app", leader)
		Eventually(runningClient.answers).WithArguments(record.ModeUDP, w.address("my-app-leader"), 20).Should(Equal([]string{leader}))
	})
})
