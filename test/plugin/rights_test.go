package plugin

import (
	"os"
	"path/filepath"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/cmd/kubectl-zen_lead/plugin"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// asUser has the plugin used by somebody who has these rights in the namespace and no other.
func (w *world) asUser(rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	user := "user-of-" + w.namespace
	_, kubeconfig, err := plane.AddUser(user)
	Expect(err).NotTo(HaveOccurred())
	Expect(plane.Grant(w.ctx, user, w.namespace, user, rules)).To(Succeed())
	w.kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(w.kubeconfig, kubeconfig, 0o600)).To(Succeed())
	config, err := clientcmd.BuildConfigFromFlags("", w.kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	mine, err := client.New(config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() error { return mine.List(w.ctx, listOf(rules[0].Resources[0]), client.InNamespace(w.namespace)) }).Should(Succeed())
}

func listOf(resource string) client.ObjectList {
	kinds := map[string]string{"services": "Service", "leases": "Lease", "bindings": "Pod", "configmaps": "ConfigMap"}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("x"))
	list.APIVersion, list.Kind = "v1", kinds[resource]+"List"
	return list
}

// reading is what the pages say that is needed to look, and to follow changes.
func reading() []rbacv1.PolicyRule {
	return rightsOf("watch", func(right plugin.Right) bool { return right.Group != "coordination.k8s.io" })
}

// rightsOf are those that the pages say a command needs.
func rightsOf(command string, which func(plugin.Right) bool) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, right := range plugin.Rights() {
		if slices.Contains(right.Commands, command) && which(right) {
			rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{right.Group}, Resources: []string{right.Resource}, Verbs: right.Verbs})
		}
	}
	return rules
}

var _ = Describe("With the right to read Services, EndpointSlices and Pods in one namespace", func() {
	It("list, explain and watch show everything", func() {
		w := newLedWorld()
		w.asUser(reading()...)
		Expect(w.says("list")).To(MatchRegexp(`my-app +my-app-0 +node-a .* 3/3 +Elected +<none>`))
		Expect(w.explained("my-app").Next.Pod).To(Equal("my-app-1"))
		watching := w.start("watch")
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-0 `)))
		Expect(w.pods.Delete(w.ctx, "my-app-0")).To(Succeed())
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-1 `)))
		watching.ctrlC()
		Expect(watching.end()).To(And(HaveField("Code", 0), HaveField("Err", "")))
	})

	It("what depends on a Lease is said to be unknown", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationFollowLease, "my-lease")
		Expect(admin.Create(w.ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-lease"}, Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("my-app-0")},
		})).To(Succeed())
		Eventually(w.leader("my-app")).Should(Equal("my-app-0"))
		w.asUser(reading()...)
		Expect(w.says("list")).To(MatchRegexp(`my-app +my-app-0 .*LeaseUnreadable\n`))
		Expect(w.says("explain", "my-app")).To(And(ContainSubstring("my-lease: you may not read it"), ContainSubstring("Next:             nobody: the holder of the Lease my-lease, which you may not read")))
		watching := w.start("watch")
		Eventually(watching.out.String).Should(MatchRegexp(at(`my-app +my-app-0 .*LeaseUnreadable`)))
	})

	It("what would write fails, and says what is missing", func() {
		w := newLedWorld()
		w.asUser(append(reading(), rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get"}})...)
		for _, arguments := range [][]string{{"switch", "my-app", "my-app-1"}, {"enable", "my-app"}, {"disable", "my-app"}} {
			Expect(w.zenLead(arguments...)).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("cannot patch resource \"services\""))), "%v", arguments)
		}
		Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
		Expect(w.zenLead("list", "-A")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("at the cluster scope"))))
	})
})

var _ = Describe("The rights that are needed besides", func() {
	It("are to patch Services, for switch, enable and disable", func() {
		w := newLedWorld()
		w.asUser(rightsOf("switch", func(right plugin.Right) bool { return right.Group != "coordination.k8s.io" })...)
		Expect(w.says("switch", "my-app", "my-app-1")).To(HavePrefix("my-app-1 leads"))
		Expect(w.says("disable", "my-app")).To(Equal("service/my-app disabled\n"))
		Expect(w.says("enable", "my-app")).To(Equal("service/my-app enabled\n"))
	})

	It("without one of those to read the command fails, and names it", func() {
		for _, missing := range reading()[1:] {
			w := newLedWorld()
			var rules []rbacv1.PolicyRule
			for _, rule := range reading() {
				if rule.Resources[0] != missing.Resources[0] {
					rules = append(rules, rule)
				}
			}
			w.asUser(rules...)
			for _, arguments := range [][]string{{"list"}, {"explain", "my-app"}, {"watch"}, {"switch", "my-app"}} {
				Expect(w.zenLead(arguments...)).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("cannot "))), "%v", arguments)
			}
		}
	})
})

var _ = Describe("Kubernetes' own role view", func() {
	It("is enough to look, in this version", func() {
		w := newLedWorld()
		view := &rbacv1.ClusterRole{}
		Expect(clients.RbacV1().RESTClient().Get().Resource("clusterroles").Name("system:aggregate-to-view").Do(w.ctx).Into(view)).To(Succeed())
		rights := controlplane.Rights(view.Rules)
		Expect(rights.HasAll("list endpointslices.discovery.k8s.io", "list pods", "list services")).To(BeTrue())
		Expect(rights.Has("list leases.coordination.k8s.io")).To(BeFalse())
		Expect(view.Rules[0].Resources).NotTo(BeEmpty())
		w.asUser(append(reading()[:1:1], view.Rules...)...)
		Expect(w.says("list")).To(MatchRegexp(`my-app +my-app-0 `))
		Expect(w.zenLead("list", "-n", "nowhere").Code).To(Equal(1))
	})
})
