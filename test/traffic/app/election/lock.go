package election

import (
	"context"

	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// carefulLock never releases a Lease that another holds by now. client-go's elector reads the Lease before it releases it,
// but goes by what it knew before, so it would depose a holder that it has not met yet.
type carefulLock struct {
	resourcelock.Interface
	holder string // the last one read; the elector makes one call at a time
}

// Get reads the Lease.
func (l *carefulLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	if err == nil {
		l.holder = record.HolderIdentity
	}
	return record, raw, err
}

// Update writes the Lease.
func (l *carefulLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if record.HolderIdentity == "" && l.holder != l.Identity() {
		return nil
	}
	err := l.Interface.Update(ctx, record)
	if err == nil {
		l.holder = record.HolderIdentity
	}
	return err
}
