package apiserver

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// leader returns a poll of the Pod names that the IPv4 slice of the leader Service routes to as ready.
func (w *world) leader(service string) func() []string {
	return w.leaderOf(service+"-leader", discoveryv1.AddressTypeIPv4)
}

func (w *world) leaderOf(leaderService string, addressType discoveryv1.AddressType) func() []string {
	return func() []string {
		slice := &discoveryv1.EndpointSlice{}
		if err := admin.Get(w.ctx, w.key(contract.SliceName(leaderService, addressType)), slice); err != nil {
			return []string{"no slice"}
		}
		names := []string{}
		for _, endpoint := range slice.Endpoints {
			if *endpoint.Conditions.Ready {
				names = append(names, endpoint.TargetRef.Name)
			} else {
				names = append(names, endpoint.TargetRef.Name+" (not ready)")
			}
		}
		return names
	}
}

// endpoint returns a poll of the IPv4 slice's one endpoint with its conditions, such as "a ready serving" or
// "a serving terminating"; empty if there is none.
func (w *world) endpoint(service string) func() string {
	return func() string {
		GinkgoHelper()
		slice := w.slice(service + "-leader-ipv4")
		if len(slice.Endpoints) == 0 {
			return ""
		}
		Expect(slice.Endpoints).To(HaveLen(1))
		endpoint := slice.Endpoints[0]
		text := endpoint.TargetRef.Name
		for _, condition := range []struct {
			name  string
			holds *bool
		}{{"ready", endpoint.Conditions.Ready}, {"serving", endpoint.Conditions.Serving}, {"terminating", endpoint.Conditions.Terminating}} {
			if *condition.holds {
				text += " " + condition.name
			}
		}
		return text
	}
}

// routes asserts that a leader Service comes to route to the Pod alone, as the how many-th leader.
func (w *world) routes(leaderService, pod string, epoch int) {
	GinkgoHelper()
	Eventually(w.leaderOf(leaderService, discoveryv1.AddressTypeIPv4)).Should(Equal([]string{pod}))
	Eventually(w.status(leaderService, contract.AnnotationLeaderEpoch)).Should(Equal(fmt.Sprint(epoch)))
	Eventually(w.status(leaderService, contract.AnnotationLeaderPodName)).Should(Equal(pod))
	slice := w.slice(contract.SliceName(leaderService, discoveryv1.AddressTypeIPv4))
	Expect(slice.Annotations).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, fmt.Sprint(epoch)))
}

// status returns a poll of one of the leader Service's annotations.
func (w *world) status(leaderService, key string) func() string {
	return func() string {
		service := &corev1.Service{}
		if admin.Get(w.ctx, w.key(leaderService), service) != nil {
			return ""
		}
		return service.Annotations[key]
	}
}

func (w *world) epoch(service string) func() string {
	return w.status(service+"-leader", contract.AnnotationLeaderEpoch)
}

// switched asserts that the Pod comes to lead, as the how many-th leader and why, and that the leader Service says so.
func (w *world) switched(service, pod string, epoch int, reason contract.Reason) {
	GinkgoHelper()
	Eventually(w.leader(service)).Should(Equal([]string{pod}))
	Eventually(w.status(service+"-leader", contract.AnnotationLeaderEpoch)).Should(Equal(fmt.Sprint(epoch)))
	annotations := w.service(service + "-leader").Annotations
	Expect(annotations).To(HaveKeyWithValue(contract.AnnotationLeaderPodName, pod))
	Expect(annotations).To(HaveKeyWithValue(contract.AnnotationLeaderReason, string(reason)))
	Expect(w.slice(service + "-leader-ipv4").Annotations).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, fmt.Sprint(epoch)))
}
