package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// leaseDuration is how long the Leases of these tests are held without a renewal.
const leaseDuration = 15 * time.Second

// aLease makes the Lease my-lease as client-go's leader election does.
func (w *world) aLease(holder string) {
	GinkgoHelper()
	seconds, now := int32(leaseDuration.Seconds()), metav1.NowMicro()
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-lease"},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &holder, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now,
		},
	}
	Expect(admin.Create(w.ctx, lease)).To(Succeed())
}

func (w *world) changeLease(apply func(*coordinationv1.LeaseSpec)) {
	GinkgoHelper()
	change(w, &coordinationv1.Lease{}, "my-lease", func(lease *coordinationv1.Lease) { apply(&lease.Spec) })
}

// acquire has another identity hold the Lease, with the one write that client-go makes.
func (w *world) acquire(holder string) {
	GinkgoHelper()
	w.changeLease(func(spec *coordinationv1.LeaseSpec) {
		now := metav1.NowMicro()
		spec.HolderIdentity, spec.AcquireTime, spec.RenewTime = &holder, &now, &now
	})
}

// renewAt has the holder renew the Lease; the time is by the holder's clock.
func (w *world) renewAt(at time.Time) {
	GinkgoHelper()
	w.changeLease(func(spec *coordinationv1.LeaseSpec) { spec.RenewTime = &metav1.MicroTime{Time: at} })
}

// following is a Service that follows my-lease, with the Pods a, b and c.
func (w *world) following() {
	GinkgoHelper()
	for _, pod := range []string{"a", "b", "c"} {
		w.aPod("my-app", pod).create()
	}
	w.aService("my-app").with(contract.AnnotationFollowLease, "my-lease").create()
}

// followingHeldBy is a world whose leader Service follows a Lease that b holds, under an identity.
func followingHeldBy(identity string) *world {
	GinkgoHelper()
	w := newWorld()
	w.aLease(identity)
	w.following()
	w.switched("my-app", "b", 1, contract.ReasonElected)
	return w
}

// nobodyLeads asserts that the leader Service has no endpoint and goes without.
func (w *world) nobodyLeads() {
	GinkgoHelper()
	Eventually(w.endpoint("my-app")).Should(BeEmpty())
	w.nudge("my-app", "c")
	Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(BeEmpty())
}

func (w *world) endedWith(reason contract.Reason) {
	GinkgoHelper()
	w.nobodyLeads()
	Eventually(w.status("my-app-leader", contract.AnnotationLeaderReason)).Should(Equal(string(reason)))
}

var _ = Describe("follow-lease: the holder leads, and nobody else (contract 1 and 3)", func() {
	DescribeTable("the Pod that an identity names leads",
		func(identity string) { followingHeldBy(identity) },
		Entry("its name", "b"),
		Entry("its name and a UUID, as client-go's", "b_6f0f1d3e-52a9-4b6e-9e7a-0c4a4e2d0b11"),
		Entry("its name and an empty rest", "b_"),
		Entry("its name and a rest with more underscores", "b_x_y"),
	)

	DescribeTable("nobody leads where an identity names no Pod of the Service",
		func(identity string) {
			w := newWorld()
			w.aPod("other", "foreign").create()
			w.aLease(identity)
			w.following()
			Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(ConsistOf(ContainSubstring("a NotLeaseHolder")))
			w.nobodyLeads()
			w.acquire("a")
			w.switched("my-app", "a", 1, contract.ReasonElected)
		},
		Entry("released", ""),
		Entry("a Pod of another Service", "foreign"),
		Entry("no Pod at all", "laptop"),
		Entry("a Pod's name with more behind it", "ab"),
		Entry("a Pod's name after something else", "x_a"),
	)

	It("a Lease that moves moves the leader", func() {
		w := followingHeldBy("b")
		w.acquire("a")
		w.switched("my-app", "a", 2, contract.ReasonLeaseMoved)
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(
			ConsistOf(ContainSubstring("a leads after b (LeaseMoved), epoch 2")))
		w.acquire("c_1")
		w.switched("my-app", "c", 3, contract.ReasonLeaseMoved)
	})

	It("a holder that restarts under a new identity of the same Pod stays the leader", func() {
		w := followingHeldBy("b_1")
		w.acquire("b_2")
		w.nudge("my-app", "c")
		w.settled("my-app")
		w.switched("my-app", "b", 1, contract.ReasonElected)
	})

	It("a Lease that is released leaves nobody, until it is acquired", func() {
		w := followingHeldBy("b")
		w.acquire("")
		w.endedWith(contract.ReasonLeaseMoved)
		w.acquire("a")
		w.switched("my-app", "a", 2, contract.ReasonLeaseMoved)
	})

	It("a holder that is not Ready leaves nobody, and leads again when it is", func() {
		w := followingHeldBy("b")
		w.setReady("b", false)
		w.endedWith(contract.ReasonNotReady)
		w.setReady("b", true)
		w.switched("my-app", "b", 2, contract.ReasonElected)
	})

	It("a Lease that is deleted leaves nobody, and counts again when it is made again", func() {
		w := followingHeldBy("b")
		Expect(admin.Delete(w.ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-lease"}})).To(Succeed())
		w.endedWith(contract.ReasonLeaseMoved)
		w.aLease("a")
		w.switched("my-app", "a", 2, contract.ReasonLeaseMoved)
	})

	It("a Lease that is named before it exists counts from then on", func() {
		w := newWorld()
		w.following()
		Eventually(w.eventsOf("my-app", contract.EventNoEligiblePod)).Should(
			ConsistOf(HaveSuffix("; there is no Lease my-lease to follow")))
		w.nobodyLeads()
		w.aLease("b")
		w.switched("my-app", "b", 1, contract.ReasonElected)
	})

	It("an ordinary election follows when the annotation goes, and the leader stays", func() {
		w := followingHeldBy("b")
		w.unannotate("my-app", contract.AnnotationFollowLease)
		Eventually(w.metric("zen_lead_candidates", "service=my-app")).Should(BeNumerically("==", 3))
		w.switched("my-app", "b", 1, contract.ReasonElected)
		w.acquire("a")
		w.setReady("b", false)
		w.switched("my-app", "a", 2, contract.ReasonNotReady)
	})

	It("the preferred leader does not count", func() {
		w := followingHeldBy("b")
		w.annotate("my-app", contract.AnnotationPreferredLeader, "a")
		w.nudge("my-app", "c")
		w.settled("my-app")
		w.switched("my-app", "b", 1, contract.ReasonElected)
	})
})

var _ = Describe("follow-lease: a Lease runs out by our own clock (contract 1)", func() {
	// held is a world with a clock that stands still, whose Lease was seen renewed at now.
	held := func() (w *world, clock *testingclock.FakePassiveClock, now time.Time) {
		w = newQuietWorld()
		clock, now = w.fakeClock()
		w.aLease("b")
		w.following()
		w.startOperator()
		w.switched("my-app", "b", 1, contract.ReasonElected)
		w.settled("my-app")
		return w, clock, now
	}

	It("on the nanosecond", func() {
		w, clock, now := held()
		clock.SetTime(now.Add(leaseDuration - 1))
		w.nudge("my-app", "c")
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(Equal("b ready serving"))
		clock.SetTime(now.Add(leaseDuration))
		w.nudge("my-app", "c")
		w.endedWith(contract.ReasonLeaseMoved)
	})

	It("by a timer", func() {
		w := newWorld()
		seconds := int32(2)
		w.aLease("b")
		w.changeLease(func(spec *coordinationv1.LeaseSpec) { spec.LeaseDurationSeconds = &seconds })
		w.following()
		w.switched("my-app", "b", 1, contract.ReasonElected)
		Eventually(w.endpoint("my-app")).Should(BeEmpty())
	})

	It("and not once it was renewed, whatever the holder's clock says", func() {
		w, clock, now := held()
		for i, holders := range []time.Time{now.Add(-20 * 365 * 24 * time.Hour), now.Add(20 * 365 * 24 * time.Hour), time.Unix(1, 0)} {
			at := now.Add(time.Duration(i+1) * 10 * time.Second)
			clock.SetTime(at)
			w.renewAt(holders)
			// A renewal is not told to anybody. That it was seen shows in that nothing happens when the last one runs out.
			w.nudge("my-app", "c")
			Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(Equal("b ready serving"))
		}
		clock.SetTime(now.Add(45 * time.Second))
		w.nudge("my-app", "c")
		w.endedWith(contract.ReasonLeaseMoved)
	})

	It("and is held again when it is renewed after all", func() {
		w, clock, now := held()
		clock.SetTime(now.Add(leaseDuration))
		w.nudge("my-app", "c")
		w.endedWith(contract.ReasonLeaseMoved)
		w.renewAt(time.Unix(1, 0))
		w.switched("my-app", "b", 2, contract.ReasonElected)
	})

	It("and never if it names no duration", func() {
		w, clock, now := held()
		w.changeLease(func(spec *coordinationv1.LeaseSpec) { spec.LeaseDurationSeconds = nil })
		w.settled("my-app")
		clock.SetTime(now.Add(24 * time.Hour))
		w.nudge("my-app", "c")
		Consistently(w.endpoint("my-app")).WithTimeout(shortly).Should(Equal("b ready serving"))
	})

	It("and renewals alone cause no work", func() {
		w, _, now := held()
		before := w.elections("my-app")()
		for i := range 20 {
			w.renewAt(now.Add(time.Duration(i) * time.Second))
		}
		Consistently(w.elections("my-app")).WithTimeout(shortly).Should(Equal(before))
	})
})
