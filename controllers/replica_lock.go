package controllers

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// replicaLock is the Lease that replicas compete for.
type replicaLock struct {
	resourcelock.Interface
	// held is told whether this replica was seen to hold it, each time that this is found out. A replica that was stopped for a while
	// goes on trying to renew what it held, for ten seconds, while another one acts already.
	held func(bool)
}

// newReplicaLock tells held whether this replica holds the Lease, and note of its resource version. It does without the Events that
// controller-runtime's own lock would write, to which the operator has no right.
func newReplicaLock(restConfig *rest.Config, namespace string, held func(bool), note func(version string)) (resourcelock.Interface, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("reading the host name: %w", err)
	}
	leases, err := coordinationclient.NewForConfig(rest.AddUserAgent(rest.CopyConfig(restConfig), "leader-election"))
	if err != nil {
		return nil, fmt.Errorf("creating the client for leader election: %w", err)
	}
	lock, err := resourcelock.New(resourcelock.LeasesResourceLock, namespace, Name, nil, notedLeases{leases, note},
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
