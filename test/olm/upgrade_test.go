package olm

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"
)

var _ = Describe("Upgraded by its Subscription", func() {
	BeforeEach(func() { bringMonitoringKinds() })

	upgrade := func(from string, history func() []bundle) {
		served.offer(stable(withMonitoring[from]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.install(withMonitoring[from])
		Expect(monitoringObjects()).To(Equal(objectsOf(from)))
		leads := elects(shopA)
		reached(shopA, leads)
		since := epoch(shopA)

		driveTraffic(shopA)
		served.offer(stable(history()...))
		isInstalled(withMonitoring[next])
		Eventually(monitoringObjects).Should(Equal(objectsOf(next)))
		sent, _ := answered()
		Eventually(func() int { count, _ := answered(); return count }).Should(BeNumerically(">", sent+2*rate), "for a while after the upgrade")

		endTraffic(5*rate, leads)
		Expect(elects(shopA)).To(Equal(leads))
		Expect(epoch(shopA)).To(Equal(since))
		failsOver(shopA) // under the new version
	}
	It("from the newest release, as it was released, no leader moves and no request is lost, and the monitoring objects are the new ones", Label("short"), func() {
		upgrade(former, func() []bundle { return []bundle{withMonitoring[former], withMonitoring[next]} })
	})
	It("from the first release in one step, no leader moves and no request is lost", func() {
		upgrade(oldest, func() []bundle { return []bundle{withMonitoring[oldest], withMonitoring[former], withMonitoring[next]} })
	})

	It("by hand only, if the user wants to approve", func() {
		served.offer(stable(withMonitoring[former], withMonitoring[next]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}, starting: withMonitoring[former].name, manual: true}.subscribe()
		Eventually(waitingPlan).ShouldNot(BeEmpty())
		Consistently(phases).Should(BeEmpty(), "nothing is installed that was not approved")
		plan := waitingPlan()
		approve(plan)
		Eventually(phases).Should(Equal(map[string]string{withMonitoring[former].name: "Succeeded"}))
		leads := elects(shopA)

		Eventually(subscriptionStatus("{.status.state}")).Should(Equal("UpgradePending"))
		Eventually(waitingPlan).ShouldNot(Or(BeEmpty(), Equal(plan)))
		Consistently(func(g Gomega) {
			g.Expect(phases()).To(Equal(map[string]string{withMonitoring[former].name: "Succeeded"}))
			g.Expect(replicas()).To(Equal([]string{withMonitoring[former].image, withMonitoring[former].image}))
		}).Should(Succeed())
		approve(waitingPlan())
		isInstalled(withMonitoring[next])
		Expect(elects(shopA)).To(Equal(leads))
	})
})

var _ = Describe("Taken back to the former release, as docs/install.md says", func() {
	It("no leader moves and no request is lost", func() {
		bringMonitoringKinds()
		served.offer(stable(withMonitoring[former], withMonitoring[next]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.install(withMonitoring[next])
		leads := elects(shopA)
		reached(shopA, leads)
		since := epoch(shopA)

		driveTraffic(shopA)
		unsubscribe()
		subscription{channel: "stable", targets: []string{shopA}, starting: withMonitoring[former].name, manual: true}.subscribe()
		Eventually(waitingPlan).ShouldNot(BeEmpty())
		approve(waitingPlan())
		Eventually(phases).Should(Equal(map[string]string{withMonitoring[former].name: "Succeeded"}))
		Expect(replicas()).To(Equal([]string{withMonitoring[former].image, withMonitoring[former].image}))
		Expect(monitoringObjects()).To(Equal(objectsOf(former)))

		endTraffic(5*rate, leads)
		Expect(elects(shopA)).To(Equal(leads))
		Expect(epoch(shopA)).To(Equal(since))
		failsOver(shopA) // under the old version
	})
})

// monitoringObjects are what the ServiceMonitor and the PrometheusRule in the operator's namespace say.
func monitoringObjects() map[string]any {
	GinkgoHelper()
	found := map[string]any{}
	for _, kind := range []string{"servicemonitor", "prometheusrule"} {
		found[kind] = spec([]byte(kubectl("get", kind, "-n", operatorNamespace, "zen-lead", "-o", "json")))
	}
	return found
}

// objectsOf are those in a version's bundle.
func objectsOf(version string) map[string]any {
	GinkgoHelper()
	found := map[string]any{}
	for _, kind := range []string{"servicemonitor", "prometheusrule"} {
		content, err := os.ReadFile(filepath.Join(withMonitoring[version].directory, "manifests", "zen-lead_monitoring.coreos.com_v1_"+kind+".yaml"))
		Expect(err).NotTo(HaveOccurred())
		found[kind] = spec(content)
	}
	return found
}

func spec(manifest []byte) any {
	GinkgoHelper()
	var object struct {
		Spec map[string]any `json:"spec"`
	}
	Expect(yaml.Unmarshal(manifest, &object)).To(Succeed())
	Expect(object.Spec).NotTo(BeEmpty())
	return object.Spec
}
