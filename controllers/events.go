package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

const (
	// maxNote is the longest note of an Event, in bytes. Source: k8s.io/kubernetes/pkg/apis/core/validation, NoteLengthLimit.
	maxNote = 1024
	// maxListed is how many Pods a note lists before it only counts them.
	maxListed = 8
)

// The actions of Events: what the operator was doing.
const (
	actionElect     = "Elect"
	actionConfigure = "Configure"
	actionRevert    = "Revert"
	actionDelete    = "Delete"
)

// reportSettings tells of annotations that do not parse and of Services that cannot be served.
func (r *Reconciler) reportSettings(seen *observation) {
	if !seen.routable() {
		r.metrics.Forget(seen.key)
	}
	if seen.source == nil {
		r.told.forget(seen.key)
		return
	}
	texts := make([]string, 0, len(seen.invalid))
	for _, invalid := range seen.invalid {
		texts = append(texts, invalid.String())
	}
	for _, text := range r.told.news(seen.key, contract.EventInvalidAnnotation, texts...) {
		r.warn(seen, contract.EventInvalidAnnotation, actionConfigure, text)
	}
	r.tellOnce(seen, contract.EventUnsupportedService, actionConfigure, seen.unsupported)
	switch {
	case seen.policy.Enabled:
		r.metrics.OptedIn(seen.key, len(seen.invalid))
	case len(seen.invalid) > 0:
		r.metrics.InvalidAnnotations(seen.key, len(seen.invalid))
	}
	if !seen.routable() {
		for _, topic := range []string{contract.EventNameConflict, contract.EventPortUnresolved, topicPortFailures} {
			r.told.news(seen.key, topic)
		}
	}
}

// tellOnce warns of a lasting problem when it appears or changes; an empty text says that there is none.
func (r *Reconciler) tellOnce(seen *observation, reason, action, text string) {
	var texts []string
	if text != "" {
		texts = append(texts, text)
	}
	for _, news := range r.told.news(seen.key, reason, texts...) {
		r.warn(seen, reason, action, news)
	}
}

// reportConflict tells that somebody else's object keeps the leader Service from being made.
func (r *Reconciler) reportConflict(seen *observation, object string) {
	seen.conflict = fmt.Sprintf("%s exists and was not made by zen-lead for this Service; it is left alone. "+
		"Delete it, or choose another name with %s", object, contract.AnnotationLeaderServiceName)
	r.metrics.NameConflict(seen.key, true)
	r.tellOnce(seen, contract.EventNameConflict, actionConfigure, seen.conflict)
}

// reportReverted tells of edits by somebody else that were put back.
func (r *Reconciler) reportReverted(seen *observation, objects []string) {
	for _, object := range objects {
		r.metrics.EditReverted(seen.key)
		r.warn(seen, contract.EventManualEditReverted, actionRevert, object+" was edited by somebody else and has been put back")
	}
}

// reportRetired tells that a leader Service was deleted.
func (r *Reconciler) reportRetired(seen *observation, name string) {
	if seen.source != nil {
		r.events.Eventf(seen.source, nil, corev1.EventTypeNormal, contract.EventLeaderServiceDeleted, actionDelete,
			"Deleted the leader Service %s", name)
	}
}

// reportRoute tells what routing has done. It is called once the slices are written, so nothing is told that is not so.
func (r *Reconciler) reportRoute(ctx context.Context, p *pass) {
	r.metrics.Election(p.seen.key, p.decision.Outcome, p.decision.Candidates)
	if p.decision.Outcome == election.OutcomeChanged {
		r.reportLeader(ctx, p)
	}
	if !p.isReady && (p.wasReady || p.created) {
		r.reportNobody(ctx, p)
	}
	r.reportReverted(p.seen, p.reverted)
	r.reportPorts(p)
	r.reportTaken(p)

	var leader *metrics.Leader
	if p.leader != nil {
		leader = &metrics.Leader{Pod: p.leader.Name, Node: p.leader.Spec.NodeName, Since: p.after.LastSwitch}
	}
	r.metrics.Route(p.seen.key, leader, p.isReady, p.after.Epoch)
}

// reportLeader tells who leads now, in one Event on the Service, one on the Pod, one line of the log, and the metrics.
func (r *Reconciler) reportLeader(ctx context.Context, p *pass) {
	took := time.Duration(-1)
	if !p.arrived.IsZero() {
		took = r.clock.Now().Sub(p.arrived)
	}
	r.metrics.Failover(p.seen.key, p.decision.Reason, took)

	reason, note := contract.EventLeaderElected, fmt.Sprintf("%s leads (%s), epoch %d", p.leader.Name, p.decision.Reason, p.after.Epoch)
	if p.before.LeaderUID != "" && p.before.LeaderUID != p.leader.UID {
		reason = contract.EventLeaderChanged
		note = fmt.Sprintf("%s leads after %s (%s), epoch %d", p.leader.Name, p.before.LeaderName, p.decision.Reason, p.after.Epoch)
	}
	note += "; " + gap(p, took)
	r.events.Eventf(p.seen.source, p.leader, corev1.EventTypeNormal, reason, actionElect, "%s", note)
	r.events.Eventf(p.leader, p.seen.source, corev1.EventTypeNormal, reason, actionElect, "%s", note)

	logf.FromContext(ctx).Info("Leader changed", "service", p.seen.key, "from", p.before.LeaderName, "to", p.leader.Name,
		"reason", p.decision.Reason, "epoch", p.after.Epoch, "took", took.String(), "passedOver", rejections(p.decision.Rejected))
}

// gap says how long there was no leader.
func gap(p *pass, took time.Duration) string {
	switch {
	case p.before.LeaderUID == "":
		return "the first leader"
	case !p.before.Published:
		return fmt.Sprintf("there was none for %s", p.now.Sub(p.before.LastSwitch).Round(time.Millisecond))
	case took < 0:
		return "the change was found after a restart"
	}
	return fmt.Sprintf("moved %s after the change was seen", took.Round(100*time.Microsecond))
}

// reportNobody tells that there is no ready endpoint any longer, or none from the start.
func (r *Reconciler) reportNobody(ctx context.Context, p *pass) {
	note := "No eligible Pod: "
	switch {
	case len(p.decision.Rejected) > 0:
		note += rejections(p.decision.Rejected)
	case len(p.seen.pods) == 0:
		note += "no Pod matches the selector"
	default:
		note = "The leader is not published as ready"
	}
	r.warn(p.seen, contract.EventNoEligiblePod, actionElect, note)
	logf.FromContext(ctx).Info("No ready leader", "service", p.seen.key, "from", p.before.LeaderName,
		"reason", p.decision.Reason, "passedOver", rejections(p.decision.Rejected))
}

// topicPortFailures is what told remembers the Pods under whose ports do not resolve.
const topicPortFailures = "Pods with unresolved ports"

// reportPorts tells which named target ports are missing on otherwise eligible Pods.
func (r *Reconciler) reportPorts(p *pass) {
	var missing, pods []string
	for _, pod := range p.seen.pods {
		if !slices.Contains(p.decision.Rejected, election.Rejection{Pod: pod.Name, Rule: election.RulePortsMissing}) {
			continue
		}
		pods = append(pods, string(pod.UID))
		for _, port := range leaderservice.UnresolvedPorts(p.seen.source, pod) {
			if !slices.Contains(missing, port) {
				missing = append(missing, port)
			}
		}
	}
	if failed := r.told.news(p.seen.key, topicPortFailures, pods...); len(failed) > 0 {
		r.metrics.PortResolutionFailures(p.seen.key, len(failed))
	}
	for _, port := range r.told.news(p.seen.key, contract.EventPortUnresolved, missing...) {
		r.warn(p.seen, contract.EventPortUnresolved, actionElect,
			fmt.Sprintf("Target port %q is no named port of %d of the selected Pods; they cannot lead", port, len(pods)))
	}
}

// reportTaken tells of somebody else's slices: under a name that we need, or beside ours.
func (r *Reconciler) reportTaken(p *pass) {
	if p.seen.conflict != "" {
		return // told already, and the route goes through a former name
	}
	conflict := ""
	switch {
	case len(p.taken) > 0:
		conflict = fmt.Sprintf("EndpointSlice %s exists and was not made by zen-lead for this Service; it is left alone. "+
			"Delete it, or choose another name with %s", strings.Join(p.taken, ", "), contract.AnnotationLeaderServiceName)
	case len(p.slices.beside) > 0:
		slices.Sort(p.slices.beside)
		conflict = fmt.Sprintf("EndpointSlice %s routes traffic of %s past the leader and was not made by zen-lead; it is left alone",
			strings.Join(p.slices.beside, ", "), p.leaderService.Name)
	}
	r.metrics.NameConflict(p.seen.key, conflict != "")
	r.tellOnce(p.seen, contract.EventNameConflict, actionConfigure, conflict)
}

// rejections lists the Pods that cannot lead with the rule that each fails, shortened.
func rejections(rejected []election.Rejection) string {
	var text strings.Builder
	for i, rejection := range rejected {
		if i == maxListed {
			fmt.Fprintf(&text, " and %d more", len(rejected)-i)
			break
		}
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%s %s", rejection.Pod, rejection.Rule)
	}
	return text.String()
}

func (r *Reconciler) warn(seen *observation, reason, action, note string) {
	if len(note) > maxNote {
		note = strings.ToValidUTF8(note[:maxNote-3], "") + "..."
	}
	r.events.Eventf(seen.source, nil, corev1.EventTypeWarning, reason, action, "%s", note)
}
