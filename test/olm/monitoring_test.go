package olm

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("On a cluster without prometheus-operator", func() {
	It("the channel stable is given up after a minute, and says why; stable-core installs", func() {
		served.offer(catalog([]channel{{"stable", []bundle{withMonitoring[next]}}, {"stable-core", []bundle{core[next]}}}))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.subscribe()
		Eventually(planState).Should(ContainSubstring("PrometheusRule not found on the cluster"))
		Eventually(planState).Should(ContainSubstring("InstallPlanFailed=True"))
		AddReportEntry("what the user sees", planState()+fmt.Sprint(phases()))
		Expect(phases()).To(Equal(map[string]string{withMonitoring[next].name: "Pending"}))
		Expect(leaderService(shopA)).To(BeNil())

		unsubscribe()
		subscription{channel: "stable-core", targets: []string{shopA}}.install(core[next])
		elects(shopA)
	})

	It("the channel stable goes on if the kinds come within that minute", func() {
		served.offer(stable(withMonitoring[next]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.subscribe()
		Eventually(planState).Should(ContainSubstring("PrometheusRule not found on the cluster"))
		bringMonitoringKinds()
		isInstalled(withMonitoring[next])
		elects(shopA)
	})

	It("the channel stable has to be subscribed to again if they come later", func() {
		served.offer(stable(withMonitoring[next]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.subscribe()
		Eventually(planState).Should(ContainSubstring("InstallPlanFailed=True"))
		bringMonitoringKinds()
		Consistently(phases).WithTimeout(2 * quiet).Should(Equal(map[string]string{withMonitoring[next].name: "Pending"}))
		unsubscribe()
		subscription{channel: "stable", targets: []string{shopA}}.install(withMonitoring[next])
		elects(shopA)
	})
})

// planState is what the Subscription and the InstallPlan say.
func planState() string {
	GinkgoHelper()
	return kubectl("get", "installplans", "-n", operatorNamespace, "-o",
		`jsonpath={range .items[*]}InstallPlan: {.status.phase} {.status.message} {range .status.conditions[*]}{.type}={.status} {.reason} {.message}; {end}{end}`) +
		subscriptionStatus(`Subscription: {.status.state} {range .status.conditions[*]}{.type}={.status} {.reason} {.message}; {end}`)()
}
