package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// give has a user make a leader Service say that it is another source's.
func (w *world) give(user client.Client, leaderService string, source *corev1.Service, labelled bool) {
	GinkgoHelper()
	changeAs(user, w, &corev1.Service{}, leaderService, func(s *corev1.Service) {
		ownedBy(s, source)
		if labelled {
			s.Labels[contract.LabelSourceService] = source.Name
		}
	})
}

// belongsTo asserts that a leader Service is a source's again.
func (w *world) belongsTo(leaderService, source string) {
	GinkgoHelper()
	uid := w.service(source).UID
	Eventually(func(g Gomega) {
		service := w.service(leaderService)
		g.Expect(service.OwnerReferences).To(HaveLen(1))
		g.Expect(service.OwnerReferences[0].UID).To(Equal(uid))
		g.Expect(service.Labels).To(HaveKeyWithValue(contract.LabelSourceService, source))
	}).Should(Succeed())
}

var _ = Describe("A user who may edit Services and makes a leader Service another one's (SECURITY.md)", func() {
	DescribeTable("has that put back, and nobody but its own Pods is routed to", func(labelled, paused bool) {
		w := newLedWorld()
		user := w.aUser(editServices)
		mine := w.aService("mine").with(contract.AnnotationLeaderServiceName, "my-app-leader")
		if paused {
			mine.with(contract.AnnotationPaused, "true")
		}
		thief := mine.createAs(user)
		w.aPod("mine", "m").create()
		Eventually(w.eventsOf("mine", contract.EventNameConflict)).Should(HaveLen(1))
		seen := w.startHistory()
		before := w.service("my-app-leader")
		w.give(user, "my-app-leader", thief, labelled)
		w.belongsTo("my-app-leader", "my-app")
		Eventually(w.eventsOf("my-app", contract.EventManualEditReverted)).Should(HaveLen(1))
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)

		By("giving the name up")
		changeAs(user, w, &corev1.Service{}, "mine", func(s *corev1.Service) { delete(s.Annotations, contract.AnnotationLeaderServiceName) })
		w.switched("mine", "m", 1, contract.ReasonElected)
		w.caughtUp()
		w.staysLed("b", 2)
		Expect(w.service("my-app-leader").UID).To(Equal(before.UID))
		Expect(w.eventsOf("my-app", contract.EventNameConflict)()).To(BeEmpty())
		Expect(seen.until(w).routedTo()).To(ConsistOf("a", "b"))
	},
		Entry("by the owner reference", false, false),
		Entry("by the owner reference and the label", true, false),
		Entry("by both, for a Service that is paused", true, true),
	)

	It("does not raise another one's epoch by giving it a leader Service of his own", func() {
		w := newLedWorld()
		user := w.aUser(editServices)
		w.aService("mine").createLed("m", "n")
		for range 3 {
			w.failsOver("mine")
		}
		w.calm()
		w.give(user, "mine-leader", w.service("my-app"), true)
		w.belongsTo("mine-leader", "mine")
		w.caughtUp()
		w.staysLed("a", 1)
		Eventually(w.epoch("mine")).Should(Equal("4"))
	})

	It("neither moves a leader nor raises its epoch by a Service that says it was a leader Service under a former name", func() {
		w := newLedWorld()
		b := w.aPod("my-app", "b").create()
		user := w.aUser(editServices)
		w.calm()
		forged := w.aService("forged").notOptedIn().labelled(contract.LabelManagedBy, contract.ManagedBy).
			labelled(contract.LabelSourceService, "my-app").with(contract.AnnotationLeaderEpoch, "5000").
			with(contract.AnnotationLeaderPodName, "b").with(contract.AnnotationLeaderPodUID, string(b.UID))
		ownedBy(forged.service, w.service("my-app"))
		forged.createAs(user)
		Eventually(w.exists(&corev1.Service{}, "forged")).Should(BeFalse(), "all its marks say that it is a leftover of ours")
		w.caughtUp()
		w.staysLed("a", 1)
		w.failsOver("my-app")
		Eventually(w.epoch("my-app")).Should(Equal("2"))
	})

	It("is not led to what a former Service of that name selected, whose leader Service was left", func() {
		w := newLedWorld()
		w.deleteService("my-app", client.PropagationPolicy(metav1.DeletePropagationOrphan))
		Eventually(w.exists(&corev1.Service{}, "my-app")).Should(BeFalse())
		w.caughtUp()
		w.routes("my-app-leader", "a", 1)
		w.aService("my-app").with(contract.AnnotationPaused, "true").
			spec(func(s *corev1.ServiceSpec) { s.Selector = map[string]string{"app": "his"} }).createAs(w.aUser(editServices))
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		w.aPod("his", "h").create()
		w.caughtUpWith("again")
		Expect(w.endpoint("my-app")()).To(BeEmpty(), "it is paused")
		w.unannotate("my-app", contract.AnnotationPaused)
		Eventually(w.leader("my-app")).Should(Equal([]string{"h"}))
	})
})

var _ = Describe("A finalizer that somebody adds", func() {
	keep := func(w *world) {
		GinkgoHelper()
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { s.Finalizers = append(s.Finalizers, "example.com/keep") })
		w.deleteService("my-app-leader")
	}

	It("keeps a deleted leader Service, which goes on as any other, and what cannot be made for it is told", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		keep(w)
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderPodName)).Should(Equal("b"))

		By("opting out and in")
		w.unannotate("my-app", contract.AnnotationEnabled)
		Eventually(w.exists(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4")).Should(BeFalse())
		w.annotate("my-app", contract.AnnotationEnabled, "true")
		Eventually(w.eventsOf("my-app", contract.EventNameConflict)).Should(ConsistOf(ContainSubstring("example.com/keep")))
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(BeNumerically("==", 1))
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { s.Finalizers = nil })
		Eventually(w.leader("my-app")).Should(HaveLen(1))
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(BeNumerically("==", 0))
	})

	It("does not keep a standby from taking over", func() {
		w := newQuietWorld()
		w.aService("my-app").create()
		w.aPod("my-app", "a").create()
		w.startOperator()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.stopOperator()
		w.startStandby(50 * time.Millisecond)
		w.aPod("my-app", "b").create()
		keep(w)
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})

	It("for the garbage collector, on a source that nobody deletes, changes nothing", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		change(w, &corev1.Service{}, "my-app", func(s *corev1.Service) { s.Finalizers = append(s.Finalizers, metav1.FinalizerOrphanDependents) })
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.unannotate("my-app", contract.AnnotationEnabled)
		w.nothingMade("my-app")
	})
})
