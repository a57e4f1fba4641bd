package olm

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// installTimeout is after what time OLM gives a Deployment up that does not become ready: 5 minutes. It may need a while to notice.
const installTimeout = 8 * time.Minute

var _ = Describe("A new version that never becomes ready", func() {
	It("leaves the old one serving until it is replaced", func() {
		served.offer(stable(core[next]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}}.install(core[next])
		leads := elects(shopA)

		served.offer(stable(core[next], core[broken]))
		Eventually(phases).Should(Equal(map[string]string{core[next].name: "Replacing", core[broken].name: "Installing"}))
		expectOldServing := func(g Gomega) {
			ready := 0
			for _, pod := range podsOf(operatorNamespace, "app.kubernetes.io/name="+operatorName) {
				if isReady(&pod) {
					ready++
				}
			}
			g.Expect(ready).To(Equal(2), "replicas of the old version, ready")
		}
		Eventually(func() int { return len(replicas()) }).Should(Equal(3), "a Pod of the new version was started")
		Consistently(expectOldServing).Should(Succeed())
		Expect(elects(shopA)).To(Equal(leads))
		failsOver(shopA)
		AddReportEntry("while it waits", whatTheUserSees())

		Eventually(givenUp(core[broken])).WithTimeout(installTimeout).Should(BeTrue())
		AddReportEntry("when it was given up", whatTheUserSees())
		Consistently(expectOldServing).Should(Succeed())
		failsOver(shopA)
	})

	It("is got rid of by going back to the old one, without a leader being moved", func() {
		served.offer(stable(core[next], core[broken]))
		shop(shopA)
		subscription{channel: "stable", targets: []string{shopA}, starting: core[next].name}.subscribe()
		Eventually(func() string { return phases()[core[broken].name] }).Should(Equal("Installing"))
		leads := elects(shopA)
		since := epoch(shopA)

		unsubscribe()
		Expect(leader(shopA)()).To(Equal([]string{leads}))
		reached(shopA, leads)
		subscription{channel: "stable", targets: []string{shopA}, starting: core[next].name, manual: true}.subscribe()
		Eventually(waitingPlan).ShouldNot(BeEmpty())
		approve(waitingPlan())
		Eventually(phases).Should(Equal(map[string]string{core[next].name: "Succeeded"}))
		failsOver(shopA)
		Expect(epoch(shopA)).NotTo(Equal(since), "the counter goes on")
	})
})

// givenUp returns a poll of whether OLM has given a version up. It tries again at once, so that the phase says so for an instant only.
func givenUp(wanted bundle) func() bool {
	return func() bool {
		GinkgoHelper()
		history := field("clusterserviceversion", operatorNamespace, wanted.name, `{range .status.conditions[*]}{.phase} {.reason} {.message}{"\n"}{end}`)
		return strings.Contains(history(), "Failed InstallCheckFailed install timeout")
	}
}

// whatTheUserSees is what the ClusterServiceVersions, the Subscription and the Pods say.
func whatTheUserSees() string {
	GinkgoHelper()
	return kubectl("get", "clusterserviceversions", "-n", operatorNamespace) +
		kubectl("get", "clusterserviceversions", "-n", operatorNamespace, "-o",
			`jsonpath={range .items[*]}{.metadata.name}: {.status.phase}, {.status.reason}, {.status.message}{"\n"}{end}`) +
		planState() + "\n" + kubectl("get", "pods", "-n", operatorNamespace)
}
