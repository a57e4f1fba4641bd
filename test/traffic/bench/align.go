package bench

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// spread sees to it that not all Pods are on one node, as they are after another one was drained: deleted, one goes elsewhere.
func (b *Bench) spread(ctx context.Context) error {
	for len(b.nodes) > 2 {
		pods, err := b.clients.CoreV1().Pods(b.namespace).List(ctx, metav1.ListOptions{LabelSelector: appLabel + "=" + b.app.name})
		if err != nil {
			return err
		}
		used, other := map[string]bool{}, ""
		for _, pod := range pods.Items {
			used[pod.Spec.NodeName] = true
			if pod.Name != b.leader() {
				other = pod.Name
			}
		}
		if len(used) > 1 {
			return nil
		}
		if err := b.clients.CoreV1().Pods(b.namespace).Delete(ctx, other, metav1.DeleteOptions{}); err != nil {
			return err
		}
		if err := b.wait(ctx, "the Pod is gone", func(ctx context.Context) (bool, error) {
			_, err := b.pod(ctx, other)
			return apierrors.IsNotFound(err), nil
		}); err != nil {
			return err
		}
		if err := b.waitForAll(ctx); err != nil {
			return err
		}
	}
	return nil
}

// align makes the Pod that the application elects the one that Zen-Lead has elected, so that one fault strikes both. It writes the
// application's Lease: its Pods obey.
func (b *Bench) align(ctx context.Context) (leader string, err error) {
	leases := b.clients.CoordinationV1().Leases(b.namespace)
	err = b.wait(ctx, "both leaders are the same Pod", func(ctx context.Context) (bool, error) {
		leader = b.leader()
		lease, err := leases.Get(ctx, b.app.lease(), metav1.GetOptions{})
		if leader == "" || err != nil {
			return false, nil //nolint:nilerr // the application has not yet begun to elect
		}
		if ptr.Deref(lease.Spec.HolderIdentity, "") != leader {
			now := metav1.NewMicroTime(time.Now())
			lease.Spec.HolderIdentity, lease.Spec.AcquireTime, lease.Spec.RenewTime = &leader, &now, &now
			_, _ = leases.Update(ctx, lease, metav1.UpdateOptions{}) // after a conflict: at the next try
			return false, nil
		}
		routed := b.histories.routed(b.app.labelService())
		return len(routed) == 1 && routed[0] == leader, nil
	})
	return leader, err
}
