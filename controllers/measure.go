package controllers

import (
	"context"
	"fmt"
	"time"

	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// measureRoute puts what routing has done into metrics and log: the cheap part, done at once.
func (r *Reconciler) measureRoute(ctx context.Context, p *pass) {
	r.metrics.Election(p.seen.key, p.decision.Outcome, p.decision.Candidates)
	if p.blocked {
		r.metrics.Route(p.seen.key, nil, false, p.before.Epoch)
		return
	}
	if p.decision.Outcome == election.OutcomeChanged {
		r.metrics.Failover(p.seen.key, p.decision.Reason, p.took)
	}
	logRoute(ctx, p)
	var leader *metrics.Leader
	if p.leader != nil {
		leader = &metrics.Leader{Pod: p.leader.Name, Node: p.leader.Spec.NodeName, Since: p.after.LastSwitch}
	}
	r.metrics.Route(p.seen.key, leader, p.isReady, p.after.Epoch)
}

// logRoute writes one line for a change of leader, and one for the loss of the last ready endpoint.
func logRoute(ctx context.Context, p *pass) {
	if p.decision.Outcome == election.OutcomeChanged {
		logf.FromContext(ctx).Info("Leader changed", "service", p.seen.key, "from", p.before.LeaderName, "to", p.leader.Name,
			"reason", p.decision.Reason, "epoch", p.after.Epoch, "gap", gap(p), "passedOver", rejections(p.decision.Rejected))
	}
	if p.lostReady() {
		logf.FromContext(ctx).Info("No ready leader", "service", p.seen.key, "from", p.before.LeaderName, "note", nobodyNote(p))
	}
}

// lostReady is whether there is no ready endpoint any longer, or none from the start.
func (p *pass) lostReady() bool {
	return p.moved && !p.isReady && (p.wasReady || p.created)
}

// gap says how long there was no leader.
func gap(p *pass) string {
	switch {
	case p.before.LeaderUID == "":
		return "the first leader"
	case !p.before.Published:
		return fmt.Sprintf("there was none for %s", p.now.Sub(p.before.LastSwitch).Round(time.Millisecond))
	case p.took < 0:
		return "the change was found after a restart"
	}
	return fmt.Sprintf("moved %s after the change was seen", p.took.Round(100*time.Microsecond))
}
