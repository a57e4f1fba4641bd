package leaderservice_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/election"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// history is what happens to a Service's Pods, and the leaders that come of it. Its methods are the things that happen.
type history struct {
	now      time.Time
	policy   contract.Policy
	pods     []election.Pod
	born     int
	holder   string
	leaseEnd time.Time

	before, record leaderservice.Record // the record before and after the last election
	decision       election.Decision
}

func TestAnyHistoryOfPodsHasOneLeaderAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy, _ := contract.Parse("db", map[string]string{contract.AnnotationEnabled: "true"})
		h := &history{now: switchTime, policy: policy, leaseEnd: switchTime}
		actions := rapid.StateMachineActions(h)
		for name, happens := range actions {
			if name != "" {
				actions[name] = func(t *rapid.T) { happens(t); h.elect() }
			}
		}
		t.Repeat(actions)
	})
}

// Created adds a Pod; StatefulSets use a name again.
func (h *history) Created(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
	if slices.ContainsFunc(h.pods, func(p election.Pod) bool { return p.Name == name }) {
		t.Skip("exists")
	}
	h.born++
	h.pods = append(h.pods, election.Pod{
		Name: name, UID: types.UID(fmt.Sprintf("%s-%d", name, h.born)), CreatedAt: h.now.Truncate(time.Second),
		Revision: election.Revision{Hash: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "revision")},
		Selected: true, Running: true, HasAddress: true, PortsResolve: true, ReadyChangedAt: h.now.Truncate(time.Second),
	})
}

// BecameReady is the commonest of all that happens.
func (h *history) BecameReady(t *rapid.T) { h.turn(h.somePod(t), true) }

// BecameUnready is a readiness probe that fails.
func (h *history) BecameUnready(t *rapid.T) { h.turn(h.somePod(t), false) }

// LeaderBecameUnready is the same where it matters.
func (h *history) LeaderBecameUnready(t *rapid.T) { h.turn(h.leader(t), false) }

// LeaderTerminating is a leader that is being deleted.
func (h *history) LeaderTerminating(t *rapid.T) { h.leader(t).Terminating = true }

// Terminating is any Pod that is being deleted.
func (h *history) Terminating(t *rapid.T) { h.somePod(t).Terminating = true }

// Deleted is a Pod that is gone.
func (h *history) Deleted(t *rapid.T) {
	pod := h.somePod(t)
	h.pods = slices.DeleteFunc(slices.Clone(h.pods), func(p election.Pod) bool { return p.UID == pod.UID })
}

// Finished is an eviction, or the end of a Job.
func (h *history) Finished(t *rapid.T) {
	pod := h.somePod(t)
	h.turn(pod, false)
	pod.Finished, pod.Running = true, false
}

// AddressChanged takes a Pod's address, or gives it one.
func (h *history) AddressChanged(t *rapid.T) { flip(&h.somePod(t).HasAddress) }

// PortsChanged takes a named port, or brings it back.
func (h *history) PortsChanged(t *rapid.T) { flip(&h.somePod(t).PortsResolve) }

// Relabelled takes a Pod out of the selector, or into it.
func (h *history) Relabelled(t *rapid.T) { flip(&h.somePod(t).Selected) }

// PolicyChanged is a user who edits an annotation.
func (h *history) PolicyChanged(t *rapid.T) {
	durations := rapid.SampledFrom([]time.Duration{0, 2 * time.Second, 10 * time.Second})
	names := rapid.SampledFrom([]string{"", "a", "b"})
	switch rapid.IntRange(0, 5).Draw(t, "annotation") {
	case 0:
		flip(&h.policy.Sticky)
	case 1:
		flip(&h.policy.Paused)
	case 2:
		h.policy.MinReadyDuration = durations.Draw(t, "min-ready-duration")
	case 3:
		h.policy.FailoverMinDelay = durations.Draw(t, "failover-min-delay")
	case 4:
		h.policy.PreferredLeader = names.Draw(t, "preferred-leader")
	case 5:
		h.policy.FollowLease = rapid.SampledFrom([]string{"", "", "lock"}).Draw(t, "follow-lease")
	}
}

// LeaseMoved is a Lease that somebody has taken, renewed or released.
func (h *history) LeaseMoved(t *rapid.T) {
	h.holder = rapid.SampledFrom([]string{"", "a", "b", "stranger"}).Draw(t, "holder")
	h.leaseEnd = h.now.Add(5 * time.Second)
}

// TimePassed is anything from an instant to a minute.
func (h *history) TimePassed(t *rapid.T) {
	h.now = h.now.Add(rapid.SampledFrom([]time.Duration{time.Microsecond, time.Second, 5 * time.Second, time.Minute}).Draw(t, "time"))
}

// RecheckDue is the time that the last decision asked for.
func (h *history) RecheckDue(t *rapid.T) {
	if h.decision.Recheck == 0 {
		t.Skip("none")
	}
	h.now = h.now.Add(h.decision.Recheck)
}

func flip(value *bool) { *value = !*value }

func (h *history) somePod(t *rapid.T) *election.Pod {
	if len(h.pods) == 0 {
		t.Skip("no Pod")
	}
	return &h.pods[rapid.IntRange(0, len(h.pods)-1).Draw(t, "pod")]
}

func (h *history) leader(t *rapid.T) *election.Pod {
	leader := h.podOf(h.record)
	if leader == nil {
		t.Skip("no leader")
	}
	return leader
}

// turn changes the Ready condition, if that is not what it is already. The kubelet keeps whole seconds.
func (h *history) turn(pod *election.Pod, ready bool) {
	if pod.Ready != ready && !pod.Finished {
		pod.Ready, pod.ReadyChangedAt = ready, h.now.Truncate(time.Second)
	}
}

// podOf is the Pod that the record names; nil if it no longer exists.
func (h *history) podOf(record leaderservice.Record) *election.Pod {
	for i := range h.pods {
		if h.pods[i].UID == record.LeaderUID {
			return &h.pods[i]
		}
	}
	return nil
}

func (h *history) lease() election.Lease {
	if remaining := h.leaseEnd.Sub(h.now); remaining > 0 {
		return election.Lease{Holder: h.holder, Remaining: remaining}
	}
	return election.Lease{}
}

// elect decides and keeps the record where the operator does: in the slice's annotations, and nowhere else.
func (h *history) elect() {
	h.decision = election.Elect(h.policy, h.record.Leader(), h.pods, h.lease(), h.now)
	h.before = h.record
	route := routeTo(podFor(h.decision.Leader), h.record.Advance(h.decision, h.now))
	route.Conditions = h.decision.Conditions
	h.record, _ = leaderservice.RecordOf(sliceOf(route), nil, nil)
}

// podFor is the Pod as the API has it.
func podFor(leader *election.Pod) *corev1.Pod {
	if leader == nil {
		return nil
	}
	p := pod(leader.Name)
	p.UID = leader.UID
	if !leader.HasAddress {
		addresses()(p)
	}
	if !leader.PortsResolve {
		withoutPorts(p)
	}
	return p
}
