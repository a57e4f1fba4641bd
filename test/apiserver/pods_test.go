package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// evicted is what the kubelet makes of a Pod when its node runs short of something.
func evicted(status *corev1.PodStatus) {
	status.Phase, status.Reason, status.Message = corev1.PodFailed, "Evicted", "The node was low on resource: memory."
}

func inPhase(phase corev1.PodPhase) func(*corev1.PodStatus) {
	return func(status *corev1.PodStatus) { status.Phase = phase }
}

func withAddress(addresses ...corev1.PodIP) func(*corev1.PodStatus) {
	return func(status *corev1.PodStatus) {
		status.PodIP, status.PodIPs = "", addresses
		if len(addresses) > 0 {
			status.PodIP = addresses[0].IP
		}
	}
}

// becomes gives the Pod another status.
func becomes(apply func(*corev1.PodStatus)) func(*world, string) {
	return func(w *world, pod string) { w.setStatus(pod, apply) }
}

func (w *world) relabel(pod, key, value string) {
	GinkgoHelper()
	change(w, &corev1.Pod{}, pod, func(p *corev1.Pod) { p.Labels[key] = value })
}

func (w *world) removeAllPods() {
	GinkgoHelper()
	Expect(admin.DeleteAllOf(w.ctx, &corev1.Pod{}, client.InNamespace(w.namespace), client.GracePeriodSeconds(0))).To(Succeed())
}

var _ = Describe("Who can lead (contract 3)", func() {
	DescribeTable("no Pod leads that is",
		func(rule string, spoil func(w *world, pod string)) {
			w := newQuietWorld()
			w.aPod("my-app", "a").create()
			spoil(w, "a")
			w.aService("my-app").create()
			w.startOperator()
			Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ConsistOf(ContainSubstring("a " + rule)))
			Expect(w.endpoint("my-app")()).To(BeEmpty())
			Expect(w.metric("zen_lead_candidates", "service=my-app")()).To(BeZero())

			w.aPod("my-app", "z").create()
			w.switched("my-app", "z", 1, contract.ReasonElected)
		},
		Entry("pending", "NotRunning", becomes(inPhase(corev1.PodPending))),
		Entry("of unknown phase", "NotRunning", becomes(inPhase(corev1.PodUnknown))),
		Entry("succeeded", "Finished", becomes(inPhase(corev1.PodSucceeded))),
		Entry("failed", "Finished", becomes(inPhase(corev1.PodFailed))),
		Entry("evicted", "Finished", becomes(evicted)),
		Entry("terminating", "Terminating", (*world).terminate),
		Entry("without address", "NoAddress", becomes(withAddress())),
		Entry("of another family only", "NoAddress", becomes(withAddress(corev1.PodIP{IP: "fd00:1::1"}))),
		Entry("not ready", "NotReady", func(w *world, pod string) { w.setReady(pod, false) }),
		Entry("without a Ready condition", "NotReady", becomes(func(status *corev1.PodStatus) { status.Conditions = nil })),
	)

	It("the Ready condition decides, with the readiness gates that are in it, and not the containers", func() {
		w := newWorld()
		w.aService("my-app").create()
		w.aPod("my-app", "a").notReady().spec(func(spec *corev1.PodSpec) {
			spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/gate"}}
		}).create()
		conditions := func(gate corev1.ConditionStatus) func(*corev1.PodStatus) {
			return func(status *corev1.PodStatus) {
				status.Conditions = []corev1.PodCondition{
					{Type: corev1.ContainersReady, Status: corev1.ConditionTrue}, {Type: "example.com/gate", Status: gate},
					readyCondition(gate, time.Now()),
				}
			}
		}
		w.setStatus("a", conditions(corev1.ConditionFalse))
		Eventually(w.elections("my-app")).Should(BeNumerically(">", 0))
		w.nudge("my-app", "a")
		Consistently(w.endpoint("my-app")).WithTimeout(200 * time.Millisecond).Should(BeEmpty())
		w.setStatus("a", conditions(corev1.ConditionTrue))
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})
})

var _ = Describe("Losing the leader (contract 3 and 4)", func() {
	DescribeTable("another Pod takes over, with the reason, when the leader is",
		func(reason contract.Reason, lose func(w *world, pod string)) {
			w := newWorld()
			w.aService("my-app").createLed("a", "b")
			lose(w, "a")
			w.switched("my-app", "b", 2, reason)
			Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(
				ConsistOf(ContainSubstring("b leads after a (" + string(reason) + "), epoch 2")))
			Expect(w.eventsOf("my-app", contract.EventNoEligiblePod)()).NotTo(ContainElement(ContainSubstring("a ")))
		},
		Entry("not ready", contract.ReasonNotReady, func(w *world, pod string) { w.setReady(pod, false) }),
		Entry("of unknown phase", contract.ReasonNotReady, becomes(inPhase(corev1.PodUnknown))),
		Entry("pending again", contract.ReasonNotReady, becomes(inPhase(corev1.PodPending))),
		Entry("succeeded", contract.ReasonFinished, becomes(inPhase(corev1.PodSucceeded))),
		Entry("failed", contract.ReasonFinished, becomes(inPhase(corev1.PodFailed))),
		Entry("evicted", contract.ReasonFinished, becomes(evicted)),
		Entry("terminating", contract.ReasonTerminating, (*world).terminate),
		Entry("without address", contract.ReasonNoAddress, becomes(withAddress())),
		Entry("relabelled", contract.ReasonNotSelected, func(w *world, pod string) { w.relabel(pod, "app", "other") }),
	)

	It("another Pod takes over when the leader is deleted by force", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.remove("a") // the API server marks the Pod as terminating, and deletes it after
		Eventually(w.leader("my-app")).Should(Equal([]string{"b"}))
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(BeElementOf("Deleted", "Terminating"))
		Expect(w.epoch("my-app")()).To(Equal("2"))
	})

	It("a selector that changes takes the leader out, and the new one's Pod leads", func() {
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.aPod("other", "b").create()
		change(w, &corev1.Service{}, "my-app", func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "other"} })
		w.switched("my-app", "b", 2, contract.ReasonNotSelected)
	})

	It("a Pod made again under the same name is another leader", func() {
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.remove("a")
		again := w.aPod("my-app", "a").create()
		Eventually(w.epoch("my-app")).Should(Equal("2"))
		w.switched("my-app", "a", 2, contract.ReasonDeleted)
		Expect(w.slice("my-app-leader-ipv4").Endpoints[0].TargetRef.UID).To(Equal(again.UID))
		Expect(w.service("my-app-leader").Annotations).To(HaveKeyWithValue(contract.AnnotationLeaderPodUID, string(again.UID)))
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(ConsistOf(ContainSubstring("a leads after a (Deleted), epoch 2")))
	})

	It("a leader whose address changes is followed without a change of leader", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.setStatus("a", withAddress(corev1.PodIP{IP: "10.9.9.9"}))
		Eventually(func() []string { return w.slice("my-app-leader-ipv4").Endpoints[0].Addresses }).Should(Equal([]string{"10.9.9.9"}))
		w.settled("my-app")
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(w.eventsOf("my-app", contract.EventLeaderChanged)()).To(BeEmpty())
	})

	It("all Pods deleted at once leave no endpoint behind, and nobody is told twice", func() {
		w := newQuietWorld()
		for _, name := range []string{"a", "b", "c", "d"} {
			w.aPod("my-app", name).create()
		}
		w.aService("my-app").create()
		w.startOperator()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.removeAllPods()
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		Eventually(w.metric("zen_lead_endpoint_ready", "service=my-app")).Should(BeZero())
		w.settled("my-app")
		Expect(w.endpoint("my-app")()).To(BeEmpty())
		Expect(w.slice("my-app-leader-ipv4").Ports).To(BeEmpty())
		Expect(w.eventsOf("my-app", contract.EventNoEligiblePod)()).To(HaveLen(1))
	})

	It("each time that nobody is left is told, with its own cause", func() {
		w := newQuietWorld()
		w.aPod("my-app", "a").create()
		w.aService("my-app").create()
		w.startOperator()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.setReady("a", false)
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ConsistOf(ContainSubstring("a NotReady")))
		w.setReady("a", true)
		w.switched("my-app", "a", 2, contract.ReasonElected)
		w.setStatus("a", evicted)
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(
			ConsistOf(ContainSubstring("a NotReady"), ContainSubstring("a Finished")))
	})

	It("while nobody leads the status names no Pod and keeps the epoch", func() {
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.setReady("a", false)
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(Equal("NotReady"))
		annotations := w.service("my-app-leader").Annotations
		Expect(annotations).NotTo(HaveKey(contract.AnnotationLeaderPodName))
		Expect(annotations).NotTo(HaveKey(contract.AnnotationLeaderPodUID))
		Expect(annotations).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, "1"))
		Expect(annotations).To(HaveKey(contract.AnnotationLeaderLastSwitchTime))
	})
})

var _ = Describe("A terminating leader without successor (contract 2, the exception)", func() {
	draining := func() *world {
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.terminate("a")
		Eventually(w.endpoint("my-app")).Should(Equal("a serving terminating"))
		Expect(w.epoch("my-app")()).To(Equal("1"))
		Eventually(w.metric("zen_lead_endpoint_ready", "service=my-app")).Should(BeZero())
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ContainElement(ContainSubstring("a Terminating")))
		return w
	}

	It("stays, serving but not ready, until it is gone", func() {
		w := draining()
		w.nudge("my-app", "a")
		Expect(w.endpoint("my-app")()).To(Equal("a serving terminating"))
		w.remove("a")
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(Equal("Deleted"))
		w.aPod("my-app", "b").create()
		w.switched("my-app", "b", 2, contract.ReasonDeleted)
	})

	It("stays until a candidate appears", func() {
		w := draining()
		w.aPod("my-app", "b").create()
		w.switched("my-app", "b", 2, contract.ReasonTerminating)
	})

	It("goes when it stops serving", func() {
		w := draining()
		w.setReady("a", false)
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
	})
})

var _ = Describe("A leader that was lost (contract 4)", func() {
	lost := func() *world {
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.setReady("a", false)
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(Equal("NotReady"))
		return w
	}

	It("is replaced by another with the reason of the loss, and how long there was none", func() {
		w := lost()
		w.aPod("my-app", "b").create()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(ConsistOf(
			And(ContainSubstring("b leads after a (NotReady), epoch 2"), ContainSubstring("there was none for"))))
	})

	It("is elected again when it comes back", func() {
		w := lost()
		w.setReady("a", true)
		w.switched("my-app", "a", 2, contract.ReasonElected)
		Eventually(w.eventsOf("my-app", contract.EventLeaderElected)).Should(ContainElement(ContainSubstring("a leads (Elected), epoch 2")))
		Expect(w.eventsOf("my-app", contract.EventLeaderChanged)()).To(BeEmpty())
	})

	DescribeTable("is replaced at the start when it was lost while no operator ran",
		func(reason contract.Reason, lose func(w *world, pod string)) {
			w := newWorld()
			w.aService("my-app").createLed("a", "b")
			w.stopOperator()
			lose(w, "a")
			Expect(w.endpoint("my-app")()).To(Equal("a ready serving"), "the leader Service routes on")
			w.startOperator()
			w.switched("my-app", "b", 2, reason)
			Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(ConsistOf(ContainSubstring("b leads after a")))
		},
		Entry("not ready", contract.ReasonNotReady, func(w *world, pod string) { w.setReady(pod, false) }),
		Entry("deleted", contract.ReasonDeleted, (*world).remove),
		Entry("terminating", contract.ReasonTerminating, (*world).terminate),
	)

	It("a restart changes nothing while the leader leads", func() {
		w := newWorld()
		w.aService("my-app").createLed("b", "a")
		slice, leaderService := w.slice("my-app-leader-ipv4"), w.service("my-app-leader")
		w.stopOperator()
		w.startOperator()
		Eventually(w.elections("my-app")).Should(BeNumerically(">", 0))
		w.settled("my-app")
		Expect(w.slice("my-app-leader-ipv4").ResourceVersion).To(Equal(slice.ResourceVersion))
		Expect(w.service("my-app-leader").ResourceVersion).To(Equal(leaderService.ResourceVersion))
	})
})
