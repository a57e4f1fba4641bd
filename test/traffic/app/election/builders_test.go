package election_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/zen-lead/zen-lead/test/traffic/app/election"
)

const (
	namespace = "team-a"
	leaseName = "my-app"
	labelKey  = "my-app-active"
)

// timings look often and have deadlines longer than a test may wait, so that nothing happens because of one.
var timings = election.Timings{LeaseDuration: time.Hour, RenewDeadline: time.Minute, RetryPeriod: 20 * time.Millisecond}

// world is an API server with Pods, some of which campaign.
type world struct {
	*testing.T
	client *fake.Clientset
	// broken fails every patch while it is set.
	broken atomic.Bool
}

func newWorld(t *testing.T, pods ...string) *world {
	w := &world{T: t}
	var objects []runtime.Object
	for _, pod := range pods {
		objects = append(objects, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: pod}})
	}
	w.client = fake.NewClientset(objects...)
	w.client.PrependReactor("update", "leases", w.checkVersion)
	w.client.PrependReactor("patch", "pods", func(ktesting.Action) (bool, runtime.Object, error) {
		if w.broken.Load() {
			return true, nil, apierrors.NewInternalError(context.DeadlineExceeded)
		}
		return false, nil, nil
	})
	return w
}

// checkVersion refuses stale updates, as an API server does and the fake does not. Two updates at a time are not told
// apart; the tests do not depend on that.
func (w *world) checkVersion(action ktesting.Action) (bool, runtime.Object, error) {
	update := action.(ktesting.UpdateAction)
	lease := update.GetObject().(*coordinationv1.Lease)
	stored, err := w.client.Tracker().Get(update.GetResource(), namespace, lease.Name)
	if err != nil {
		return true, nil, err
	}
	version := stored.(*coordinationv1.Lease).ResourceVersion
	if lease.ResourceVersion != version {
		return true, nil, apierrors.NewConflict(update.GetResource().GroupResource(), lease.Name, nil)
	}
	number, _ := strconv.Atoi(version)
	lease = lease.DeepCopy()
	lease.ResourceVersion = strconv.Itoa(number + 1)
	return true, lease, w.client.Tracker().Update(update.GetResource(), lease, namespace)
}

// campaigning starts a Pod's campaign, which ends with the test.
func (w *world) campaigning(pod string) *election.Campaign {
	return w.campaigningWith(pod, labelKey)
}

func (w *world) campaigningWith(pod, label string) *election.Campaign {
	campaign := election.New(election.Options{
		Client: w.client, Namespace: namespace, Pod: pod, Lease: leaseName, Label: label, Timings: timings,
	})
	campaign.Allow(true)
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- campaign.Run(ctx) }()
	w.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.Error(err)
		}
	})
	return campaign
}

// holder is who is in the Lease.
func (w *world) holder() string {
	lease, err := w.client.CoordinationV1().Leases(namespace).Get(w.Context(), leaseName, metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// leaseReads is how often anybody has read the Lease.
func (w *world) leaseReads() int {
	count := 0
	for _, action := range w.client.Actions() {
		if action.Matches("get", "leases") {
			count++
		}
	}
	return count
}

// appoint writes a Pod's name into the Lease, as the bench does.
func (w *world) appoint(pod string) {
	w.Helper()
	w.eventually("the Lease is written", func() bool {
		lease, err := w.client.CoordinationV1().Leases(namespace).Get(w.Context(), leaseName, metav1.GetOptions{})
		if err != nil {
			return false
		}
		lease.Spec.HolderIdentity = &pod
		_, err = w.client.CoordinationV1().Leases(namespace).Update(w.Context(), lease, metav1.UpdateOptions{})
		return err == nil
	})
}

// labelled lists the Pods that bear the label.
func (w *world) labelled() string {
	pods, err := w.client.CoreV1().Pods(namespace).List(w.Context(), metav1.ListOptions{LabelSelector: labelKey + "=true"})
	if err != nil {
		return err.Error()
	}
	names := ""
	for _, pod := range pods.Items {
		names += pod.Name
	}
	return names
}

// leads waits until a Pod holds the Lease and it alone bears the label; nobody if it is empty.
func (w *world) leads(pod string) {
	w.Helper()
	w.eventually(strconv.Quote(pod)+" leads", func() bool { return w.holder() == pod && w.labelled() == pod })
}

func (w *world) eventually(what string, holds func() bool) {
	w.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			w.Fatalf("waited in vain until %s: the Lease's holder is %q, labelled is %q", what, w.holder(), w.labelled())
		}
		time.Sleep(time.Millisecond)
	}
}
