package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

var _ = Describe("Zen-Lead's objects", func() {
	It("are put back when somebody edits them", func() {
		w, leader := newLedWorld(2)
		made, err := w.slices("my-app-leader")
		Expect(err).NotTo(HaveOccurred())

		By("routing to nobody")
		slice := &discoveryv1.EndpointSlice{}
		w.change(slice, made[0].Name, func() { slice.Endpoints = nil })
		Eventually(w.leader("my-app")).Should(Equal([]string{leader}))

		By("another port")
		service := &corev1.Service{}
		w.change(service, "my-app-leader", func() { service.Spec.Ports[0].Port = 81 })
		Eventually(func() int32 { return w.service("my-app-leader").Spec.Ports[0].Port }).Should(BeNumerically("==", 80))

		w.reaches("my-app", leader)
	})

	It("all go when the Service opts out, and the Service stays as it is", func() {
		w, leader := newLedWorld(2)
		w.reaches("my-app", leader)
		before := w.service("my-app").Spec
		source := &corev1.Service{}
		w.change(source, "my-app", func() { delete(source.Annotations, contract.AnnotationEnabled) })
		w.goes("my-app-leader")
		Expect(w.service("my-app").Spec).To(Equal(before))
		Eventually(runningClient.answers).WithArguments(record.ModeNew, w.address("my-app"), 50).Should(ConsistOf(w.readyPods("my-app")()))
	})
})
