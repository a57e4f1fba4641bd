package election_test

import (
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// losses are the ways to lose a leader.
var losses = []struct {
	name   string
	lose   func(candidate) candidate
	reason contract.Reason
}{
	{"not Ready", func(c candidate) candidate { return c.unready(ago(time.Second)) }, contract.ReasonNotReady},
	{"not Running", candidate.notRunning, contract.ReasonNotReady},
	{"terminating and not Ready", func(c candidate) candidate { return c.terminating().unready(now) }, contract.ReasonTerminating},
	{"finished", candidate.finished, contract.ReasonFinished},
	{"terminating and finished", func(c candidate) candidate { return c.terminating().finished() }, contract.ReasonFinished},
	{"without address", candidate.withoutAddress, contract.ReasonNoAddress},
	{"without ports", candidate.withoutPorts, contract.ReasonPortUnresolved},
	{"not selected", candidate.notSelected, contract.ReasonNotSelected},
}

func TestTheReasonForAChangeIsHowTheLeaderWasLost(t *testing.T) {
	for _, loss := range losses {
		t.Run(loss.name, func(t *testing.T) {
			lost := loss.lose(pod("a"))
			prove(t, []rule{
				{"replaced at once", among(lost, pod("b")).ledBy("a"), elects("b", loss.reason)},
				{"with nobody to follow", among(lost).ledBy("a"), nobody(loss.reason)},
				{"still nobody", among(lost).lost("a", loss.reason), nobody("")},
				{"replaced later", among(lost, pod("b")).lost("a", loss.reason), elects("b", loss.reason)},
				{"where nothing is sticky", among(lost, pod("b")).ledBy("a").notSticky(), elects("b", loss.reason)},
			})
		})
	}
	prove(t, []rule{
		{"deleted", among(pod("b")).ledBy("a"), elects("b", contract.ReasonDeleted)},
		{"deleted after it was lost", among(pod("b")).lost("a", contract.ReasonNotReady), elects("b", contract.ReasonNotReady)},
		{"terminating but serving", among(pod("a").terminating(), pod("b")).ledBy("a"), elects("b", contract.ReasonTerminating)},
	})
}

func TestALostLeaderThatComesBackIsElected(t *testing.T) {
	for _, reason := range contract.Reasons {
		prove(t, []rule{{string(reason), among(pod("a")).lost("a", reason), elects("a", contract.ReasonElected)}})
	}
}

func TestThereIsNoReasonWhileTheLeaderIsKept(t *testing.T) {
	prove(t, []rule{{"kept", among(pod("a"), pod("b")).ledBy("a"), keeps("a")}})
}

func TestFailoverMinDelayKeepsALeaderThatIsMerelyNotReady(t *testing.T) {
	const delay = 10 * time.Second
	inside, outside := pod("a").unready(ago(delay-time.Nanosecond)), pod("a").unready(ago(delay))
	prove(t, []rule{
		{"as ready, to the last nanosecond", among(inside, pod("b")).ledBy("a").failoverDelay(delay), keeps("a").recheckIn(time.Nanosecond)},
		{"and no longer", among(outside, pod("b")).ledBy("a").failoverDelay(delay), elects("b", contract.ReasonNotReady)},
		{"even if nobody follows", among(outside).ledBy("a").failoverDelay(delay), nobody(contract.ReasonNotReady)},
		{"not by default", among(pod("a").unready(now), pod("b")).ledBy("a"), elects("b", contract.ReasonNotReady)},
		{"not one that was lost before", among(inside).lost("a", contract.ReasonNotReady).failoverDelay(delay), nobody("")},
		{"not a Pod that does not lead", among(inside).failoverDelay(delay), nobody("")},
		{"until it is Ready again", among(pod("a").ready(now), pod("b")).ledBy("a").failoverDelay(delay).minReady(delay), keeps("a")},
	})
}

func TestFailoverMinDelayDoesNotKeepALeaderThatIsMoreThanNotReady(t *testing.T) {
	for _, loss := range losses[1:] {
		lost := loss.lose(pod("a").unready(ago(time.Second)))
		prove(t, []rule{{
			loss.name, among(lost, pod("b")).ledBy("a").failoverDelay(time.Minute), elects("b", loss.reason),
		}})
	}
}

func TestALeaderThatTerminatesButServesIsDrained(t *testing.T) {
	a := pod("a").terminating()
	prove(t, []rule{
		{"with nobody to follow", among(a).ledBy("a"), keeps("a").as(draining)},
		{"with nobody eligible to follow", among(a, pod("b").unready(now), pod("c").terminating()).ledBy("a"), keeps("a").as(draining)},
		{
			"until a candidate is old enough",
			among(a, pod("b").ready(ago(time.Second))).ledBy("a").minReady(time.Minute),
			keeps("a").as(draining).recheckIn(59 * time.Second),
		},
		{"until a candidate appears", among(a, pod("b")).ledBy("a"), elects("b", contract.ReasonTerminating)},
		{"until it serves no longer", among(a.unready(now)).ledBy("a"), nobody(contract.ReasonTerminating)},
		{"failover-min-delay notwithstanding", among(a.unready(now)).ledBy("a").failoverDelay(time.Minute), nobody(contract.ReasonTerminating)},
		{"but not if it is not selected", among(a.notSelected()).ledBy("a"), nobody(contract.ReasonTerminating)},
		{"but not if it is not running", among(a.notRunning()).ledBy("a"), nobody(contract.ReasonTerminating)},
		{"but not without address", among(a.withoutAddress()).ledBy("a"), nobody(contract.ReasonTerminating)},
		{"but not without ports", among(a.withoutPorts()).ledBy("a"), nobody(contract.ReasonTerminating)},
		{"even where nothing is sticky", among(a).ledBy("a").notSticky(), keeps("a").as(draining)},
	})
}

func TestATerminatingPodIsNeverElected(t *testing.T) {
	a := pod("a").terminating()
	prove(t, []rule{
		{"not as the first leader", among(a), nobody("")},
		{"not as the next", among(a).ledBy("b"), nobody(contract.ReasonDeleted)},
		{"not as one that was lost before", among(a).lost("a", contract.ReasonNotReady), nobody("")},
		{"not as the preferred one", among(a).preferring("a"), nobody("")},
		{"not as the Lease's holder", among(a).leaseOf("a"), nobody("")},
		{"not where the Service is paused", among(a).lost("a", contract.ReasonNotReady).paused(), nobody("")},
	})
}
