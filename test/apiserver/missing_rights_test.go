package apiserver

import (
	nethttp "net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/procfs"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/rights"
)

// lacks is a change that takes one verb away.
func lacks(right rights.Right, verb string) func(rbacv1.PolicyRule, rights.Scope) rbacv1.PolicyRule {
	return func(rule rbacv1.PolicyRule, scope rights.Scope) rbacv1.PolicyRule {
		if scope == right.Scope && rule.APIGroups[0] == right.Group && rule.Resources[0] == right.Resource &&
			strings.Join(rule.ResourceNames, "") == right.Name {
			rule.Verbs = sets.List(sets.New(rule.Verbs...).Delete(verb))
		}
		return rule
	}
}

// onlyThe is a rule of one verb.
func onlyThe(right rights.Right, verb string) rbacv1.PolicyRule {
	rule := rbacv1.PolicyRule{APIGroups: []string{right.Group}, Resources: []string{right.Resource}, Verbs: []string{verb}}
	if right.Name != "" {
		rule.ResourceNames = []string{right.Name}
	}
	return rule
}

// where is how the operator names the place where a right is missing.
func (i *installation) where(scope rights.Scope) string {
	if namespace := i.namespaceOf(scope); namespace != "" {
		return "in namespace " + namespace
	}
	return "cluster-wide"
}

// logged are the lines of the replica's log that have a text.
func (r *replica) logged(text string) func() []string {
	return func() []string {
		found := []string{}
		for line := range strings.Lines(string(r.log.Contents())) {
			if strings.Contains(line, text) {
				found = append(found, line)
			}
		}
		return found
	}
}

// cpuTime is the processor time that the replica has used since its start, in seconds.
func (r *replica) cpuTime() float64 {
	GinkgoHelper()
	process, err := procfs.NewProc(r.command.Process.Pid)
	Expect(err).NotTo(HaveOccurred())
	stat, err := process.Stat()
	Expect(err).NotTo(HaveOccurred())
	return stat.CPUTime()
}

// The texts by which missing rights are found in the log.
const (
	saysMissing = `"msg":"Rights are missing; grant them as config/rbac does"`
	saysGranted = `"msg":"No rights are missing any longer"`
	saysError   = `"level":"error"`
)

var _ = Describe("A right that is missing (contract 6)", Ordered, func() {
	var entries []any
	for _, right := range rights.All() {
		for _, verb := range right.Verbs {
			entries = append(entries, Entry(string(right.Scope)+", "+right.Describe(verb), right, verb, NodeTimeout(2*time.Minute)))
		}
	}
	DescribeTable("is named in one line, and the operator is not ready, does not spin, and needs no restart once it is granted", append([]any{
		func(_ SpecContext, right rights.Right, verb string) {
			i := install(false, lacks(right, verb))
			replica := i.start()
			if right.Unused {
				Eventually(replica.ready).Should(Equal(nethttp.StatusOK))
				Expect(replica.logged(saysMissing)()).To(BeEmpty())
				return
			}
			missing := right.Describe(verb) + " " + i.where(right.Scope)
			Eventually(replica.logged(saysMissing)).Should(ConsistOf(ContainSubstring(`"error":"` + missing + `"`)))

			By("not being ready, and quiet")
			asked, used := len(i.asked()), replica.cpuTime()
			Consistently(replica.ready).WithTimeout(2 * time.Second).WithPolling(100 * time.Millisecond).ShouldNot(Equal(nethttp.StatusOK))
			Expect(len(i.asked())-asked).To(BeNumerically("<", 50), "requests to the API server")
			Expect(replica.cpuTime()-used).To(BeNumerically("<", 1), "seconds of processor time")
			Expect(replica.logged(saysMissing)()).To(HaveLen(1))
			if right.Scope != rights.System { // client-go tries to get the Lease every two seconds, and says so each time
				Expect(replica.logged(saysError)()).To(HaveLen(1))
			}

			By("granting it")
			i.give(right.Scope, "rest", onlyThe(right, verb))
			Eventually(replica.ready).WithTimeout(30 * time.Second).Should(Equal(nethttp.StatusOK))
			Eventually(replica.logged(saysGranted)).Should(HaveLen(1)) // the log comes through a pipe
		},
	}, entries...)...)

	It("is named with all others, by namespace", func(_ SpecContext) {
		i := install(false, func(rule rbacv1.PolicyRule, scope rights.Scope) rbacv1.PolicyRule {
			if rule.Resources[0] == "services" || scope != rights.Watched {
				rule.Verbs = nil
			}
			return rule
		})
		replica := i.start()
		Eventually(replica.logged(saysMissing)).Should(ConsistOf(ContainSubstring(`"error":"` +
			"list services, watch services, get services, create services, update services, delete services in namespace " + i.namespace +
			"; create leases.coordination.k8s.io, get leases.coordination.k8s.io zen-lead, update leases.coordination.k8s.io zen-lead in namespace " +
			i.system + "; create tokenreviews.authentication.k8s.io, create subjectaccessreviews.authorization.k8s.io cluster-wide" + `"`)))
	}, NodeTimeout(2*time.Minute))

	It("is not asked for by an operator that does not need it", func(_ SpecContext) {
		i := install(false, func(rule rbacv1.PolicyRule, scope rights.Scope) rbacv1.PolicyRule {
			if scope != rights.Watched {
				rule.Verbs = nil
			}
			return rule
		})
		replica := i.startReplica(i.kubeconfig, "--metrics-insecure", "--leader-election=false")
		Eventually(replica.ready).Should(Equal(nethttp.StatusOK))
		Expect(replica.logged(saysMissing)()).To(BeEmpty())
	}, NodeTimeout(2*time.Minute))

	It("keeps the operator from nothing else: leaders are elected and fail over", func(_ SpecContext) {
		i := install(false, func(rule rbacv1.PolicyRule, _ rights.Scope) rbacv1.PolicyRule {
			rule.Verbs = sets.List(sets.New(rule.Verbs...).Delete("delete"))
			return rule
		})
		replica := i.start()
		i.aService("my-app").create()
		i.aPod("my-app", "a").create()
		i.switched("my-app", "a", 1, contract.ReasonElected)
		i.aPod("my-app", "b").create()
		i.setReady("a", false)
		i.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(replica.ready()).NotTo(Equal(nethttp.StatusOK))
	}, NodeTimeout(2*time.Minute))

	It("and is taken away while the operator runs is named when it is needed, and what it was for is done once it is back", func(_ SpecContext) {
		i := install(false, unchanged)
		replica := i.start()
		Eventually(replica.ready).Should(Equal(nethttp.StatusOK))
		i.aService("my-app").create()
		i.aPod("my-app", "a").create()
		i.switched("my-app", "a", 1, contract.ReasonElected)

		role := &rbacv1.Role{}
		Expect(admin.Get(i.ctx, client.ObjectKey{Namespace: i.namespace, Name: i.user + "-operator-watched"}, role)).To(Succeed())
		complete := role.DeepCopy()
		for number := range role.Rules {
			role.Rules[number].Verbs = sets.List(sets.New(role.Rules[number].Verbs...).Delete("delete"))
		}
		Expect(admin.Update(i.ctx, role)).To(Succeed())
		i.unannotate("my-app", contract.AnnotationEnabled)
		Eventually(replica.logged(saysMissing)).Should(ConsistOf(
			ContainSubstring(`"error":"delete services, delete endpointslices.discovery.k8s.io in namespace ` + i.namespace + `"`)))
		Expect(replica.ready()).To(Equal(nethttp.StatusOK), "it was ready before")

		complete.ResourceVersion = role.ResourceVersion
		Expect(admin.Update(i.ctx, complete)).To(Succeed())
		i.nothingMade("my-app")
		Eventually(replica.logged(saysGranted)).WithTimeout(time.Minute).Should(HaveLen(1))
	}, NodeTimeout(2*time.Minute))
})
