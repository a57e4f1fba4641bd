package election

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// Leader is the leader that the EndpointSlice names.
type Leader struct {
	Name string
	UID  types.UID
	// Published is whether the slice has an endpoint for it. Without, it is the last leader, lost for Reason.
	Published bool
	// NotReady is whether that endpoint is published as not ready.
	NotReady bool
	// Reason is why the leader last changed; of a leader that is not published, why it was lost.
	Reason contract.Reason
}

// Lease is the state of the followed Lease. It means nothing where the policy follows none.
type Lease struct {
	// Holder is the name of the Pod that holds it; empty if nobody does or it has run out.
	Holder string
	// Remaining is how long it is held without a further renewal; 0 if it does not run out.
	Remaining time.Duration
}

// Outcome is what an election came to.
type Outcome string

const (
	// OutcomeKept means that the same Pod leads.
	OutcomeKept Outcome = "kept"
	// OutcomeChanged means that another Pod leads, or one leads where none did.
	OutcomeChanged Outcome = "changed"
	// OutcomeNone means that nobody leads.
	OutcomeNone Outcome = "none"
)

// Basis is the rule by which a leader was chosen.
type Basis string

// The rules by which a leader is chosen, in their order.
const (
	// BasisPaused: the Service is paused, and the leader still exists.
	BasisPaused Basis = "Paused"
	// BasisPreferred: it is the preferred leader.
	BasisPreferred Basis = "Preferred"
	// BasisGrace: it leads, and has not been not Ready for failover-min-delay yet.
	BasisGrace Basis = "FailoverMinDelay"
	// BasisSticky: it leads, and is still eligible.
	BasisSticky Basis = "Sticky"
	// BasisOrder: it is the first in the election order; the only one, where a Lease is followed.
	BasisOrder Basis = "Order"
	// BasisDraining: it leads, is on its way out and still serves, and nobody is eligible.
	BasisDraining Basis = "Draining"
)

// Rejection is a Pod that cannot lead, and the first rule that it fails.
type Rejection struct {
	Pod  string
	Rule Rule
}

// Conditions are the leader's endpoint conditions as they are to be published.
type Conditions struct {
	Ready, Serving, Terminating bool
}

// Decision is what an election came to, and why.
type Decision struct {
	// Leader is the Pod to publish; nil if nobody leads.
	Leader *Pod
	// Conditions are the endpoint's. They mean nothing without a Leader.
	Conditions Conditions
	// Basis is why it was chosen; empty without a Leader.
	Basis Basis
	// Outcome compares Leader with the current leader.
	Outcome Outcome
	// Reason is why the leader changed or was lost; empty if it was kept, or if there was none before and is none now.
	Reason contract.Reason
	// Candidates is the number of eligible Pods.
	Candidates int
	// Rejected lists the Pods that are not eligible, in the order of the input.
	Rejected []Rejection
	// Recheck is when to decide again though nothing has happened; 0 if there is no such time.
	Recheck time.Duration
}

// Elect decides who leads. It is total and deterministic, and it changes none of its arguments.
// current is nil if there never was a leader. pods may hold the current leader's Pod even if it is no longer selected.
func Elect(policy contract.Policy, current *Leader, pods []Pod, lease Lease, now time.Time) Decision {
	e := &electorate{policy: policy, current: current, lease: lease, now: now}
	e.judge(pods)
	leader, conditions, basis := e.choose()
	return e.decide(leader, conditions, basis)
}

// electorate is one election's working state.
type electorate struct {
	policy  contract.Policy
	current *Leader
	lease   Lease
	now     time.Time

	incumbent *Pod // the current leader's Pod; nil if it no longer exists
	eligible  []*Pod
	rejected  []Rejection
	recheck   time.Duration
}

// judge sorts the Pods into eligible and rejected ones.
func (e *electorate) judge(pods []Pod) {
	for i := range pods {
		pod := &pods[i]
		if e.current != nil && pod.UID == e.current.UID {
			e.incumbent = pod
		}
	}
	for i := range pods {
		pod := &pods[i]
		if rule := e.ruleAgainst(pod); rule != "" {
			e.rejected = append(e.rejected, Rejection{Pod: pod.Name, Rule: rule})
		} else {
			e.eligible = append(e.eligible, pod)
		}
	}
	if e.policy.FollowLease != "" && e.lease.Holder != "" {
		e.recheckIn(e.lease.Remaining)
	}
}

// ruleAgainst is the first rule that keeps the Pod from leading; empty if it is eligible.
func (e *electorate) ruleAgainst(pod *Pod) Rule {
	if rule := pod.failedRule(); rule != "" {
		return rule
	}
	switch {
	case e.paused() && pod != e.incumbent:
		return RulePaused
	case !e.mayLeadByLease(pod):
		return RuleNotHolder
	}
	if wait := pod.remaining(e.policy.MinReadyDuration, e.now); wait > 0 && !e.published(pod) {
		e.recheckIn(wait)
		return RuleReadyTooNew
	}
	return ""
}

// paused is whether the policy keeps the current leader whatever its state.
func (e *electorate) paused() bool {
	return e.policy.Paused && e.incumbent != nil && !e.incumbent.Finished
}

// published is whether the Pod is the one that the slice routes to.
func (e *electorate) published(pod *Pod) bool {
	return pod == e.incumbent && e.current != nil && e.current.Published
}

// choose picks the leader, the conditions to publish it with, and says by which rule; nil if nobody leads.
func (e *electorate) choose() (*Pod, Conditions, Basis) {
	ready := Conditions{Ready: true, Serving: true}
	led := e.incumbent
	if led != nil && !e.published(led) {
		led = nil
	}
	switch {
	case e.paused() && led != nil && led.publishable() && !e.inGrace(led):
		return led, actualConditions(led), BasisPaused
	case e.policy.FollowLease == "" && e.eligibleNamed(e.policy.PreferredLeader) != nil:
		return e.eligibleNamed(e.policy.PreferredLeader), ready, BasisPreferred
	case led != nil && e.inGrace(led):
		e.recheckIn(led.remaining(e.policy.FailoverMinDelay, e.now))
		return led, ready, BasisGrace
	case led != nil && e.policy.Sticky && e.isEligible(led):
		return led, ready, BasisSticky
	case len(e.eligible) > 0:
		return first(e.policy.Strategy, e.eligible), ready, BasisOrder
	case led != nil && e.draining(led):
		return led, actualConditions(led), BasisDraining
	}
	return nil, Conditions{}, ""
}

// decide puts the choice into words.
func (e *electorate) decide(leader *Pod, conditions Conditions, basis Basis) Decision {
	decision := Decision{
		Leader: leader, Conditions: conditions, Basis: basis, Candidates: len(e.eligible), Rejected: e.rejected, Recheck: e.recheck,
	}
	switch {
	case leader == nil:
		decision.Outcome = OutcomeNone
		if e.current != nil && e.current.Published {
			decision.Reason = e.reasonForLeaving(nil)
		}
	case e.published(leader):
		decision.Outcome = OutcomeKept
	default:
		decision.Outcome = OutcomeChanged
		decision.Reason = e.reasonForElecting(leader)
	}
	return decision
}

// reasonForElecting is why a Pod that did not lead now does.
func (e *electorate) reasonForElecting(leader *Pod) contract.Reason {
	switch {
	case e.current == nil || leader == e.incumbent:
		return contract.ReasonElected
	case e.current.Published:
		return e.reasonForLeaving(leader)
	}
	return e.current.Reason // lost earlier, replaced now
}

// reasonForLeaving is why the published leader no longer leads.
func (e *electorate) reasonForLeaving(successor *Pod) contract.Reason {
	if reason := lossReason(e.incumbent); reason != "" && !e.unreadyTooBriefly(e.incumbent) {
		return reason
	}
	switch {
	case e.policy.FollowLease != "":
		return contract.ReasonLeaseMoved
	case successor != nil && successor.Name == e.policy.PreferredLeader:
		return contract.ReasonPreferred
	}
	return contract.ReasonReordered
}

// inGrace is whether the leader is merely not Ready, and not for long enough yet to lose the endpoint.
func (e *electorate) inGrace(leader *Pod) bool {
	return e.unreadyTooBriefly(leader) && e.mayLeadByLease(leader)
}

// unreadyTooBriefly is about a leader that is published as ready: a grace keeps that, and never gives it back.
func (e *electorate) unreadyTooBriefly(leader *Pod) bool {
	return leader != nil && e.current != nil && !e.current.NotReady &&
		leader.failedRule() == RuleNotReady && leader.remaining(e.policy.FailoverMinDelay, e.now) > 0
}

// draining is whether the leader is on its way out but still serving. Kubernetes routes to such an endpoint if there is no
// other. Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions and KEP-1669.
func (e *electorate) draining(leader *Pod) bool {
	return leader.failedRule() == RuleTerminating && leader.Selected && leader.Running && leader.Ready && leader.publishable() &&
		e.mayLeadByLease(leader)
}

// mayLeadByLease is whether the Pod holds the followed Lease, where one is followed. A published leader of a paused Service
// does not have to.
func (e *electorate) mayLeadByLease(pod *Pod) bool {
	return e.policy.FollowLease == "" || pod.Name == e.lease.Holder || e.paused() && e.published(pod)
}

func (e *electorate) eligibleNamed(name string) *Pod {
	for _, pod := range e.eligible {
		if pod.Name == name {
			return pod
		}
	}
	return nil
}

func (e *electorate) isEligible(pod *Pod) bool {
	for _, candidate := range e.eligible {
		if candidate == pod {
			return true
		}
	}
	return false
}

// recheckIn asks for another election after a time, at the earliest of those asked for.
func (e *electorate) recheckIn(wait time.Duration) {
	if wait > 0 && (e.recheck == 0 || wait < e.recheck) {
		e.recheck = wait
	}
}

// actualConditions are the endpoint conditions as Kubernetes defines them.
// Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
func actualConditions(pod *Pod) Conditions {
	return Conditions{Ready: pod.Ready && !pod.Terminating, Serving: pod.Ready, Terminating: pod.Terminating}
}
