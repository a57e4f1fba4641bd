package plugin

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// The kinds of what is printed as JSON and YAML. They are not of the API server.
const (
	apiVersion = "plugin.zen-lead.io/v1"
	kindReport = "LeaderService"
	kindList   = "LeaderServiceList"
)

// report is what is told of one source Service.
type report struct {
	Namespace     string `json:"namespace"`
	Service       string `json:"service"`
	LeaderService string `json:"leaderService,omitempty"`
	// ClusterIP is the leader Service's.
	ClusterIP string `json:"clusterIP,omitempty"`
	// Leader is whom the EndpointSlice routes to; nil for nobody.
	Leader *leader `json:"leader,omitempty"`
	// Since is when the leader was elected, or lost.
	Since  *metav1.MicroTime `json:"since,omitempty"`
	Epoch  int64             `json:"epoch"`
	Reason contract.Reason   `json:"reason,omitempty"`
	// Candidates are how many Pods are eligible of those selected.
	Candidates int       `json:"candidates"`
	Pods       int       `json:"pods"`
	Trouble    []trouble `json:"trouble"`
	// Deleted is whether it is no longer there: of a Service that was watched.
	Deleted bool `json:"deleted,omitempty"`
}

// leader is an endpoint.
type leader struct {
	Pod     string    `json:"pod"`
	UID     types.UID `json:"uid"`
	Node    string    `json:"node,omitempty"`
	Address string    `json:"address"`
	Ready   bool      `json:"ready"`
}

// trouble is a problem.
type trouble struct {
	Reason string `json:"reason"`
	Note   string `json:"note"`
}

// troubleLeaseUnreadable: the user may not read the followed Lease, by which the Service's leader is elected.
const troubleLeaseUnreadable = "LeaseUnreadable"

// reportOf puts a view into a report. Where the followed Lease cannot be read, who is eligible is not known.
func reportOf(view *controllers.View, leaseUnreadable bool) *report {
	r := &report{
		Namespace: view.Key.Namespace, Service: view.Key.Name, Epoch: view.Record.Epoch, Reason: view.Record.Reason,
		Candidates: view.Decision.Candidates, Trouble: []trouble{},
	}
	for _, candidate := range view.Pods {
		if candidate.Rule != election.RuleNotSelected {
			r.Pods++
		}
	}
	if service := view.LeaderService; service != nil {
		r.LeaderService, r.ClusterIP = service.Name, service.Spec.ClusterIP
	}
	if !view.Record.LastSwitch.IsZero() {
		since := metav1.NewMicroTime(view.Record.LastSwitch)
		r.Since = &since
	}
	r.Leader = leaderOf(view)
	if leaseUnreadable {
		r.Trouble = append(r.Trouble, trouble{troubleLeaseUnreadable, "You may not read the Lease " + view.Policy.FollowLease +
			", whose holder leads: who is eligible is not known"})
	}
	for _, problem := range view.Problems {
		if !leaseUnreadable || problem.Reason != contract.EventNoEligiblePod && problem.Reason != controllers.ProblemPending {
			r.Trouble = append(r.Trouble, trouble{problem.Reason, problem.Note})
		}
	}
	return r
}

// leaderOf is whom the slice routes to; nil for nobody.
func leaderOf(view *controllers.View) *leader {
	if view.Slice == nil || len(view.Slice.Endpoints) == 0 {
		return nil
	}
	endpoint := view.Slice.Endpoints[0]
	found := &leader{Ready: leaderservice.HasReadyEndpoint(view.Slice)}
	if endpoint.TargetRef != nil {
		found.Pod, found.UID = endpoint.TargetRef.Name, endpoint.TargetRef.UID
	}
	if endpoint.NodeName != nil {
		found.Node = *endpoint.NodeName
	}
	if len(endpoint.Addresses) > 0 {
		found.Address = endpoint.Addresses[0]
	}
	return found
}

// isEmpty is whether there is nothing to tell: the Service neither asks for a leader Service nor has one.
func isEmpty(view *controllers.View) bool {
	return !view.Policy.Enabled && len(view.Invalid) == 0 && view.LeaderService == nil
}
