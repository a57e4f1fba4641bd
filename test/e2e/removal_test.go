package e2e

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// suiteObjects selects what the suite itself makes.
var suiteObjects = client.MatchingLabels{partOf: partOfSuite}

// removalDeadline is longer than the others: after the API server was down, Kubernetes takes its time to delete namespaces.
const removalDeadline = 3 * time.Minute

// removeAll removes what the suite makes and waits until nothing is left: first what uses the operator, then the operator.
func removeAll() {
	GinkgoHelper()
	By("removing the namespaces of tests")
	namespaces := &corev1.NamespaceList{}
	Expect(admin.List(ctx, namespaces, suiteObjects)).To(Succeed())
	for i := range namespaces.Items {
		if namespaces.Items[i].Name != operatorNamespace {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, &namespaces.Items[i]))).To(Succeed())
		}
	}
	Eventually(suiteNamespaces).WithTimeout(removalDeadline).Should(Or(BeEmpty(), ConsistOf(operatorNamespace)))
	By("removing the operator")
	kubectl(manifests, "delete", "--ignore-not-found", "-f", "-")
	Eventually(leftovers).Should(BeEmpty())
}

func suiteNamespaces() ([]string, error) {
	return namespaceNames(func(*corev1.Namespace) bool { return true })
}

func namespacesBeingDeleted() ([]string, error) {
	return namespaceNames(func(namespace *corev1.Namespace) bool { return namespace.DeletionTimestamp != nil })
}

// namespaceNames are the names of those of the suite's namespaces that are meant.
func namespaceNames(meant func(*corev1.Namespace) bool) ([]string, error) {
	namespaces := &corev1.NamespaceList{}
	err := admin.List(ctx, namespaces, suiteObjects)
	var found []string
	for i := range namespaces.Items {
		if meant(&namespaces.Items[i]) {
			found = append(found, namespaces.Items[i].Name)
		}
	}
	return found, err
}

// leftovers are what is still there of what the suite and the operator have made.
func leftovers() ([]string, error) {
	var found []string
	for _, made := range []struct {
		list  client.ObjectList
		label client.MatchingLabels
	}{
		{&corev1.NamespaceList{}, suiteObjects},
		{&rbacv1.ClusterRoleList{}, suiteObjects},
		{&rbacv1.ClusterRoleBindingList{}, suiteObjects},
		{&corev1.ServiceList{}, client.MatchingLabels{contract.LabelManagedBy: contract.ManagedBy}},
		{&discoveryv1.EndpointSliceList{}, client.MatchingLabels{contract.LabelSliceManagedBy: contract.ManagedBy}},
	} {
		if err := admin.List(ctx, made.list, made.label); err != nil {
			return nil, err
		}
		if err := meta.EachListItem(made.list, func(object runtime.Object) error {
			accessor, err := meta.Accessor(object)
			found = append(found, fmt.Sprintf("%T %s/%s", object, accessor.GetNamespace(), accessor.GetName()))
			return err
		}); err != nil {
			return nil, err
		}
	}
	return found, nil
}
