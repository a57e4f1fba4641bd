package olm

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A version that the catalog deprecates", func() {
	It("is told of on the Subscription that has it installed", func() {
		const message = "0.1.0 is no longer supported. Upgrade to 0.2.0."
		shop(shopA)
		served.offer(catalog([]channel{{"stable", []bundle{core[first], core[second]}}}, deprecation{core[first].name, message}))
		subscription{channel: "stable", targets: []string{shopA}, starting: core[first].name, manual: true}.subscribe()
		Eventually(waitingPlan).ShouldNot(BeEmpty())
		approve(waitingPlan())
		Eventually(phases).Should(Equal(map[string]string{core[first].name: "Succeeded"}))
		Eventually(deprecated("BundleDeprecated")).Should(And(HavePrefix("True "), HaveSuffix(message))) // it begins with the name of the bundle
		Eventually(deprecated("Deprecated")).Should(ContainSubstring(message))

		Eventually(waitingPlan).ShouldNot(BeEmpty())
		approve(waitingPlan())
		isInstalled(core[second])
		Eventually(deprecated("BundleDeprecated")).ShouldNot(ContainSubstring("True"))
	})
})

// deprecated returns a poll of one of the Subscription's conditions.
func deprecated(condition string) func() string {
	return subscriptionStatus(`{range .status.conditions[?(@.type=="` + condition + `")]}{.status} {.message}{end}`)
}
