package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

var _ = Describe("The operator's ServiceAccount", func() {
	It("may do what config/rbac says, and no more", func() {
		roles, err := controlplane.OperatorRoles()
		Expect(err).NotTo(HaveOccurred())
		everywhere := controlplane.Rights(append(roles[controlplane.RoleClusterWide], roles[controlplane.RoleWatched]...))
		w := newWorld()
		Expect(grantedTo(operatorName, w.namespace)).To(Equal(everywhere))
		Expect(grantedTo(operatorName, operatorNamespace)).To(Equal(everywhere.Union(controlplane.Rights(roles[controlplane.RoleSystem]))))
	})
})

// grantedTo is what one of the operator's namespace's ServiceAccounts may do in a namespace, as `kubectl auth can-i --list`
// has it, less what every ServiceAccount may do.
func grantedTo(serviceAccount, namespace string) sets.Set[string] {
	GinkgoHelper()
	rights, err := controlplane.GrantedTo(ctx, config, operatorNamespace, serviceAccount, namespace)
	Expect(err).NotTo(HaveOccurred())
	return rights
}
