package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// shortly is how long a test watches that nothing happens.
const shortly = 300 * time.Millisecond

// polling is how often something is looked at.
const polling = 10 * time.Millisecond

// fakeClock gives the world a clock that stands still, on a whole second as the Ready condition's times are.
func (w *world) fakeClock() (*testingclock.FakePassiveClock, time.Time) {
	now := time.Now().Truncate(time.Second)
	fake := testingclock.NewFakePassiveClock(now)
	w.clock = fake
	return fake, now
}

// readyAt is a status whose Ready condition changed at a time.
func readyAt(ready corev1.ConditionStatus, at time.Time) func(*corev1.PodStatus) {
	return func(s *corev1.PodStatus) { s.Conditions = []corev1.PodCondition{readyCondition(ready, at)} }
}

// lastSwitch is when the leader of my-app was elected or lost, as the slice says.
func (w *world) lastSwitch() time.Time {
	GinkgoHelper()
	at, err := time.Parse(time.RFC3339Nano, w.slice("my-app-leader-ipv4").Annotations[contract.AnnotationLeaderLastSwitchTime])
	Expect(err).NotTo(HaveOccurred())
	return at
}

// newWorldWithAMinuteToWait has a Pod a that has been Ready since now by a fake clock and becomes a candidate a minute later.
func newWorldWithAMinuteToWait() (*world, *testingclock.FakePassiveClock, time.Time) {
	GinkgoHelper()
	w := newQuietWorld()
	clock, now := w.fakeClock()
	w.startOperator()
	w.aService("my-app").with(contract.AnnotationMinReadyDuration, "1m").create()
	w.aPod("my-app", "other").notReady().create()
	w.aPod("my-app", "a").readySince(now).create()
	return w, clock, now
}

var _ = Describe("min-ready-duration (contract 1)", func() {
	It("a Pod leads once it has been Ready for that long, by a timer", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationMinReadyDuration, "2s").create()
		w.aPod("my-app", "a").notReady().create()
		Eventually(w.elections("my-app")).Should(BeNumerically(">", 0))
		since := time.Now().Truncate(time.Second)
		w.setStatus("a", readyAt(corev1.ConditionTrue, since))
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(w.lastSwitch()).To(And(
			BeTemporally(">=", since.Add(2*time.Second)), BeTemporally("<", since.Add(4*time.Second))))
	})

	It("begins and ends on the nanosecond", func() {
		w, clock, now := newWorldWithAMinuteToWait()
		Eventually(w.elections("my-app")).Should(BeNumerically(">", 0))
		clock.SetTime(now.Add(time.Minute - 1))
		w.nudge("my-app", "other")
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(BeEmpty())
		clock.SetTime(now.Add(time.Minute))
		w.nudge("my-app", "other")
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})

	It("starts again when the Pod was not Ready in between", func() {
		w, clock, now := newWorldWithAMinuteToWait()
		clock.SetTime(now.Add(31 * time.Second))
		w.setStatus("a", readyAt(corev1.ConditionFalse, now.Add(30*time.Second)))
		w.setStatus("a", readyAt(corev1.ConditionTrue, now.Add(31*time.Second)))
		w.settled("my-app") // the operator has seen both
		clock.SetTime(now.Add(91*time.Second - 1))
		w.nudge("my-app", "other")
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(BeEmpty())
		clock.SetTime(now.Add(91 * time.Second))
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})

	It("takes no leader away that is Ready when it is raised", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.annotate("my-app", contract.AnnotationMinReadyDuration, "1h")
		Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(BeNumerically("==", 1), "b has been Ready for a minute")
		w.nudge("my-app", "b")
		w.settled("my-app")
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})

	It("holds for a leader that was lost and comes back", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.annotate("my-app", contract.AnnotationMinReadyDuration, "1h")
		w.setReady("a", false)
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		before := w.elections("my-app")()
		w.setReady("a", true)
		Eventually(w.elections("my-app")).Should(BeNumerically(">", before))
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(BeEmpty())
	})
})

var _ = Describe("failover-min-delay (contract 1)", func() {
	It("a leader that is merely not Ready keeps the endpoint, as ready, for that long, by a timer", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationFailoverMinDelay, "2s").createLed("a", "b")
		since := time.Now().Truncate(time.Second)
		w.setStatus("a", readyAt(corev1.ConditionFalse, since))
		Consistently(w.endpoint("my-app")).WithTimeout(500 * time.Millisecond).Should(Equal("a ready serving"))
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(w.lastSwitch()).To(And(
			BeTemporally(">=", since.Add(2*time.Second)), BeTemporally("<", since.Add(4*time.Second))))
	})

	It("a leader without successor loses the endpoint by the timer too", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationFailoverMinDelay, "2s").createLed("a")
		since := time.Now().Truncate(time.Second)
		w.setStatus("a", readyAt(corev1.ConditionFalse, since))
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
		Expect(w.lastSwitch()).To(BeTemporally(">=", since.Add(2*time.Second)))
		Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(Equal("NotReady"))
	})

	// graceful is a world whose leader a has just become not Ready at now, with b to take over.
	graceful := func() (w *world, clock *testingclock.FakePassiveClock, now time.Time) {
		w = newQuietWorld()
		clock, now = w.fakeClock()
		w.startOperator()
		w.aService("my-app").with(contract.AnnotationFailoverMinDelay, "5m").createLed("a", "b")
		w.setStatus("a", readyAt(corev1.ConditionFalse, now))
		w.settled("my-app")
		Expect(w.endpoint("my-app")()).To(Equal("a ready serving"))
		return w, clock, now
	}

	It("ends on the nanosecond", func() {
		w, clock, now := graceful()
		clock.SetTime(now.Add(5*time.Minute - 1))
		w.nudge("my-app", "b")
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(Equal("a ready serving"))
		clock.SetTime(now.Add(5 * time.Minute))
		w.nudge("my-app", "b")
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})

	It("a leader that is Ready again in time stays, and nobody is told anything", func() {
		w, clock, now := graceful()
		clock.SetTime(now.Add(4 * time.Minute))
		w.setStatus("a", readyAt(corev1.ConditionTrue, now.Add(4*time.Minute)))
		clock.SetTime(now.Add(6 * time.Minute))
		w.nudge("my-app", "b")
		w.settled("my-app")
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(w.eventsOf("my-app", contract.EventLeaderChanged)()).To(BeEmpty())
	})

	DescribeTable("does not hold a leader that is",
		func(reason contract.Reason, lose func(w *world, pod string)) {
			w, _, _ := graceful()
			lose(w, "a")
			w.switched("my-app", "b", 2, reason)
		},
		Entry("terminating", contract.ReasonTerminating, (*world).terminate),
		Entry("failed", contract.ReasonFinished, becomes(inPhase(corev1.PodFailed))),
		Entry("succeeded", contract.ReasonFinished, becomes(inPhase(corev1.PodSucceeded))),
		Entry("without address", contract.ReasonNoAddress, becomes(withAddress())),
		Entry("no longer selected", contract.ReasonNotSelected, func(w *world, pod string) { w.relabel(pod, "app", "other") }),
	)

	It("does not hold a leader that is deleted while not Ready and without successor", func() {
		w, _, _ := graceful()
		w.removeAllPods()
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
	})
})
