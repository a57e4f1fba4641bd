package leaderservice_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
)

// Check is run after each step of a history.
func (h *history) Check(t *rapid.T) {
	h.checkRecord(t)
	h.checkEpoch(t)
	h.checkNewLeader(t)
	h.checkConditions(t)
	h.checkNobody(t)
}

// checkRecord: the slice says what was decided, and so does the record read back from it.
func (h *history) checkRecord(t *rapid.T) {
	leader := h.decision.Leader
	if h.record.Published != (leader != nil) {
		t.Fatalf("published is %t, and the leader %+v", h.record.Published, leader)
	}
	if leader != nil && (h.record.LeaderUID != leader.UID || h.record.LeaderName != leader.Name) {
		t.Fatalf("the record names %s, leader is %s", h.record.LeaderUID, leader.UID)
	}
	if h.record.Epoch > 0 && !slices.Contains(contract.Reasons, h.record.Reason) {
		t.Fatalf("reason %q", h.record.Reason)
	}
}

// checkEpoch: it grows by one at each change of leader, and never otherwise.
func (h *history) checkEpoch(t *rapid.T) {
	want := h.before.Epoch
	changed := h.record.Published && (!h.before.Published || h.before.LeaderUID != h.record.LeaderUID)
	if changed {
		want++
	}
	if h.record.Epoch != want {
		t.Fatalf("epoch %d, want %d: from %+v to %+v", h.record.Epoch, want, h.before, h.record)
	}
	lost := h.before.Published && !h.record.Published
	after := h.record
	after.NotReady = h.before.NotReady // that alone is no switch
	if switched := h.record.LastSwitch.Equal(h.now) && after != h.before; (changed || lost) != switched {
		t.Fatalf("last switch %s at %s: from %+v to %+v", h.record.LastSwitch, h.now, h.before, h.record)
	}
}

// checkNewLeader: whoever becomes the leader is eligible, with nothing to excuse it.
func (h *history) checkNewLeader(t *rapid.T) {
	leader := h.podOf(h.record)
	if h.decision.Outcome != election.OutcomeChanged {
		return
	}
	if !h.fit(leader) || !leader.Ready || !h.readyForLongEnough(leader) {
		t.Fatalf("%+v was elected", leader)
	}
}

// checkConditions: an endpoint is ready if its Pod is eligible, and otherwise in its grace or on a paused Service.
func (h *history) checkConditions(t *rapid.T) {
	if h.decision.Leader == nil || !h.decision.Conditions.Ready {
		return
	}
	leader := h.podOf(h.record)
	grace := h.fit(leader) && !leader.Ready && h.now.Sub(leader.ReadyChangedAt) < h.policy.FailoverMinDelay
	paused := h.policy.Paused && leader.Ready && !leader.Terminating && leader.HasAddress && leader.PortsResolve && !leader.Finished
	if eligible := h.fit(leader) && leader.Ready; !eligible && !grace && !paused {
		t.Fatalf("%+v is published as ready", leader)
	}
}

// checkNobody: if nobody leads, nobody could, but for a Pod that a paused Service does not change its own for.
func (h *history) checkNobody(t *rapid.T) {
	if h.decision.Leader != nil {
		return
	}
	last := h.podOf(h.record)
	waits := h.policy.Paused && last != nil && !last.Finished
	for i := range h.pods {
		pod := &h.pods[i]
		if h.fit(pod) && pod.Ready && h.readyForLongEnough(pod) && (!waits || pod == last) {
			t.Fatalf("nobody leads, but %+v could", pod)
		}
	}
}

// fit is whether the Pod meets every rule of eligibility but readiness. A paused Service keeps its leader whoever holds the
// Lease.
func (h *history) fit(p *election.Pod) bool {
	kept := h.policy.Paused && h.before.Published && h.before.LeaderUID == p.UID
	holds := h.policy.FollowLease == "" || h.lease().Holder == p.Name || kept
	return p.Selected && p.Running && p.HasAddress && p.PortsResolve && holds && !p.Terminating && !p.Finished
}

func (h *history) readyForLongEnough(p *election.Pod) bool {
	return h.now.Sub(p.ReadyChangedAt) >= h.policy.MinReadyDuration
}
