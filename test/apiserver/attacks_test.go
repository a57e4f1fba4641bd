package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// aForgery is a slice by somebody else that bears our labels and a record of his own.
func (w *world) aForgery(name string) *discoveryv1.EndpointSlice {
	GinkgoHelper()
	ready := true
	forgery := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace, Name: name,
			Labels: map[string]string{
				discoveryv1.LabelServiceName: "my-app-leader", contract.LabelSliceManagedBy: contract.ManagedBy,
				contract.LabelSourceService: "my-app",
			},
			Annotations: map[string]string{
				contract.AnnotationLeaderEpoch: "9007199254740992", contract.AnnotationLeaderPodUID: "forged",
				contract.AnnotationLeaderPodName: "forged", contract.AnnotationApplied: "x",
			},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{"10.9.9.9"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
		}},
	}
	Expect(admin.Create(w.ctx, forgery)).To(Succeed())
	return forgery
}

var _ = Describe("Somebody who may edit Services and slices of the namespace (contract 2)", func() {
	It("does not move the epoch with a slice that bears our labels, and is told that it routes past the leader", func() {
		w := newLedWorld()
		forgery := w.aForgery("forgery")
		Eventually(w.eventsOf("my-app", contract.EventNameConflict)).Should(ConsistOf(ContainSubstring("forgery")))
		Expect(admin.Delete(w.ctx, forgery)).To(Succeed())
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(BeZero())
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})

	It("keeps a Service that bears our labels but was not made by us", func() {
		w := newLedWorld()
		innocent := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: w.namespace, Name: "innocent",
				Labels:      map[string]string{contract.LabelManagedBy: contract.ManagedBy, contract.LabelSourceService: "my-app"},
				Annotations: map[string]string{contract.AnnotationLeaderEpoch: "5000", contract.AnnotationApplied: "x"},
			},
			Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
		}
		Expect(admin.Create(w.ctx, innocent)).To(Succeed())
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.unannotate("my-app", contract.AnnotationEnabled)
		Eventually(w.exists(&corev1.Service{}, "my-app-leader")).Should(BeFalse())
		Expect(w.service("innocent").ResourceVersion).To(Equal(innocent.ResourceVersion))
	})

	It("gets a leader Service that was made a LoadBalancer with source ranges put back", func() {
		w := newLedWorld()
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) {
			s.Spec.Type = corev1.ServiceTypeLoadBalancer
			s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"}
		})
		Eventually(func() corev1.ServiceType { return w.service("my-app-leader").Spec.Type }).Should(Equal(corev1.ServiceTypeClusterIP))
		Eventually(w.eventsOf("my-app", contract.EventManualEditReverted)).Should(HaveLen(1))
	})

	It("gets a slice that was made anew with another address type replaced", func() {
		w := newLedWorld()
		w.stopOperator()
		remade := w.slice("my-app-leader-ipv4")
		Expect(admin.Delete(w.ctx, remade.DeepCopy())).To(Succeed())
		remade.ResourceVersion, remade.UID, remade.AddressType, remade.Endpoints = "", "", discoveryv1.AddressTypeIPv6, nil
		Expect(admin.Create(w.ctx, remade)).To(Succeed())
		w.startOperator()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(w.slice("my-app-leader-ipv4").AddressType).To(Equal(discoveryv1.AddressTypeIPv4))
	})

	It("does not have a change of leader announced that could not be written", func() {
		w := newLedWorld()
		other := w.aService("other").notOptedIn().create()
		yes := true
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
			s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Service", Name: "other", UID: other.UID, Controller: &yes}}
		})
		Eventually(w.eventsOf("my-app", contract.EventNameConflict)).Should(HaveLen(1))
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(BeNumerically("==", 1))
		Consistently(w.eventsOf("my-app", contract.EventLeaderChanged)).WithTimeout(300 * time.Millisecond).Should(BeEmpty())
		Expect(w.epoch("my-app")()).To(Equal("1"))
		Expect(w.metric("zen_lead_endpoint_ready", "service=my-app")()).To(BeZero())
	})
})
