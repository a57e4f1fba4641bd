package olm

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("On a cluster without prometheus-operator", func() {
	It("the channel stable waits until its kinds are there, and says so; stable-core installs", Label("short"), func() {
		served.offer(catalog([]channel{{"stable", []bundle{withMonitoring[second]}}, {"stable-core", []bundle{core[second]}}}))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.subscribe()
		Eventually(planState).Should(ContainSubstring("not found on the cluster"))
		AddReportEntry("what the user sees", planState())
		Consistently(phases).ShouldNot(ContainElement("Succeeded"))
		Expect(leaderService(shopA)).To(BeNil())

		unsubscribe()
		kubectl("delete", "installplans", "--all", "-n", operatorNamespace)
		subscription{channel: "stable-core", targets: []string{shopA}}.install(core[second])
		elects(shopA)
	})

	It("the channel stable goes on as soon as the kinds are there", func() {
		served.offer(stable(withMonitoring[second]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.subscribe()
		Eventually(planState).Should(ContainSubstring("not found on the cluster"))
		bringMonitoringKinds()
		isInstalled(withMonitoring[second])
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
