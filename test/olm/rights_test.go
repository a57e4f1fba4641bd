package olm

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

// expectRights asserts what the operator's ServiceAccount may do: what config/rbac says, which a test compares with the contract. OLM
// knows rights that hold in a namespace only as ones that hold in every watched namespace and in the operator's own. So the right to keep
// the Lease of its replicas holds in the watched ones too, and its own namespace is as a watched one. OLM adds one right of its own: to
// the OperatorCondition by which an operator may tell OLM that it is not to be upgraded just now; and where all namespaces are watched, another,
// to read Namespaces. Zen-Lead uses neither.
func expectRights(installed bundle, watched, unwatched []string) {
	GinkgoHelper()
	roles, err := controlplane.OperatorRoles()
	Expect(err).NotTo(HaveOccurred())
	clusterWide := controlplane.Rights(roles[controlplane.RoleClusterWide])
	inWatched := clusterWide.Union(controlplane.Rights(roles[controlplane.RoleWatched])).Union(controlplane.Rights(roles[controlplane.RoleSystem]))
	if len(unwatched) == 0 {
		inWatched.Insert("get namespaces", "list namespaces", "watch namespaces")
	}
	condition := installed.name
	inOwn := inWatched.Union(sets.New(
		fmt.Sprintf("get operatorconditions.operators.coreos.com [%s]", condition),
		fmt.Sprintf("update operatorconditions.operators.coreos.com [%s]", condition),
		fmt.Sprintf("patch operatorconditions.operators.coreos.com [%s]", condition),
	))
	Eventually(granted).WithArguments(operatorNamespace).Should(Equal(inOwn), "in its own namespace")
	for _, namespace := range watched {
		if namespace != operatorNamespace {
			Expect(granted(namespace)).To(Equal(inWatched), "in the watched namespace %s", namespace)
		}
	}
	for _, namespace := range unwatched {
		if namespace != operatorNamespace {
			Expect(granted(namespace)).To(Equal(clusterWide), "in the unwatched namespace %s", namespace)
		}
	}
}

// granted is what the operator's ServiceAccount may do in a namespace, as `kubectl auth can-i --list` has it, less what every
// ServiceAccount may do.
func granted(namespace string) sets.Set[string] {
	GinkgoHelper()
	rights, err := controlplane.GrantedTo(ctx, config, operatorNamespace, operatorName, namespace)
	Expect(err).NotTo(HaveOccurred())
	return rights
}

// reportGrants tells by which bindings the operator's ServiceAccount has its rights.
func reportGrants() {
	GinkgoHelper()
	has := func(subjects []rbacv1.Subject) bool {
		return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
			return s.Kind == rbacv1.ServiceAccountKind && s.Namespace == operatorNamespace && s.Name == operatorName
		})
	}
	var found []string
	bindings, err := clients.RbacV1().RoleBindings("").List(ctx, metav1.ListOptions{})
	Expect(err).NotTo(HaveOccurred())
	for _, binding := range bindings.Items {
		if has(binding.Subjects) {
			found = append(found, fmt.Sprintf("%s: RoleBinding %s to %s %s", binding.Namespace, binding.Name, binding.RoleRef.Kind, binding.RoleRef.Name))
		}
	}
	clusterBindings, err := clients.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	Expect(err).NotTo(HaveOccurred())
	for _, binding := range clusterBindings.Items {
		if has(binding.Subjects) {
			found = append(found, fmt.Sprintf("everywhere: ClusterRoleBinding %s to %s", binding.Name, binding.RoleRef.Name))
		}
	}
	AddReportEntry("bindings", strings.Join(found, "\n"))
}
