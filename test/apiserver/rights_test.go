package apiserver

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/rights"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// installation is the operator's binary as a user of its own, who has no rights but those that he is given. The Lease of its replicas is in
// another namespace than the one that it watches.
type installation struct {
	*world
	user, kubeconfig string
	system           string
	everywhere       bool
}

// install grants rights as config/rbac has them, changed by a function: in the watched namespace, or everywhere.
func install(everywhere bool, change func(rbacv1.PolicyRule, rights.Scope) rbacv1.PolicyRule) *installation {
	GinkgoHelper()
	i := &installation{world: newQuietWorld(), system: newQuietWorld().namespace, everywhere: everywhere}
	i.user = "zen-lead-of-" + i.namespace
	i.kubeconfig = kubeconfigOf(i.user)
	roles, err := controlplane.OperatorRoles()
	Expect(err).NotTo(HaveOccurred())
	for scope, rules := range roles {
		var given []rbacv1.PolicyRule
		for _, rule := range rules {
			if rule = change(rule, rights.Scope(scope)); len(rule.Verbs) > 0 {
				given = append(given, rule)
			}
		}
		i.give(rights.Scope(scope), "operator-"+scope, given...)
	}
	return i
}

// unchanged are the rights as they ship.
func unchanged(rule rbacv1.PolicyRule, _ rights.Scope) rbacv1.PolicyRule { return rule }

func (i *installation) give(scope rights.Scope, name string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	Expect(plane.Grant(i.ctx, i.user, i.namespaceOf(scope), i.user+"-"+name, rules)).To(Succeed())
	for _, rule := range rules {
		for _, verb := range rule.Verbs {
			Eventually(i.may).WithArguments(scope, rule, verb).Should(BeTrue())
		}
	}
}

// may is whether the API server has taken notice of a right.
func (i *installation) may(scope rights.Scope, rule rbacv1.PolicyRule, verb string) bool {
	GinkgoHelper()
	resource, subresource, _ := strings.Cut(rule.Resources[0], "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: i.user,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: i.namespaceOf(scope), Verb: verb, Group: rule.APIGroups[0], Resource: resource, Subresource: subresource,
			Name: strings.Join(rule.ResourceNames, ""),
		},
	}}
	Expect(admin.Create(i.ctx, review)).To(Succeed())
	return review.Status.Allowed
}

// namespaceOf is where rights of a scope are granted; empty for the whole cluster.
func (i *installation) namespaceOf(scope rights.Scope) string {
	switch {
	case scope == rights.System:
		return i.system
	case scope == rights.ClusterWide || i.everywhere:
		return ""
	}
	return i.namespace
}

func (i *installation) start(arguments ...string) *replica {
	GinkgoHelper()
	return i.startReplica(i.kubeconfig, append([]string{
		"--leader-election-namespace", i.system, "--namespaces", i.namespaceOf(rights.Watched),
	}, arguments...)...)
}

// asked is what the operator has asked the API server for.
func (i *installation) asked() []auditv1.Event {
	GinkgoHelper()
	events, err := controlplane.ReadAudit(plane.AuditLog, i.user, "")
	Expect(err).NotTo(HaveOccurred())
	return events
}

// forbidden are requests that its rights did not allow.
func (i *installation) forbidden() (requests []string) {
	for _, event := range i.asked() {
		if event.Annotations["authorization.k8s.io/decision"] != "allow" {
			requests = append(requests, event.Verb+" "+event.RequestURI)
		}
	}
	return requests
}

// used are the rights that the operator has made use of, and what everybody may do who is known to the cluster.
func (i *installation) used(granted sets.Set[string]) (used, everybodys sets.Set[string]) {
	used, everybodys = sets.New[string](), sets.New[string]()
	for _, event := range i.asked() {
		right, name := event.Verb+" "+event.RequestURI, ""
		if object := event.ObjectRef; object != nil {
			resource := strings.TrimSuffix(object.Resource+"/"+object.Subresource, "/")
			right = strings.TrimSuffix(event.Verb+" "+resource+"."+object.APIGroup, ".")
			name = object.Name
		}
		if strings.Contains(event.Annotations["authorization.k8s.io/reason"], `ClusterRoleBinding "system:`) {
			everybodys.Insert(right)
			continue
		}
		right = i.scopeOf(&event) + ": " + right
		if named := fmt.Sprintf("%s [%s]", right, name); granted.Has(named) {
			right = named
		}
		used.Insert(right)
	}
	return used, everybodys
}

// scopeOf is where a request was made.
func (i *installation) scopeOf(event *auditv1.Event) string {
	switch {
	case event.ObjectRef == nil:
		return "nowhere"
	case event.ObjectRef.Namespace == i.system:
		return string(rights.System)
	case event.ObjectRef.Namespace == i.namespace:
		return string(rights.Watched)
	case i.everywhere && !strings.HasSuffix(event.ObjectRef.Resource, "reviews"): // of all namespaces, or in one that another test has left
		return string(rights.Watched)
	}
	return event.ObjectRef.Namespace
}

// granted are the rights of config/rbac, as used has them.
func granted() sets.Set[string] {
	GinkgoHelper()
	roles, err := controlplane.OperatorRoles()
	Expect(err).NotTo(HaveOccurred())
	all := sets.New[string]()
	for scope, rules := range roles {
		for right := range controlplane.Rights(rules) {
			all.Insert(scope + ": " + right)
		}
	}
	return all
}

// unused are the rights that the operator is said to do without.
func unused() []string {
	var all []string
	for _, right := range rights.All() {
		for _, verb := range right.Verbs {
			if right.Unused {
				all = append(all, string(right.Scope)+": "+right.Describe(verb))
			}
		}
	}
	return all
}

// liveThrough has everything happen for which the operator needs a right.
func (i *installation) liveThrough() {
	GinkgoHelper()
	i.allowScraping("scraper")
	scraper := i.token("scraper")
	first := i.start()
	Eventually(first.acts(scraper)).Should(BeTrue())
	// As where the API server does not stream lists. Source: KEP-3157, and client-go's feature gates.
	GinkgoT().Setenv("KUBE_FEATURE_WatchListClient", "false")
	second := i.start()
	Eventually(second.ready).Should(Equal(200))

	By("leaders that are elected, of which one holds a Lease")
	i.aService("my-app").create()
	i.aPod("my-app", "a").create()
	i.switched("my-app", "a", 1, contract.ReasonElected)
	i.aPod("my-app", "b").create()
	i.aLease("c")
	i.aService("followed").with(contract.AnnotationFollowLease, "my-lease").create()
	i.aPod("followed", "c").create()
	i.aPod("followed", "d").create()
	i.switched("followed", "c", 1, contract.ReasonElected)
	i.aService("deleted").create()
	i.aPod("deleted", "e").create()
	i.switched("deleted", "e", 1, contract.ReasonElected)
	i.aPod("deleted", "f").create()

	By("the acting replica being frozen, and the other one taking over")
	first.signal(syscall.SIGSTOP)
	i.setReady("a", false)
	i.acquire("d")
	i.remove("e")
	i.switched("my-app", "b", 2, contract.ReasonNotReady)
	i.switched("followed", "d", 2, contract.ReasonLeaseMoved)
	i.switched("deleted", "f", 2, contract.ReasonDeleted)
	first.signal(syscall.SIGCONT)

	By("a problem that comes back, whose Event is counted up")
	i.aService("ports").ports(port("web", 80, intstr.FromString("web"))).create()
	i.aPod("ports", "good").containers(container(named("web", 8080))).create()
	i.switched("ports", "good", 1, contract.ReasonElected)
	i.aPod("ports", "bad").create()
	Eventually(i.eventsOf("ports", contract.EventPortUnresolved)).ShouldNot(BeEmpty())
	i.remove("bad")
	i.setReady("good", false)
	Eventually(i.endpoint("ports")).Should(BeEmpty())
	i.aPod("ports", "bad").create()

	By("a Service that opts out")
	i.unannotate("my-app", contract.AnnotationEnabled)
	i.nothingMade("my-app")
}

var _ = Describe("The operator's rights, as the API server's audit log has them (contract 6)", Ordered, func() {
	DescribeTable("are all used and no others asked for, in a life with everything in it, of an operator that watches",
		func(_ SpecContext, everywhere bool) {
			i := install(everywhere, unchanged)
			i.liveThrough()
			all := granted()
			Eventually(func() []string {
				used, _ := i.used(all)
				return sets.List(all.Difference(used))
			}).WithPolling(time.Second).Should(ConsistOf(unused()), "granted, and not used")
			used, everybodys := i.used(all)
			Expect(sets.List(used.Difference(all))).To(BeEmpty(), "asked for, and not granted")
			Expect(i.forbidden()).To(BeEmpty())
			Expect(everybodys).To(HaveKey("create selfsubjectaccessreviews.authorization.k8s.io"))
			for right := range everybodys.Delete("create selfsubjectaccessreviews.authorization.k8s.io") {
				Expect(right).To(HavePrefix("get /api"), "what everybody may do is not looked into, but for discovery")
			}
		},
		Entry("one namespace", false, NodeTimeout(3*time.Minute)),
		Entry("all namespaces", true, NodeTimeout(3*time.Minute)),
	)
})
