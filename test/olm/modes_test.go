package olm

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Namespaces with an application that is opted in.
const (
	shopA = "zen-lead-olm-a"
	shopB = "zen-lead-olm-b"
	shopC = "zen-lead-olm-c"
)

// everywhere stands for the targets of an OperatorGroup that has none.
var everywhere []string

var _ = Describe("Installed in install mode", func() {
	DescribeTable("the operator leads the Services of its OperatorGroup's namespaces, and no others, and may do what the contract says there",
		func(targets []string) {
			served.offer(stable(core[next]))
			shop(shopA)
			shop(shopB)
			shop(shopC)
			makeNamespace(operatorNamespace)
			openShop(operatorNamespace)
			subscription{channel: "stable", targets: targets}.install(core[next])

			var watched, unwatched []string
			for _, namespace := range []string{operatorNamespace, shopA, shopB, shopC} {
				if len(targets) == 0 || slices.Contains(targets, namespace) {
					watched = append(watched, namespace)
				} else {
					unwatched = append(unwatched, namespace)
				}
			}
			for _, namespace := range watched {
				elects(namespace)
			}
			Consistently(func(g Gomega) {
				for _, namespace := range unwatched {
					g.Expect(leaderService(namespace)).To(BeNil())
				}
			}).Should(Succeed())
			expectRights(core[next], watched, unwatched)
			reportGrants()
		},
		Entry("OwnNamespace", []string{operatorNamespace}),
		Entry("SingleNamespace", []string{shopA}),
		Entry("MultiNamespace", []string{shopA, shopC}),
		Entry("AllNamespaces", everywhere),
	)
})
