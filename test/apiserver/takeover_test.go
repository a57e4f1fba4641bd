package apiserver

import (
	"fmt"
	"maps"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/rest"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

const (
	// takeoverDelay is the standby's where nobody acts: what it has to wait, and no more.
	takeoverDelay = 20 * time.Millisecond
	// atOnce is the delay of a standby that is to get in the acting replica's way wherever it can.
	atOnce = time.Millisecond
)

// operatorLease makes the Lease of the operator's replicas, held by somebody who does nothing.
func (w *world) operatorLease() {
	GinkgoHelper()
	holder, seconds, now := "somebody", int32(3600), metav1.NowMicro()
	Expect(admin.Create(w.ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: controllers.Name},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &holder, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now,
		},
	})).To(Succeed())
	grant(w.ctx, w.namespace, controlplane.RoleSystem)
}

// releaseLease has the operator's Lease held by nobody.
func (w *world) releaseLease() {
	GinkgoHelper()
	change(w, &coordinationv1.Lease{}, controllers.Name, func(lease *coordinationv1.Lease) { lease.Spec.HolderIdentity = new("") })
}

// startStandby starts an operator that does not act, because somebody else holds the Lease, and waits until it is warm.
func (w *world) startStandby(delay time.Duration, options ...startOption) *operator {
	GinkgoHelper()
	if !w.exists(&coordinationv1.Lease{}, controllers.Name)() {
		w.operatorLease()
	}
	standby := w.start(append(options, func(o *controllers.Options, _ *rest.Config) {
		o.LeaderElection, o.LeaderElectionNamespace, o.TakeoverDelay = true, w.namespace, delay
		o.HealthProbeBindAddress = freeAddress()
	})...)
	Eventually(standby.warm).Should(BeTrue())
	return standby
}

func (o *operator) warm() bool {
	status, _ := get("http://"+o.health+"/readyz", "")
	return status == 200
}

func (o *operator) takeovers() float64 {
	return o.metric("zen_lead_takeovers_total")()
}

// newAbandonedWorld is a world in which my-app's leader a has the candidates, and nobody acts but a standby.
func newAbandonedWorld(delay time.Duration, candidates ...string) (*world, *operator) {
	GinkgoHelper()
	w := newWorld()
	w.aService("my-app").createLed("a", candidates...)
	w.stopOperator()
	return w, w.startStandby(delay)
}

// failsOver has the leader of a Service fail, and be a candidate again once another one leads.
func (w *world) failsOver(service string) {
	GinkgoHelper()
	w.failsOverWithin(15*time.Second, service)
}

// failsOverWithin does the same where the machine has much else to do.
func (w *world) failsOverWithin(limit time.Duration, service string) {
	GinkgoHelper()
	former := w.leader(service)()
	w.setReady(former[0], false)
	Eventually(w.leader(service)).WithTimeout(limit).Should(And(HaveLen(1), Not(Equal(former)), Not(ContainElement(HaveSuffix("(not ready)")))))
	w.setReady(former[0], true)
}

var _ = Describe("A standby takes a decision over when nobody acts (contract 6)", func() {
	It("a lost leader is replaced; status, Event and counters follow, and gauges are left to the acting replica", func() {
		w, standby := newAbandonedWorld(takeoverDelay, "b")
		seen := w.startHistory()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(ConsistOf(ContainSubstring("b leads after a (NotReady), epoch 2")))
		Eventually(standby.takeovers).Should(BeNumerically("==", 1))
		Expect(standby.metric("zen_lead_failovers_total", "service=my-app", "reason=NotReady")()).To(BeNumerically("==", 1))
		Expect(standby.metric("zen_lead_failover_duration_seconds", "reason=NotReady")()).To(BeNumerically("==", 1))
		Expect(standby.seriesOf("my-app")()).To(ConsistOf("zen_lead_failovers_total"))
		Expect(standby.metric("zen_lead_acting")()).To(BeZero())
		w.came(seen, "a 1", "b 2")

		By("the series of the Service go when it opts out")
		w.unannotate("my-app", contract.AnnotationEnabled)
		Eventually(standby.seriesOf("my-app")).Should(BeEmpty())
	})

	It("a leader that is lost without a successor is taken out, and the next candidate leads", func() {
		w, standby := newAbandonedWorld(takeoverDelay)
		seen := w.startHistory()
		w.setReady("a", false)
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(Equal("NotReady"))
		Expect(w.service("my-app-leader").Annotations).NotTo(HaveKey(contract.AnnotationLeaderPodName))
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ConsistOf(ContainSubstring("a NotReady")))
		Expect(standby.metric("zen_lead_failovers_total")()).To(BeNumerically("==", noSeries), "a loss is no change of leader yet")
		w.aPod("my-app", "b").create()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(standby.takeovers).Should(BeNumerically("==", 2))
		w.came(seen, "a 1", "- 1", "b 2")
	})

	It("a slice that somebody deletes is made again with its epoch", func() {
		w, standby := newAbandonedWorld(takeoverDelay, "b")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		seen := w.startHistory()
		slice := w.slice("my-app-leader-ipv4")
		Expect(admin.Delete(w.ctx, slice)).To(Succeed())
		Eventually(func() bool {
			again := &discoveryv1.EndpointSlice{}
			return admin.Get(w.ctx, w.key(slice.Name), again) == nil && again.UID != slice.UID
		}).Should(BeTrue())
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(w.eventsOf("my-app", contract.EventManualEditReverted)).Should(ConsistOf(ContainSubstring("was deleted by somebody else")))
		Eventually(standby.takeovers).Should(BeNumerically("==", 2))
		w.came(seen, "b 2")
	})

	It("a slice that somebody points elsewhere is put back", func() {
		w, standby := newAbandonedWorld(takeoverDelay, "b")
		slice := w.slice("my-app-leader-ipv4")
		slice.Endpoints[0].Addresses = []string{"10.9.9.9"}
		Expect(admin.Update(w.ctx, slice)).To(Succeed())
		Eventually(func() []string { return w.slice("my-app-leader-ipv4").Endpoints[0].Addresses }).ShouldNot(ContainElement("10.9.9.9"))
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Eventually(standby.takeovers).Should(BeNumerically("==", 1))
	})

	DescribeTable("what misroutes without a change of leader is mended:",
		func(happens func(w *world), mended func(slice *discoveryv1.EndpointSlice) bool) {
			w, standby := newAbandonedWorld(takeoverDelay, "b")
			seen := w.startHistory()
			happens(w)
			Eventually(func() bool { return mended(w.slice("my-app-leader-ipv4")) }).Should(BeTrue())
			Eventually(standby.takeovers).Should(BeNumerically("==", 1))
			Expect(standby.metric("zen_lead_failovers_total")()).To(BeNumerically("==", noSeries))
			w.came(seen, "a 1")
		},
		Entry("another target port", func(w *world) {
			w.respec(func(spec *corev1.ServiceSpec) { spec.Ports[0].TargetPort = intstr.FromInt32(9090) })
		}, func(slice *discoveryv1.EndpointSlice) bool { return *slice.Ports[0].Port == 9090 }),
		Entry("another address", func(w *world) { w.setStatus("a", withAddress(corev1.PodIP{IP: "10.9.9.9"})) },
			func(slice *discoveryv1.EndpointSlice) bool { return slice.Endpoints[0].Addresses[0] == "10.9.9.9" }),
	)

	It("each leader is replaced where many fail at once", func() {
		w := newWorld()
		var names []string
		for number := range 40 {
			name := fmt.Sprintf("app-%d", number)
			names = append(names, name)
			w.aService(name).create()
			w.aPod(name, name+"-a").create()
			w.aPod(name, name+"-b").create()
		}
		former := map[string][]string{}
		for _, name := range names {
			Eventually(w.leader(name)).Should(HaveLen(1), name)
			w.statusFollows(name)
			former[name] = w.leader(name)()
		}
		w.stopOperator()
		standby := w.startStandby(takeoverDelay)
		for _, name := range names {
			w.setReady(former[name][0], false)
		}
		for _, name := range names {
			Eventually(w.leader(name)).Should(And(HaveLen(1), Not(Equal(former[name]))), name)
		}
		Eventually(standby.takeovers).Should(BeNumerically("==", len(names)))
	})

	It("both families follow", func() {
		w := newWorld()
		w.aService("my-app").families(corev1.IPFamilyPolicyRequireDualStack, corev1.IPv4Protocol, corev1.IPv6Protocol).createLed("a", "b")
		w.stopOperator()
		standby := w.startStandby(takeoverDelay)
		seen := w.startHistory()
		w.setReady("a", false)
		Eventually(w.leaderOf("my-app-leader", discoveryv1.AddressTypeIPv6)).Should(Equal([]string{"b"}))
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(standby.takeovers).Should(BeNumerically("==", 1))
		w.came(seen, "a 1", "b 2")
		Expect(seen.succession("my-app-leader", discoveryv1.AddressTypeIPv6)).To(Equal([]string{"a 1", "b 2"}))
	})

	It("once the takeover delay has passed", func() {
		const delay = 500 * time.Millisecond
		w, _ := newAbandonedWorld(delay, "b")
		failed := time.Now()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(w.lastSwitch()).To(And(BeTemporally(">=", failed.Add(delay)), BeTemporally("<", failed.Add(3*delay))))
	})

	It("once the takeover delay has passed after the failover-min-delay, and not a second one", func() {
		const delay = 2 * time.Second
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationFailoverMinDelay, "1s").createLed("a", "b")
		w.stopOperator()
		w.startStandby(delay)
		failed := time.Now()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(w.lastSwitch()).To(And(BeTemporally(">=", failed.Add(delay+time.Second)), BeTemporally("<", failed.Add(2*delay+time.Second))))
	})

	It("never if the takeover delay is 0", func() {
		w, standby := newAbandonedWorld(0, "b")
		w.setReady("a", false)
		Consistently(w.leader("my-app")).WithTimeout(shortly).Should(Equal([]string{"a"}))
		Expect(standby.takeovers()).To(BeZero())
	})

	It("and goes on as the acting replica when it gets the Lease", func() {
		w, standby := newAbandonedWorld(takeoverDelay, "b", "c")
		seen := w.startHistory()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.releaseLease()
		Eventually(standby.metric("zen_lead_acting")).Should(BeNumerically("==", 1))
		Eventually(standby.metric("zen_lead_leader_info", "service=my-app", "pod=b")).Should(BeNumerically("==", 1))
		w.setReady("b", false)
		w.switched("my-app", "c", 3, contract.ReasonNotReady)
		Expect(standby.takeovers()).To(BeNumerically("==", 1))
		w.nobodyIsSaidToHaveEdited("my-app")
		w.came(seen, "a 1", "b 2", "c 3")
	})
})

var _ = Describe("A standby leaves alone what can wait for the Lease (contract 6)", func() {
	It("it makes no leader Service, and removes nothing of a Service that opts out or is renamed", func() {
		line := newLine()
		w := newWorld()
		for _, service := range []string{"leaving", "renamed"} {
			w.aService(service).createLed(service + "-pod")
		}
		w.stopOperator()
		standby := w.startStandby(atOnce, line.wire)
		leaving, renamed := w.made("leaving")(), w.made("renamed")()
		w.aPod("coming", "coming-pod").create()
		w.aService("coming").create()
		w.unannotate("leaving", contract.AnnotationEnabled)
		w.annotate("renamed", contract.AnnotationLeaderServiceName, "other")
		Consistently(func() bool {
			return len(w.made("coming")()) == 0 && maps.Equal(w.made("leaving")(), leaving) && maps.Equal(w.made("renamed")(), renamed)
		}).WithTimeout(shortly).Should(BeTrue())
		Expect(line.writes()).To(BeEmpty())
		Expect(standby.takeovers()).To(BeZero())
	})

	It("it puts back no edit that misroutes nothing", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.stopOperator()
		w.startStandby(atOnce, line.wire)
		change(w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { s.Annotations[contract.AnnotationLeaderPodName] = "x" })
		change(w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
			s.Annotations[contract.AnnotationLeaderPodName] = "x"
		})
		Consistently(line.writes).WithTimeout(shortly).Should(BeEmpty())
	})
})

var _ = Describe("A standby does not act while the acting replica does (contract 6)", func() {
	It("it writes nothing in twenty failovers", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		standby := w.startStandby(10*time.Second, line.wire)
		seen := w.startHistory()
		for range 20 {
			w.failsOver("my-app")
		}
		w.statusFollows("my-app")
		Expect(line.writes()).To(BeEmpty())
		Expect(standby.takeovers()).To(BeZero())
		Expect(seen.until(w).succession("my-app-leader", discoveryv1.AddressTypeIPv4)).To(And(
			HaveLen(21), Not(ContainElement(HavePrefix("- ")))))
	})
})
