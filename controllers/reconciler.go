package controllers

import (
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// staleRetry is when to look again after the cache was found behind, should no watch event come first.
const staleRetry = 50 * time.Millisecond

// maxStaleRetries is how often that is done before it counts as an error: no cache is behind for so long.
const maxStaleRetries = 20

// Reconciler keeps the leader Service of one source Service after the other. A request names the source.
type Reconciler struct {
	client        client.Writer
	cache         client.Reader // what the watches brought; the objects are the cache's own and must not be changed
	foreignSlices client.Reader // metadata of the EndpointSlices of other controllers
	live          client.Reader // the API server itself
	freshPods     *podLists     // the same, for the Pods of many Services at once
	clock         clock.PassiveClock
	events        events.EventRecorder
	metrics       *metrics.Metrics
	elected       <-chan struct{} // closed once this replica acts

	progress progress
	arrivals arrivals
	writes   *ownWrites
	counts   *counts
	leases   leaseClock
	told     told
	untold   untold
	stale    staleTries
	// unanswered are the sources that wait for an answer of the API server, whether or not this replica acts.
	unanswered *sourceSet
	triggers   *triggerTimes

	// heartbeat is that of the replica that acts, while this one does not.
	heartbeat *heartbeat
	// patience is how long this replica leaves it to others to make again what they may know more of; 0 if there are no others.
	patience time.Duration
	// standby takes what this replica sees while another one acts; nil if it is not to take anything over.
	standby priorityqueue.PriorityQueue[reconcile.Request]
	// held is what there is to do once this replica acts.
	held      heldBack
	sightings sightings
	losses    losses
}

// acting is whether this replica holds the Lease.
func (r *Reconciler) acting() bool {
	select {
	case <-r.elected:
		return true
	default:
		return false
	}
}

// Reconcile brings what was made for one source Service in line with the contract.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	arrived := r.arrivals.take(request.NamespacedName)
	recheck, err := r.reconcile(ctx, request.NamespacedName, &arrived)
	r.unanswered.noteAnswer(request.NamespacedName, err)
	if err == nil || errors.Is(err, errNamespaceGoing) {
		r.stale.over(request.NamespacedName)
		return reconcile.Result{RequeueAfter: recheck}, nil
	}
	r.arrivals.note(request.NamespacedName, arrived)
	if errors.Is(err, errStale) && r.stale.again(request.NamespacedName) <= maxStaleRetries {
		return reconcile.Result{RequeueAfter: staleRetry}, nil
	}
	return reconcile.Result{}, err // logged, and tried again ever more slowly
}

// reconcile is one pass: observe, elect, route, report. It returns when to look again though nothing happens; 0 for never.
// arrived is when the oldest change that led here reached us, zero if unknown; it is cleared once that has been dealt with.
func (r *Reconciler) reconcile(ctx context.Context, key types.NamespacedName, arrived *time.Time) (time.Duration, error) {
	seen, err := r.observe(ctx, key)
	if err != nil {
		return 0, err
	}
	recheck, err := r.bringInLine(ctx, seen, arrived)
	if err == nil {
		err = seen.unmade
	}
	return r.reportRefusal(ctx, seen, recheck, err)
}

// bringInLine is what follows the observing of one pass.
func (r *Reconciler) bringInLine(ctx context.Context, seen *observation, arrived *time.Time) (time.Duration, error) {
	r.reportSettings(seen)
	if !seen.routable() {
		return 0, r.retire(ctx, seen, seen.leaderServices)
	}
	leaderService, set, err := r.ensureService(ctx, seen)
	if err != nil {
		return 0, err
	}
	if leaderService == nil {
		r.reportUnmade(seen)
		return 0, nil
	}
	pass, err := r.elect(ctx, seen, leaderService, set)
	if err == nil {
		pass.trusted = r.trusted(pass)
	}
	if err == nil && r.contested(pass) {
		pass, err = r.electFresh(ctx, pass)
	}
	if err != nil {
		return 0, err
	}
	pass.arrived = *arrived
	err = r.route(ctx, pass)
	if err != nil && !pass.moved {
		return 0, err
	}
	*arrived = time.Time{} // what follows is not on the way of the traffic
	r.measureRoute(ctx, pass)
	if pass.moved { // the watch brings that back, and what can wait is done then, at a lower priority
		r.untold.add(seen.key, pass)
		return pass.decision.Recheck, err
	}
	r.tellRoutes(seen.key)
	r.reportProblems(pass)
	return pass.decision.Recheck, r.finish(ctx, pass)
}

// pass is what one pass knows once it has elected.
type pass struct {
	seen *observation
	// leaderService is as the API holds it.
	leaderService *corev1.Service
	slices        *sliceSet
	arrived       time.Time // of the oldest change that led here; zero if unknown
	now           time.Time

	decision      election.Decision
	leader        *corev1.Pod // the decision's; nil for nobody
	former        *corev1.Pod // the record's; nil if it no longer exists
	before, after leaderservice.Record
	route         leaderservice.Route
	// trusted is whether it was decided by caches that are no further behind than the primary slice.
	trusted bool

	// What route did:
	moved    bool          // a slice was written
	took     time.Duration // from arrived until then; negative if unknown
	wasReady bool          // the primary slice had a ready endpoint
	isReady  bool
	blocked  bool     // the primary slice could not be written: nothing has moved
	created  bool     // the primary slice is new
	reverted []edit   // by somebody else
	taken    []string // slice names that somebody else has
	going    bool     // nothing was made because the leader Service is being deleted
}

// elect decides who leads.
func (r *Reconciler) elect(ctx context.Context, seen *observation, leaderService *corev1.Service, set *sliceSet) (*pass, error) {
	now := r.clock.Now()
	primary := leaderservice.AddressTypes(leaderService.Spec.IPFamilies)[0]
	p := &pass{seen: seen, leaderService: leaderService, slices: set, now: now, took: -1}
	p.before = r.recordOf(ctx, seen, leaderService, set.primary(primary))

	pods := make([]election.Pod, 0, len(seen.pods)+1)
	byUID := make(map[types.UID]*corev1.Pod, len(seen.pods)+1)
	add := func(pod *corev1.Pod, selected bool) {
		added := leaderservice.Candidate(seen.source, pod, selected, primary)
		added.SeenAt = r.seenAt(seen, added)
		pods, byUID[pod.UID] = append(pods, added), pod
	}
	for _, pod := range seen.pods {
		add(pod, true)
	}
	proof := set.primary(primary)
	if !metav1.IsControlledBy(leaderService, seen.source) {
		proof = nil // it may be of a former source of that name, and says nothing of what this one selected
	}
	uid := p.before.LeaderUID // of a Pod that the selector does not match, perhaps, and that leads on while the Service is paused
	if uid != "" && byUID[uid] == nil && (!p.before.Published || r.isProven(seen.key, uid, proof)) {
		former, err := podNamed(ctx, seen.reader, seen.key.Namespace, p.before.LeaderName, uid)
		if err != nil {
			return nil, err
		}
		if former != nil {
			add(former, false)
		}
	}
	p.former = byUID[uid]
	p.decision = election.Elect(seen.policy, p.before.Leader(), pods, r.leaseState(seen, p.before, now), now)
	p.after = p.before.Advance(p.decision, now)
	if p.decision.Leader != nil {
		p.leader = byUID[p.decision.Leader.UID]
	}
	p.route = leaderservice.Route{
		Source: seen.source, Service: leaderService, Leader: p.leader, Conditions: p.decision.Conditions, Record: p.after,
	}
	return p, nil
}

// isProven is whether a slice routes to a Pod, or did as the operator wrote it last. A leader Service, with the record's copy on it, may be
// written by all who may edit Services, and they may not choose endpoints.
func (r *Reconciler) isProven(source types.NamespacedName, pod types.UID, slice *discoveryv1.EndpointSlice) bool {
	if r.counts.wasPublished(source, pod) {
		return true
	}
	if slice == nil {
		return false
	}
	written := leaderservice.WrittenRecord(slice)
	return written.Published && written.LeaderUID == pod || slices.ContainsFunc(slice.Endpoints, func(endpoint discoveryv1.Endpoint) bool {
		return endpoint.TargetRef != nil && endpoint.TargetRef.UID == pod
	})
}

// leaseState is the followed Lease as the election wants it. A leader that was lost because of its Lease is not brought back by
// one that this replica has not seen alive: whoever took the leader away may have seen the Lease run out. A cautious replica brings
// nobody back by a Lease that it has not seen renewed or taken since it saw the loss.
func (r *Reconciler) leaseState(seen *observation, before leaderservice.Record, now time.Time) election.Lease {
	state := r.leases.state(seen.lease, now)
	if seen.lease == nil || before.LeaderUID == "" || before.Published {
		r.losses.forget(seen.key)
		return state
	}
	var since time.Time
	if seen.cautious {
		since = r.losses.at(seen.key, before, now)
	}
	if (seen.cautious || before.Reason == contract.ReasonLeaseMoved) && r.leases.awaitAlive(seen.lease, since) {
		return election.Lease{}
	}
	return state
}

// recordOf reads the leader's record. A leader Service that is new takes the record of the one of a former name, or of
// what somebody has deleted.
func (r *Reconciler) recordOf(ctx context.Context, seen *observation, leaderService *corev1.Service, primary *discoveryv1.EndpointSlice) leaderservice.Record {
	found, certain := leaderservice.RecordOf(primary, leaderService, r.counts.sameCount(seen.key))
	version := leaderService.ResourceVersion
	if primary != nil {
		version = primary.ResourceVersion
	}
	record := r.counts.lastRecord(seen.key, found, certain, version) // somebody may have deleted or overwritten it
	for _, other := range seen.leaderServices {
		if other.Name == leaderService.Name || seen.ownership(other) != leaderservice.Ours {
			continue
		}
		set, err := r.slicesOf(ctx, seen.key, other.Name, other.UID)
		if err != nil {
			continue // of no consequence: the record was taken over when the new name was made
		}
		slice := set.primary(leaderservice.AddressTypes(other.Spec.IPFamilies)[0])
		if slice == nil || !metav1.IsControlledBy(slice, other) {
			continue // anybody who may create Services can make one that looks like a former leader Service, with any record
		}
		former, _ := leaderservice.RecordOf(slice, other, nil)
		if former.Epoch > record.Epoch {
			record = former
		}
	}
	return record
}

// forgetVersions drops all that was concluded from resource versions: etcd was restored, and they begin again at lower ones.
func (r *Reconciler) forgetVersions() {
	r.writes.forgetVersions()
	r.counts.forgetVersions()
	r.progress.forget()
	logf.Log.WithName(Name).Info("etcd was restored to an older state; everything is read again")
}
