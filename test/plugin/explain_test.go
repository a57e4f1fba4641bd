package plugin

import (
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// explained is what the specs look at of what explain prints as JSON.
type explained struct {
	Leader           struct{ Pod string }
	Elected, Next    struct{ Pod, Basis, Criterion, Note string }
	Lease            struct{ Name, Note string }
	Candidates, Pods int
	Settings         []struct{ Key, Value, InForce, Problem string }
	PodVerdicts      []struct {
		Pod, Rule, Note string
		Eligible        bool
	}
	Trouble []struct{ Reason, Note string }
}

func (w *world) explained(service string) explained {
	GinkgoHelper()
	var told explained
	Expect(json.Unmarshal([]byte(w.says("explain", service, "-o", "json")), &told)).To(Succeed())
	return told
}

// rules are the Pods that cannot lead, with the rule that each fails.
func (e explained) rules() map[string]string {
	rules := map[string]string{}
	for _, pod := range e.PodVerdicts {
		if !pod.Eligible {
			rules[pod.Pod] = pod.Rule
		}
	}
	return rules
}

var _ = Describe("explain", func() {
	It("says who leads and why, who is next, and what holds", func() {
		w := newLedWorld()
		Expect(w.says("explain", "my-app")).To(MatchRegexp(`^Service: +` + w.namespace + `/my-app\n` +
			`Leader Service: +my-app-leader \(10\.96\.\S+\)\nLeader: +my-app-0 on node node-a, 10\.244\.0\.2, ready\n` +
			`Since: +\S+Z \(\d+s ago\), epoch 1, reason Elected\nWhy: +it leads already, and is eligible \(sticky\)\nNext: +my-app-1: [^\n]+\n\n` +
			`Pods:\n +POD +NODE +READY +SINCE +REVISION +ELIGIBLE +WHY NOT\n +my-app-0 +node-a +yes +\d+s +<none> +yes\n` +
			`(.*\n){2}\nSettings:\n +SETTING +TYPED +IN FORCE\n +enabled +true +true\n +leader-service-name +my-app-leader\n(.*\n)+$`))
	})

	It("names the rule that each Pod fails", func() {
		w := newLedWorld()
		for _, pod := range []string{"my-app-3", "my-app-4", "my-app-5"} {
			Expect(w.pods.Make(w.ctx, pod)).To(Succeed())
		}
		Expect(w.pods.Finish(w.ctx, "my-app-1")).To(Succeed())
		Expect(w.pods.SetReady(w.ctx, "my-app-2", false)).To(Succeed())
		Expect(w.pods.Terminate(w.ctx, "my-app-3")).To(Succeed())
		w.setStatus("my-app-4", func(status *corev1.PodStatus) {
			status.PodIP, status.PodIPs = "127.0.0.1", []corev1.PodIP{{IP: "127.0.0.1"}}
		})
		w.setStatus("my-app-5", func(status *corev1.PodStatus) { status.Phase = corev1.PodPending })
		told := w.explained("my-app")
		Expect(told.rules()).To(Equal(map[string]string{
			"my-app-1": "Finished", "my-app-2": "NotReady", "my-app-3": "Terminating", "my-app-4": "NoAddress", "my-app-5": "NotRunning",
		}))
		Expect(told.Next.Pod).To(BeEmpty())
		Expect(told.Next.Note).To(Equal("no other Pod is eligible"))
		Expect(w.says("explain", "my-app")).To(And(ContainSubstring("Finished: it has finished (phase Failed)"), ContainSubstring("Next:             nobody: ")))
	})

	It("says how long a Pod has to wait for min-ready-duration", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationMinReadyDuration, "50m")
		told := w.explained("my-app")
		Expect(told.rules()).To(Equal(map[string]string{"my-app-1": "ReadyTooBriefly", "my-app-2": "ReadyTooBriefly"}))
		Expect(told.PodVerdicts[1].Note).To(MatchRegexp(`^it has been Ready for \d+s, and min-ready-duration asks for 50m0s$`))
	})

	It("marks values that are not valid, and says what holds in their place", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationSticky, "yes\x1b[31m", contract.AnnotationFailoverMinDelay, "1s", "zen-lead.io/stiky", "true")
		page := w.says("explain", "my-app")
		Expect(page).To(MatchRegexp(`\n +sticky +"yes\\x1b\[31m" +true +NOT VALID: must be "true" or "false"\n`))
		Expect(page).To(MatchRegexp(`\n +failover-min-delay +1s +1s\n`))
		Expect(page).To(MatchRegexp(`\n +stiky +true +NOT VALID: no such setting`))
		Expect(page).NotTo(ContainSubstring("\x1b"))
	})

	It("follows the rules of the order", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationPreferredLeader, "my-app-2")
		Eventually(w.leader("my-app")).Should(Equal("my-app-2"))
		Expect(w.explained("my-app").Elected.Note).To(Equal("it is the preferred leader"))

		w.annotate("my-app", contract.AnnotationPreferredLeader, "", contract.AnnotationSticky, "false")
		w.setStatus("my-app-1", func(status *corev1.PodStatus) {
			status.Conditions[0].LastTransitionTime = metav1.NewTime(time.Now().Add(-time.Hour))
		})
		Eventually(w.leader("my-app")).Should(Equal("my-app-1"))
		Expect(w.explained("my-app").Elected).To(And(HaveField("Basis", "Order"), HaveField("Criterion", "LongestReady"),
			HaveField("Note", "it has been Ready for longest")))

		w.annotate("my-app", contract.AnnotationPaused, "true")
		Expect(w.pods.SetReady(w.ctx, "my-app-1", false)).To(Succeed())
		told := w.explained("my-app")
		Expect(told.Elected).To(And(HaveField("Pod", "my-app-1"), HaveField("Basis", "Paused")))
		Expect(told.rules()).To(Equal(map[string]string{"my-app-0": "Paused", "my-app-1": "NotReady", "my-app-2": "Paused"}))
		Expect(told.Next.Pod).NotTo(BeEmpty(), "a leader that is deleted is replaced, paused or not")
	})

	It("follows a Lease", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationFollowLease, "my-lease")
		Eventually(w.leader("my-app")).Should(BeEmpty())
		Expect(w.explained("my-app").Lease.Note).To(Equal("it does not exist"))
		Expect(admin.Create(w.ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-lease"}, Spec: coordinationv1.LeaseSpec{HolderIdentity: ptr.To("my-app-2_abc")},
		})).To(Succeed())
		Eventually(w.leader("my-app")).Should(Equal("my-app-2"))
		told := w.explained("my-app")
		Expect(told.rules()).To(Equal(map[string]string{"my-app-0": "NotLeaseHolder", "my-app-1": "NotLeaseHolder"}))
		Expect(told.Lease.Note).To(Equal("held by my-app-2_abc"))
		Expect(told.Next.Pod).To(BeEmpty())
		Expect(told.Trouble).To(BeEmpty())
		Expect(w.says("explain", "my-app")).To(ContainSubstring("Lease:            my-lease: held by my-app-2_abc\n"))
	})

	It("agrees with the operator at rest, whatever happens", func() {
		w := newLedWorld()
		agrees := func() {
			GinkgoHelper()
			Eventually(func(g Gomega) {
				told := w.explained("my-app")
				g.Expect(told.Elected.Pod).To(Equal(w.leader("my-app")()))
				g.Expect(told.Leader.Pod).To(Equal(told.Elected.Pod))
				for _, t := range told.Trouble {
					g.Expect(t.Reason).NotTo(Equal("Pending"))
				}
			}).Should(Succeed())
		}
		for _, happens := range []func(){
			func() { Expect(w.pods.SetReady(w.ctx, "my-app-0", false)).To(Succeed()) },
			func() { Expect(w.pods.SetReady(w.ctx, "my-app-0", true)).To(Succeed()) },
			func() { Expect(w.pods.Terminate(w.ctx, "my-app-1")).To(Succeed()) },
			func() { w.annotate("my-app", contract.AnnotationSticky, "false") },
			func() { w.annotate("my-app", contract.AnnotationStrategy, "oldest-ready") },
			func() { Expect(w.pods.Delete(w.ctx, "my-app-2")).To(Succeed()) },
			func() { Expect(w.pods.Finish(w.ctx, "my-app-0")).To(Succeed()) },
			func() { Expect(w.pods.Make(w.ctx, "my-app-9")).To(Succeed()) },
			func() { w.annotate("my-app", contract.AnnotationLeaderServiceName, "other") },
		} {
			next := w.explained("my-app").Next
			happens()
			if next.Pod == "" {
				continue
			}
			if contractName := w.annotation("my-app", contract.AnnotationLeaderServiceName)(); contractName == "" {
				agrees()
			}
		}
	})

	It("names as next whom the operator elects", func() {
		w := newLedWorld()
		for range 2 {
			told := w.explained("my-app")
			Expect(w.pods.Delete(w.ctx, told.Leader.Pod)).To(Succeed())
			Eventually(w.leader("my-app")).Should(Equal(told.Next.Pod))
		}
	})

	It("tells of Services that are not opted in, and says that others are not there", func() {
		w := newQuietWorld()
		w.service("plain", func(s *corev1.Service) { s.Annotations = nil })
		Expect(w.says("explain", "plain")).To(ContainSubstring("the Service is not opted in"))
		Expect(w.zenLead("explain", "nothing")).To(Equal(result{Code: 1, Err: "error: there is no Service \"nothing\" in namespace " + w.namespace + "\n"}))
		Expect(w.zenLead("explain", "nothing", "-n", "nowhere")).To(Equal(result{Code: 1, Err: "error: there is no namespace \"nowhere\"\n"}))
	})
})

// setStatus changes a Pod's status.
func (w *world) setStatus(pod string, change func(*corev1.PodStatus)) {
	GinkgoHelper()
	Eventually(func() error {
		found := &corev1.Pod{}
		if err := admin.Get(w.ctx, w.key(pod), found); err != nil {
			return err
		}
		change(&found.Status)
		return admin.Status().Update(w.ctx, found)
	}).Should(Succeed())
}
