package controlplane

import (
	"context"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// GrantedTo is what a ServiceAccount of a home namespace may do in another one, as `kubectl auth can-i --list` has it, less what every
// ServiceAccount may do. The config must be allowed to impersonate.
func GrantedTo(ctx context.Context, config *rest.Config, home, serviceAccount, namespace string) (sets.Set[string], error) {
	its, err := rightsOf(ctx, config, home, serviceAccount, namespace)
	if err != nil {
		return nil, err
	}
	everybodys, err := rightsOf(ctx, config, home, "default", namespace)
	return its.Difference(everybodys), err
}

func rightsOf(ctx context.Context, config *rest.Config, home, serviceAccount, namespace string) (sets.Set[string], error) {
	impersonating := rest.CopyConfig(config)
	impersonating.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + home + ":" + serviceAccount,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + home, "system:authenticated"},
	}
	impersonated, err := kubernetes.NewForConfig(impersonating)
	if err != nil {
		return nil, err
	}
	review, err := impersonated.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace},
	}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("asking what %s may do in %s: %w", serviceAccount, namespace, err)
	}
	var rules []rbacv1.PolicyRule
	for _, rule := range review.Status.ResourceRules {
		rules = append(rules, rbacv1.PolicyRule{
			APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames, Verbs: rule.Verbs,
		})
	}
	rights := Rights(rules)
	for _, rule := range review.Status.NonResourceRules {
		rights.Insert(fmt.Sprintf("%v %v", rule.Verbs, rule.NonResourceURLs))
	}
	return rights, nil
}

// Rights takes rules apart into single rights, such as "list pods" and "create endpointslices/restricted.discovery.k8s.io".
func Rights(rules []rbacv1.PolicyRule) sets.Set[string] {
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
