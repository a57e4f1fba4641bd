package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	applydiscovery "k8s.io/client-go/applyconfigurations/discovery/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("A manual edit of the leader Service (contract 2)", func() {
	DescribeTable("is put back, counted and told", func(edit func(*corev1.Service)) {
		w := newSecondTermWorld()
		intact := w.service("my-app-leader")
		change(w, &corev1.Service{}, "my-app-leader", edit)
		Eventually(func() *corev1.Service { return withoutHistory(w.service("my-app-leader")) }).Should(Equal(withoutHistory(intact)))
		w.revertedOnce("Service my-app-leader")
	},
		Entry("managed-by removed", func(s *corev1.Service) { delete(s.Labels, contract.LabelManagedBy) }),
		Entry("managed-by changed", func(s *corev1.Service) { s.Labels[contract.LabelManagedBy] = "Helm" }),
		Entry("source-service removed", func(s *corev1.Service) { delete(s.Labels, contract.LabelSourceService) }),
		Entry("source-service changed", func(s *corev1.Service) { s.Labels[contract.LabelSourceService] = "other" }),
		Entry("skip-mirror removed", func(s *corev1.Service) { delete(s.Labels, discoveryv1.LabelSkipMirror) }),
		Entry("all labels removed", func(s *corev1.Service) { s.Labels = nil }),
		Entry("owner removed", func(s *corev1.Service) { s.OwnerReferences = nil }),
		Entry("owner no longer controller", func(s *corev1.Service) { s.OwnerReferences[0].Controller = nil }),
		Entry("owner's deletion blocked", func(s *corev1.Service) { s.OwnerReferences[0].BlockOwnerDeletion = ptr.To(true) }),
		Entry("port changed", func(s *corev1.Service) { s.Spec.Ports[0].Port = 8081 }),
		Entry("port added", func(s *corev1.Service) {
			s.Spec.Ports = append(s.Spec.Ports, port("more", 81, intstr.FromInt32(8081)))
		}),
		Entry("target port changed", func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromInt32(8081) }),
		Entry("type NodePort", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort }),
		Entry("type LoadBalancer", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer }),
		Entry("session affinity", func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP }),
		Entry("publishNotReadyAddresses", func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true }),
		Entry("selector", func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "my-app"} }),
		Entry("second family", func(s *corev1.Service) {
			s.Spec.IPFamilyPolicy, s.Spec.IPFamilies = ptr.To(both), []corev1.IPFamily{ipv4, ipv6}
		}),
		Entry("epoch set back", func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderEpoch] = "1" }),
		Entry("epoch set forward", func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderEpoch] = "1000" }),
		Entry("epoch removed", func(s *corev1.Service) { delete(s.Annotations, contract.AnnotationLeaderEpoch) }),
		Entry("leader changed", func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderPodName] = "a" }),
		Entry("digest removed", func(s *corev1.Service) { delete(s.Annotations, contract.AnnotationApplied) }),
	)

	It("that makes it an ExternalName is put back, with a virtual IP", func() {
		w := newSecondTermWorld()
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ExternalName, s.Spec.ClusterIP, s.Spec.ClusterIPs = corev1.ServiceTypeExternalName, "example.org", "", nil
		})
		Eventually(func() string { return w.service("my-app-leader").Spec.ClusterIP }).ShouldNot(BeEmpty())
		Expect(w.service("my-app-leader").Spec.Type).To(Equal(corev1.ServiceTypeClusterIP))
		w.revertedOnce("Service my-app-leader")
	})

	It("made while the operator is down is put back by the next one", func() {
		w := newSecondTermWorld()
		intact := w.service("my-app-leader")
		w.stopOperator()
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { s.Spec.Ports[0].Port = 8081 })
		w.startOperator()
		Eventually(func() *corev1.Service { return withoutHistory(w.service("my-app-leader")) }).Should(Equal(withoutHistory(intact)))
		Eventually(w.metric("zen_lead_manual_edits_reverted_total", "service=my-app")).Should(Equal(1.0))
		w.routes("my-app-leader", "b", 2)
	})
})

var _ = Describe("What others may add to a leader Service (SECURITY.md)", func() {
	DescribeTable("stays when the operator writes it, and is no edit", func(add func(*corev1.Service)) {
		w := newSecondTermWorld()
		change(w, &corev1.Service{}, "my-app-leader", add)
		w.failsOver("my-app")
		change(w, &corev1.Service{}, "my-app", func(s *corev1.Service) {
			s.Spec.Ports = append(s.Spec.Ports, port("more", 81, intstr.FromInt32(8081)))
		})
		Eventually(func() []corev1.ServicePort { return w.service("my-app-leader").Spec.Ports }).Should(HaveLen(2))
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderEpoch)).Should(Equal("3"))
		found := w.service("my-app-leader")
		expected := found.DeepCopy()
		add(expected)
		Expect(found).To(Equal(expected))
		Expect(w.eventsOf("my-app", contract.EventManualEditReverted)()).To(BeEmpty())
	},
		Entry("external IPs", func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.7"} }),
		Entry("internal traffic policy", func(s *corev1.Service) {
			s.Spec.InternalTrafficPolicy = ptr.To(corev1.ServiceInternalTrafficPolicyLocal)
		}),
		Entry("another proxy", func(s *corev1.Service) { s.Labels["service.kubernetes.io/service-proxy-name"] = "example.org" }),
		Entry("an annotation", func(s *corev1.Service) { s.Annotations["example.org/team"] = "blue" }),
	)
})

var _ = Describe("A selector added to the leader Service (contract 2)", func() {
	addSelector := func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "my-app"} }

	It("leaves no slice of a built-in controller behind", func() {
		w := newSecondTermWorld()
		for range 5 {
			change(w, &corev1.Service{}, "my-app-leader", addSelector)
			Eventually(func() map[string]string { return w.service("my-app-leader").Spec.Selector }).Should(BeEmpty())
		}
		w.onlyOurSlice()
		w.routes("my-app-leader", "b", 2)
	})

	It("leaves none behind though the built-in controllers had made theirs", func() {
		w := newSecondTermWorld()
		w.stopOperator()
		change(w, &corev1.Service{}, "my-app-leader", addSelector)
		Eventually(w.exists(w.builtInEndpoints(), "my-app-leader")).Should(BeTrue())
		Eventually(w.slicesOf("my-app-leader")).Should(HaveLen(2))
		w.startOperator()
		Eventually(func() map[string]string { return w.service("my-app-leader").Spec.Selector }).Should(BeEmpty())
		w.onlyOurSlice()
		w.routes("my-app-leader", "b", 2)
		Expect(w.eventsOf("my-app", contract.EventNameConflict)()).To(BeEmpty())
	})

	DescribeTable("is taken back with what was mirrored from its Endpoints, because the mark against that went too", func(strip func(*corev1.Service)) {
		w := newSecondTermWorld()
		w.stopOperator()
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) {
			addSelector(s)
			strip(s)
		})
		Eventually(w.exists(w.builtInEndpoints(), "my-app-leader")).Should(BeTrue())
		Eventually(w.slicesOf("my-app-leader")).Should(HaveLen(2))
		w.startOperator() // without a selector, the Service has its Endpoints mirrored
		Eventually(w.eventsOf("my-app", contract.EventNameConflict)).Should(ConsistOf(ContainSubstring("a selector that matches nobody")))
		Eventually(w.slicesOf("my-app-leader")).Should(HaveLen(1))
		Eventually(func() map[string]string { return w.service("my-app-leader").Spec.Selector }).Should(BeEmpty())
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(Equal(0.0))
		w.onlyOurSlice()
		w.routes("my-app-leader", "b", 2)
		w.failsOver("my-app")
	},
		Entry("the label is taken away", func(s *corev1.Service) { delete(s.Labels, discoveryv1.LabelSkipMirror) }),
		Entry("the label has another value", func(s *corev1.Service) { s.Labels[discoveryv1.LabelSkipMirror] = "false" }),
	)

	It("is told of as a conflict where somebody else made the Endpoints that are mirrored, and they are left alone", func() {
		w := newSecondTermWorld()
		endpoints := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Endpoints", "metadata": map[string]any{"namespace": w.namespace, "name": "my-app-leader"},
			"subsets": []any{map[string]any{
				"addresses": []any{map[string]any{"ip": "10.9.9.9"}}, "ports": []any{map[string]any{"port": int64(80)}},
			}},
		}}
		Expect(admin.Create(w.ctx, endpoints)).To(Succeed())
		Eventually(w.eventsOf("my-app", contract.EventNameConflict)).Should(ConsistOf(HavePrefix("EndpointSlice my-app-leader-")))
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(Equal(1.0))
		Consistently(func() map[string]string { return w.service("my-app-leader").Spec.Selector }).Should(BeEmpty())
		Expect(admin.Delete(w.ctx, endpoints)).To(Succeed())
		w.onlyOurSlice()
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(Equal(0.0))
	})
})

var _ = Describe("A manual edit of the slice (contract 2)", func() {
	DescribeTable("is put back, counted and told", func(edit func(*discoveryv1.EndpointSlice)) {
		w := newSecondTermWorld()
		intact := w.slice("my-app-leader-ipv4")
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", edit)
		Eventually(func() *discoveryv1.EndpointSlice {
			return withoutHistory(w.slice("my-app-leader-ipv4"))
		}).Should(Equal(withoutHistory(intact)))
		w.revertedOnce("EndpointSlice my-app-leader-ipv4")
	},
		Entry("service-name removed", func(s *discoveryv1.EndpointSlice) { delete(s.Labels, discoveryv1.LabelServiceName) }),
		Entry("service-name changed", func(s *discoveryv1.EndpointSlice) { s.Labels[discoveryv1.LabelServiceName] = "my-app" }),
		Entry("managed-by removed", func(s *discoveryv1.EndpointSlice) { delete(s.Labels, discoveryv1.LabelManagedBy) }),
		Entry("managed-by changed", func(s *discoveryv1.EndpointSlice) { s.Labels[discoveryv1.LabelManagedBy] = "example.org" }),
		Entry("source-service removed", func(s *discoveryv1.EndpointSlice) { delete(s.Labels, contract.LabelSourceService) }),
		Entry("all labels removed", func(s *discoveryv1.EndpointSlice) { s.Labels = nil }),
		Entry("owner removed", func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }),
		Entry("owner no longer controller", func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].Controller = nil }),
		Entry("endpoint added", func(s *discoveryv1.EndpointSlice) {
			s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{"10.9.9.9"}})
		}),
		Entry("endpoint removed", func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }),
		Entry("endpoint's address changed", func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Addresses = []string{"10.9.9.9"} }),
		Entry("endpoint's address added", func(s *discoveryv1.EndpointSlice) {
			s.Endpoints[0].Addresses = append(s.Endpoints[0].Addresses, "10.9.9.9")
		}),
		Entry("endpoint's target changed", func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].TargetRef.UID = "another" }),
		Entry("endpoint's node removed", func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].NodeName = nil }),
		Entry("endpoint's hints added", func(s *discoveryv1.EndpointSlice) {
			s.Endpoints[0].Hints = &discoveryv1.EndpointHints{ForZones: []discoveryv1.ForZone{{Name: "somewhere"}}}
		}),
		Entry("ready flipped", func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Conditions.Ready = ptr.To(false) }),
		Entry("serving flipped", func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Conditions.Serving = ptr.To(false) }),
		Entry("terminating flipped", func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Conditions.Terminating = ptr.To(true) }),
		Entry("port changed", func(s *discoveryv1.EndpointSlice) { s.Ports[0].Port = ptr.To(int32(8081)) }),
		Entry("port removed", func(s *discoveryv1.EndpointSlice) { s.Ports = nil }),
		Entry("epoch set back", func(s *discoveryv1.EndpointSlice) { s.Annotations[contract.AnnotationLeaderEpoch] = "1" }),
		Entry("epoch set forward", func(s *discoveryv1.EndpointSlice) { s.Annotations[contract.AnnotationLeaderEpoch] = "1000" }),
		Entry("epoch removed", func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, contract.AnnotationLeaderEpoch) }),
		Entry("all annotations removed", func(s *discoveryv1.EndpointSlice) { s.Annotations = nil }),
		Entry("managed-by and all annotations removed", func(s *discoveryv1.EndpointSlice) {
			delete(s.Labels, discoveryv1.LabelManagedBy)
			s.Annotations = nil
		}),
	)

	It("made while the operator is down is put back by the next one", func() {
		w := newSecondTermWorld()
		w.stopOperator()
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
			s.Endpoints, s.Annotations[contract.AnnotationLeaderEpoch] = nil, "1"
		})
		w.startOperator()
		Eventually(w.metric("zen_lead_manual_edits_reverted_total", "service=my-app")).Should(Equal(1.0))
		w.routes("my-app-leader", "b", 2)
	})
})

// newWorldWithoutStatus is a world in which the last change of leader, to b, has not reached the status on the leader Service: whoever
// acted was lost in between, and nobody acts now.
func newWorldWithoutStatus() *world {
	GinkgoHelper()
	w := newLedWorld()
	before := w.service("my-app-leader").Annotations
	w.aPod("my-app", "b").create()
	w.setReady("a", false)
	w.switched("my-app", "b", 2, contract.ReasonNotReady)
	w.setReady("a", true)
	w.stopOperator()
	change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { s.Annotations = before })
	return w
}

var _ = Describe("A manual edit of the slice before the status has followed the leader (contract 2)", func() {
	epochUntouched := []TableEntry{
		Entry("service-name removed", func(s *discoveryv1.EndpointSlice) { delete(s.Labels, discoveryv1.LabelServiceName) }),
		Entry("managed-by removed", func(s *discoveryv1.EndpointSlice) { delete(s.Labels, discoveryv1.LabelManagedBy) }),
		Entry("all labels removed", func(s *discoveryv1.EndpointSlice) { s.Labels = nil }),
		Entry("endpoint removed", func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }),
		Entry("endpoint's address changed", func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Addresses = []string{"10.9.9.9"} }),
		Entry("owner removed", func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }),
		Entry("fingerprint removed", func(s *discoveryv1.EndpointSlice) { delete(s.Annotations, contract.AnnotationApplied) }),
	}
	DescribeTable("gives no epoch back, and no leader, whoever puts it back:", func(edit func(*discoveryv1.EndpointSlice)) {
		w := newWorldWithoutStatus()
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", edit)
		w.startOperator()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.routes("my-app-leader", "b", 2)
	}, epochUntouched)

	DescribeTable("is put back with leader and epoch by a replica that has seen it:", func(edit func(*discoveryv1.EndpointSlice)) {
		w := newWorldWithoutStatus()
		standby := w.startStandby(takeoverDelay)
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
			edit(s)
			s.Endpoints = nil
		})
		Eventually(standby.takeovers).Should(BeNumerically("==", 1))
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.routes("my-app-leader", "b", 2)
	}, epochUntouched,
		Entry("epoch set back", func(s *discoveryv1.EndpointSlice) { s.Annotations[contract.AnnotationLeaderEpoch] = "1" }),
		Entry("all annotations removed", func(s *discoveryv1.EndpointSlice) { s.Annotations = nil }),
	)

	It("is not forgotten by a replica that sees it, though the slice routes as it should and another one acts in the end", func() {
		w := newWorldWithoutStatus()
		w.startStandby(takeoverDelay)
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
			s.Annotations[contract.AnnotationLeaderEpoch] = "1"
			delete(s.Annotations, contract.AnnotationLeaderPodUID)
		})
		Consistently(w.leader("my-app")).WithTimeout(shortly).Should(Equal([]string{"b"}))
		w.releaseLease()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.routes("my-app-leader", "b", 2)
	})
})

var _ = Describe("A slice that somebody puts back from a backup (contract 2)", func() {
	It("gives the former leader neither the traffic nor the epoch, and is counted as an edit", func() {
		w := newLedWorld()
		old := w.slice("my-app-leader-ipv4")
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.setReady("a", true)
		old.ResourceVersion = ""
		Expect(admin.Update(w.ctx, old)).To(Succeed())
		w.revertedOnce("EndpointSlice my-app-leader-ipv4")
	})
})

var _ = Describe("Who has set which field of a slice", func() {
	managers := func(w *world) []string {
		var names []string
		for _, entry := range w.slice("my-app-leader-ipv4").ManagedFields {
			names = append(names, entry.Manager)
		}
		return names
	}

	It("is not kept account of while nobody but the operator has set any", func() {
		w := newSecondTermWorld()
		Expect(managers(w)).To(BeEmpty())
	})

	DescribeTable("is kept account of once somebody else has, also by a replica that reads afresh:", func(manager string) {
		w := newSecondTermWorld()
		labels := applydiscovery.EndpointSlice("my-app-leader-ipv4", w.namespace).
			WithLabels(map[string]string{"team": "blue"}).WithAddressType(discoveryv1.AddressTypeIPv4)
		Expect(admin.Apply(w.ctx, labels, client.FieldOwner(manager))).To(Succeed())
		w.setReady("a", true)
		w.failsOver("my-app")
		Expect(managers(w)).To(ContainElement(manager))
		w.startStandby(atOnce)
		w.stopOperator()
		w.failsOver("my-app")
		Expect(managers(w)).To(ContainElement(manager))
		Expect(w.slice("my-app-leader-ipv4").Labels).To(HaveKeyWithValue("team", "blue"))
	}, Entry("somebody", "team-blue"), Entry("somebody of the operator's own name", controllers.Name))
})

var _ = Describe("Deleting what was made (contract 2)", func() {
	DescribeTable("brings it back with the same leader and epoch", func(names ...client.Object) {
		w := newSecondTermWorld()
		for _, object := range names {
			object.SetNamespace(w.namespace)
			Expect(client.IgnoreNotFound(admin.Delete(w.ctx, object))).To(Succeed()) // the garbage collector may be faster
		}
		Eventually(w.metric("zen_lead_manual_edits_reverted_total", "service=my-app")).Should(BeNumerically(">=", 1))
		Eventually(w.eventsOf("my-app", contract.EventManualEditReverted)).ShouldNot(BeEmpty())
		// Before Kubernetes 1.34 the garbage collector may delete a slice although it has just been given to the new leader Service.
		Eventually(w.sliceBelongsToService).MustPassRepeatedly(int(shortly / polling)).Should(BeTrue())
		w.routes("my-app-leader", "b", 2)
		Expect(w.metric("zen_lead_failovers_total", "service=my-app")()).To(Equal(2.0))
	},
		Entry("the leader Service", leaderServiceNamed("my-app-leader")),
		Entry("the slice", sliceNamed("my-app-leader-ipv4")),
		Entry("the leader Service, then the slice", leaderServiceNamed("my-app-leader"), sliceNamed("my-app-leader-ipv4")),
		Entry("the slice, then the leader Service", sliceNamed("my-app-leader-ipv4"), leaderServiceNamed("my-app-leader")),
	)
})

var _ = Describe("Deleting a leader Service in an unusual way (contract 2)", func() {
	for policy, how := range map[metav1.DeletionPropagation]string{
		metav1.DeletePropagationOrphan: "its slices orphaned", metav1.DeletePropagationForeground: "its slices first",
	} {
		It("brings it back with the same leader and epoch: "+how, func() {
			w := newSecondTermWorld()
			before := w.service("my-app-leader").UID
			Expect(admin.Delete(w.ctx, w.service("my-app-leader"), client.PropagationPolicy(policy))).To(Succeed())
			Eventually(func() types.UID {
				service := &corev1.Service{}
				if admin.Get(w.ctx, w.key("my-app-leader"), service) != nil {
					return before
				}
				return service.UID
			}).ShouldNot(Equal(before))
			Eventually(w.sliceBelongsToService).MustPassRepeatedly(int(shortly / polling)).Should(BeTrue())
			w.routes("my-app-leader", "b", 2)
			Expect(w.eventsOf("my-app", contract.EventNameConflict)()).To(BeEmpty())
			w.failsOver("my-app")
		})
	}
})

// newSecondTermWorld makes a world in which my-app's second leader, b, leads, and a could: a lost record would show.
func newSecondTermWorld() *world {
	GinkgoHelper()
	w := newLedWorld()
	w.aPod("my-app", "b").create()
	w.setReady("a", false)
	w.switched("my-app", "b", 2, contract.ReasonNotReady)
	w.setReady("a", true)
	Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(Equal(2.0))
	return w
}

func leaderServiceNamed(name string) client.Object {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func sliceNamed(name string) client.Object {
	return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// withoutHistory is the object without what every write changes.
func withoutHistory[T client.Object](object T) T {
	object.SetResourceVersion("")
	object.SetManagedFields(nil)
	object.SetGeneration(0)
	annotations := object.GetAnnotations()
	delete(annotations, corev1.EndpointsLastChangeTriggerTime)
	object.SetAnnotations(annotations)
	return object
}

// revertedOnce asserts that users heard of one edit of an object, which cost the leader nothing.
func (w *world) revertedOnce(object string) {
	GinkgoHelper()
	Eventually(w.metric("zen_lead_manual_edits_reverted_total", "service=my-app")).Should(Equal(1.0))
	Eventually(w.eventsOf("my-app", contract.EventManualEditReverted)).Should(ConsistOf(HavePrefix(object + " ")))
	Consistently(w.metric("zen_lead_manual_edits_reverted_total", "service=my-app")).WithTimeout(100 * time.Millisecond).Should(Equal(1.0))
	w.routes("my-app-leader", "b", 2)
	Expect(w.metric("zen_lead_failovers_total", "service=my-app")()).To(Equal(2.0))
	Expect(w.eventsOf("my-app", contract.EventNameConflict)()).To(BeEmpty())
}

// slicesOf returns a poll of the slices that kube-proxy takes for a Service's, whoever made them.
func (w *world) slicesOf(service string) func() []string {
	return func() []string {
		var list discoveryv1.EndpointSliceList
		Expect(admin.List(w.ctx, &list, client.InNamespace(w.namespace),
			client.MatchingLabels{discoveryv1.LabelServiceName: service})).To(Succeed())
		names := []string{}
		for _, slice := range list.Items {
			names = append(names, slice.Name)
		}
		return names
	}
}

// builtInEndpoints is what the built-in Endpoints controller makes of a leader Service with a selector.
func (w *world) builtInEndpoints() *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Endpoints"},
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-app-leader"},
	}
}

// onlyOurSlice asserts that traffic of the leader Service goes nowhere else, now and after the built-in controllers have
// had time to react.
func (w *world) onlyOurSlice() {
	GinkgoHelper()
	ours := Equal([]string{"my-app-leader-ipv4"})
	Eventually(w.slicesOf("my-app-leader")).Should(ours)
	Consistently(w.slicesOf("my-app-leader")).WithTimeout(500 * time.Millisecond).Should(ours)
}

// sliceBelongsToService is whether the leader Service of my-app and its slice exist and belong together.
func (w *world) sliceBelongsToService() bool {
	service, slice := &corev1.Service{}, &discoveryv1.EndpointSlice{}
	return admin.Get(w.ctx, w.key("my-app-leader"), service) == nil &&
		admin.Get(w.ctx, w.key("my-app-leader-ipv4"), slice) == nil && metav1.IsControlledBy(slice, service)
}
