package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// The ways out.
func removeAnnotation(w *world) { w.unannotate("my-app", contract.AnnotationEnabled) }
func setFalse(w *world)         { w.annotate("my-app", contract.AnnotationEnabled, "false") }
func setRubbish(w *world)       { w.annotate("my-app", contract.AnnotationEnabled, "yes, please") }
func deleteSource(w *world)     { w.deleteService("my-app") }

var _ = Describe("Opting out (contract 1)", func() {
	DescribeTable("removes everything that was made and says so", func(leave func(*world)) {
		w := newLedWorld()
		leave(w)
		w.nothingMade("my-app")
		Eventually(w.eventsOf("my-app", contract.EventLeaderServiceDeleted)).Should(ConsistOf(ContainSubstring("my-app-leader")))
		Eventually(w.metric("zen_lead_endpoint_ready", "service=my-app")).Should(Equal(-1.0))
		Expect(w.exists(&corev1.Service{}, "my-app")()).To(BeTrue())
		Expect(w.exists(&corev1.Pod{}, "a")()).To(BeTrue())
	},
		Entry("when the annotation is removed", removeAnnotation),
		Entry("when it is set to false", setFalse),
		Entry("when it is set to rubbish", setRubbish),
	)

	It("reports a value that is neither true nor false, which counts as off", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationEnabled, "TRUE").create()
		w.aPod("my-app", "a").create()
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(ConsistOf(And(
			ContainSubstring(contract.AnnotationEnabled), ContainSubstring(`"TRUE"`), ContainSubstring(`"true" or "false"`))))
		Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(Equal(1.0))
		w.nothingMade("my-app")
	})

	It("reports rubbish typed over true", func() {
		w := newLedWorld()
		setRubbish(w)
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(ConsistOf(ContainSubstring(`"yes, please"`)))
		w.annotate("my-app", contract.AnnotationEnabled, "true")
		Eventually(w.leader("my-app")).Should(Equal([]string{"a"}))
		Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(Equal(0.0))
	})

	It("makes nothing for a Service without the annotation, or with false", func() {
		w := newWorld()
		w.aService("absent").notOptedIn().create()
		w.aService("off").with(contract.AnnotationEnabled, "false").create()
		w.aPod("absent", "a").create()
		w.aPod("off", "b").create()
		w.nothingMade("absent")
		w.nothingMade("off")
		Expect(w.events("Service", "off")()).To(BeEmpty())
	})
})

var _ = Describe("Deleting the source (contract 1)", func() {
	It("removes everything that was made", func() {
		w := newLedWorld()
		deleteSource(w)
		w.nothingMade("my-app")
		Eventually(w.metric("zen_lead_endpoint_ready", "service=my-app")).Should(Equal(-1.0))
		Expect(w.exists(&corev1.Pod{}, "a")()).To(BeTrue())
	})
})

var _ = Describe("What happens while the operator is down (contract 1 and 3)", func() {
	It("opts in", func() {
		w := newQuietWorld()
		w.aService("my-app").create()
		w.aPod("my-app", "a").create()
		w.startOperator()
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})

	DescribeTable("removes everything", func(leave func(*world)) {
		w := newLedWorld()
		w.stopOperator()
		leave(w)
		w.startOperator()
		w.nothingMade("my-app")
	},
		Entry("when the annotation is removed", removeAnnotation),
		Entry("when it is set to false", setFalse),
		Entry("when it is set to rubbish", setRubbish),
		Entry("when the source is deleted", deleteSource),
	)

	It("makes a new leader Service for a source that is deleted and made again", func() {
		w := newLedWorld()
		w.stopOperator()
		former := w.service("my-app-leader")
		deleteSource(w)
		recreated := w.aService("my-app").create()
		w.startOperator()
		Eventually(func() bool {
			leaderService := &corev1.Service{}
			return admin.Get(w.ctx, w.key("my-app-leader"), leaderService) == nil && metav1.IsControlledBy(leaderService, recreated)
		}).Should(BeTrue())
		leaderService := w.service("my-app-leader")
		Expect(leaderService.UID).NotTo(Equal(former.UID))
		Eventually(func() bool {
			slice := &discoveryv1.EndpointSlice{}
			return admin.Get(w.ctx, w.key("my-app-leader-ipv4"), slice) == nil && metav1.IsControlledBy(slice, leaderService)
		}).Should(BeTrue())
		Eventually(w.leader("my-app")).Should(Equal([]string{"a"}))
		Consistently(w.leader("my-app")).Should(Equal([]string{"a"}))
	})

	It("makes no difference if it is nothing", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.setReady("a", true)
		Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(Equal(2.0))
		before, told := w.made("my-app")(), w.events("Service", "my-app")()
		w.stopOperator()
		w.startOperator()
		Eventually(w.metric("zen_lead_elections_total", "service=my-app")).Should(BeNumerically(">", 0))
		Consistently(w.made("my-app")).Should(Equal(before))
		Expect(w.events("Service", "my-app")()).To(ConsistOf(told))
		w.routes("my-app-leader", "b", 2)
	})
})

var _ = Describe("Other people's labels and annotations (contract 2)", func() {
	It("are not copied from the source", func() {
		w := newWorld()
		w.aService("my-app").labelled("app.kubernetes.io/managed-by", "Helm").labelled("release", "prometheus").
			with("argocd.argoproj.io/tracking-id", "x:/Service:y/my-app").
			with("external-dns.alpha.kubernetes.io/hostname", "my-app.example.org").create()
		w.aPod("my-app", "a").create()
		w.switched("my-app", "a", 1, contract.ReasonElected)

		leaderService, slice := w.service("my-app-leader"), w.slice("my-app-leader-ipv4")
		Expect(leaderService.Labels).To(Equal(map[string]string{
			"app.kubernetes.io/managed-by": "zen-lead", "zen-lead.io/source-service": "my-app",
			"endpointslice.kubernetes.io/skip-mirror": "true",
		}))
		Expect(slice.Labels).To(Equal(map[string]string{
			"kubernetes.io/service-name": "my-app-leader", "endpointslice.kubernetes.io/managed-by": "zen-lead",
			"zen-lead.io/source-service": "my-app",
		}))
		delete(slice.Annotations, corev1.EndpointsLastChangeTriggerTime)
		for _, annotations := range []map[string]string{leaderService.Annotations, slice.Annotations} {
			for key := range annotations {
				Expect(key).To(HavePrefix(contract.Prefix))
			}
		}
	})

	It("stay on the leader Service and the slice through a failover", func() {
		w := newLedWorld()
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { mark(s) })
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) { mark(s) })
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		for _, object := range []metav1.Object{w.service("my-app-leader"), w.slice("my-app-leader-ipv4")} {
			Expect(object.GetLabels()).To(HaveKeyWithValue("example.org/team", "blue"))
			Expect(object.GetAnnotations()).To(HaveKeyWithValue("example.org/note", "keep"))
		}
		Expect(w.metric("zen_lead_manual_edits_reverted_total", "service=my-app")()).To(Equal(-1.0))
	})
})

// mark sets a label and an annotation that are somebody else's.
func mark(object metav1.Object) {
	labels, annotations := object.GetLabels(), object.GetAnnotations()
	labels["example.org/team"], annotations["example.org/note"] = "blue", "keep"
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
}
