package olm

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A version that the catalog deprecates", func() {
	It("is told of on the Subscription that has it installed", func() {
		message := former + " is no longer supported. Upgrade to " + next + "."
		shop(shopA)
		served.offer(catalog([]channel{{"stable", []bundle{core[former], core[next]}}}, deprecation{core[former].name, message}))
		subscription{channel: "stable", targets: []string{shopA}, starting: core[former].name, manual: true}.subscribe()
		Eventually(waitingPlan).ShouldNot(BeEmpty())
		approve(waitingPlan())
		Eventually(phases).Should(Equal(map[string]string{core[former].name: "Succeeded"}))
		Eventually(deprecated("BundleDeprecated")).Should(And(HavePrefix("True "), HaveSuffix(message))) // it begins with the name of the bundle
		Eventually(deprecated("Deprecated")).Should(ContainSubstring(message))

		Eventually(waitingPlan).ShouldNot(BeEmpty())
		approve(waitingPlan())
		isInstalled(core[next])
		Eventually(deprecated("BundleDeprecated")).ShouldNot(ContainSubstring("True"))
	})
})

// deprecated returns a poll of one of the Subscription's conditions.
func deprecated(condition string) func() string {
	return subscriptionStatus(`{range .status.conditions[?(@.type=="` + condition + `")]}{.status} {.message}{end}`)
}
