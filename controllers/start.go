package controllers

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// longestStop is how long a replica that does not act takes at most to end. It has nothing to hand over.
const longestStop = 2 * time.Second

// endingManager is a manager that ends when it is told to also while its caches are being filled, for example without the right to
// list Pods. By itself controller-runtime v0.25 goes on waiting for them then, at full speed, until it is killed.
type endingManager struct {
	manager.Manager
}

// Start runs the manager until the context is done. The process must end soon after.
func (m endingManager) Start(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- m.Manager.Start(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case <-m.Elected():
		return <-ended // bounded by the manager's own grace period; the Lease is released on the way
	default:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestStop)
	defer cancel()
	select {
	case err := <-ended:
		return err
	case <-stopping.Done():
		return nil
	}
}
