package plugin

import (
	"net/http"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

const preferred = contract.AnnotationPreferredLeader

var _ = Describe("switch", func() {
	It("moves the leader, and says how long it took", func() {
		w := newLedWorld()
		found := w.zenLead("switch", "my-app", "my-app-2")
		Expect(found.Code).To(Equal(0), found.Err)
		Expect(found.Out).To(MatchRegexp(`^my-app-2 leads my-app, epoch 2\. It took [\d.]+m?s from .*\n` +
			`zen-lead\.io/preferred-leader=my-app-2 stays set\. To take it away: kubectl annotate service my-app -n ` + w.namespace + ` zen-lead\.io/preferred-leader-\n$`))
		Eventually(w.leader("my-app")).Should(Equal("my-app-2"))
		Expect(w.annotation("my-app", preferred)()).To(Equal("my-app-2"))
		Expect(w.says("switch", "my-app", "pod/my-app-2")).To(Equal("my-app-2 leads already; nothing was changed.\n"))
	})

	It("without a Pod moves it to the one that would be next, and with --release leaves no preference", func() {
		w := newLedWorld()
		next := w.explained("my-app").Next.Pod
		Expect(w.says("switch", "my-app", "--release")).To(And(HavePrefix(next+" leads my-app, epoch 2."), HaveSuffix("zen-lead.io/preferred-leader is taken away again.\n")))
		Eventually(w.leader("my-app")).Should(Equal(next))
		Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
		Consistently(w.leader("my-app")).WithTimeout(300 * 1e6).Should(Equal(next))
	})

	DescribeTable("refuses what cannot be, and writes nothing",
		func(prepare func(*world), arguments []string, says string) {
			w := newLedWorld()
			prepare(w)
			before := w.annotation("my-app", preferred)()
			Eventually(func() result { return w.zenLead(append([]string{"switch"}, arguments...)...) }).Should(
				And(HaveField("Code", 1), HaveField("Out", ""), HaveField("Err", MatchRegexp("^error: "+says))))
			Expect(w.annotation("my-app", preferred)()).To(Equal(before))
		},
		Entry("a Pod that is not eligible", func(w *world) { Expect(w.pods.SetReady(w.ctx, "my-app-1", false)).To(Succeed()) },
			[]string{"my-app", "my-app-1"}, `my-app-1 cannot lead my-app: its Ready condition is not true \(NotReady\)`),
		Entry("one that is none of its Pods", func(*world) {}, []string{"my-app", "other"}, `other is no Pod of Service my-app: its selector matches my-app-0, my-app-1`),
		Entry("a Service that is not there", func(*world) {}, []string{"other"}, `there is no Service "other" in namespace `),
		Entry("a Service that is not opted in", func(w *world) { w.service("plain", func(s *corev1.Service) { s.Annotations = nil }) },
			[]string{"plain"}, `the Service plain is not opted in \(zen-lead.io/enabled\)`),
		Entry("the leader Service", func(*world) {}, []string{"my-app-leader"}, `the Service my-app-leader is not opted in .*; it is the leader Service of my-app, which`),
		Entry("a paused Service", func(w *world) { w.annotate("my-app", contract.AnnotationPaused, "true") }, []string{"my-app", "my-app-1"}, `the Service my-app is paused`),
		Entry("one that follows a Lease", func(w *world) { w.annotate("my-app", contract.AnnotationFollowLease, "l") }, []string{"my-app", "my-app-1"},
			`the Service my-app follows the Lease l: its holder leads`),
		Entry("nobody to move to", func(w *world) {
			Expect(w.pods.Finish(w.ctx, "my-app-1")).To(Succeed())
			Expect(w.pods.SetReady(w.ctx, "my-app-2", false)).To(Succeed())
		}, []string{"my-app"}, `nobody could lead my-app instead: my-app-1 Finished, my-app-2 NotReady`),
		Entry("--release where the leader would move back", func(w *world) { w.annotate("my-app", contract.AnnotationSticky, "false") },
			[]string{"my-app", "my-app-1", "--release"}, `the Service my-app is not sticky`),
		Entry("a Service that cannot have a leader Service", func(w *world) { w.service("blind", func(s *corev1.Service) { s.Spec.Selector = nil }) },
			[]string{"blind"}, `the Service blind has no leader Service: a Service without a selector`),
	)

	Context("if the leader does not move, because no operator is at work,", func() {
		ledAndLeft := func() *world {
			GinkgoHelper()
			w := newQuietWorld()
			stop := w.startOperator()
			w.makeLed("my-app")
			stop()
			return w
		}

		It("puts back what stood there after the timeout", func() {
			w := ledAndLeft()
			Expect(w.zenLead("switch", "my-app", "my-app-1", "--timeout", "300ms")).To(Equal(result{
				Code: 3, Err: "error: the leader has not moved in 300ms; is an operator at work in namespace " + w.namespace +
					"?. zen-lead.io/preferred-leader is not set, as before\n",
			}))
			Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
			w.annotate("my-app", preferred, "my-app-0")
			Expect(w.zenLead("switch", "my-app", "my-app-1", "--timeout", "300ms")).To(And(HaveField("Code", 3),
				HaveField("Err", HaveSuffix("zen-lead.io/preferred-leader is \"my-app-0\" again, as before\n"))))
			Expect(w.annotation("my-app", preferred)()).To(Equal("my-app-0"))
		})

		It("puts it back at Ctrl-C", func() {
			w := ledAndLeft()
			moving := w.start("switch", "my-app", "my-app-1")
			Eventually(w.annotation("my-app", preferred)).Should(Equal("my-app-1"))
			moving.ctrlC()
			found := moving.end()
			Expect(found).To(And(HaveField("Code", 130), HaveField("Out", ""),
				HaveField("Err", HaveSuffix("error: interrupted. zen-lead.io/preferred-leader is not set, as before\n"))))
			Expect(found.Err).To(HavePrefix("Putting back what was written. Ending this at once would leave it; then: kubectl annotate service my-app -n "))
			Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
		})

		It("leaves what somebody else has written meanwhile", func() {
			w := ledAndLeft()
			moving := w.start("switch", "my-app", "my-app-1")
			Eventually(w.annotation("my-app", preferred)).Should(Equal("my-app-1"))
			w.annotate("my-app", preferred, "my-app-2")
			moving.ctrlC()
			Expect(moving.end()).To(And(HaveField("Code", 130), HaveField("Err", HaveSuffix("was changed by somebody else meanwhile, and left as it is\n"))))
			Expect(w.annotation("my-app", preferred)()).To(Equal("my-app-2"))
		})

		It("gives up as soon as the Pod cannot lead any longer", func() {
			w := ledAndLeft()
			moving := w.start("switch", "my-app", "my-app-1", "--timeout", "50s")
			Eventually(w.annotation("my-app", preferred)).Should(Equal("my-app-1"))
			Expect(w.pods.Delete(w.ctx, "my-app-1")).To(Succeed())
			Expect(moving.end()).To(And(HaveField("Code", 3), HaveField("Err", MatchRegexp("the Pod my-app-1 is gone|my-app-1 cannot lead any longer: it is being deleted"))))
			Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
		})

		It("puts it back if Ctrl-C comes between the write and its answer", func() {
			w := ledAndLeft()
			written, answer := make(chan struct{}), make(chan struct{})
			first := atomic.Bool{}
			w.throughProxy(func(_ http.ResponseWriter, pass func()) {
				if first.CompareAndSwap(false, true) {
					close(written)
					<-answer
				}
				pass()
			})
			moving := w.start("switch", "my-app", "my-app-1")
			Eventually(written).Should(BeClosed())
			Expect(w.annotation("my-app", preferred)()).To(Equal("my-app-1"))
			moving.ctrlC()
			Eventually(moving.err.String).Should(HavePrefix("Putting back what was written."))
			close(answer)
			Expect(moving.end()).To(And(HaveField("Code", 130), HaveField("Err", HaveSuffix("zen-lead.io/preferred-leader is not set, as before\n"))))
			Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
		})

		It("puts it back if the answer is lost", func() {
			w := ledAndLeft()
			first := atomic.Bool{}
			w.throughProxy(func(response http.ResponseWriter, pass func()) {
				if !first.CompareAndSwap(false, true) {
					pass()
					return
				}
				connection, _, err := response.(http.Hijacker).Hijack()
				if err == nil {
					_ = connection.Close()
				}
			})
			Expect(w.zenLead("switch", "my-app", "my-app-1")).To(And(HaveField("Code", 3),
				HaveField("Err", And(ContainSubstring("the API server has not answered whether"), HaveSuffix("zen-lead.io/preferred-leader is not set, as before\n")))))
			Expect(w.annotation("my-app", preferred)()).To(BeEmpty())
		})
	})
})
