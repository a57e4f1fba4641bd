package apiserver

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// The kinds of sources.
func headless(s *corev1.ServiceSpec)       { s.ClusterIP = corev1.ClusterIPNone }
func nodePort(s *corev1.ServiceSpec)       { s.Type = corev1.ServiceTypeNodePort }
func loadBalancer(s *corev1.ServiceSpec)   { s.Type = corev1.ServiceTypeLoadBalancer }
func selectorLess(s *corev1.ServiceSpec)   { s.Selector = nil }
func headlessNoPort(s *corev1.ServiceSpec) { s.ClusterIP, s.Ports = corev1.ClusterIPNone, nil }
func externalName(s *corev1.ServiceSpec) {
	*s = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.org", Ports: s.Ports, Selector: s.Selector}
}
func localTraffic(s *corev1.ServiceSpec) {
	s.Type, s.ExternalTrafficPolicy = corev1.ServiceTypeLoadBalancer, corev1.ServiceExternalTrafficPolicyLocal
	s.InternalTrafficPolicy = ptr.To(corev1.ServiceInternalTrafficPolicyLocal)
}

var _ = Describe("A source of any type (contract 1 and 2)", func() {
	DescribeTable("has a leader Service of type ClusterIP with a virtual IP", func(kind func(*corev1.ServiceSpec)) {
		w := newWorld()
		w.aService("my-app").spec(kind).create()
		w.aPod("my-app", "a").create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		spec := w.service("my-app-leader").Spec
		Expect(spec.Type).To(Equal(corev1.ServiceTypeClusterIP))
		Expect(spec.ClusterIP).NotTo(BeElementOf("", corev1.ClusterIPNone, w.service("my-app").Spec.ClusterIP))
		Expect(spec.Selector).To(BeEmpty())
		w.portsFollow()
		Expect(spec.ExternalTrafficPolicy).To(BeEmpty())
		Expect(*spec.InternalTrafficPolicy).To(Equal(corev1.ServiceInternalTrafficPolicyCluster))
	},
		Entry("if it is headless", headless),
		Entry("if it is a NodePort", nodePort),
		Entry("if it is a LoadBalancer", loadBalancer),
		Entry("if it keeps traffic on the node", localTraffic),
	)

	It("has a leader Service without session affinity", func() {
		w := newWorld()
		w.aService("my-app").spec(func(s *corev1.ServiceSpec) { s.SessionAffinity = corev1.ServiceAffinityClientIP }).create()
		w.aPod("my-app", "a").create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		spec := w.service("my-app-leader").Spec
		Expect(spec.SessionAffinity).To(Equal(corev1.ServiceAffinityNone))
		Expect(spec.SessionAffinityConfig).To(BeNil())
	})

	It("does not get a leader that is not ready because it publishes addresses that are not", func() {
		w := newWorld()
		w.aService("my-app").spec(func(s *corev1.ServiceSpec) { s.PublishNotReadyAddresses = true }).create()
		w.aPod("my-app", "a").notReady().create()
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).ShouldNot(BeEmpty())
		Consistently(w.leader("my-app")).Should(BeEmpty())
		w.aPod("my-app", "b").create()
		w.switched("my-app", "b", 1, contract.ReasonElected)
		Expect(w.service("my-app-leader").Spec.PublishNotReadyAddresses).To(BeFalse())
		w.setReady("b", false)
		Eventually(w.leader("my-app")).Should(BeEmpty())
	})

	It("changes its type under the same leader", func() {
		w := newLedWorld()
		before := w.service("my-app-leader").Spec.ClusterIP
		w.respec(nodePort)
		w.respec(loadBalancer)
		w.respec(func(s *corev1.ServiceSpec) { s.Type = corev1.ServiceTypeClusterIP })
		Consistently(w.leader("my-app")).Should(Equal([]string{"a"}))
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(w.service("my-app-leader").Spec.ClusterIP).To(Equal(before))
	})
})

var _ = Describe("A source that cannot have a leader Service (contract 1 and 4)", func() {
	support := func(s *corev1.ServiceSpec) {
		s.Type, s.ExternalName, s.Selector = corev1.ServiceTypeClusterIP, "", map[string]string{"app": "my-app"}
		s.Ports = []corev1.ServicePort{port("http", 80, intstr.FromInt32(8080))}
	}

	DescribeTable("is reported and nothing is made until it can", func(kind func(*corev1.ServiceSpec), why string) {
		w := newWorld()
		w.aService("my-app").spec(kind).create()
		w.aPod("my-app", "a").create()
		Eventually(w.eventsOf("my-app", contract.EventUnsupportedService)).Should(ConsistOf(ContainSubstring(why)))
		w.nothingMade("my-app")
		Expect(w.eventsOf("my-app", contract.EventUnsupportedService)()).To(ConsistOf(Not(ContainSubstring("times"))))

		w.respec(support)
		w.switched("my-app", "a", 1, contract.ReasonElected)
	},
		Entry("if it is an ExternalName", externalName, "ExternalName"),
		Entry("if it has no selector", selectorLess, "selector"),
		Entry("if it is headless and has no ports", headlessNoPort, "ports"),
	)

	DescribeTable("loses the leader Service that it had", func(kind func(*corev1.ServiceSpec)) {
		w := newLedWorld()
		w.respec(kind)
		Eventually(w.eventsOf("my-app", contract.EventUnsupportedService)).Should(HaveLen(1))
		w.nothingMade("my-app")
		Eventually(w.eventsOf("my-app", contract.EventLeaderServiceDeleted)).Should(HaveLen(1))

		w.respec(support)
		Eventually(w.leader("my-app")).Should(Equal([]string{"a"}))
	},
		Entry("when it becomes an ExternalName", func(s *corev1.ServiceSpec) {
			s.Type, s.ExternalName, s.ClusterIP, s.ClusterIPs = corev1.ServiceTypeExternalName, "example.org", "", nil
		}),
		Entry("when its selector goes", selectorLess),
	)
})

var _ = Describe("The source's ports (contract 2)", func() {
	http, admin := port("http", 80, intstr.FromInt32(8080)), port("admin", 90, intstr.FromString("management"))

	It("are the leader Service's, and resolved they are the slice's", func() {
		w := newWorld()
		dns := corev1.ServicePort{Name: "dns", Protocol: corev1.ProtocolUDP, Port: 53, TargetPort: intstr.FromInt32(5353)}
		http := http
		http.AppProtocol = ptr.To("kubernetes.io/h2c")
		w.aService("my-app").ports(http, admin, dns).create()
		w.aPod("my-app", "a").containers(container(named("management", 9090))).create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.portsFollow()
		w.slicePortsFollow("http 8080/TCP kubernetes.io/h2c", "admin 9090/TCP", "dns 5353/UDP")
	})

	DescribeTable("change on the leader Service and the slice under the same leader", func(change func(*corev1.ServiceSpec), slice ...string) {
		w := newWorld()
		w.aService("my-app").ports(http, admin).create()
		w.aPod("my-app", "a").containers(container(named("management", 9090), named("other", 9191))).create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		clusterIP := w.service("my-app-leader").Spec.ClusterIP
		w.respec(change)
		w.portsFollow()
		w.slicePortsFollow(slice...)
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(w.service("my-app-leader").Spec.ClusterIP).To(Equal(clusterIP))
		Expect(w.metric("zen_lead_manual_edits_reverted_total", "service=my-app")()).To(Equal(-1.0))
	},
		Entry("when one is added", func(s *corev1.ServiceSpec) { s.Ports = append(s.Ports, port("more", 70, intstr.FromInt32(7070))) },
			"http 8080/TCP", "admin 9090/TCP", "more 7070/TCP"),
		Entry("when one is removed", func(s *corev1.ServiceSpec) { s.Ports = s.Ports[:1] },
			"http 8080/TCP"),
		Entry("when one is renumbered", func(s *corev1.ServiceSpec) { s.Ports[0].Port = 81 },
			"http 8080/TCP", "admin 9090/TCP"),
		Entry("when one is renamed", func(s *corev1.ServiceSpec) { s.Ports[0].Name = "web" },
			"web 8080/TCP", "admin 9090/TCP"),
		Entry("when a target is renumbered", func(s *corev1.ServiceSpec) { s.Ports[0].TargetPort = intstr.FromInt32(8081) },
			"http 8081/TCP", "admin 9090/TCP"),
		Entry("when a target gets another name", func(s *corev1.ServiceSpec) { s.Ports[1].TargetPort = intstr.FromString("other") },
			"http 8080/TCP", "admin 9191/TCP"),
		Entry("when an appProtocol is set", func(s *corev1.ServiceSpec) { s.Ports[0].AppProtocol = ptr.To("kubernetes.io/ws") },
			"http 8080/TCP kubernetes.io/ws", "admin 9090/TCP"),
		Entry("when the order is another", func(s *corev1.ServiceSpec) { s.Ports[0], s.Ports[1] = s.Ports[1], s.Ports[0] },
			"admin 9090/TCP", "http 8080/TCP"),
	)
})

// portsFollow asserts that the leader Service of my-app comes to have the source's ports.
func (w *world) portsFollow() {
	GinkgoHelper()
	ports := w.service("my-app").Spec.Ports
	for i := range ports {
		ports[i].NodePort = 0
	}
	Eventually(func() []corev1.ServicePort { return w.service("my-app-leader").Spec.Ports }).Should(Equal(ports))
}

// slicePortsFollow asserts that the slice of my-app comes to have these ports, as "name number/protocol appProtocol".
func (w *world) slicePortsFollow(ports ...string) {
	GinkgoHelper()
	Eventually(func() []string {
		found := []string{}
		for _, port := range w.slice("my-app-leader-ipv4").Ports {
			text := fmt.Sprintf("%s %d/%s %s", *port.Name, *port.Port, *port.Protocol, ptr.Deref(port.AppProtocol, ""))
			found = append(found, strings.TrimSpace(text))
		}
		return found
	}).Should(Equal(ports))
}
