package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// endpointPorts are the numbers in my-app's IPv4 slice, by the ports' names.
func (w *world) endpointPorts() map[string]int32 {
	GinkgoHelper()
	ports := map[string]int32{}
	for _, port := range w.slice("my-app-leader-ipv4").Ports {
		ports[*port.Name] = *port.Port
	}
	return ports
}

// toNamed is a Service with the one port http that leads to a named port of its Pods.
func (w *world) toNamed(target string) *serviceBuilder {
	return w.aService("my-app").ports(port("http", 80, intstr.FromString(target)))
}

// aPodListening is a Pod with one named port.
func (w *world) aPodListening(pod, name string, number int32) *podBuilder {
	return w.aPod("my-app", pod).containers(container(named(name, number)))
}

// retarget has the Service's port lead to another named port.
func (w *world) retarget(target string) {
	GinkgoHelper()
	change(w, &corev1.Service{}, "my-app", func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromString(target) })
}

func httpAt(number int32) map[string]int32 { return map[string]int32{"http": number} }

var _ = Describe("Ports (contract 2)", func() {
	It("of every protocol are taken over, and resolved one by one", func() {
		w := newWorld()
		appProtocol := "kubernetes.io/h2c"
		web, dns, sctp := port("web", 80, intstr.FromInt32(8080)), port("dns", 53, intstr.FromString("dns")), port("sig", 36412, intstr.FromString("sig"))
		web.AppProtocol, dns.Protocol, sctp.Protocol = &appProtocol, corev1.ProtocolUDP, corev1.ProtocolSCTP
		w.aService("my-app").ports(web, dns, sctp).create()
		w.aPod("my-app", "a").containers(container(
			corev1.ContainerPort{Name: "dns", ContainerPort: 5353, Protocol: corev1.ProtocolUDP},
			corev1.ContainerPort{Name: "sig", ContainerPort: 3868, Protocol: corev1.ProtocolSCTP},
		)).create()
		w.switched("my-app", "a", 1, contract.ReasonElected)

		Expect(w.endpointPorts()).To(Equal(map[string]int32{"web": 8080, "dns": 5353, "sig": 3868}))
		leaderService, source := w.service("my-app-leader"), w.service("my-app")
		for i, port := range w.slice("my-app-leader-ipv4").Ports {
			Expect(*port.Protocol).To(Equal(source.Spec.Ports[i].Protocol))
			Expect(port.AppProtocol).To(Equal(source.Spec.Ports[i].AppProtocol))
			Expect(leaderService.Spec.Ports[i]).To(Equal(source.Spec.Ports[i]))
		}
	})

	It("a name is that of a port of the same protocol", func() {
		w := newWorld()
		w.toNamed("dns").create()
		w.aPod("my-app", "a").containers(container(
			corev1.ContainerPort{Name: "dns", ContainerPort: 5353, Protocol: corev1.ProtocolUDP})).create()
		Eventually(w.eventsOf("my-app", contract.EventPortUnresolved)).Should(ConsistOf(ContainSubstring(`"dns"`)))
		Expect(w.endpoint("my-app")()).To(BeEmpty())
	})

	It("a name that stands for another number on each Pod is the leader's after each failover", func() {
		w := newWorld()
		w.toNamed("http").create()
		w.aPodListening("a", "http", 8080).create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(w.endpointPorts()).To(Equal(httpAt(8080)))
		w.aPodListening("b", "http", 9090).create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(w.endpointPorts()).To(Equal(httpAt(9090)))
		w.setReady("a", true)
		w.setReady("b", false)
		w.switched("my-app", "a", 3, contract.ReasonNotReady)
		Expect(w.endpointPorts()).To(Equal(httpAt(8080)))
	})

	It("are found on a restartable init container, and not on an ordinary one", func() {
		needs("restartable init containers", "1.29")
		w := newWorld()
		w.toNamed("http").create()
		withInitContainer := func(name string, number int32, policy *corev1.ContainerRestartPolicy) {
			w.aPod("my-app", name).spec(func(spec *corev1.PodSpec) {
				init := container(named("http", number))
				init.Name, init.RestartPolicy = "init", policy
				spec.InitContainers = []corev1.Container{init}
			}).create()
		}
		withInitContainer("ordinary", 8080, nil)
		Eventually(w.eventsOf("my-app", contract.EventPortUnresolved)).Should(HaveLen(1))
		always := corev1.ContainerRestartPolicyAlways
		withInitContainer("sidecar", 9090, &always)
		w.switched("my-app", "sidecar", 1, contract.ReasonElected)
		Expect(w.endpointPorts()).To(Equal(httpAt(9090)))
	})

	It("a Pod on which one of several names does not resolve is no candidate, and that is told once", func() {
		w := newWorld()
		w.aService("my-app").ports(
			port("http", 80, intstr.FromString("http")), port("metrics", 90, intstr.FromString("metrics"))).create()
		w.aPod("my-app", "whole").containers(container(named("http", 8080), named("metrics", 9090))).create()
		w.switched("my-app", "whole", 1, contract.ReasonElected)
		w.aPodListening("half", "http", 8080).create()
		Eventually(w.metric("zen_lead_port_resolution_failures_total", "service=my-app")).Should(BeNumerically("==", 1))
		Eventually(w.eventsOf("my-app", contract.EventPortUnresolved)).Should(ConsistOf(ContainSubstring(`"metrics"`)))
		w.nudge("my-app", "half")
		w.nudge("my-app", "whole")
		w.settled("my-app")
		Expect(w.metric("zen_lead_candidates", "service=my-app")()).To(BeNumerically("==", 1))
		Expect(w.metric("zen_lead_port_resolution_failures_total", "service=my-app")()).To(BeNumerically("==", 1))
		Expect(w.eventsOf("my-app", contract.EventPortUnresolved)()).To(ConsistOf(Not(ContainSubstring("times"))))

		w.setReady("whole", false)
		Eventually(w.endpoint("my-app")).Should(BeEmpty(), "the half Pod is no refuge")
		Expect(w.endpointPorts()).To(BeEmpty())
	})

	It("every name that does not resolve is told", func() {
		w := newWorld()
		w.aService("my-app").ports(
			port("http", 80, intstr.FromString("http")), port("metrics", 90, intstr.FromString("metrics"))).create()
		w.aPod("my-app", "a").create()
		Eventually(w.eventsOf("my-app", contract.EventPortUnresolved)).Should(
			ConsistOf(ContainSubstring(`"http"`), ContainSubstring(`"metrics"`)))
	})

	It("where no name resolves there is no endpoint", func() {
		w := newWorld()
		w.toNamed("nowhere").create()
		w.aPodListening("a", "http", 8080).create()
		w.aPodListening("b", "http", 8080).create()
		Eventually(w.metric("zen_lead_port_resolution_failures_total", "service=my-app")).Should(BeNumerically("==", 2))
		w.settled("my-app")
		Expect(w.slice("my-app-leader-ipv4").Endpoints).To(BeEmpty())
		Expect(w.slice("my-app-leader-ipv4").Ports).To(BeEmpty())
	})
})

var _ = Describe("Named ports that change (contract 2 and 4)", func() {
	ledByOld := func() *world {
		w := newWorld()
		w.toNamed("http").create()
		w.aPodListening("old", "http", 8080).create()
		w.switched("my-app", "old", 1, contract.ReasonElected)
		return w
	}

	It("a leader on which the Service's new target does not resolve is replaced by one on which it does", func() {
		w := ledByOld()
		w.aPodListening("new", "web", 9090).create()
		w.retarget("web")
		w.switched("my-app", "new", 2, contract.ReasonPortUnresolved)
		Expect(w.endpointPorts()).To(Equal(httpAt(9090)))
	})

	It("a leader on which the Service's new target does not resolve leaves without a successor too", func() {
		w := ledByOld()
		w.retarget("web")
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(Equal("PortUnresolved"))
		w.retarget("http")
		w.switched("my-app", "old", 2, contract.ReasonElected)
	})

	It("a leader on which the new target does resolve keeps leading, with the new number", func() {
		w := newWorld()
		w.toNamed("http").create()
		w.aPod("my-app", "a").containers(container(named("http", 8080), named("admin", 9090))).create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.retarget("admin")
		Eventually(w.endpointPorts).Should(Equal(httpAt(9090)))
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})

	It("a rolling update that renumbers a name moves the number with the leader", func() {
		w := ledByOld()
		w.aPodListening("new", "http", 9090).create()
		w.terminate("old")
		w.switched("my-app", "new", 2, contract.ReasonTerminating)
		Expect(w.endpointPorts()).To(Equal(httpAt(9090)))
	})

	It("a rolling update that renames the port moves the leader once the Service names it", func() {
		w := ledByOld()
		w.aPodListening("new", "web", 9090).create()
		Eventually(w.metric("zen_lead_port_resolution_failures_total", "service=my-app")).Should(BeNumerically("==", 1))
		Expect(w.endpoint("my-app")()).To(Equal("old ready serving"))
		w.terminate("old")
		Eventually(w.endpoint("my-app")).Should(Equal("old serving terminating"))
		w.retarget("web")
		w.switched("my-app", "new", 2, contract.ReasonTerminating)
		Expect(w.endpointPorts()).To(Equal(httpAt(9090)))
	})
})
