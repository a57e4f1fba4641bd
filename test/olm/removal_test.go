package olm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

var _ = Describe("Removed by deleting Subscription and ClusterServiceVersion", func() {
	It("the operator leaves what docs/install.md lists, and leader Services that route on", func() {
		bringMonitoringKinds()
		served.offer(stable(withMonitoring[next]))
		shop(shopA)
		before := everything()
		subscription{channel: "stable", targets: []string{shopA}}.install(withMonitoring[next])
		leads := elects(shopA)
		reached(shopA, leads)

		unsubscribe()
		Eventually(func() int { return len(podsOf(operatorNamespace, "app.kubernetes.io/name="+operatorName)) }).Should(BeZero())
		reached(shopA, leads)
		Expect(leader(shopA)()).To(Equal([]string{leads}))

		left := func() []string { return sets.List(everything().Difference(before)) }
		Eventually(left).Should(ConsistOf(leftByOLM()), "what is left")
		AddReportEntry("left", strings.Join(left(), "\n"))
	})
})

// leftByOLM is what is left when Subscription and ClusterServiceVersion are gone; docs/install.md says what to do about it.
func leftByOLM() []string {
	return []string{
		// The leader Service, which routes on.
		"services " + shopA + "/till-leader",
		"endpointslices.discovery.k8s.io " + shopA + "/till-leader-ipv4",
		// What goes with the operator's namespace: the user's OperatorGroup, what Kubernetes puts into each namespace, the Lease of the
		// replicas, and the rights of a bundle that are no Deployment's, which OLM forgets.
		"namespaces " + operatorNamespace,
		"operatorgroups.operators.coreos.com " + operatorNamespace + "/zen-lead",
		"configmaps " + operatorNamespace + "/kube-root-ca.crt",
		"serviceaccounts " + operatorNamespace + "/default",
		"leases.coordination.k8s.io " + operatorNamespace + "/zen-lead",
		"roles.rbac.authorization.k8s.io " + operatorNamespace + "/zen-lead-metrics-discovery",
		"rolebindings.rbac.authorization.k8s.io " + operatorNamespace + "/zen-lead-metrics-discovery",
		// What has to be deleted by its name, and OLM's own account of what is installed.
		"clusterroles.rbac.authorization.k8s.io zen-lead-metrics-reader",
		"operators.operators.coreos.com zen-lead.zen-lead-system",
		// Those of the OperatorGroup, which go with it.
		"clusterroles.rbac.authorization.k8s.io olm.og.zen-lead.admin",
		"clusterroles.rbac.authorization.k8s.io olm.og.zen-lead.edit",
		"clusterroles.rbac.authorization.k8s.io olm.og.zen-lead.view",
	}
}

// hashed is the end of the names of an OperatorGroup's ClusterRoles.
var hashed = regexp.MustCompile(`^(olm\.og\..*)-[^-]*$`)

// everything are all objects in the cluster but those that come and go by themselves, as "kind namespace/name".
func everything() sets.Set[string] {
	GinkgoHelper()
	discovered, err := discovery.NewDiscoveryClientForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	lists, err := discovered.ServerPreferredResources()
	Expect(err).NotTo(HaveOccurred())
	reader, err := dynamic.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	found := sets.New[string]()
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		Expect(err).NotTo(HaveOccurred())
		for _, resource := range list.APIResources {
			if !slices.Contains(resource.Verbs, "list") || slices.Contains([]string{"events", "pods", "endpoints", "ipaddresses"}, resource.Name) {
				continue
			}
			kind := version.WithResource(resource.Name)
			objects, err := reader.Resource(kind).List(ctx, metav1.ListOptions{})
			Expect(err).NotTo(HaveOccurred())
			for _, object := range objects.Items {
				name := strings.TrimPrefix(object.GetNamespace()+"/"+hashed.ReplaceAllString(object.GetName(), "$1"), "/")
				found.Insert(fmt.Sprintf("%s %s", kind.GroupResource(), name))
			}
		}
	}
	return found
}
