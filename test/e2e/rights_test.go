package e2e

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

var _ = Describe("The operator's ServiceAccount", func() {
	It("may do what config/rbac says, and no more", func() {
		roles, err := controlplane.OperatorRoles()
		Expect(err).NotTo(HaveOccurred())
		everywhere := flatten(append(roles[controlplane.RoleClusterWide], roles[controlplane.RoleWatched]...))
		w := newWorld()
		Expect(grantedTo(operatorName, w.namespace)).To(Equal(everywhere))
		Expect(grantedTo(operatorName, operatorNamespace)).To(Equal(everywhere.Union(flatten(roles[controlplane.RoleSystem]))))
	})
})

// grantedTo is what one of the operator's namespace's ServiceAccounts may do in a namespace, as `kubectl auth can-i --list`
// has it, less what every ServiceAccount may do.
func grantedTo(serviceAccount, namespace string) sets.Set[string] {
	GinkgoHelper()
	return rulesOf(serviceAccount, namespace).Difference(rulesOf("default", namespace))
}

func rulesOf(serviceAccount, namespace string) sets.Set[string] {
	GinkgoHelper()
	impersonating := rest.CopyConfig(config)
	impersonating.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + operatorNamespace + ":" + serviceAccount,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + operatorNamespace, "system:authenticated"},
	}
	impersonated, err := kubernetes.NewForConfig(impersonating)
	Expect(err).NotTo(HaveOccurred())
	review, err := impersonated.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace},
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	rules := sets.New[string]()
	for _, rule := range review.Status.ResourceRules {
		rules = rules.Union(flatten([]rbacv1.PolicyRule{{
			APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames, Verbs: rule.Verbs,
		}}))
	}
	for _, rule := range review.Status.NonResourceRules {
		rules.Insert(fmt.Sprintf("%v %v", rule.Verbs, rule.NonResourceURLs))
	}
	return rules
}

// flatten takes rules apart into single rights, such as "list pods" and "create endpointslices/restricted.discovery.k8s.io".
func flatten(rules []rbacv1.PolicyRule) sets.Set[string] {
	rights := sets.New[string]()
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					right := strings.TrimSuffix(fmt.Sprintf("%s %s.%s", verb, resource, group), ".")
					if len(rule.ResourceNames) > 0 {
						right += fmt.Sprint(" ", rule.ResourceNames)
					}
					rights.Insert(right)
				}
			}
		}
	}
	return rights
}
