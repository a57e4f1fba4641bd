package apiserver

import (
	"maps"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/rest"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
)

const (
	// longTakeoverDelay is one that has a replica wait as long as it ever does for another one that may know more.
	longTakeoverDelay = time.Minute
	// longestPatience is how long that is. Source: NewManager.
	longestPatience = 500 * time.Millisecond
)

// startActing starts a replica that acts because it gets the Lease: unlike one without leader election, it knows that there may be others.
func (w *world) startActing(options ...startOption) {
	GinkgoHelper()
	w.operator = w.startStandby(longTakeoverDelay, options...)
	w.releaseLease()
	Eventually(w.operator.metric("zen_lead_acting")).Should(BeNumerically("==", 1))
}

// standingStill is the option that has an operator's clock stand still, and the clock, which tests advance.
func standingStill() (*testingclock.FakePassiveClock, startOption) {
	clock := testingclock.NewFakePassiveClock(time.Now())
	return clock, func(o *controllers.Options, _ *rest.Config) { o.Clock = clock }
}

// deleteBoth deletes my-app's leader Service, and lets the operator at the end of a line know once its slice has gone with it.
func (w *world) deleteBoth(line *line) {
	GinkgoHelper()
	line.stall("services")
	w.deleteLeaderService()
	Eventually(w.exists(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4")).Should(BeFalse())
	line.thaw("services")
}

func (w *world) deleteSlice() {
	GinkgoHelper()
	Expect(admin.Delete(w.ctx, w.slice("my-app-leader-ipv4"))).To(Succeed())
}

// makesNothing asserts that the operator at the end of a line sees that my-app's slice is gone, and leaves it at what there is.
func (w *world) makesNothing(line *line, left ...string) {
	GinkgoHelper()
	looks := line.count("GET endpointslices my-app-leader-ipv4")
	before := looks()
	there := func() []string { return slices.Collect(maps.Keys(w.made("my-app")())) }
	Consistently(there).WithTimeout(shortly).Should(ConsistOf(left))
	Eventually(looks).Should(BeNumerically(">", before))
	Expect(there()).To(ConsistOf(left))
}

// expireSlices has the watches of slices expire, and returns once new ones go on from a list.
func (l *line) expireSlices() {
	GinkgoHelper()
	watches := l.count("WATCH endpointslices")
	before := watches()
	l.expire("endpointslices")
	Eventually(watches).Should(BeNumerically("==", before+2))
}

// newActingWorld has an acting replica at the end of a line, for which a leads my-app and whose clock stands still.
func newActingWorld(candidates ...string) (w *world, acting *line, clock *testingclock.FakePassiveClock) {
	GinkgoHelper()
	w, acting = newQuietWorld(), newLine()
	clock, still := standingStill()
	w.startActing(acting.wire, still)
	w.aService("my-app").createLed("a", candidates...)
	w.settled("my-app")
	clock.SetTime(clock.Now().Add(time.Minute)) // the slice that it has made is no longer on its way
	return w, acting, clock
}

// newUnawareWorld has an acting replica for which a leads my-app with epoch 1, and whose watches of Pods and slices hang. In fact a standby has made b
// the leader, with epoch 2. It has written that to the slice, and does nothing more until it is told to go on.
func newUnawareWorld() (w *world, acting *line, goOn func(), seen *history) {
	GinkgoHelper()
	w, acting, _ = newActingWorld("b") // whose patience has no end
	knowing := newLine()
	standby := w.startStandby(takeoverDelay, knowing.wire)
	seen = w.startHistory()
	acting.stall("pods")
	acting.stall("endpointslices")
	reached, release := knowing.hold("PUT services my-app-leader")
	DeferCleanup(release)
	w.setReady("a", false)
	Eventually(reached).Should(BeClosed())
	Expect(standby.takeovers()).To(BeNumerically("==", 1))
	w.setReady("a", true)
	acting.thaw("pods")
	return w, acting, release, seen
}

var _ = Describe("A replica that may have missed what a slice said last does not go on from an older epoch (contract 2 and 6)", func() {
	DescribeTable("it leaves it to a standby that has missed nothing to make again", func(deletes func(w *world, acting *line), left ...string) {
		w, acting, goOn, seen := newUnawareWorld()
		deletes(w, acting)
		acting.expireSlices()
		w.makesNothing(acting, left...)
		goOn()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.setReady("b", false)
		w.switched("my-app", "a", 3, contract.ReasonNotReady)
		w.came(seen, "a 1", "b 2", "a 3")
	},
		Entry("a slice", func(w *world, _ *line) { w.deleteSlice() }, "Service my-app-leader"),
		Entry("a leader Service and its slice", (*world).deleteBoth),
	)

	It("it leaves a deleted leader Service to a standby also while its watch of slices hangs", func() {
		w, acting, goOn, seen := newUnawareWorld()
		w.deleteBoth(acting)
		w.makesNothing(acting)
		goOn()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		acting.thaw("endpointslices")
		w.setReady("b", false)
		w.switched("my-app", "a", 3, contract.ReasonNotReady)
		w.came(seen, "a 1", "b 2", "a 3")
	})

	It("it makes a slice again itself after a while, where nobody else does", func() {
		w, line, clock := newActingWorld()
		seen := w.startHistory()
		line.stall("endpointslices")
		w.deleteSlice()
		line.expireSlices()
		w.makesNothing(line, "Service my-app-leader")
		clock.SetTime(clock.Now().Add(longestPatience))
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.came(seen, "a 1")
	})

	It("a standby that has missed it too waits twice as long, for the acting replica's sake", func() {
		line, w := newLine(), newWorld()
		w.aService("my-app").createLed("a")
		w.stopOperator()
		clock, still := standingStill()
		w.startStandby(takeoverDelay, line.wire, still)
		seen := w.startHistory()
		line.stall("endpointslices")
		w.deleteSlice()
		line.expireSlices()
		patience := 2 * takeoverDelay
		clock.SetTime(clock.Now().Add(2*patience - time.Nanosecond))
		w.makesNothing(line, "Service my-app-leader")
		clock.SetTime(clock.Now().Add(time.Nanosecond))
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.came(seen, "a 1")
	})
})
