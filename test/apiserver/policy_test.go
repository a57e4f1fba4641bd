package apiserver

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// staysLed asserts that the Pod goes on leading, as the how many-th leader, when it is decided anew.
func (w *world) staysLed(by string, epoch int) {
	GinkgoHelper()
	w.nudge("my-app", by)
	w.settled("my-app")
	w.routes("my-app-leader", by, epoch)
}

// revisions makes one controller for each revision, and returns what marks a Pod as made by it. The controllers are
// ConfigMaps: nothing acts on them, and the garbage collector finds them.
func (w *world) revisions(hashes ...string) map[string]func(*podBuilder) *podBuilder {
	GinkgoHelper()
	marks := map[string]func(*podBuilder) *podBuilder{}
	for _, hash := range hashes {
		owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: hash}}
		Expect(admin.Create(w.ctx, owner)).To(Succeed())
		marks[hash] = func(b *podBuilder) *podBuilder {
			b.pod.OwnerReferences = []metav1.OwnerReference{
				*metav1.NewControllerRef(owner, corev1.SchemeGroupVersion.WithKind("ConfigMap")),
			}
			return b.labelled("pod-template-hash", hash)
		}
	}
	return marks
}

var _ = Describe("sticky (contract 1 and 3)", func() {
	longerReady := func(w *world) { w.aPod("my-app", "b").readySince(time.Now().Add(-time.Hour)).create() }

	It("true keeps the leader when one comes that has been Ready for longer", func() {
		w := newLedWorld()
		longerReady(w)
		w.staysLed("a", 1)
	})

	It("false gives the lead to the one that has been Ready for longest, at every change", func() {
		w := newLedWorld()
		w.annotate("my-app", contract.AnnotationSticky, "false")
		longerReady(w)
		w.switched("my-app", "b", 2, contract.ReasonReordered)
		w.aPod("my-app", "c").create()
		w.staysLed("b", 2)
	})

	It("set to false reorders at once", func() {
		w := newLedWorld()
		longerReady(w)
		w.staysLed("a", 1)
		w.annotate("my-app", contract.AnnotationSticky, "false")
		w.switched("my-app", "b", 2, contract.ReasonReordered)
	})
})

var _ = Describe("strategy (contract 3)", func() {
	DescribeTable("decides whether a Pod of the newest revision or the longest Ready one succeeds",
		func(strategy contract.Strategy, successor string) {
			w := newWorld()
			of := w.revisions("v1", "v2")
			w.aService("my-app").with(contract.AnnotationStrategy, string(strategy)).create()
			of["v1"](w.aPod("my-app", "old-1")).create()
			w.switched("my-app", "old-1", 1, contract.ReasonElected)
			of["v1"](w.aPod("my-app", "old-2").readySince(time.Now().Add(-time.Hour))).create()
			Eventually(w.newestPodIsASecondOld).Should(BeTrue())
			of["v2"](w.aPod("my-app", "new-1").readySince(time.Now().Add(-2 * time.Second))).create()
			of["v2"](w.aPod("my-app", "new-2").readySince(time.Now().Add(-4 * time.Second))).create()
			Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(BeNumerically("==", 4))
			w.setReady("old-1", false)
			w.switched("my-app", successor, 2, contract.ReasonNotReady)
		},
		Entry("rollout-aware", contract.StrategyRolloutAware, "new-2"),
		Entry("oldest-ready", contract.StrategyOldestReady, "old-2"),
	)
})

var _ = Describe("preferred-leader (contract 1 and 3)", func() {
	prefer := func(w *world, pod string) { w.annotate("my-app", contract.AnnotationPreferredLeader, pod) }

	It("set, moved and removed: the Pod leads, and the last one goes on leading", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		prefer(w, "b")
		w.switched("my-app", "b", 2, contract.ReasonPreferred)
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(ConsistOf(ContainSubstring("b leads after a (Preferred), epoch 2")))
		prefer(w, "c")
		w.switched("my-app", "c", 3, contract.ReasonPreferred)
		w.unannotate("my-app", contract.AnnotationPreferredLeader)
		w.staysLed("c", 3)
	})

	It("naming no Pod changes nothing, until there is one", func() {
		w := newLedWorld()
		prefer(w, "b")
		w.staysLed("a", 1)
		w.aPod("my-app", "b").create()
		w.switched("my-app", "b", 2, contract.ReasonPreferred)
	})

	It("naming a Pod that is not eligible changes nothing, until it is", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").notReady().create()
		prefer(w, "b")
		w.staysLed("a", 1)
		w.setReady("b", true)
		w.switched("my-app", "b", 2, contract.ReasonPreferred)
	})

	It("is lost and comes back as any leader does, and then takes the lead again", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationPreferredLeader, "a").createLed("a", "b")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.setReady("a", true)
		w.switched("my-app", "a", 3, contract.ReasonPreferred)
	})
})

var _ = Describe("paused (contract 1)", func() {
	// pausedNotReady is a world whose leader a is not Ready and stays, though b could lead.
	pausedNotReady := func() *world {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationPaused, "true").createLed("a")
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		Eventually(w.endpoint("my-app")).Should(Equal("a"), "with its real conditions")
		return w
	}

	It("a leader that is not Ready stays, and Events and metrics go on", func() {
		w := pausedNotReady()
		w.nudge("my-app", "b")
		w.settled("my-app")
		Expect(w.endpoint("my-app")()).To(Equal("a"))
		Expect(w.epoch("my-app")()).To(Equal("1"))
		Expect(w.metric("zen_lead_endpoint_ready", "service=my-app")()).To(BeZero())
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ContainElement(ContainSubstring("a NotReady, b Paused")))
	})

	It("a leader that is Ready again has its endpoint ready again, without a change of leader", func() {
		w := pausedNotReady()
		w.setReady("a", true)
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})

	It("a terminating leader stays though another could lead", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationPaused, "true").createLed("a")
		w.aPod("my-app", "b").create()
		w.terminate("a")
		Eventually(w.endpoint("my-app")).Should(Equal("a serving terminating"))
		w.nudge("my-app", "b")
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(Equal("a serving terminating"))
	})

	It("neither a preferred leader nor an order that is not sticky moves the leader", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationPaused, "true").createLed("a")
		w.aPod("my-app", "b").readySince(time.Now().Add(-time.Hour)).create()
		w.annotate("my-app", contract.AnnotationPreferredLeader, "b")
		w.annotate("my-app", contract.AnnotationSticky, "false")
		w.staysLed("a", 1)
	})

	It("unpausing resumes the election", func() {
		w := pausedNotReady()
		w.unannotate("my-app", contract.AnnotationPaused)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})

	DescribeTable("a leader is taken out that is",
		func(reason contract.Reason, lose func(w *world, pod string)) {
			w := pausedNotReady()
			lose(w, "a")
			w.switched("my-app", "b", 2, reason)
		},
		Entry("failed", contract.ReasonFinished, becomes(inPhase(corev1.PodFailed))),
		Entry("succeeded", contract.ReasonFinished, becomes(inPhase(corev1.PodSucceeded))),
		Entry("deleted", contract.ReasonDeleted, (*world).remove),
	)
})

// badValues are values that do not parse, and what is then said to be allowed.
var badValues = []struct {
	key, allowed, good string
	values             []string
}{
	{contract.AnnotationEnabled, `must be "true" or "false"`, "true", []string{"", "True", "yes", "1", " true"}},
	{contract.AnnotationLeaderServiceName, "RFC 1035 label", "good", []string{"", "Upper", "under_score", "1digit", "dot.ted"}},
	{contract.AnnotationLeaderServiceName, "a name of its own", "good", []string{"my-app"}},
	{contract.AnnotationSticky, `must be "true" or "false"`, "true", []string{"", "no"}},
	{contract.AnnotationMinReadyDuration, "from 0s to 1h0m0s", "1h", []string{"", "10", "-1s", "1h0m1s", "soon"}},
	{contract.AnnotationFailoverMinDelay, "from 0s to 5m0s", "5m", []string{"", "10", "-1s", "5m1s", "never"}},
	{contract.AnnotationStrategy, "must be rollout-aware or oldest-ready", "oldest-ready", []string{"", "random", "Oldest-Ready"}},
	{contract.AnnotationPreferredLeader, "must be the name of a Pod", "a", []string{"", "a b", "A"}},
	{contract.AnnotationPaused, `must be "true" or "false"`, "false", []string{"", "True"}},
	{contract.AnnotationFollowLease, "must be the name of a Lease", "my-lease", []string{"", "ns/lease"}},
}

var _ = Describe("A value that does not parse (contract 1 and 4)", func() {
	for _, setting := range badValues {
		for _, value := range setting.values {
			It(fmt.Sprintf("%s: %q is told once, and counted until it is mended", setting.key, value), func() {
				w := newWorld()
				w.aPod("my-app", "a").create()
				w.aService("my-app").with(setting.key, value).create()
				told := ConsistOf(And(ContainSubstring(setting.key), ContainSubstring("%q", value),
					ContainSubstring(setting.allowed), Not(ContainSubstring("times"))))
				invalid := w.metric("zen_lead_invalid_annotations", "service=my-app")
				Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(told)
				Eventually(invalid).Should(BeNumerically("==", 1))

				for i := range 3 {
					w.annotate("my-app", "example.com/other", fmt.Sprint(i))
					w.relabel("a", "other", fmt.Sprint(i))
				}
				Consistently(w.eventsOf("my-app", contract.EventInvalidAnnotation)).WithTimeout(shortly).Should(told)
				w.annotate("my-app", setting.key, setting.good)
				Eventually(invalid).Should(BeZero())
				Expect(w.eventsOf("my-app", contract.EventInvalidAnnotation)()).To(told)
			})
		}
	}

	It("is told of each annotation where there are several", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationSticky, "no").with(contract.AnnotationPaused, "no").create()
		Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(BeNumerically("==", 2))
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(
			ConsistOf(ContainSubstring(contract.AnnotationSticky), ContainSubstring(contract.AnnotationPaused)))
	})

	It("is told anew when it is replaced by another", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationSticky, "no").create()
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(HaveLen(1))
		w.annotate("my-app", contract.AnnotationSticky, "never")
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(
			ConsistOf(ContainSubstring(`"no"`), ContainSubstring(`"never"`)))
	})

	DescribeTable("has the default apply: a leader that is not Ready is replaced at once, by one that stays",
		func(key, value string) {
			w := newWorld()
			w.aService("my-app").with(key, value).createLed("a", "b")
			w.setReady("a", false)
			w.switched("my-app", "b", 2, contract.ReasonNotReady)
			w.setReady("a", true)
			w.staysLed("b", 2)
		},
		Entry("sticky", contract.AnnotationSticky, "no"),
		Entry("min-ready-duration", contract.AnnotationMinReadyDuration, "2h"),
		Entry("failover-min-delay", contract.AnnotationFailoverMinDelay, "6m"),
		Entry("strategy", contract.AnnotationStrategy, "random"),
		Entry("paused", contract.AnnotationPaused, "yes"),
		Entry("follow-lease", contract.AnnotationFollowLease, "my lease"),
	)
})
