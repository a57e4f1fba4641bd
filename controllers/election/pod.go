package election

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

// Pod is what the election knows of a Pod.
type Pod struct {
	Name      string
	UID       types.UID
	CreatedAt time.Time
	// Revision is the group of Pods made from the same template by the same controller.
	Revision Revision
	// Selected is whether the Service's selector matches.
	Selected bool
	// Terminating is whether the Pod has a deletion timestamp.
	Terminating bool
	// Finished is whether the phase is Succeeded or Failed.
	Finished bool
	// Running is whether the phase is Running.
	Running bool
	// Ready is the Ready condition, readiness gates included.
	Ready bool
	// ReadyChangedAt is when the Ready condition last changed, whole seconds by the kubelet's clock; zero if it never did.
	ReadyChangedAt time.Time
	// SeenAt is when this replica of the operator saw the Ready condition change, by its own clock. Durations are counted from
	// then; zero if it did not, and ReadyChangedAt is all there is.
	SeenAt time.Time
	// HasAddress is whether there is an address of the leader Service's primary family.
	HasAddress bool
	// PortsResolve is whether every target port is found on the Pod.
	PortsResolve bool
}

// Revision identifies the Pods made from one template: a ReplicaSet's, or a revision of a StatefulSet's or DaemonSet's.
type Revision struct {
	Controller types.UID
	Hash       string
}

// Rule is a rule of eligibility that a Pod fails.
type Rule string

// The rules of eligibility. A Pod is reported with the first one that it fails, in this order.
const (
	RuleFinished     Rule = "Finished"
	RuleTerminating  Rule = "Terminating"
	RuleNotSelected  Rule = "NotSelected"
	RuleNotRunning   Rule = "NotRunning"
	RuleNoAddress    Rule = "NoAddress"
	RulePortsMissing Rule = "PortUnresolved"
	RuleNotReady     Rule = "NotReady"
	// RulePaused: the Service is paused and its leader still exists.
	RulePaused Rule = "Paused"
	// RuleNotHolder: another Pod, or none, holds the followed Lease.
	RuleNotHolder Rule = "NotLeaseHolder"
	// RuleReadyTooNew: not Ready for min-ready-duration yet.
	RuleReadyTooNew Rule = "ReadyTooBriefly"
)

// failedRule is the first rule that the Pod fails, or empty if it can be published as ready.
func (p *Pod) failedRule() Rule {
	switch {
	case p.Finished:
		return RuleFinished
	case p.Terminating:
		return RuleTerminating
	case !p.Selected:
		return RuleNotSelected
	case !p.Running:
		return RuleNotRunning
	case !p.HasAddress:
		return RuleNoAddress
	case !p.PortsResolve:
		return RulePortsMissing
	case !p.Ready:
		return RuleNotReady
	}
	return ""
}

// publishable is whether an endpoint can be written for the Pod at all: the API wants an address, and a port that was
// guessed is never published.
func (p *Pod) publishable() bool {
	return p.HasAddress && p.PortsResolve
}

// remaining is how much of a duration that began when the Ready condition last changed is left at now, from 0 to the whole.
// A node's clock may be ahead of ours; the duration then begins when ours gets there, and one of 0 is over at once.
func (p *Pod) remaining(duration time.Duration, now time.Time) time.Duration {
	since := p.SeenAt
	if since.IsZero() {
		since = p.ReadyChangedAt
	}
	return min(duration, max(0, since.Add(duration).Sub(now)))
}

// lossReason is why a Pod that led can no longer lead; empty if it still can. A nil Pod no longer exists.
func lossReason(pod *Pod) contract.Reason {
	if pod == nil {
		return contract.ReasonDeleted
	}
	switch pod.failedRule() {
	case RuleFinished:
		return contract.ReasonFinished
	case RuleTerminating:
		return contract.ReasonTerminating
	case RuleNotSelected:
		return contract.ReasonNotSelected
	case RuleNoAddress:
		return contract.ReasonNoAddress
	case RulePortsMissing:
		return contract.ReasonPortUnresolved
	case RuleNotRunning, RuleNotReady:
		return contract.ReasonNotReady
	}
	return ""
}
