package plugin

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// ruleNote says in words what the rule is that a Pod fails; empty for one that is eligible.
func (c *cli) ruleNote(view *controllers.View, candidate controllers.Candidate) string {
	pod := candidate.Pod
	switch candidate.Rule {
	case election.RuleFinished:
		return fmt.Sprintf("it has finished (phase %s)", pod.Status.Phase)
	case election.RuleTerminating:
		return "it is being deleted"
	case election.RuleNotSelected:
		return "the Service's selector does not match it"
	case election.RuleNotRunning:
		return fmt.Sprintf("its phase is %s, not Running", pod.Status.Phase)
	case election.RuleNoAddress:
		return "it has no address of the leader Service's primary IP family that an endpoint may have"
	case election.RulePortsMissing:
		return "it has no port named " + strings.Join(leaderservice.UnresolvedPorts(view.Source, pod), ", ")
	case election.RuleNotReady:
		return "its Ready condition is not true"
	case election.RulePaused:
		return "the Service is paused, and the leader's Pod still exists"
	case election.RuleNotHolder:
		return "it does not hold the Lease " + view.Policy.FollowLease
	case election.RuleReadyTooNew:
		_, since := leaderservice.Readiness(pod)
		return fmt.Sprintf("it has been Ready for %s, and %s asks for %s",
			duration.HumanDuration(c.clock.Since(since)), short(contract.AnnotationMinReadyDuration), view.Policy.MinReadyDuration)
	}
	return string(candidate.Rule) // none, or one of a later version
}

// short is a key without its prefix.
func short(key string) string { return strings.TrimPrefix(key, contract.Prefix) }

// basisNote says in words why a Pod leads, or would.
func basisNote(policy contract.Policy, decision election.Decision, criterion election.Criterion) string {
	switch decision.Basis {
	case election.BasisPaused:
		return "the Service is paused: its leader stays for as long as the Pod exists"
	case election.BasisPreferred:
		return "it is the preferred leader"
	case election.BasisGrace:
		return fmt.Sprintf("it leads, and has not been not Ready for %s yet (%s)", short(contract.AnnotationFailoverMinDelay), policy.FailoverMinDelay)
	case election.BasisSticky:
		return "it leads already, and is eligible (sticky)"
	case election.BasisDraining:
		return "it is being deleted and still serves, and no other Pod is eligible"
	case election.BasisOrder:
		return orderNote(policy, criterion)
	}
	return string(decision.Basis) // none, or one of a later version
}

// orderNote says by which rule of the election order a Pod comes first.
func orderNote(policy contract.Policy, criterion election.Criterion) string {
	switch {
	case policy.FollowLease != "":
		return "it holds the Lease " + policy.FollowLease
	case criterion == "":
		return "it is the only eligible Pod"
	}
	return map[election.Criterion]string{
		election.CriterionRevision: "it is of the newest revision",
		election.CriterionReady:    "it has been Ready for longest",
		election.CriterionAge:      "it is the oldest",
		election.CriterionName:     "its name is the first, all else being equal",
	}[criterion]
}

// nobodyNote says why nobody would lead.
func nobodyNote(decision election.Decision) string {
	if len(decision.Rejected) == 0 {
		return "there is no other Pod"
	}
	return "no other Pod is eligible"
}

// leaseNote says how the followed Lease is; empty if none is followed.
func leaseNote(view *controllers.View, unreadable bool) string {
	switch {
	case view.Policy.FollowLease == "":
		return ""
	case unreadable:
		return "you may not read it"
	case view.Lease == nil:
		return "it does not exist"
	case view.Lease.Spec.HolderIdentity == nil || *view.Lease.Spec.HolderIdentity == "":
		return "nobody holds it"
	}
	return fmt.Sprintf("held by %s", oneLine(*view.Lease.Spec.HolderIdentity))
}

// oneLine is what others have typed, in one printable line.
func oneLine(text string) string {
	const most = 80
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	quoted := fmt.Sprintf("%q", text)
	if quoted[1:len(quoted)-1] == text {
		return text
	}
	return quoted
}

// revisionOf is the hash of the Pod's template, as its controller has it.
func revisionOf(pod *corev1.Pod) string { return leaderservice.RevisionOf(pod).Hash }
