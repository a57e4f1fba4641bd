package controllers

import (
	"cmp"
	"context"
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// Onlooker looks at leader Services with the operator's eyes and writes nothing: it observes and elects as a replica does that has just been
// started. What replicas remember it does not know, see memory.go: durations that it counts go by the kubelets' clocks and may be up to a second off, and
// a followed Lease has its full duration. It is for one goroutine.
type Onlooker struct {
	snapshot   *Snapshot
	reconciler *Reconciler
}

// NewOnlooker looks at a snapshot, which may change between two looks.
func NewOnlooker(snapshot *Snapshot, clock clock.PassiveClock) *Onlooker {
	reader := snapshotReader{snapshot: snapshot}
	return &Onlooker{snapshot: snapshot, reconciler: &Reconciler{cache: reader, foreignSlices: reader, clock: clock}}
}

// Sources are the Services that ask for a leader Service, whether or not they can have one, and those that one is there for.
func (o *Onlooker) Sources() []types.NamespacedName {
	var sources []types.NamespacedName
	for _, object := range o.snapshot.Services.List() {
		service := object.(*corev1.Service)
		if _, asks := service.Annotations[contract.AnnotationEnabled]; asks {
			sources = append(sources, client.ObjectKeyFromObject(service))
		}
		if leaderservice.MadeByUs(service) {
			source := cmp.Or(o.reconciler.attested(service), leaderservice.SourceName(service))
			sources = append(sources, types.NamespacedName{Namespace: service.Namespace, Name: source})
		}
	}
	slices.SortFunc(sources, func(a, b types.NamespacedName) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(sources)
}

// View is how a source Service and what was made for it look.
type View struct {
	Key types.NamespacedName
	// Source is the Service, without what the operator does not read; nil if it does not exist or is being deleted.
	Source *corev1.Service
	// Policy is what holds of its settings, and Invalid what of them does not parse.
	Policy  contract.Policy
	Invalid []contract.InvalidAnnotation
	// LeaderService is the one that traffic goes through; nil if there is none.
	LeaderService *corev1.Service
	// Slice is its slice of the primary family; nil if there is none.
	Slice *discoveryv1.EndpointSlice
	// Record is what stands of the leader.
	Record leaderservice.Record
	// Decision is what an election comes to now. It means nothing if the Service is not Routable.
	Decision election.Decision
	// Routable is whether the Service is to have a leader Service, and can.
	Routable bool
	// Pods are those that the selector matches, and the leader if it does not any longer.
	Pods []Candidate
	// Lease is the followed one; nil if none is followed or there is none.
	Lease *coordinationv1.Lease
	// Problems are what keeps the leader Service from being what it is meant to be.
	Problems []Problem

	onlooker *Onlooker
	pass     *pass
}

// Candidate is a Pod, without what the operator does not read.
type Candidate struct {
	Pod *corev1.Pod
	// Rule is the first rule of eligibility that it fails; empty if it is eligible.
	Rule election.Rule

	judged election.Pod
}

// Ready is the Ready condition, and since when.
func (c Candidate) Ready() bool { return c.judged.Ready }

// Look looks at one source Service.
func (o *Onlooker) Look(ctx context.Context, source types.NamespacedName) (*View, error) {
	r := o.reconciler
	r.counts = newCounts() // what stands is all that counts
	seen, err := r.observe(ctx, source)
	if err != nil {
		return nil, err
	}
	if seen.lease != nil {
		r.leases.observe(seen.lease, r.clock.Now())
	}
	view := &View{
		Key: source, Source: seen.source, Policy: seen.policy, Invalid: seen.invalid, Routable: seen.routable(), Lease: seen.lease, onlooker: o,
	}
	if view.LeaderService = seen.standing(); view.LeaderService == nil && len(seen.leaderServices) > 0 {
		view.LeaderService = seen.leaderServices[0] // about to be made again, or to be removed
	}
	set := newSliceSet()
	if service := view.LeaderService; service != nil {
		if set, err = r.slicesOf(ctx, source, service.Name, service.UID); err != nil {
			return nil, err
		}
		view.Slice = set.primary(leaderservice.AddressTypes(service.Spec.IPFamilies)[0])
		view.Record, _ = leaderservice.RecordOf(view.Slice, service, nil)
	}
	if view.Routable {
		if err := view.elect(ctx, seen, set); err != nil {
			return nil, err
		}
	}
	return view, view.findProblems(ctx, seen)
}

// elect elects, for a leader Service that may not be there yet.
func (v *View) elect(ctx context.Context, seen *observation, set *sliceSet) error {
	leaderService := v.LeaderService
	if leaderService == nil {
		leaderService = leaderservice.NewService(seen.source, v.Policy.LeaderServiceName)
	}
	p, err := v.onlooker.reconciler.elect(ctx, seen, leaderService, set)
	if err != nil {
		return err
	}
	v.pass, v.Decision = p, p.decision
	pods := slices.Clone(seen.pods)
	if p.former != nil && !slices.ContainsFunc(pods, func(pod *corev1.Pod) bool { return pod.UID == p.former.UID }) {
		pods = append(pods, p.former)
	}
	primary := leaderservice.AddressTypes(leaderService.Spec.IPFamilies)[0]
	for i, pod := range pods {
		candidate := Candidate{Pod: pod, judged: leaderservice.Candidate(seen.source, pod, i < len(seen.pods), primary)}
		for _, rejection := range v.Decision.Rejected {
			if rejection.Pod == pod.Name {
				candidate.Rule = rejection.Rule
			}
		}
		v.Pods = append(v.Pods, candidate)
	}
	return nil
}

// Succession is what the election would come to if the Pod that leads were deleted now, and by which rule of the election order, if that decides.
func (v *View) Succession(ctx context.Context) (election.Decision, election.Criterion, error) {
	seen := *v.pass.seen
	reader := snapshotReader{snapshot: v.onlooker.snapshot}
	if v.Decision.Leader != nil {
		reader.without = v.Decision.Leader.Name
	}
	seen.reader = reader
	seen.pods = slices.DeleteFunc(slices.Clone(seen.pods), func(pod *corev1.Pod) bool { return pod.Name == reader.without })
	p, err := v.onlooker.reconciler.elect(ctx, &seen, v.pass.leaderService, v.pass.slices)
	if err != nil {
		return election.Decision{}, "", err
	}
	return p.decision, v.advantage(p.decision, reader.without), nil
}

// Preferring is what the election would come to if a Pod were the preferred leader.
func (v *View) Preferring(ctx context.Context, pod string) (election.Decision, error) {
	seen := *v.pass.seen
	seen.policy.PreferredLeader = pod
	p, err := v.onlooker.reconciler.elect(ctx, &seen, v.pass.leaderService, v.pass.slices)
	if err != nil {
		return election.Decision{}, err
	}
	return p.decision, nil
}

// Advantage is the rule of the election order by which the present leader was chosen, if that decides.
func (v *View) Advantage() election.Criterion { return v.advantage(v.Decision, "") }

// advantage is that rule for a decision that was made without one of the Pods.
func (v *View) advantage(decision election.Decision, without string) election.Criterion {
	if decision.Basis != election.BasisOrder {
		return ""
	}
	var eligible []election.Pod
	for _, candidate := range v.Pods {
		name := candidate.Pod.Name
		if name != without && !slices.ContainsFunc(decision.Rejected, func(r election.Rejection) bool { return r.Pod == name }) {
			eligible = append(eligible, candidate.judged)
		}
	}
	return election.Advantage(v.Policy.Strategy, eligible)
}

// Follows is the name of the Lease that a source follows; empty for none.
func (o *Onlooker) Follows(source types.NamespacedName) string {
	object, exists, err := o.snapshot.Services.GetByKey(source.String())
	if err != nil || !exists {
		return ""
	}
	service := object.(*corev1.Service)
	policy, _ := contract.Parse(service.Name, service.Annotations)
	return policy.FollowLease
}

// Slices are the leader Service's, of all families.
func (v *View) Slices() []*discoveryv1.EndpointSlice {
	var all []*discoveryv1.EndpointSlice
	if v.pass != nil {
		for _, slice := range v.pass.slices.ours {
			all = append(all, slice)
		}
	}
	return all
}
