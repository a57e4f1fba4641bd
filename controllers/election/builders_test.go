package election_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// now is when every election here is held.
var now = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// candidate is a Pod in the making.
type candidate election.Pod

// pod is a Pod that is eligible: made an hour ago and Ready since.
func pod(name string) candidate {
	return candidate{
		Name: name, UID: uidOf(name), CreatedAt: ago(time.Hour), Revision: election.Revision{Controller: "rs", Hash: "1"},
		Selected: true, Running: true, Ready: true, ReadyChangedAt: ago(time.Hour), HasAddress: true, PortsResolve: true,
	}
}

func uidOf(name string) types.UID { return types.UID("uid-" + name) }

func (c candidate) ready(since time.Time) candidate {
	c.Ready, c.ReadyChangedAt = true, since
	return c
}
func (c candidate) unready(since time.Time) candidate {
	c.Ready, c.ReadyChangedAt = false, since
	return c
}
func (c candidate) created(at time.Time) candidate   { c.CreatedAt = at; return c }
func (c candidate) onRevision(hash string) candidate { c.Revision.Hash = hash; return c }
func (c candidate) of(controller string) candidate {
	c.Revision.Controller = types.UID(controller)
	return c
}
func (c candidate) terminating() candidate    { c.Terminating = true; return c }
func (c candidate) finished() candidate       { c.Finished, c.Running = true, false; return c }
func (c candidate) notRunning() candidate     { c.Running = false; return c }
func (c candidate) notSelected() candidate    { c.Selected = false; return c }
func (c candidate) withoutAddress() candidate { c.HasAddress = false; return c }
func (c candidate) withoutPorts() candidate   { c.PortsResolve = false; return c }

// ballot is an election in the making.
type ballot struct {
	policy  contract.Policy
	current *election.Leader
	pods    []election.Pod
	lease   election.Lease
}

// among is an election among these Pods, with the default policy and no leader so far.
func among(candidates ...candidate) ballot {
	policy, _ := contract.Parse("db", map[string]string{contract.AnnotationEnabled: "true"})
	b := ballot{policy: policy}
	for _, c := range candidates {
		b.pods = append(b.pods, election.Pod(c))
	}
	return b
}

func (b ballot) ledBy(name string) ballot {
	b.current = &election.Leader{Name: name, UID: uidOf(name), Published: true, Reason: contract.ReasonElected}
	return b
}

func (b ballot) lost(name string, reason contract.Reason) ballot {
	b.current = &election.Leader{Name: name, UID: uidOf(name), Reason: reason}
	return b
}

func (b ballot) notSticky() ballot                    { b.policy.Sticky = false; return b }
func (b ballot) paused() ballot                       { b.policy.Paused = true; return b }
func (b ballot) preferring(name string) ballot        { b.policy.PreferredLeader = name; return b }
func (b ballot) minReady(d time.Duration) ballot      { b.policy.MinReadyDuration = d; return b }
func (b ballot) failoverDelay(d time.Duration) ballot { b.policy.FailoverMinDelay = d; return b }
func (b ballot) oldestReady() ballot                  { b.policy.Strategy = contract.StrategyOldestReady; return b }

// leaseOf follows a Lease that the Pod holds, without end; "" for nobody.
func (b ballot) leaseOf(holder string) ballot {
	b.policy.FollowLease, b.lease = "lock", election.Lease{Holder: holder}
	return b
}

func (b ballot) leaseLasts(d time.Duration) ballot { b.lease.Remaining = d; return b }

func (b ballot) elect() election.Decision { return b.electAt(now) }

func (b ballot) electAt(at time.Time) election.Decision {
	return election.Elect(b.policy, b.current, b.pods, b.lease, at)
}

// verdict is a Decision's part that moves traffic and wakes us up.
type verdict struct {
	Leader     string
	Outcome    election.Outcome
	Reason     contract.Reason
	Conditions election.Conditions
	Recheck    time.Duration
}

var asReady = election.Conditions{Ready: true, Serving: true}

func keeps(leader string) verdict {
	return verdict{Leader: leader, Outcome: election.OutcomeKept, Conditions: asReady}
}

func elects(leader string, reason contract.Reason) verdict {
	return verdict{Leader: leader, Outcome: election.OutcomeChanged, Reason: reason, Conditions: asReady}
}

// nobody is a verdict without leader; the reason is why the last one was lost, empty if none was lost now.
func nobody(reason contract.Reason) verdict {
	return verdict{Outcome: election.OutcomeNone, Reason: reason}
}

func (v verdict) as(conditions election.Conditions) verdict { v.Conditions = conditions; return v }
func (v verdict) recheckIn(d time.Duration) verdict         { v.Recheck = d; return v }

var (
	draining = election.Conditions{Serving: true, Terminating: true}
	leaving  = election.Conditions{Terminating: true}
	notReady = election.Conditions{}
)

func verdictOf(decision election.Decision) verdict {
	v := verdict{Outcome: decision.Outcome, Reason: decision.Reason, Recheck: decision.Recheck}
	if decision.Leader != nil {
		v.Leader, v.Conditions = decision.Leader.Name, decision.Conditions
	}
	return v
}

// rule is a rule of the contract with an election that proves it.
type rule struct {
	name  string
	given ballot
	want  verdict
}

func prove(t *testing.T, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if diff := cmp.Diff(r.want, verdictOf(r.given.elect())); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// rejects expects these Pods to be rejected, in this order.
func rejects(t *testing.T, given ballot, want ...election.Rejection) {
	t.Helper()
	decision := given.elect()
	if diff := cmp.Diff(want, decision.Rejected); diff != "" {
		t.Errorf("rejected: -want +got\n%s", diff)
	}
	if eligible := len(given.pods) - len(want); decision.Candidates != eligible {
		t.Errorf("%d candidates, want %d", decision.Candidates, eligible)
	}
}
