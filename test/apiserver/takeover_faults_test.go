package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// reconnects returns a wait until an operator that is about to be cut off, or is, watches everything again.
func (l *line) reconnects() func() {
	before := map[string]int{}
	for _, resource := range watched {
		before[resource] = l.count("WATCH " + resource)()
	}
	return func() {
		GinkgoHelper()
		for _, resource := range watched {
			more := 1
			if resource == "endpointslices" {
				more = 2 // ours, and those of others
			}
			Eventually(l.count("WATCH "+resource)).Should(BeNumerically(">=", before[resource]+more), resource)
		}
	}
}

var _ = Describe("A replica that is cut off from the API server and comes back (contract 6)", func() {
	It("a standby takes nothing over that is right, and works afterwards", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		standby := w.startStandby(atOnce, line.wire)
		seen := w.startHistory()
		reconnected := line.reconnects()
		line.cut()
		for range 3 {
			w.failsOver("my-app")
		}
		line.mend()
		reconnected()
		w.staysWith(w.leader("my-app")()[0])
		Expect(line.writes()).To(BeEmpty())
		Expect(standby.takeovers()).To(BeZero())

		w.stopOperator()
		w.failsOver("my-app")
		w.statusFollows("my-app")
		Expect(standby.takeovers()).To(BeNumerically("==", 1))
		Expect(seen.until(w).succession("my-app-leader", discoveryv1.AddressTypeIPv4)).To(And(HaveLen(5), Not(ContainElement(HavePrefix("- ")))))
	})

	It("an acting replica lets stand what the standby decided, and works afterwards", func() {
		line := newLine()
		w := newQuietWorld()
		w.startOperator(line.wire)
		w.aService("my-app").createLed("a", "b", "c")
		w.settled("my-app")
		standby := w.startStandby(takeoverDelay)
		seen := w.startHistory()
		reconnected := line.reconnects()
		line.cut()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		line.mend()
		reconnected()
		w.staysWith("b")

		standby.end()
		w.setReady("b", false)
		w.switched("my-app", "c", 3, contract.ReasonNotReady)
		w.nobodyIsSaidToHaveEdited("my-app")
		w.came(seen, "a 1", "b 2", "c 3")
	})

	It("a standby that saw the failure before it was cut off takes nothing over that has been dealt with since", func() {
		line := newLine()
		w, _ := newAbandonedWorld(0, "b", "c")
		standby := w.startStandby(atOnce, line.wire)
		seen := w.startHistory()
		failed := line.fail("GET services my-app") // the first of what it reads afresh
		line.stall("pods")
		line.stall("endpointslices")
		line.letThrough("pods")
		w.setReady("a", false)
		Eventually(failed).Should(BeClosed())
		line.cut()
		w.startOperator()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		reconnected := line.reconnects()
		line.thaw("pods")
		line.thaw("endpointslices")
		line.mend()
		reconnected()
		w.staysWith("b")
		Expect(standby.takeovers()).To(BeZero())
		w.came(seen, "a 1", "b 2")
	})
})

var _ = Describe("A takeover that fails half way (contract 4, 5 and 6)", func() {
	It("is told and counted though the second family's slice could not be written at first", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").families(corev1.IPFamilyPolicyRequireDualStack, corev1.IPv4Protocol, corev1.IPv6Protocol).createLed("a", "b")
		w.stopOperator()
		standby := w.startStandby(takeoverDelay, line.wire)
		failed := line.fail("PUT endpointslices my-app-leader-ipv6")
		w.setReady("a", false)
		Eventually(failed).Should(BeClosed())
		Eventually(w.leaderOf("my-app-leader", discoveryv1.AddressTypeIPv6)).Should(Equal([]string{"b"}))
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(standby.metric("zen_lead_failovers_total", "service=my-app", "reason=NotReady")).WithTimeout(time.Second).Should(
			BeNumerically("==", 1))
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).WithTimeout(time.Second).Should(HaveLen(1))
	})

	It("has the status follow though that could not be written at first", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.stopOperator()
		w.startStandby(takeoverDelay, line.wire)
		failed := line.fail("PUT services my-app-leader")
		w.setReady("a", false)
		Eventually(failed).Should(BeClosed())
		Eventually(w.epoch("my-app")).WithTimeout(2 * time.Second).Should(Equal("2"))
	})
})
