package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// measures asserts that a metric of my-app comes to a value; labels are "key=value".
func (w *world) measures(value float64, name string, labels ...string) {
	GinkgoHelper()
	Eventually(w.metric("zen_lead_"+name, append(labels, "service=my-app", "namespace="+w.namespace)...)).Should(
		BeNumerically("~", value, 1e-6), "%s %v", name, labels)
}

// noSeries is the value of a metric that has no series with the labels.
const noSeries = -1

// showsLeader asserts that leader_info has one series, for that Pod.
func (w *world) showsLeader(pod, node string) {
	GinkgoHelper()
	w.measures(1, "leader_info")
	w.measures(1, "leader_info", "pod="+pod, "node="+node)
}

var _ = Describe("Metrics (contract 5)", func() {
	It("tell the life of a leader Service: elected, failed over, leaderless, back", func() {
		w := newQuietWorld()
		clock, now := w.fakeClock()
		w.startOperator()
		w.aService("my-app").create()
		w.measures(0, "endpoint_ready")
		w.measures(noSeries, "leader_info")

		By("the first leader, after ten seconds")
		now = now.Add(10 * time.Second)
		clock.SetTime(now)
		a := w.aPod("my-app", "a").create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.measures(1, "endpoint_ready")
		w.measures(1, "candidates")
		w.measures(1, "leader_epoch")
		w.measures(1, "failovers_total")
		w.measures(1, "failovers_total", "reason=Elected")
		w.measures(1, "elections_total", "outcome=changed")
		w.measures(float64(now.Unix()), "leader_since_timestamp_seconds")
		w.measures(10, "leaderless_seconds_total")
		w.showsLeader("a", a.Spec.NodeName)

		By("a failover, an hour later")
		b := w.aPod("my-app", "b").create()
		w.measures(2, "candidates")
		now = now.Add(time.Hour)
		clock.SetTime(now)
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.measures(1, "candidates")
		w.measures(2, "leader_epoch")
		w.measures(1, "failovers_total", "reason=NotReady")
		w.measures(2, "elections_total", "outcome=changed")
		w.measures(float64(now.Unix()), "leader_since_timestamp_seconds")
		w.measures(10, "leaderless_seconds_total")
		w.showsLeader("b", b.Spec.NodeName)

		By("nobody, for ninety seconds")
		w.settled("my-app")
		none := w.metric("zen_lead_elections_total", "outcome=none")()
		w.setReady("b", false)
		w.measures(0, "endpoint_ready")
		w.measures(0, "candidates")
		w.measures(noSeries, "leader_info")
		w.measures(noSeries, "leader_since_timestamp_seconds")
		w.measures(2, "leader_epoch")
		Expect(w.metric("zen_lead_elections_total", "outcome=none")()).To(BeNumerically(">", none))
		clock.SetTime(now.Add(60 * time.Second))
		w.measures(70, "leaderless_seconds_total") // it grows while nothing happens
		clock.SetTime(now.Add(90 * time.Second))
		w.measures(2, "failovers_total") // a loss is none yet

		By("the same leader, back")
		w.setReady("b", true)
		w.switched("my-app", "b", 3, contract.ReasonElected)
		w.measures(1, "endpoint_ready")
		w.measures(3, "leader_epoch")
		w.measures(2, "failovers_total", "reason=Elected")
		w.showsLeader("b", b.Spec.NodeName)
		clock.SetTime(now.Add(time.Hour))
		w.measures(100, "leaderless_seconds_total")

		Expect(w.metric("zen_lead_failover_duration_seconds", "reason=Elected")()).To(BeNumerically("==", 2))
		Expect(w.metric("zen_lead_failover_duration_seconds", "reason=NotReady")()).To(BeNumerically("==", 1))
		kept := w.metric("zen_lead_elections_total", "outcome=kept")()
		w.nudge("my-app", "a")
		w.settled("my-app")
		w.measures(3, "elections_total", "outcome=changed")
		Expect(w.metric("zen_lead_elections_total", "outcome=kept")()).To(BeNumerically(">", kept))
	})

	It("survive a restart: the gauges come back from the slice, and nothing is counted twice", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		since := w.lastSwitch()
		w.stopOperator()
		w.startOperator()
		w.measures(2, "leader_epoch")
		w.measures(1, "endpoint_ready")
		w.measures(1, "candidates")
		w.measures(1, "leader_info", "pod=b")
		w.measures(float64(since.UnixMicro())/1e6, "leader_since_timestamp_seconds")
		w.measures(noSeries, "failovers_total")
		w.measures(0, "leaderless_seconds_total")
	})

	It("count the Services that are opted in, by namespace", func() {
		w := newWorld()
		services := w.metric("zen_lead_services", "namespace="+w.namespace)
		w.aService("not").notOptedIn().create()
		w.aService("my-app").create()
		w.aService("other").create()
		Eventually(services).Should(BeNumerically("==", 2))
		w.unannotate("my-app", contract.AnnotationEnabled)
		Eventually(services).Should(BeNumerically("==", 1))
		w.deleteService("other")
		Eventually(services).Should(BeNumerically("==", noSeries))
	})

	It("count the writes to the API server as its audit log does", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.unannotate("my-app", contract.AnnotationEnabled)
		w.nothingMade("my-app")
		w.calm()
		counted := map[string]float64{}
		for _, write := range w.writes() {
			counted[write]++
		}
		for write, labels := range map[string][]string{
			"create services my-app-leader":            {"kind=Service", "verb=create", "code=201"},
			"update services my-app-leader":            {"kind=Service", "verb=update", "code=200"},
			"delete services my-app-leader":            {"kind=Service", "verb=delete", "code=200"},
			"create endpointslices my-app-leader-ipv4": {"kind=EndpointSlice", "verb=create", "code=201"},
			"update endpointslices my-app-leader-ipv4": {"kind=EndpointSlice", "verb=update", "code=200"},
			"delete endpointslices my-app-leader-ipv4": {"kind=EndpointSlice", "verb=delete"}, // or the garbage collector was faster
		} {
			Expect(counted).To(HaveKey(write))
			Expect(w.metric("zen_lead_api_writes_total", labels...)()).To(BeNumerically(">", 0), write)
			for _, metric := range []string{"zen_lead_api_writes_total", "zen_lead_api_write_duration_seconds"} {
				Expect(w.metric(metric, labels[:2]...)()).To(Equal(counted[write]), "%s of %s, with those that lost a race", metric, write)
			}
		}
		Expect(w.metric("zen_lead_api_writes_total", "kind=Event", "code=201")()).To(BeNumerically(">", 0))
		Expect(w.metric("zen_lead_api_writes_total", "code=403")()).To(BeNumerically("==", noSeries))
	})

	It("tell which replica acts, and its build", func() {
		w := newWorld()
		Eventually(w.metric("zen_lead_acting")).Should(BeNumerically("==", 1))
		Expect(w.metric("zen_lead_build_info")()).To(BeNumerically("==", 1))
		Expect(w.metric("zen_lead_takeovers_total")()).To(BeZero())
	})
})
