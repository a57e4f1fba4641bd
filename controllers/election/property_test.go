package election_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// names are the Pods that may exist, and one that never does.
var names = []string{"a", "b", "c", "d", "ghost"}

// durations are few, so that edges are met often.
var durations = rapid.SampledFrom([]time.Duration{0, time.Nanosecond, time.Second, time.Minute - time.Nanosecond, time.Minute, time.Hour})

// ages include one of a node whose clock is ahead of ours.
var ages = rapid.OneOf(durations, rapid.Just(-2*time.Second))

var booleans = rapid.Bool()

// anyPod is a Pod that is eligible but for a few random traits.
func anyPod(t *rapid.T, name string) election.Pod {
	c := pod(name).ready(ago(ages.Draw(t, "ready for"))).created(ago(ages.Draw(t, "age")))
	c = c.onRevision(rapid.SampledFrom([]string{"1", "2", ""}).Draw(t, "revision"))
	for range rapid.IntRange(0, 2).Draw(t, "failures") {
		changed := c.ReadyChangedAt
		c = rapid.SampledFrom(failures).Draw(t, "failure").fail(c)
		c.ReadyChangedAt = changed
	}
	return election.Pod(c)
}

// anyBallot is any election at all.
func anyBallot(t *rapid.T) ballot {
	b := among()
	for _, name := range names[:4] {
		if booleans.Draw(t, name+" exists") {
			b.pods = append(b.pods, anyPod(t, name))
		}
	}
	name := rapid.SampledFrom(append(names, ""))
	switch leader := name.Draw(t, "leader"); {
	case leader == "":
	case booleans.Draw(t, "published"):
		b = b.ledBy(leader)
	default:
		b = b.lost(leader, rapid.SampledFrom(contract.Reasons).Draw(t, "reason"))
	}
	b.policy.Sticky = booleans.Draw(t, "sticky")
	b.policy.Paused = rapid.IntRange(0, 3).Draw(t, "paused") == 0
	b.policy.PreferredLeader = name.Draw(t, "preferred")
	b.policy.MinReadyDuration = durations.Draw(t, "min-ready-duration")
	b.policy.FailoverMinDelay = durations.Draw(t, "failover-min-delay")
	b.policy.Strategy = rapid.SampledFrom([]contract.Strategy{contract.StrategyRolloutAware, contract.StrategyOldestReady}).Draw(t, "strategy")
	if rapid.IntRange(0, 3).Draw(t, "follows a Lease") == 0 {
		b = b.leaseOf(name.Draw(t, "holder")).leaseLasts(durations.Draw(t, "lease lasts"))
	}
	return b
}

// holds checks a property of any election.
func holds(t *testing.T, property func(*rapid.T, ballot, election.Decision)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		given := anyBallot(t)
		property(t, given, given.elect())
	})
}

// lastLeader is the Pod that led last, published or not; nil if it no longer exists.
func (b ballot) lastLeader() *election.Pod {
	for i := range b.pods {
		if b.current != nil && b.pods[i].UID == b.current.UID {
			return &b.pods[i]
		}
	}
	return nil
}

// published is the Pod that the slice routes to; nil if there is none.
func (b ballot) published() *election.Pod {
	if b.current == nil || !b.current.Published {
		return nil
	}
	return b.lastLeader()
}

// fit is whether the Pod meets every rule of eligibility but readiness and its duration.
func (b ballot) fit(p *election.Pod) bool {
	return p.Selected && !p.Terminating && !p.Finished && p.Running && p.HasAddress && p.PortsResolve && b.mayHold(p)
}

// mayHold is whether the followed Lease lets the Pod lead. A paused Service keeps its leader whoever holds the Lease.
func (b ballot) mayHold(p *election.Pod) bool {
	return b.policy.FollowLease == "" || p.Name == b.lease.Holder || b.policy.Paused && p == b.published()
}

// eligible is section 3 of the contract, with the exception for the Pod that leads already.
func (b ballot) eligible(p *election.Pod) bool {
	longEnough := b.policy.MinReadyDuration == 0 || now.Sub(p.ReadyChangedAt) >= b.policy.MinReadyDuration
	return b.fit(p) && p.Ready && (longEnough || p == b.published())
}

func (b ballot) inGrace(p *election.Pod) bool {
	within := b.policy.FailoverMinDelay > 0 && now.Sub(p.ReadyChangedAt) < b.policy.FailoverMinDelay
	return p == b.published() && b.fit(p) && !p.Ready && within
}

func (b ballot) held(p *election.Pod) bool {
	return b.policy.Paused && p == b.published() && !p.Finished && p.HasAddress && p.PortsResolve
}

// waits is whether a paused Service waits for a leader that it has lost.
func (b ballot) waits() bool {
	last := b.lastLeader()
	return b.policy.Paused && last != nil && !last.Finished
}

func (b ballot) drains(p *election.Pod) bool {
	alive := *p
	alive.Terminating = false
	return p == b.published() && p.Terminating && p.Ready && b.fit(&alive)
}

func TestTheLeaderIsOneOfThePods(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		if decision.Leader == nil {
			return
		}
		if !slices.ContainsFunc(given.pods, func(p election.Pod) bool { return p == *decision.Leader }) {
			t.Fatalf("%v is none of the Pods", decision.Leader)
		}
	})
}

func TestTheLeaderIsEligibleOrADocumentedException(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		leader := given.find(decision.Leader)
		switch {
		case leader == nil:
		case given.eligible(leader), given.inGrace(leader) && decision.Conditions.Ready:
		case given.held(leader):
			if decision.Conditions.Ready && (!leader.Ready || leader.Terminating) {
				t.Fatalf("a paused leader in a bad state is published as %+v", decision.Conditions)
			}
		case given.drains(leader) && decision.Conditions == draining && decision.Candidates == 0:
		default:
			t.Fatalf("%+v leads as %+v", leader, decision.Conditions)
		}
	})
}

// find is the leader as it stands among the Pods.
func (b ballot) find(leader *election.Pod) *election.Pod {
	for i := range b.pods {
		if leader != nil && b.pods[i].UID == leader.UID {
			return &b.pods[i]
		}
	}
	return nil
}

func TestSomebodyLeadsIfAnybodyIsEligible(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		for i := range given.pods {
			p := &given.pods[i]
			if decision.Leader == nil && given.eligible(p) && (!given.waits() || p == given.lastLeader()) {
				t.Fatalf("nobody leads, but %+v could", p)
			}
		}
	})
}

func TestOnlyThePreferredLeaderDisplacesAStickyLeaderThatIsEligible(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		leader := given.published()
		if leader == nil || !given.policy.Sticky || !given.eligible(leader) || decision.Outcome == election.OutcomeKept {
			return
		}
		if decision.Reason != contract.ReasonPreferred || decision.Leader.Name != given.policy.PreferredLeader || given.policy.Paused {
			t.Fatalf("%+v instead of %+v", decision, leader)
		}
	})
}

func TestEveryChangeAndOnlyAChangeHasAReason(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		lost := decision.Outcome == election.OutcomeNone && given.current != nil && given.current.Published
		if decision.Outcome != election.OutcomeChanged && !lost {
			if decision.Reason != "" {
				t.Fatalf("reason %q for %s", decision.Reason, decision.Outcome)
			}
		} else if !slices.Contains(contract.Reasons, decision.Reason) {
			t.Fatalf("reason %q for %s", decision.Reason, decision.Outcome)
		}
	})
}

func TestTheAnswerDoesNotDependOnTheOrderOfThePods(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		given.pods = rapid.Permutation(given.pods).Draw(t, "other order")
		byName := cmpopts.SortSlices(func(a, b election.Rejection) bool { return a.Pod < b.Pod })
		if diff := cmp.Diff(decision, given.elect(), byName); diff != "" {
			t.Fatalf("-before +after\n%s", diff)
		}
	})
}

func TestElectChangesNoneOfItsArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := anyBallot(t)
		before := given
		before.pods = slices.Clone(given.pods)
		if given.current != nil {
			current := *given.current
			before.current = &current
		}
		given.elect()
		if diff := cmp.Diff(before, given, cmp.AllowUnexported(ballot{})); diff != "" {
			t.Fatalf("-before +after\n%s", diff)
		}
	})
}

// after is the same election once the decision has been carried out and some time has passed.
func (b ballot) after(decision election.Decision, elapsed time.Duration) ballot {
	if decision.Leader != nil {
		b = b.ledBy(decision.Leader.Name)
	} else if b.current != nil && b.current.Published {
		b = b.lost(b.current.Name, decision.Reason)
	}
	if b.lease.Remaining > 0 {
		b.lease.Remaining -= elapsed
	}
	return b
}

func TestADecisionThatIsCarriedOutStands(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		again := given.after(decision, 0).elect()
		if again.Outcome == election.OutcomeChanged || again.Reason != "" || !cmp.Equal(again.Leader, decision.Leader) ||
			again.Conditions != decision.Conditions {
			t.Fatalf("first %+v, then %+v", decision, again)
		}
	})
}

func TestNothingChangesBeforeTheRecheck(t *testing.T) {
	holds(t, func(t *rapid.T, given ballot, decision election.Decision) {
		elapsed := decision.Recheck - time.Nanosecond
		if decision.Recheck == 0 {
			elapsed = 1000 * time.Hour
		}
		for _, later := range []election.Decision{
			given.after(decision, elapsed).electAt(now.Add(elapsed)), given.electAt(now.Add(elapsed)),
		} {
			if !cmp.Equal(later.Leader, decision.Leader) || later.Conditions != decision.Conditions {
				t.Fatalf("%+v now, %+v after %s", decision, later, elapsed)
			}
		}
	})
}
