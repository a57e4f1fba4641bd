package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/bench/results"
)

// failover is the failure of one leader, and what was seen of it.
type failover struct {
	member *member
	kind   string // of results
	place  int    // the failed leader's
	strike func(context.Context) error
	struck time.Time // just before the write

	moved   *sight // the leader Service's slice names another Pod as ready
	dropped *sight // no slice of the source Service lists the Pod as ready
}

// prepare readies a failure of the leader, and looks for what will come of it.
func (w *world) prepare(m *member, kind string) (*failover, error) {
	place, err := w.leaderOf(m)
	if err != nil {
		return nil, err
	}
	failed := m.pods[place]
	if !slices.Contains(w.seen.ready(m.source), failed.uid) {
		return nil, fmt.Errorf("the built-in controller's slice of %s does not list its leader %s", m.source, failed.name)
	}
	pods := w.clients.CoreV1().Pods(m.source.Namespace)
	f := &failover{member: m, kind: kind, place: place}
	switch kind {
	case results.KindReadiness:
		patch := readinessPatch(corev1.ConditionFalse, time.Now())
		f.strike = func(ctx context.Context) error {
			f.struck = time.Now()
			_, err := pods.Patch(ctx, failed.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
			return err
		}
	case results.KindDeletion:
		f.strike = func(ctx context.Context) error {
			f.struck = time.Now()
			return pods.Delete(ctx, failed.name, metav1.DeleteOptions{})
		}
	default:
		return nil, fmt.Errorf("there is no kind of failure %q", kind)
	}
	f.moved = w.seen.expect(m.leader(), "has another leader than "+failed.name, func(ready []types.UID) bool {
		return len(ready) > 0 && !slices.Contains(ready, failed.uid)
	})
	f.dropped = w.seen.expect(m.source, "no longer lists "+failed.name, func(ready []types.UID) bool {
		return !slices.Contains(ready, failed.uid)
	})
	return f, nil
}

// leaderOf is the place of the Pod that leads a Service now.
func (w *world) leaderOf(m *member) (place int, err error) {
	ready := w.seen.ready(m.leader())
	for i, p := range m.pods {
		if len(ready) == 1 && ready[0] == p.uid {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s routes to %v, not to one Pod of its Service", m.leader(), ready)
}

// wait returns, once both parties have done theirs, when they had.
func (f *failover) wait(ctx context.Context, seen *observer) (moved, dropped time.Time, err error) {
	if moved, err = seen.wait(ctx, f.moved); err != nil {
		return
	}
	dropped, err = seen.wait(ctx, f.dropped)
	return
}

// restore makes what failed whole again: the Service has two ready Pods, and the new leader goes on leading.
func (w *world) restore(ctx context.Context, f *failover) error {
	m, failed := f.member, f.member.pods[f.place]
	pods := w.clients.CoreV1().Pods(m.source.Namespace)
	if f.kind == results.KindReadiness {
		_, err := pods.Patch(ctx, failed.name, types.StrategicMergePatchType,
			readinessPatch(corev1.ConditionTrue, time.Now()), metav1.PatchOptions{}, "status")
		return err
	}
	now := metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)} // as a kubelet ends a deletion
	if err := pods.Delete(ctx, failed.name, now); err != nil {
		return err
	}
	return w.createPod(ctx, m, f.place, time.Now())
}

// settle waits until nothing more is to come: both parties' slices are whole and the leader Services' status is written.
func (w *world) settle(ctx context.Context, members ...*member) error {
	for _, m := range members {
		whole := w.seen.expect(m.source, "lists all its Pods", m.whole)
		if _, err := w.seen.wait(ctx, whole); err != nil {
			return err
		}
		led := w.seen.expect(m.leader(), "has a leader", m.led)
		if _, err := w.seen.wait(ctx, led); err != nil {
			return err
		}
	}
	reported := job{what: "waiting for the leader Services' status", count: len(members), workers: writers}
	if err := reported.run(ctx, func(ctx context.Context, number int) error { return w.reported(ctx, members[number]) }); err != nil {
		return err
	}
	return w.seen.quiet(ctx, calm)
}

// whole is whether exactly the Service's Pods are ready.
func (m *member) whole(ready []types.UID) bool {
	for _, p := range m.pods {
		if !slices.Contains(ready, p.uid) {
			return false
		}
	}
	return len(ready) == len(m.pods)
}

// led is whether one of the Service's Pods is the only one.
func (m *member) led(ready []types.UID) bool {
	return len(ready) == 1 && slices.ContainsFunc(m.pods[:], func(p pod) bool { return p.uid == ready[0] })
}

// reported waits until the leader Service's annotations name the leader.
func (w *world) reported(ctx context.Context, m *member) error {
	err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, longest, true, func(ctx context.Context) (bool, error) {
		service, err := w.clients.CoreV1().Services(m.source.Namespace).Get(ctx, m.leader().Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		place, err := w.leaderOf(m)
		return err == nil && service.Annotations[contract.AnnotationLeaderPodUID] == string(m.pods[place].uid), err
	})
	if err != nil {
		return fmt.Errorf("waiting until %s tells of its leader: %w", m.leader(), err)
	}
	return nil
}
