package controllers

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

const (
	// maxListed is how many Pods a note lists before it only counts them.
	maxListed = 8
	// maxInvalid is how many annotations of one Service are reported one by one.
	maxInvalid = 12
)

// The actions of Events: what the operator was doing. client-go counts Events up instead of writing another one if all but
// the note is the same, and the note is then the first one's; so those that differ must do so in the action or in the
// related object too.
const (
	actionElect   = "Elect"
	actionRoute   = "Route"
	actionParse   = "Parse "   // and the annotation, without its prefix
	actionResolve = "Resolve " // and the port
	actionRevert  = "Revert"
	actionDelete  = "Delete"
	actionWrite   = "Write"
)

// reportSettings tells of annotations that do not parse and of Services that cannot be served.
func (r *Reconciler) reportSettings(seen *observation) {
	if seen.source == nil {
		r.metrics.OptedOut(seen.key, 0)
		r.told.forget(seen.key)
		return
	}
	texts := make([]string, 0, len(seen.invalid))
	for _, invalid := range seen.invalid {
		texts = append(texts, invalid.String())
	}
	if more := len(texts) - maxInvalid; more > 0 {
		texts = append(texts[:maxInvalid], fmt.Sprintf("%d more annotations are not valid", more))
	}
	for _, text := range r.told.news(seen.key, contract.EventInvalidAnnotation, texts...) {
		key := strings.TrimPrefix(seen.invalid[slices.Index(texts, text)].Key, contract.Prefix)
		r.warn(seen, nil, contract.EventInvalidAnnotation, actionParse+key, text)
	}
	r.tellOnce(seen, nil, contract.EventUnsupportedService, seen.unsupported)
	if seen.policy.Enabled {
		r.metrics.OptedIn(seen.key, len(seen.invalid))
	} else {
		r.metrics.OptedOut(seen.key, len(seen.invalid))
	}
	if !seen.routable() {
		r.metrics.NotRouted(seen.key)
		for _, topic := range []string{contract.EventNameConflict, contract.EventPortUnresolved, topicPortFailures} {
			r.told.news(seen.key, topic)
		}
	}
}

// tellOnce warns of a lasting problem when it appears or changes; an empty text says that there is none.
func (r *Reconciler) tellOnce(seen *observation, related runtime.Object, reason, text string) {
	var texts []string
	if text != "" {
		texts = append(texts, text)
	}
	for _, news := range r.told.news(seen.key, reason, texts...) {
		r.warn(seen, related, reason, actionRoute, news)
	}
}

// reportConflict tells that somebody else's object keeps the leader Service from being made.
func (r *Reconciler) reportConflict(seen *observation, object client.Object) {
	seen.conflict = conflictNote(seen, object.GetName(), kindOf(object))
	r.metrics.NameConflict(seen.key, true)
	r.tellOnce(seen, object, contract.EventNameConflict, seen.conflict)
}

// reportUnmade tells that there is no leader Service, for whatever reason, and forgets what was told of its routing.
func (r *Reconciler) reportUnmade(seen *observation) {
	r.metrics.Route(seen.key, nil, false, 0)
	r.metrics.NameConflict(seen.key, seen.conflict != "")
	r.metrics.UnresolvedPorts(seen.key, 0, 0)
	topics := []string{contract.EventPortUnresolved, topicPortFailures}
	if seen.conflict == "" {
		topics = append(topics, contract.EventNameConflict)
	}
	for _, topic := range topics {
		r.told.news(seen.key, topic)
	}
}

func conflictNote(seen *observation, name, kind string) string {
	return fmt.Sprintf("%s %s exists and was not made by zen-lead for Service %s; it is left alone. "+
		"Delete it, or choose another name with %s", kind, name, seen.key.Name, contract.AnnotationLeaderServiceName)
}

// edit is one by somebody else that was put back.
type edit struct {
	object client.Object
	// deleted is whether the object was deleted rather than changed.
	deleted bool
}

// reportReverted tells of edits by somebody else that were put back.
func (r *Reconciler) reportReverted(seen *observation, edits ...edit) {
	for _, edit := range edits {
		done := "edited"
		if edit.deleted {
			done = "deleted"
		}
		r.metrics.EditReverted(seen.key)
		r.warn(seen, edit.object, contract.EventManualEditReverted, actionRevert, fmt.Sprintf(
			"%s %s was %s by somebody else and has been put back", kindOf(edit.object), edit.object.GetName(), done))
	}
}

// reportRetired tells that a leader Service was deleted.
func (r *Reconciler) reportRetired(seen *observation, name string) {
	if seen.source != nil {
		r.events.Eventf(seen.source, nil, corev1.EventTypeNormal, contract.EventLeaderServiceDeleted, actionDelete,
			"Deleted the leader Service %s", name)
	}
}

// tellRoutes writes the Events of the passes that have written slices. They are told only now because each Event is a request
// to the API server, which is kept free while leaders fail.
func (r *Reconciler) tellRoutes(source types.NamespacedName) {
	for _, p := range r.untold.take(source) {
		r.tellRoute(p)
	}
}

// tellRoute writes the Events of a pass.
func (r *Reconciler) tellRoute(p *pass) {
	if p.decision.Outcome == election.OutcomeChanged {
		r.tellLeader(p)
	}
	if p.lostReady() {
		r.warn(p.seen, formerLeader(p), contract.EventNoEligiblePod, actionElect, nobodyNote(p))
	}
	r.reportReverted(p.seen, p.reverted...)
}

// tellLeader tells who leads now, in one Event on the Service and one on the Pod.
func (r *Reconciler) tellLeader(p *pass) {
	reason, note := contract.EventLeaderElected, fmt.Sprintf("%s leads (%s), epoch %d", p.leader.Name, p.decision.Reason, p.after.Epoch)
	if p.before.LeaderUID != "" && p.before.LeaderUID != p.leader.UID {
		reason = contract.EventLeaderChanged
		note = fmt.Sprintf("%s leads after %s (%s), epoch %d", p.leader.Name, p.before.LeaderName, p.decision.Reason, p.after.Epoch)
	}
	note += "; " + gap(p)
	action := fmt.Sprintf("%s epoch %d", actionElect, p.after.Epoch)
	r.events.Eventf(p.seen.source, p.leader, corev1.EventTypeNormal, reason, action, "%s", note)
	r.events.Eventf(p.leader, p.seen.source, corev1.EventTypeNormal, reason, action, "%s", note)
}

// nobodyNote says why there is no ready endpoint.
func nobodyNote(p *pass) string {
	switch {
	case len(p.decision.Rejected) > 0:
		return "No eligible Pod: " + rejections(p.decision.Rejected) + leaseNote(p.seen)
	case len(p.seen.pods) == 0:
		return "No eligible Pod: no Pod matches the selector"
	}
	return "The leader is not published as ready"
}

// leaseNote says what is wrong with the followed Lease as such; empty if nothing is, or none is followed.
func leaseNote(seen *observation) string {
	switch name := seen.policy.FollowLease; {
	case name == "":
	case seen.lease == nil:
		return fmt.Sprintf("; there is no Lease %s to follow", name)
	case ptr.Deref(seen.lease.Spec.HolderIdentity, "") == "":
		return fmt.Sprintf("; nobody holds the Lease %s", name)
	}
	return ""
}

// reportProblems tells of what lasts and keeps Pods or Services from being what they are meant to be.
func (r *Reconciler) reportProblems(p *pass) {
	if p.blocked {
		r.metrics.UnresolvedPorts(p.seen.key, 0, 0) // not known, nor what is the matter
	} else {
		r.reportPorts(p)
	}
	r.reportTaken(p)
}

// formerLeader is the Pod that led before, which may no longer exist; nil if there was none.
func formerLeader(p *pass) runtime.Object {
	switch {
	case p.before.LeaderUID == "":
		return nil
	case p.former != nil:
		return p.former
	}
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: p.seen.key.Namespace, Name: p.before.LeaderName, UID: p.before.LeaderUID,
	}}
}

// topicPortFailures is what told remembers the Pods under whose ports do not resolve.
const topicPortFailures = "Pods with unresolved ports"

// reportPorts tells which named target ports are missing on otherwise eligible Pods.
func (r *Reconciler) reportPorts(p *pass) {
	missing, pods := unresolvedPorts(p)
	r.metrics.UnresolvedPorts(p.seen.key, len(pods), len(r.told.news(p.seen.key, topicPortFailures, pods...)))
	for _, port := range r.told.news(p.seen.key, contract.EventPortUnresolved, missing...) {
		r.warn(p.seen, nil, contract.EventPortUnresolved, actionResolve+port, portNote(port, len(pods)))
	}
}

// unresolvedPorts are the named target ports that are missing on Pods that cannot lead for that, and the UIDs of those.
func unresolvedPorts(p *pass) (missing, pods []string) {
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
	return missing, pods
}

func portNote(port string, pods int) string {
	return fmt.Sprintf("Target port %q is no named port of %d of the selected Pods; they cannot lead", port, pods)
}

// reportTaken tells of somebody else's slices: under a name that we need, or beside ours.
func (r *Reconciler) reportTaken(p *pass) {
	if p.seen.conflict != "" {
		return // told already, and the route goes through a former name
	}
	conflict := takenNote(p)
	r.metrics.NameConflict(p.seen.key, conflict != "")
	r.tellOnce(p.seen, p.leaderService, contract.EventNameConflict, conflict)
}

// takenNote says which slices of somebody else, or which finalizers, keep the leader Service from being routed as it should be; empty if none do.
func takenNote(p *pass) string {
	switch kept := keptBy(p.leaderService); {
	case p.going && len(kept) > 0:
		return fmt.Sprintf("Service %s is being deleted, and finalizers keep it (%s); it is made again once it is gone",
			p.leaderService.Name, strings.Join(kept, ", "))
	case len(p.taken) > 0:
		return conflictNote(p.seen, strings.Join(p.taken, ", "), "EndpointSlice")
	case len(p.slices.beside) > 0:
		slices.Sort(p.slices.beside)
		names := strings.Join(p.slices.beside, ", ")
		if p.slices.mirrored {
			return fmt.Sprintf("EndpointSlice %s routes traffic of %s past the leader, because of Endpoints that an added selector has left; "+
				"a selector that matches nobody is to empty them", names, p.leaderService.Name)
		}
		return fmt.Sprintf("EndpointSlice %s routes traffic of %s past the leader and was not made by zen-lead; it is left alone",
			names, p.leaderService.Name)
	}
	return ""
}

// keptBy are the finalizers of a Service, but for the garbage collector's own.
func keptBy(service *corev1.Service) []string {
	return slices.DeleteFunc(slices.Clone(service.Finalizers), func(finalizer string) bool {
		return finalizer == metav1.FinalizerDeleteDependents || finalizer == metav1.FinalizerOrphanDependents
	})
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

// warn writes a Warning on the source Service. related may be nil.
func (r *Reconciler) warn(seen *observation, related runtime.Object, reason, action, note string) {
	r.events.Eventf(seen.source, related, corev1.EventTypeWarning, reason, action, "%s", note)
}

func kindOf(object client.Object) string {
	if _, is := object.(*corev1.Service); is {
		return "Service"
	}
	return "EndpointSlice"
}
