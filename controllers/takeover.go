package controllers

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// takeover is what a replica does while another one acts first. At every change it judges the slices by its own caches. Where
// one misroutes, and still does so after the delay, it reads everything afresh from the API server, decides, and writes with the
// resourceVersion that it read. A leader Service that somebody has deleted it makes again. It makes and removes nothing else: that can
// wait for the Lease.
type takeover struct {
	*Reconciler
	// delay is how long a slice may misroute from when this replica saw why.
	delay time.Duration
	// leaseNamespace is where the Lease of the replicas is.
	leaseNamespace string
	// synced is whether the caches have been filled.
	synced func() bool
	wrong  suspicions
	// routing and finishing have room for those that may write at a time: slices as many as where this replica acts, status fewer.
	routing, finishing chan struct{}
	// unfinished are the sources whose traffic this replica has moved and whose status for people it has yet to write.
	unfinished sourceSet
}

// Reconcile judges what was made for one source Service.
func (t *takeover) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	switch {
	case t.acting():
		t.wrong.clear(request.NamespacedName)
		t.unfinished.remove(request.NamespacedName)
		return reconcile.Result{}, nil
	case !t.synced():
		return reconcile.Result{RequeueAfter: t.delay}, nil
	}
	again, err := t.judge(ctx, request.NamespacedName)
	t.unanswered.noteAnswer(request.NamespacedName, err)
	switch {
	case errors.Is(err, errNamespaceGoing), isNotValid(err): // the acting replica tells of the latter, and tries again
		return reconcile.Result{}, nil
	case errors.Is(err, errStale) && t.stale.again(request.NamespacedName) <= maxStaleRetries: // the acting replica was faster, most likely
		return reconcile.Result{RequeueAfter: staleRetry}, nil
	case err == nil:
		t.stale.over(request.NamespacedName)
	}
	return reconcile.Result{RequeueAfter: again}, err
}

// judge returns when to look again though nothing happens; 0 for never.
func (t *takeover) judge(ctx context.Context, source types.NamespacedName) (time.Duration, error) {
	seen, err := t.observe(ctx, source)
	if err != nil {
		return 0, err
	}
	seen.cautious = true
	if !seen.routable() {
		t.metrics.OptedOut(source, 0)
		t.drop(source)
		t.leave(source)
		return 0, nil
	}
	leaderService := seen.standing()
	if leaderService == nil {
		return t.judgeMissing(ctx, seen)
	}
	set, err := t.slicesOf(ctx, source, leaderService.Name, leaderService.UID)
	if err != nil {
		return 0, err
	}
	cached, err := t.elect(ctx, seen, leaderService, set)
	if err != nil {
		return 0, err
	}
	if !misroutes(cached) {
		t.wrong.clear(source)
		t.writes.returned(source)
		return cached.decision.Recheck, t.finishOwn(ctx, cached)
	}
	since := t.wrong.since(source, termOf(cached.primary()), cached.now)
	if left := since.Add(t.delay).Sub(cached.now); left > 0 {
		return left, nil
	}
	return t.decide(ctx, cached, since)
}

// leave drops what there was to do for a source that this replica could not route.
func (t *takeover) leave(source types.NamespacedName) {
	t.wrong.clear(source)
	t.unfinished.remove(source)
	t.tellRoutes(source)
}

// misroutes is whether a slice sends traffic elsewhere than it should, or has an epoch that is over.
func misroutes(p *pass) bool {
	if primary := p.primary(); primary != nil && leaderservice.EpochOf(primary) < p.before.Epoch {
		return true
	}
	for _, addressType := range wantedAddressTypes(p.leaderService, p.seen.source) {
		existing := p.slices.ours[addressType]
		switch {
		case p.slices.taken[addressType]:
		case existing == nil:
			return true
		case existing.AddressType != addressType || leaderservice.Misroutes(existing, p.route):
			return true
		}
	}
	return false
}

// decide elects by what the API server itself says, and routes if the slices are wrong. since is when this replica saw why. What
// people are told waits until the watch brings the write back, as where this replica acts: hundreds of Services may wait to be moved.
func (t *takeover) decide(ctx context.Context, cached *pass, since time.Time) (time.Duration, error) {
	p, err := t.electFresh(ctx, cached)
	if err != nil {
		return 0, err
	}
	source := cached.seen.key
	if !misroutes(p) {
		t.wrong.clear(source) // the caches are behind; they wake us when they are not
		return p.decision.Recheck, t.finishOwn(ctx, p)
	}
	if !t.wrong.confirm(source, termOf(p.primary()), p.now) {
		return t.delay, nil // also a failed leader that the acting replica has just made one has its delay
	}
	p.arrived = since
	err = inTurn(t.routing, func() error { return t.route(ctx, p) })
	if p.moved {
		t.unfinished.add(source)
		t.countTakeover(ctx, p, since)
	}
	if err != nil || !p.moved {
		return 0, err
	}
	t.wrong.clear(source)
	return maxStaleRetries * staleRetry, nil // should the watch bring nothing
}

// finishOwn writes the status for people and tells of what this replica has moved, if it has not done so yet.
func (t *takeover) finishOwn(ctx context.Context, p *pass) error {
	if primary := p.primary(); !t.unfinished.has(p.seen.key) || primary != nil && t.writes.stale(primary) {
		return nil // or the watch has yet to bring it
	}
	p.seen.leaderServices = []*corev1.Service{p.leaderService} // others can wait for the Lease
	t.tellRoutes(p.seen.key)
	if err := inTurn(t.finishing, func() error { return t.finish(ctx, p) }); err != nil {
		return err
	}
	t.unfinished.remove(p.seen.key)
	return nil
}

// inTurn writes once there is room.
func inTurn(room chan struct{}, write func() error) error {
	room <- struct{}{}
	defer func() { <-room }()
	return write()
}

// countTakeover counts a decision, and has it told of.
func (t *takeover) countTakeover(ctx context.Context, p *pass, since time.Time) {
	t.metrics.Takeover(p.seen.key)
	if p.decision.Outcome == election.OutcomeChanged {
		t.metrics.Failover(p.seen.key, p.decision.Reason, p.took)
	}
	logf.FromContext(ctx).Info("Took a decision over from the acting replica", "service", p.seen.key, "after", t.clock.Now().Sub(since))
	logRoute(ctx, p)
	t.untold.add(p.seen.key, p)
}
