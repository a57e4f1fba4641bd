package apiserver

import (
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
)

// wrongClock is a clock that is ahead.
type wrongClock struct {
	by atomic.Int64 // nanoseconds
}

func (c *wrongClock) Now() time.Time                   { return time.Now().Add(time.Duration(c.by.Load())) }
func (c *wrongClock) Since(at time.Time) time.Duration { return c.Now().Sub(at) }
func (c *wrongClock) advance(by time.Duration)         { c.by.Add(int64(by)) }

// show is the option that has an operator go by the clock.
func (c *wrongClock) show(o *controllers.Options, _ *rest.Config) { o.Clock = c }

// ahead is the option that has an operator's clock go wrong.
func ahead(by time.Duration) startOption {
	clock := &wrongClock{}
	clock.advance(by)
	return clock.show
}

const failoverMinDelay = 2 * time.Second

// newWorldOfDurations is a world without operator whose Services follow each rule that knows a time. Of each, <service>-a leads.
func newWorldOfDurations() *world {
	GinkgoHelper()
	w := newWorld()
	w.aLease("held-a")
	w.aService("slow").with(contract.AnnotationFailoverMinDelay, failoverMinDelay.String()).createLed("slow-a", "slow-b")
	w.aService("damped").with(contract.AnnotationMinReadyDuration, "2s").createLed("damped-a", "damped-b")
	w.aService("loose").with(contract.AnnotationSticky, "false").createLed("loose-a", "loose-b")
	w.aService("held").with(contract.AnnotationFollowLease, "my-lease").createLed("held-a")
	w.aPod("held", "held-b").create()
	w.stopOperator()
	return w
}

var _ = Describe("Replicas whose clocks disagree (contract 1, 3 and 6)", func() {
	clocksDisagree := func(acting, standby time.Duration) {
		w := newWorldOfDurations()
		w.startOperator(ahead(acting))
		w.startStandby(takeoverDelay, ahead(standby))
		w.settled("slow")
		seen := w.startHistory()

		since := time.Now().Truncate(time.Second)
		for _, pod := range []string{"slow-a", "damped-a", "loose-a"} {
			w.setStatus(pod, readyAt(corev1.ConditionFalse, since))
		}
		w.acquire("held-b")
		for _, service := range []string{"damped", "loose", "held"} {
			Eventually(w.leader(service)).Should(Equal([]string{service + "-b"}), service)
		}
		Eventually(w.leader("slow")).Should(Equal([]string{"slow-b"}))
		Expect(time.Now()).To(BeTemporally(">=", since.Add(failoverMinDelay)), "failover-min-delay")
		for _, pod := range []string{"slow-a", "damped-a", "loose-a"} {
			w.setReady(pod, true)
		}
		w.acquire("held-b_again")
		w.settled("slow")
		w.settled("damped")

		seen.until(w)
		for _, service := range []string{"slow", "damped", "loose", "held"} {
			Expect(seen.leaders(service)).To(Equal([]string{service + "-a 1", service + "-b 2"}), service)
		}
	}

	DescribeTable("move each leader once, and no leader that is merely not Ready before its delay:", clocksDisagree,
		Entry("a standby an hour ahead", time.Duration(0), time.Hour),
		Entry("a standby an hour behind", time.Duration(0), -time.Hour),
		Entry("an acting replica an hour behind", -time.Hour, time.Duration(0)),
		Entry("an acting replica an hour ahead", time.Hour, time.Duration(0)),
	)
})

var _ = Describe("A standby that was started later (contract 1 and 6)", func() {
	It("does not publish a paused Service's leader as ready again whose failover-min-delay is over", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationFailoverMinDelay, "1s").createLed("a", "b")
		w.annotate("my-app", contract.AnnotationPaused, "true")
		w.setReady("a", false)
		Eventually(w.endpoint("my-app")).ShouldNot(ContainSubstring("ready"))
		w.annotate("my-app", contract.AnnotationFailoverMinDelay, "5m")
		standby := w.startStandby(atOnce)
		for range 3 {
			w.nudge("my-app", "b")
			Consistently(w.endpoint("my-app")).WithTimeout(shortly).ShouldNot(ContainSubstring("ready"))
		}
		Expect(standby.takeovers()).To(BeZero())
	})
})

var _ = Describe("Replicas that disagree on whether a Lease has run out (contract 1 and 6)", func() {
	// dead is a world whose Lease nobody renews, with the clocks of two replicas of which each finds out when it is told.
	dead := func() (w *world, acting, standby *wrongClock) {
		w = newQuietWorld()
		w.aLease("b")
		w.following()
		return w, &wrongClock{}, &wrongClock{}
	}
	staysEmpty := func(w *world) {
		w.nudge("my-app", "c")
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(BeEmpty())
	}

	It("a standby that was started after the last renewal brings nobody back, until the Lease is renewed", func() {
		w, acting, standby := dead()
		w.startOperator(acting.show)
		w.switched("my-app", "b", 1, contract.ReasonElected)
		w.startStandby(atOnce, standby.show)
		seen := w.startHistory()
		acting.advance(leaseDuration)
		w.nudge("my-app", "c")
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		staysEmpty(w)
		w.renewAt(time.Now())
		w.switched("my-app", "b", 2, contract.ReasonElected)
		w.came(seen, "b 1", "- 1", "b 2")
	})

	It("nor does an acting replica that was started after it", func() {
		w, acting, standby := dead()
		w.startOperator()
		w.switched("my-app", "b", 1, contract.ReasonElected)
		w.stopOperator()
		w.startStandby(atOnce, standby.show)
		seen := w.startHistory()
		standby.advance(leaseDuration)
		w.relabel("c", "nudged", "yes")
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		w.startOperator(acting.show)
		Eventually(w.elections("my-app")).Should(BeNumerically(">", 0))
		staysEmpty(w)
		w.renewAt(time.Now())
		w.switched("my-app", "b", 2, contract.ReasonElected)
		w.came(seen, "b 1", "- 1", "b 2")
	})

	It("nor is a dead holder brought back that was lost for not being Ready before its Lease ran out", func() {
		w, acting, standby := dead()
		w.startOperator(acting.show)
		w.switched("my-app", "b", 1, contract.ReasonElected)
		w.startStandby(atOnce, standby.show)
		seen := w.startHistory()
		w.setReady("b", false)
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		acting.advance(leaseDuration)
		w.nudge("my-app", "c")
		w.setReady("b", true)
		staysEmpty(w)
		w.came(seen, "b 1", "- 1")
	})

	It("a holder that is alive and renews stays, though one of them was started later", func() {
		w, acting, standby := dead()
		w.startOperator(acting.show)
		w.switched("my-app", "b", 1, contract.ReasonElected)
		seen := w.startHistory()
		w.startStandby(atOnce, standby.show)
		for range 3 {
			acting.advance(leaseDuration / 2)
			standby.advance(leaseDuration / 2)
			w.renewAt(time.Now())
			w.nudge("my-app", "c")
			Consistently(w.endpoint("my-app")).WithTimeout(shortly / 3).Should(Equal("b ready serving"))
		}
		w.came(seen, "b 1")
	})
})
