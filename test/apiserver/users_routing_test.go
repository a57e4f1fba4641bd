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
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

var _ = Describe("A user who may edit Services has no Pod led to that his selector does not match (SECURITY.md)", func() {
	// attacked is a world in which a leads my-app and another Service's Pod could lead; the history says whether it ever did.
	attacked := func(attack func(w *world, user client.Client, foreign *corev1.Pod)) (*world, *history) {
		w := newLedWorld()
		foreign := w.foreignPod()
		w.caughtUp()
		seen := w.startHistory()
		attack(w, w.aUser(editServices), foreign)
		return w, seen
	}
	annotateAs := func(w *world, user client.Client, pairs ...string) {
		GinkgoHelper()
		changeAs(user, w, &corev1.Service{}, "my-app", func(s *corev1.Service) {
			for i := 0; i < len(pairs); i += 2 {
				metav1.SetMetaDataAnnotation(&s.ObjectMeta, pairs[i], pairs[i+1])
			}
		})
	}

	DescribeTable("the leader stays, or there is none:", func(attack func(w *world, user client.Client, foreign *corev1.Pod)) {
		w, seen := attacked(attack)
		w.caughtUpWith("again")
		Expect(seen.until(w).routedTo()).To(ConsistOf("a"))
	},
		Entry("preferred-leader names it", func(w *world, user client.Client, foreign *corev1.Pod) {
			annotateAs(w, user, contract.AnnotationPreferredLeader, foreign.Name, contract.AnnotationSticky, "false")
			w.staysLed("a", 1)
		}),
		Entry("follow-lease names a Lease that it holds", func(w *world, user client.Client, foreign *corev1.Pod) {
			w.aLease(foreign.Name)
			annotateAs(w, user, contract.AnnotationFollowLease, "my-lease")
			Eventually(w.endpoint("my-app")).Should(BeEmpty())
		}),
		Entry("it goes on leading when it is paused, by a record that he forges on the leader Service",
			func(w *world, user client.Client, foreign *corev1.Pod) {
				annotateAs(w, user, contract.AnnotationPaused, "true")
				w.staysLed("a", 1)
				w.forgeRecord(user, leaderservice.Record{
					LeaderName: foreign.Name, LeaderUID: foreign.UID, Epoch: 7, LastSwitch: time.Now(), Reason: contract.ReasonElected, Published: true,
				})
				Eventually(w.epoch("my-app")).Should(Equal("8"))
				Eventually(w.leader("my-app")).Should(Equal([]string{"a"}))
			}),
		Entry("the same, on a leader Service that he makes himself while there is no operator",
			func(w *world, user client.Client, foreign *corev1.Pod) {
				annotateAs(w, user, contract.AnnotationPaused, "true")
				w.stopOperator()
				w.replaceByForgery(user, leaderservice.Record{
					LeaderName: foreign.Name, LeaderUID: foreign.UID, Epoch: 7, LastSwitch: time.Now(), Reason: contract.ReasonElected, Published: true,
				})
				w.startOperator()
				Eventually(w.leader("my-app")).Should(Equal([]string{"a"}))
			}),
		Entry("a selector is taken away, for nothing to be left of what is checked", func(w *world, user client.Client, _ *corev1.Pod) {
			changeAs(user, w, &corev1.Service{}, "my-app", func(s *corev1.Service) { s.Spec.Selector = nil })
			Eventually(w.eventsOf("my-app", contract.EventUnsupportedService)).Should(HaveLen(1))
			w.nothingMade("my-app")
		}),
		Entry("the leader Service gets a selector that matches it, which the built-in controller would follow",
			func(w *world, user client.Client, foreign *corev1.Pod) {
				changeAs(user, w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { s.Spec.Selector = foreign.Labels })
				Eventually(func() map[string]string { return w.service("my-app-leader").Spec.Selector }).Should(BeEmpty())
				w.onlyOurSlice()
			}),
		Entry("the same, and without the label that keeps what that controller leaves behind from being mirrored",
			func(w *world, user client.Client, foreign *corev1.Pod) {
				for range 3 { // the operator puts it back at once: the controller may not have seen it
					changeAs(user, w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) {
						s.Spec.Selector = foreign.Labels
						s.Labels[discoveryv1.LabelSkipMirror] = "false"
					})
					Eventually(func() map[string]string { return w.service("my-app-leader").Spec.Selector }).Should(BeEmpty())
				}
				Eventually(w.slicesOf("my-app-leader")).MustPassRepeatedly(int(shortly / polling)).Should(Equal([]string{"my-app-leader-ipv4"}))
				Eventually(func() map[string]string { return w.service("my-app-leader").Spec.Selector }).Should(BeEmpty())
				w.onlyOurSlice()
			}),
	)

	It("nor one that leads another's Service, whose leader Service he has named as his own", func() {
		w := newLedWorld()
		user := w.aUser(editServices)
		w.aService("mine").with(contract.AnnotationLeaderServiceName, "my-app-leader").createAs(user)
		Eventually(w.eventsOf("mine", contract.EventNameConflict)).Should(HaveLen(1))
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.calm()
		changeAs(user, w, &corev1.Service{}, "mine", func(s *corev1.Service) {
			delete(s.Annotations, contract.AnnotationLeaderServiceName)
			s.Annotations[contract.AnnotationPaused] = "true"
		})
		Eventually(w.eventsOf("mine", contract.EventNoEligiblePod)).ShouldNot(BeEmpty())
		w.calm()
		Expect(w.endpoint("mine")()).To(BeEmpty())
		w.aPod("mine", "c").create()
		w.switched("mine", "c", 1, contract.ReasonElected)
		Expect(w.eventsOf("mine", contract.EventManualEditReverted)()).To(BeEmpty())
		w.staysLed("b", 2)
	})

	It("but may choose any Pods of his namespace by the selector, as with any Service, and pausing keeps the one that was elected", func() {
		w, seen := attacked(func(w *world, user client.Client, foreign *corev1.Pod) {
			changeAs(user, w, &corev1.Service{}, "my-app", func(s *corev1.Service) { s.Spec.Selector = foreign.Labels })
			w.switched("my-app", foreign.Name, 2, contract.ReasonNotSelected)
			annotateAs(w, user, contract.AnnotationPaused, "true")
			changeAs(user, w, &corev1.Service{}, "my-app", func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "my-app"} })
			w.caughtUpWith("again")
			w.routes("my-app-leader", foreign.Name, 2)
		})
		Expect(seen.until(w).routedTo()).To(ConsistOf("a", "foreign"))
	})
})

var _ = Describe("A user who may label Pods (SECURITY.md)", func() {
	It("makes a Pod a candidate of a Service whose selector then matches it, as the plain Service takes it too", func() {
		w := newLedWorld()
		foreign := w.foreignPod()
		changeAs(w.aUser(labelPods), w, &corev1.Pod{}, foreign.Name, func(p *corev1.Pod) { p.Labels["app"] = "my-app" })
		Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(BeNumerically("==", 2))
		Eventually(w.podsOfPlainService).Should(ConsistOf("a", "foreign"))
		w.routes("my-app-leader", "a", 1)
	})
})

// podsOfPlainService are the Pods that the built-in controller routes my-app to, by IPv4.
func (w *world) podsOfPlainService() []string {
	var list discoveryv1.EndpointSliceList
	Expect(admin.List(w.ctx, &list, client.InNamespace(w.namespace), client.MatchingLabels{discoveryv1.LabelServiceName: "my-app"})).To(Succeed())
	names := []string{}
	for _, slice := range list.Items {
		for _, endpoint := range slice.Endpoints {
			names = append(names, endpoint.TargetRef.Name)
		}
	}
	return names
}

// replaceByForgery has a user delete the leader Service of my-app, and with it its slice, and make one of his own with a record.
func (w *world) replaceByForgery(user client.Client, record leaderservice.Record) {
	GinkgoHelper()
	Expect(user.Delete(w.ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-app-leader"}})).To(Succeed())
	Eventually(w.exists(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4")).Should(BeFalse())
	forged, _ := leaderservice.UpdatedService(leaderservice.NewService(w.service("my-app"), "my-app-leader"), w.service("my-app"), record, false)
	Expect(user.Create(w.ctx, forged)).To(Succeed())
}
