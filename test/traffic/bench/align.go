package bench

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

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
