package controllers

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers/election"
)

var leaseStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// aLease is a Lease for ten seconds, renewed at some time by its holder's clock.
func aLease(uid types.UID, holder string, renewed time.Time) *coordinationv1.Lease {
	seconds, at := int32(10), metav1.NewMicroTime(renewed)
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "lease", UID: uid},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &at},
	}
}

func TestALeaseRunsOutByOurClockWhateverItsTimesSay(t *testing.T) {
	for _, renewed := range []time.Time{leaseStart.AddDate(-9, 0, 0), leaseStart, leaseStart.AddDate(9, 0, 0)} {
		clock, lease := &leaseClock{}, aLease("1", "a", renewed)
		clock.observe(lease, leaseStart)
		if got := clock.state(lease, leaseStart.Add(10*time.Second-1)); got != (election.Lease{Holder: "a", Remaining: 1}) {
			t.Errorf("before its end: got %+v", got)
		}
		if got := clock.state(lease, leaseStart.Add(10*time.Second)); got != (election.Lease{}) {
			t.Errorf("at its end: got %+v", got)
		}
	}
}

func TestARenewalMattersOnlyAfterTheLeaseHasRunOut(t *testing.T) {
	clock := &leaseClock{}
	for i, step := range []struct {
		after   time.Duration
		lease   *coordinationv1.Lease
		matters bool
	}{
		{0, aLease("1", "a", leaseStart), true},
		{9 * time.Second, aLease("1", "a", leaseStart.Add(1000)), false},
		{9 * time.Second, aLease("1", "a", leaseStart.Add(1000)), false}, // a resync: not renewed
		{18 * time.Second, aLease("1", "a", leaseStart.Add(2000)), false},
		{28 * time.Second, aLease("1", "a", leaseStart.Add(3000)), true}, // ten seconds late
		{29 * time.Second, aLease("1", "b", leaseStart.Add(4000)), true},
		{30 * time.Second, aLease("2", "b", leaseStart.Add(4000)), true}, // deleted and made again
	} {
		if got := clock.observe(step.lease, leaseStart.Add(step.after)); got != step.matters {
			t.Errorf("step %d: matters is %v", i, got)
		}
	}
}

func TestTheHolderIsThePodOfThatNameOrWithAnythingBehindAnUnderscore(t *testing.T) {
	for holder, pod := range map[string]string{"": "", "a": "a", "a_1b2c": "a", "a_1_2": "a", "a-b.c_x": "a-b.c", "_x": ""} {
		clock, lease := &leaseClock{}, aLease("1", holder, leaseStart)
		if got := clock.state(lease, leaseStart); got.Holder != pod {
			t.Errorf("holder identity %q: got %q", holder, got.Holder)
		}
	}
}

func TestALeaseWithoutDurationDoesNotRunOut(t *testing.T) {
	clock, lease := &leaseClock{}, aLease("1", "a", leaseStart)
	lease.Spec.LeaseDurationSeconds = nil
	clock.observe(lease, leaseStart)
	if got := clock.state(lease, leaseStart.AddDate(1, 0, 0)); got != (election.Lease{Holder: "a"}) {
		t.Errorf("got %+v", got)
	}
}

func TestNobodyHoldsALeaseThatDoesNotExist(t *testing.T) {
	clock, lease := &leaseClock{}, aLease("1", "a", leaseStart)
	clock.observe(lease, leaseStart)
	clock.forget(types.NamespacedName{Namespace: "team", Name: "lease"})
	if got := clock.state(nil, leaseStart); got != (election.Lease{}) {
		t.Errorf("got %+v", got)
	}
}

func TestALeaseThatWasRenewedBeforeALossWasSeenIsAwaited(t *testing.T) {
	clock, lease := &leaseClock{}, aLease("1", "a", leaseStart)
	clock.observe(lease, leaseStart)
	clock.observe(aLease("1", "a", leaseStart.Add(1000)), leaseStart.Add(time.Second))
	for _, step := range []struct {
		since   time.Time
		awaited bool
	}{
		{time.Time{}, false},
		{leaseStart, false},
		{leaseStart.Add(time.Second), true},
		{leaseStart.Add(time.Minute), true},
	} {
		if got := clock.awaitAlive(lease, step.since); got != step.awaited {
			t.Errorf("renewed at 1 s, lost at %s: awaited is %v", step.since.Sub(leaseStart), got)
		}
	}
	if !clock.observe(aLease("1", "a", leaseStart.Add(2000)), leaseStart.Add(2*time.Minute)) || clock.awaitAlive(lease, leaseStart.Add(time.Minute)) {
		t.Error("the renewal that was awaited does not matter")
	}
}

func TestWhatAFreshReadingBringsTheWatchTellsOnceMore(t *testing.T) {
	clock, lease := &leaseClock{}, aLease("1", "a", leaseStart)
	clock.observe(lease, leaseStart)
	late := leaseStart.Add(time.Hour) // it had run out
	clock.observeFresh(aLease("1", "a", leaseStart.Add(1000)), late)
	if !clock.observe(aLease("1", "a", leaseStart.Add(1000)), late) {
		t.Error("the watch tells nobody that the Lease is alive again")
	}
	if clock.observe(aLease("1", "a", leaseStart.Add(1000)), late) {
		t.Error("it tells it again and again")
	}
}
