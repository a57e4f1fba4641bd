package apiserver

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// patient is the delay of a standby that leaves to the acting replica whatever that can do, also on a slow machine.
const patient = 2 * time.Second

// touch has the world's operator decide again, by a change of the Service that says nothing.
func (w *world) touch() {
	GinkgoHelper()
	before := w.elections("my-app")()
	w.annotate("my-app", "touched", fmt.Sprint(time.Now().UnixNano()))
	Eventually(w.elections("my-app")).Should(BeNumerically(">", before))
}

// staysWith asserts that a Pod leads my-app and goes on leading though the world's operator decides again and again.
func (w *world) staysWith(pod string) {
	GinkgoHelper()
	for range 3 {
		w.touch()
		Consistently(w.leader("my-app")).WithTimeout(shortly / 3).Should(Equal([]string{pod}))
	}
}

// reserve makes a Pod of my-app that is not Ready, which the world's operator has seen.
func (w *world) reserve(pod string) {
	GinkgoHelper()
	w.aPod("my-app", pod).notReady().create()
	w.nudge("my-app", pod)
}

// newStalledWorld has an acting replica whose caches say that a is Ready and b is not, and say so for as long as the line's Pods
// are stalled. In fact, b is Ready and a is not.
func newStalledWorld(standbyDelay time.Duration) (w *world, acting *line, standby *operator, seen *history) {
	GinkgoHelper()
	w, acting = newQuietWorld(), newLine()
	w.startOperator(acting.wire)
	w.aService("my-app").createLed("a")
	w.reserve("b")
	standby = w.startStandby(standbyDelay)
	seen = w.startHistory()
	acting.stall("pods")
	w.setReady("b", true)
	w.setReady("a", false)
	w.switched("my-app", "b", 2, contract.ReasonNotReady)
	return w, acting, standby, seen
}

var _ = Describe("A cache that is behind overrules no slice that is right (contract 6)", Serial, func() {
	It("a standby with Pods that are behind", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.reserve("b")
		standby := w.startStandby(atOnce, line.wire)
		seen := w.startHistory()
		lists := line.count("GET pods")()
		line.stall("pods")
		w.setReady("b", true)
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(line.count("GET pods")).Should(BeNumerically(">", lists), "it suspects the slice, and reads afresh")
		w.staysWith("b")
		Expect(line.writes()).To(BeEmpty())
		Expect(standby.takeovers()).To(BeZero())
		w.came(seen, "a 1", "b 2")
	})

	It("a standby with slices that are behind", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		standby := w.startStandby(patient, line.wire) // the acting replica is faster
		seen := w.startHistory()
		lists := line.count("GET pods")()
		line.stall("endpointslices")
		for range 5 {
			w.failsOver("my-app")
		}
		w.setReady("a", false) // which leads, as far as the standby knows
		Eventually(w.leader("my-app")).Should(Or(Equal([]string{"b"}), Equal([]string{"c"})))
		Eventually(line.count("GET pods")).Should(BeNumerically(">", lists))
		w.staysWith(w.leader("my-app")()[0])
		Expect(line.writes()).To(BeEmpty())
		Expect(standby.takeovers()).To(BeZero())
		Expect(len(seen.until(w).leaders("my-app"))).To(BeNumerically(">=", 6))
	})

	It("a standby with slices that are behind: what it suspects of a leader that is over does not count against the next one", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.reserve("c")
		standby := w.startStandby(patient, line.wire)
		seen := w.startHistory()
		line.stall("endpointslices")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.stopOperator()
		w.setReady("c", true)
		Consistently(w.leader("my-app")).WithTimeout(patient / 2).Should(Equal([]string{"b"}))
		w.setReady("b", false)
		Consistently(standby.takeovers).WithTimeout(patient * 3 / 4).Should(BeZero())
		Eventually(w.leader("my-app")).Should(Equal([]string{"c"}))
		w.came(seen, "a 1", "b 2", "c 3")
	})

	It("an acting replica with Pods that are behind, and it moves on once they are not", func() {
		w, acting, _, seen := newStalledWorld(atOnce)
		w.staysWith("b")
		acting.thaw("pods")
		w.setReady("a", true)
		w.setReady("b", false)
		w.switched("my-app", "a", 3, contract.ReasonNotReady)
		w.staysWith("a")
		w.came(seen, "a 1", "b 2", "a 3")
	})

	It("an acting replica with Pods that are behind, after it has itself written what the API server says", func() {
		w, _, _, seen := newStalledWorld(patient) // the acting replica is faster with the ports
		w.respec(func(spec *corev1.ServiceSpec) { spec.Ports[0].TargetPort = intstr.FromInt32(9090) })
		Eventually(func() int32 { return *w.slice("my-app-leader-ipv4").Ports[0].Port }).Should(BeEquivalentTo(9090))
		w.staysWith("b")
		w.came(seen, "a 1", "b 2")
	})

	It("an acting replica whose Pods catch up step by step", func() {
		line := newLine()
		w := newQuietWorld()
		w.startOperator(line.wire)
		w.aService("my-app").createLed("a")
		w.reserve("b")
		w.startStandby(atOnce)
		seen := w.startHistory()
		line.stall("pods")
		for _, ready := range []bool{true, false, true} {
			w.setReady("b", ready)
		}
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		for range 4 {
			line.letThrough("pods")
			w.staysWith("b")
		}
		w.came(seen, "a 1", "b 2")
	})

	It("an acting replica with slices that are behind", func() {
		line := newLine()
		w := newQuietWorld()
		w.startOperator(line.wire)
		w.aService("my-app").createLed("a", "b")
		w.settled("my-app")
		seen := w.startHistory()
		line.stall("endpointslices")
		w.setReady("a", false)
		Eventually(w.leader("my-app")).Should(Equal([]string{"b"}), "the acting replica knows enough for one")
		standby := w.startStandby(atOnce)
		w.setReady("a", true)
		w.setReady("b", false)
		w.switched("my-app", "a", 3, contract.ReasonNotReady)
		Expect(standby.takeovers()).To(BeNumerically("==", 1))
		line.thaw("endpointslices")
		w.staysWith("a")
		w.came(seen, "a 1", "b 2", "a 3")
	})

	It("a replica that begins to act with Pods that are behind", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.reserve("b")
		standby := w.startStandby(atOnce, line.wire)
		seen := w.startHistory()
		line.stall("pods")
		w.setReady("b", true)
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.stopOperator()
		w.releaseLease()
		Eventually(standby.metric("zen_lead_acting")).Should(BeNumerically("==", 1))
		w.operator = standby
		w.staysWith("b")
		w.came(seen, "a 1", "b 2")
	})

	It("a standby whose reading was overtaken: it decides by Pods that are no older than the slice it replaces", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.reserve("c")
		w.stopOperator()
		w.startStandby(atOnce, line.wire)
		seen := w.startHistory()
		reached, release := line.hold("GET endpointslices my-app-leader-ipv4")
		DeferCleanup(release)
		w.setReady("a", false)
		Eventually(reached).Should(BeClosed(), "it has read that a failed and b is Ready, and not the slice yet")
		w.setReady("b", false)
		w.setReady("c", true)
		w.startOperator()
		w.switched("my-app", "c", 2, contract.ReasonNotReady)
		release()
		w.staysWith("c")
		w.came(seen, "a 1", "c 2")
	})
})
