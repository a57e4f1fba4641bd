package apiserver

import (
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

const (
	ipv4 = corev1.IPv4Protocol
	ipv6 = corev1.IPv6Protocol

	single = corev1.IPFamilyPolicySingleStack
	prefer = corev1.IPFamilyPolicyPreferDualStack
	both   = corev1.IPFamilyPolicyRequireDualStack
)

var _ = Describe("IP families (contract 2)", func() {
	DescribeTable("of the leader Service are the source's, with one slice for each", func(policy corev1.IPFamilyPolicy, families ...corev1.IPFamily) {
		w := newWorld()
		w.aService("my-app").families(policy, families...).create()
		pod := w.aPod("my-app", "a").create()
		w.familiesFollow()
		w.slicesShow(pod, w.service("my-app").Spec.IPFamilies...)
		Eventually(w.epoch("my-app")).Should(Equal("1"))
	},
		Entry("IPv4", single, ipv4),
		Entry("IPv6", single, ipv6),
		Entry("both, IPv4 first", both, ipv4, ipv6),
		Entry("both, IPv6 first", both, ipv6, ipv4),
		Entry("both if there are two, IPv4 first", prefer, ipv4, ipv6),
		Entry("both if there are two, IPv6 first", prefer, ipv6, ipv4),
		Entry("both if there are two, IPv6 named", prefer, ipv6),
		Entry("both if there are two, none named", prefer),
	)

	DescribeTable("fail over together", func(families ...corev1.IPFamily) {
		w := newWorld()
		w.aService("my-app").families(both, families...).create()
		w.slicesShow(w.aPod("my-app", "a").create(), families...)
		successor := w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.slicesShow(successor, families...)
		Eventually(w.epoch("my-app")).Should(Equal("2"))
		w.setReady("b", false)
		w.slicesShow(nil, families...)
	},
		Entry("with IPv4 first", ipv4, ipv6),
		Entry("with IPv6 first", ipv6, ipv4),
	)

	DescribeTable("need an address of the primary one", func(policy corev1.IPFamilyPolicy, wrong string, families ...corev1.IPFamily) {
		w := newWorld()
		w.aPod("my-app", "a").ips(wrong).create() // first: why nobody is eligible is told once
		w.aService("my-app").families(policy, families...).create()
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ContainElement(ContainSubstring("a NoAddress")))
		w.slicesShow(nil, families...)
		w.slicesShow(w.aPod("my-app", "b").create(), families...)
	},
		Entry("which is IPv4", single, "fd00:1::1:1", ipv4),
		Entry("which is IPv6", single, "10.2.0.1", ipv6),
		Entry("which is IPv4, before IPv6", both, "fd00:1::1:2", ipv4, ipv6),
		Entry("which is IPv6, before IPv4", both, "10.2.0.2", ipv6, ipv4),
	)

	DescribeTable("leave the second one's slice empty for a leader without such an address", func(only string, families ...corev1.IPFamily) {
		w := newWorld()
		w.aService("my-app").families(both, families...).create()
		lone := w.aPod("my-app", "a").ips(only).create()
		w.slicesShow(lone, families[0])
		Eventually(w.endpoints("my-app-leader", families[1])).Should(BeEmpty())
		Expect(w.eventsOf("my-app", contract.EventNoEligiblePod)()).NotTo(ContainElement(ContainSubstring("NoAddress")))

		successor := w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.slicesShow(successor, families...)
		w.setReady("a", true)
		w.setReady("b", false)
		w.slicesShow(lone, families[0])
		Eventually(w.endpoints("my-app-leader", families[1])).Should(BeEmpty())
	},
		Entry("IPv4 first", "10.2.0.3", ipv4, ipv6),
		Entry("IPv6 first", "fd00:1::1:3", ipv6, ipv4),
	)

	DescribeTable("change under the same leader", func(first, second corev1.IPFamily) {
		w := newWorld()
		w.aService("my-app").families(single, first).create()
		pod := w.aPod("my-app", "a").create()
		w.slicesShow(pod, first)
		clusterIP := w.service("my-app-leader").Spec.ClusterIP

		w.respec(func(s *corev1.ServiceSpec) {
			s.IPFamilyPolicy, s.IPFamilies = ptr.To(both), []corev1.IPFamily{first, second}
		})
		w.familiesFollow()
		w.slicesShow(pod, first, second)

		w.respec(func(s *corev1.ServiceSpec) {
			s.IPFamilyPolicy, s.IPFamilies, s.ClusterIPs = ptr.To(single), s.IPFamilies[:1], s.ClusterIPs[:1]
		})
		w.familiesFollow()
		w.slicesShow(pod, first)
		Eventually(w.exists(&discoveryv1.EndpointSlice{}, contract.SliceName("my-app-leader", addressType(second)))).Should(BeFalse())

		w.respec(func(s *corev1.ServiceSpec) { s.IPFamilyPolicy = ptr.To(prefer) })
		w.familiesFollow()
		w.slicesShow(pod, first, second)

		Expect(w.service("my-app-leader").Spec.ClusterIP).To(Equal(clusterIP))
		Expect(w.epoch("my-app")()).To(Equal("1"))
		Expect(w.eventsOf("my-app", contract.EventManualEditReverted)()).To(BeEmpty())
		Expect(w.metric("zen_lead_failovers_total", "service=my-app")()).To(Equal(1.0))
	},
		Entry("from IPv4 to both and back", ipv4, ipv6),
		Entry("from IPv6 to both and back", ipv6, ipv4),
	)

	It("take a Pod on the host's network by the host's addresses", func() {
		w := newWorld()
		w.aService("my-app").families(both, ipv4, ipv6).create()
		pod := w.aPod("my-app", "a").ips("192.0.2.10", "2001:db8::10").
			containers(container(corev1.ContainerPort{ContainerPort: 8080, HostPort: 8080})).
			spec(func(s *corev1.PodSpec) { s.HostNetwork = true }).create()
		w.slicesShow(pod, ipv4, ipv6)
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})
})

func addressType(family corev1.IPFamily) discoveryv1.AddressType {
	return discoveryv1.AddressType(family)
}

// familiesFollow asserts that the leader Service of my-app comes to have the source's families, with a virtual IP for each.
func (w *world) familiesFollow() {
	GinkgoHelper()
	type choice struct {
		Policy   corev1.IPFamilyPolicy
		Families []corev1.IPFamily
		IPs      int
	}
	of := func(name string) choice {
		var service corev1.Service
		if admin.Get(w.ctx, w.key(name), &service) != nil {
			return choice{}
		}
		return choice{*service.Spec.IPFamilyPolicy, service.Spec.IPFamilies, len(service.Spec.ClusterIPs)}
	}
	Eventually(func() choice { return of("my-app-leader") }).Should(Equal(of("my-app")))
}

// slicesShow asserts that my-app's slices of these families come to have the Pod's address of each, or none for no Pod.
func (w *world) slicesShow(pod *corev1.Pod, families ...corev1.IPFamily) {
	GinkgoHelper()
	for _, family := range families {
		expected := []string{}
		if pod != nil {
			expected = append(expected, pod.Name+" "+addressOf(pod, family))
		}
		Eventually(w.endpoints("my-app-leader", family)).Should(Equal(expected))
		Expect(w.slice(contract.SliceName("my-app-leader", addressType(family))).AddressType).To(Equal(addressType(family)))
	}
}

// endpoints returns a poll of what the slice of a family routes to, as "Pod address".
func (w *world) endpoints(leaderService string, family corev1.IPFamily) func() []string {
	return func() []string {
		slice := &discoveryv1.EndpointSlice{}
		if admin.Get(w.ctx, w.key(contract.SliceName(leaderService, addressType(family))), slice) != nil {
			return []string{"no slice"}
		}
		found := []string{}
		for _, endpoint := range slice.Endpoints {
			found = append(found, endpoint.TargetRef.Name+" "+endpoint.Addresses[0])
		}
		return found
	}
}

func addressOf(pod *corev1.Pod, family corev1.IPFamily) string {
	for _, podIP := range pod.Status.PodIPs {
		if netip.MustParseAddr(podIP.IP).Is4() == (family == ipv4) {
			return podIP.IP
		}
	}
	return "no address"
}
