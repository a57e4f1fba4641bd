package election_test

import (
	"testing"
	"time"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

func TestAPausedServiceKeepsItsLeaderWhateverItsState(t *testing.T) {
	b, unready := pod("b"), pod("a").unready(ago(time.Hour))
	prove(t, []rule{
		{"healthy", among(pod("a"), b).ledBy("a").paused(), keeps("a")},
		{"though another is preferred", among(pod("a"), b).ledBy("a").preferring("b").paused(), keeps("a")},
		{"though another is first in order", among(pod("a").ready(now), b).ledBy("a").notSticky().paused(), keeps("a")},
		{"not Ready", among(unready, b).ledBy("a").paused(), keeps("a").as(notReady)},
		{"not Ready for longer than the delay", among(unready, b).ledBy("a").failoverDelay(time.Minute).paused(), keeps("a").as(notReady)},
		{"terminating but serving", among(pod("a").terminating(), b).ledBy("a").paused(), keeps("a").as(draining)},
		{"terminating and not serving", among(unready.terminating(), b).ledBy("a").paused(), keeps("a").as(leaving)},
		{"not selected", among(pod("a").notSelected(), b).ledBy("a").paused(), keeps("a")},
		{"not running", among(unready.notRunning(), b).ledBy("a").paused(), keeps("a").as(notReady)},
		{"not the Lease's holder", among(pod("a"), b).ledBy("a").leaseOf("b").paused(), keeps("a")},
		{"nobody holds the Lease", among(pod("a"), b).ledBy("a").leaseOf("").paused(), keeps("a")},
		{"younger than min-ready-duration", among(pod("a").ready(now), b).ledBy("a").minReady(time.Hour).paused(), keeps("a")},
	})
}

// failover-min-delay says "as ready", and paused does not say otherwise: pausing must not cost a leader its grace.
func TestAPausedServiceKeepsALeaderInItsGraceAsReady(t *testing.T) {
	flapping := pod("a").unready(ago(time.Second))
	prove(t, []rule{{
		"within failover-min-delay",
		among(flapping, pod("b")).ledBy("a").failoverDelay(time.Minute).paused(),
		keeps("a").recheckIn(59 * time.Second),
	}, {
		"though another is preferred",
		among(flapping, pod("b")).ledBy("a").failoverDelay(time.Minute).preferring("b").paused(),
		keeps("a").recheckIn(59 * time.Second),
	}, {
		"though another holds the Lease",
		among(flapping, pod("b")).ledBy("a").failoverDelay(time.Minute).leaseOf("b").paused(),
		keeps("a").recheckIn(59 * time.Second),
	}})
}

func TestAPausedServicePublishesNoLeaderThatCannotBePublished(t *testing.T) {
	prove(t, []rule{
		{"without address", among(pod("a").withoutAddress(), pod("b")).ledBy("a").paused(), nobody(contract.ReasonNoAddress)},
		{"without ports", among(pod("a").withoutPorts(), pod("b")).ledBy("a").paused(), nobody(contract.ReasonPortUnresolved)},
	})
}

func TestAPausedServiceElectsWhereThereIsNoLeaderToKeep(t *testing.T) {
	prove(t, []rule{
		{"never led", among(pod("a"), pod("b")).paused(), elects("a", contract.ReasonElected)},
		{"deleted", among(pod("b")).ledBy("a").paused(), elects("b", contract.ReasonDeleted)},
		{"finished", among(pod("a").finished(), pod("b")).ledBy("a").paused(), elects("b", contract.ReasonFinished)},
		{"finished, with nobody to follow", among(pod("a").finished()).ledBy("a").paused(), nobody(contract.ReasonFinished)},
		{"deleted after it was lost", among(pod("b")).lost("a", contract.ReasonNotReady).paused(), elects("b", contract.ReasonNotReady)},
		{"finished after it was lost", among(pod("a").finished(), pod("b")).lost("a", contract.ReasonNotReady).paused(), elects("b", contract.ReasonNotReady)},
	})
}

func TestAPausedServiceWaitsForALostLeaderThatStillExists(t *testing.T) {
	prove(t, []rule{
		{"not Ready yet", among(pod("a").unready(now), pod("b")).lost("a", contract.ReasonNotReady).paused(), nobody("")},
		{"back", among(pod("a").ready(now), pod("b")).lost("a", contract.ReasonNotReady).paused(), elects("a", contract.ReasonElected)},
		{"back, but not the Lease's holder", among(pod("a"), pod("b")).lost("a", contract.ReasonLeaseMoved).leaseOf("b").paused(), nobody("")},
		{
			"back, but not for long enough",
			among(pod("a").ready(now), pod("b")).lost("a", contract.ReasonNotReady).minReady(time.Minute).paused(),
			nobody("").recheckIn(time.Minute),
		},
	})
}

func TestAPausedServiceRejectsAllButItsLeader(t *testing.T) {
	given := among(pod("b"), pod("a"), pod("c").unready(now)).ledBy("a").paused()
	rejects(t, given,
		election.Rejection{Pod: "b", Rule: election.RulePaused}, election.Rejection{Pod: "c", Rule: election.RuleNotReady})
}

func TestAFollowedLeaseAloneSaysWhoLeads(t *testing.T) {
	prove(t, []rule{
		{"its holder", among(pod("a"), pod("b").ready(now)).leaseOf("b"), elects("b", contract.ReasonElected)},
		{"before the preferred leader", among(pod("a"), pod("b")).leaseOf("b").preferring("a"), elects("b", contract.ReasonElected)},
		{"before a sticky leader", among(pod("a"), pod("b")).ledBy("a").leaseOf("b"), elects("b", contract.ReasonLeaseMoved)},
		{"even if both are the preferred one", among(pod("a"), pod("b")).ledBy("a").leaseOf("b").preferring("b"), elects("b", contract.ReasonLeaseMoved)},
		{"while it is held", among(pod("a"), pod("b")).ledBy("a").leaseOf("a").notSticky(), keeps("a")},
		{"nobody, if nobody holds it", among(pod("a"), pod("b")).leaseOf(""), nobody("")},
		{"nobody any longer, if it is released", among(pod("a"), pod("b")).ledBy("a").leaseOf(""), nobody(contract.ReasonLeaseMoved)},
		{"nobody, if a stranger holds it", among(pod("a"), pod("b")).ledBy("a").leaseOf("x"), nobody(contract.ReasonLeaseMoved)},
		{"nobody, if the holder is not eligible", among(pod("a"), pod("b").unready(now)).leaseOf("b"), nobody("")},
		{"nobody, if the leader waits for the holder", among(pod("a"), pod("b").unready(now)).ledBy("a").leaseOf("b"), nobody(contract.ReasonLeaseMoved)},
		{"and what was lost to it comes back", among(pod("a")).lost("a", contract.ReasonLeaseMoved).leaseOf("a"), elects("a", contract.ReasonElected)},
		{"the successor's reason is the loss", among(pod("a"), pod("b")).lost("a", contract.ReasonLeaseMoved).leaseOf("b"), elects("b", contract.ReasonLeaseMoved)},
	})
}

func TestAFollowedLeaseAndTheLeadersOwnEnd(t *testing.T) {
	unready := pod("a").unready(ago(time.Second))
	prove(t, []rule{
		{
			"a holder that is merely not Ready has its grace",
			among(unready, pod("b")).ledBy("a").leaseOf("a").failoverDelay(time.Minute), keeps("a").recheckIn(59 * time.Second),
		},
		{
			"who no longer holds it has none",
			among(unready, pod("b")).ledBy("a").leaseOf("").failoverDelay(time.Minute), nobody(contract.ReasonLeaseMoved),
		},
		{"a holder that terminates is drained", among(pod("a").terminating(), pod("b")).ledBy("a").leaseOf("a"), keeps("a").as(draining)},
		{"who no longer holds it is not", among(pod("a").terminating()).ledBy("a").leaseOf("b"), nobody(contract.ReasonTerminating)},
		{"a holder that dies leaves nobody", among(pod("b")).ledBy("a").leaseOf("a"), nobody(contract.ReasonDeleted)},
	})
}

func TestALeaseThatIsNotFollowedMeansNothing(t *testing.T) {
	given := among(pod("a"), pod("b")).ledBy("a").leaseOf("b").leaseLasts(time.Second)
	given.policy.FollowLease = ""
	prove(t, []rule{{"another holder", given, keeps("a")}})
}

func TestPodsThatDoNotHoldTheLeaseAreRejected(t *testing.T) {
	rejects(t, among(pod("a"), pod("b").unready(now), pod("c")).leaseOf("c"),
		election.Rejection{Pod: "a", Rule: election.RuleNotHolder}, election.Rejection{Pod: "b", Rule: election.RuleNotReady})
	rejects(t, among(pod("a")).leaseOf(""), election.Rejection{Pod: "a", Rule: election.RuleNotHolder})
}

func TestAGraceKeepsAnEndpointReadyAndNeverMakesItReadyAgain(t *testing.T) {
	led := among(pod("a").unready(ago(time.Second))).ledBy("a").failoverDelay(time.Minute)
	notReady := among(pod("a").unready(ago(time.Second))).ledBy("a").failoverDelay(time.Minute)
	notReady.current.NotReady = true
	for name, b := range map[string]ballot{"as it is": led, "not ready": notReady} {
		b.policy.Paused = true
		decision := election.Elect(b.policy, b.current, b.pods, b.lease, now)
		if decision.Leader == nil || decision.Conditions.Ready != (name == "as it is") {
			t.Errorf("a paused Service's leader in its grace, published %s: got %+v", name, decision)
		}
	}
	notReady.pods = append(notReady.pods, election.Pod(pod("b")))
	if got := election.Elect(notReady.policy, notReady.current, notReady.pods, notReady.lease, now); got.Leader == nil || got.Leader.Name != "b" {
		t.Errorf("no longer paused, and published as not ready: got %+v", got)
	}
}
