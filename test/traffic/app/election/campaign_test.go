package election_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestTheHolderBearsTheLabel(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.campaigning("a")
	w.leads("a")
	w.campaigning("b")
	w.leads("a")
}

func TestALeaderThatMayNotLeadGivesTheLeaseUp(t *testing.T) {
	w := newWorld(t, "a", "b")
	a := w.campaigning("a")
	w.leads("a")
	b := w.campaigning("b")
	a.Allow(false)
	w.leads("b")
	a.Allow(true)
	b.Allow(false)
	w.leads("a")
	a.Allow(false)
	w.leads("")
}

func TestWhoeverIsAppointedLeads(t *testing.T) {
	w := newWorld(t, "a", "b", "c")
	w.campaigning("a")
	w.leads("a")
	w.campaigning("b")
	c := w.campaigning("c")
	for _, pod := range []string{"b", "a", "c", "b"} {
		w.appoint(pod)
		w.leads(pod)
	}
	c.Allow(false) // it led before, and must not take the Lease from the one who leads now
	w.leads("b")
}

// What client-go does by itself: the deposed leader, which has not met the new one yet, empties the Lease.
func TestALeaderThatWasDeposedDoesNotDeposeItsSuccessor(t *testing.T) {
	was := timings.RetryPeriod
	timings.RetryPeriod = 30 * time.Second // so that it does not look again by itself
	defer func() { timings.RetryPeriod = was }()
	w := newWorld(t, "a")
	a := w.campaigning("a")
	w.leads("a")
	w.appoint("b")
	before := w.leaseReads()
	a.Allow(false)
	a.Allow(true)
	w.eventually("the release and the next term have read the Lease", func() bool { return w.leaseReads() >= before+2 })
	if w.holder() != "b" {
		t.Errorf("the Lease's holder is %q", w.holder())
	}
}

func TestPatchesAreRetried(t *testing.T) {
	w := newWorld(t, "a")
	w.broken.Store(true)
	a := w.campaigning("a")
	w.eventually("the Lease is held", func() bool { return w.holder() == "a" })
	w.broken.Store(false)
	w.leads("a")
	w.broken.Store(true)
	a.Allow(false)
	w.eventually("the Lease is given up", func() bool { return w.holder() == "" })
	w.broken.Store(false)
	w.leads("")
}

// The container was killed while its Pod led, and started again in the same Pod, whose label stayed.
func TestALabelLeftBehindIsRemoved(t *testing.T) {
	w := newWorld(t, "a", "b")
	w.campaigning("b")
	w.leads("b")
	patch := []byte(`{"metadata":{"labels":{"` + labelKey + `":"true"}}}`)
	if _, err := w.client.CoreV1().Pods(namespace).Patch(t.Context(), "a", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	w.campaigning("a")
	w.leads("b")
}

// As an application does whose Lease somebody else follows.
func TestWithoutALabelOnlyTheLeaseIsWritten(t *testing.T) {
	w := newWorld(t, "a")
	a := w.campaigningWith("a", "")
	w.eventually("the Lease is held", func() bool { return w.holder() == "a" })
	a.Allow(false)
	w.eventually("the Lease is given up", func() bool { return w.holder() == "" })
	for _, action := range w.client.Actions() {
		if action.GetResource().Resource == "pods" {
			t.Errorf("it asked for Pods: %v", action)
		}
	}
}
