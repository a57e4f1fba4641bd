package controllers

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"
)

// replicaLock is the Lease that replicas compete for.
type replicaLock struct {
	resourcelock.Interface
	// held is told whether this replica was seen to hold it, each time that this is found out. A replica that was stopped for a while
	// goes on trying to renew what it held, for ten seconds, while another one acts already.
	held func(bool)
}

// renewDeadline is within what time a replica that acts has to renew the Lease, or it ends. It tries every two seconds.
// Source: controller-runtime's default.
const renewDeadline = 10 * time.Second

// newReplicaLock tells held whether this replica holds the Lease, and note of its resource version and when that was asked for. It does without the Events that
// controller-runtime's own lock would write, to which the operator has no right.
func newReplicaLock(restConfig *rest.Config, namespace string, held func(bool), note func(version string, asked time.Time),
	clock clock.PassiveClock) (resourcelock.Interface, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("reading the host name: %w", err)
	}
	limited := rest.AddUserAgent(rest.CopyConfig(restConfig), "leader-election")
	limited.Timeout = renewDeadline / 2 // so that one request without an answer does not cost the Lease
	leases, err := coordinationclient.NewForConfig(limited)
	if err != nil {
		return nil, fmt.Errorf("creating the client for leader election: %w", err)
	}
	lock, err := resourcelock.New(resourcelock.LeasesResourceLock, namespace, Name, nil, notedLeases{leases, note, clock},
		resourcelock.ResourceLockConfig{Identity: host + "_" + uuid.NewString()})
	if err != nil {
		return nil, fmt.Errorf("creating the lock of the replicas: %w", err)
	}
	return replicaLock{Interface: lock, held: held}, nil
}

// Get reads who holds it.
func (l replicaLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	if err == nil && record.HolderIdentity != l.Identity() {
		l.held(false)
	}
	return record, raw, err
}

// Update writes who holds it.
func (l replicaLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	err := l.Interface.Update(ctx, record)
	if err == nil {
		l.held(record.HolderIdentity == l.Identity())
	}
	return err
}
