package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/zen-lead/zen-lead/test/chaos/jumpy"
	"github.com/zen-lead/zen-lead/test/chaos/wire"
)

// fault is something that the operator depends on and that fails for a while.
type fault struct {
	name string
	// plane is whether it is of the control plane; one of those at a time.
	plane bool
	// blinds is whether replicas cannot know what is the case meanwhile.
	blinds bool
	// jumps is whether it takes a binary whose clock can jump.
	jumps bool
	// begin makes it, and returns what ends it.
	begin func(ctx context.Context, w *world, m *member, random *rand.Rand) (end func(context.Context) error, err error)
}

// faults are all there are. Those of the control plane strike both replicas, the others one.
var faults = []fault{
	{name: "API server killed", plane: true, blinds: true, begin: killServer},
	{name: "etcd frozen", plane: true, blinds: true, begin: freezeStore},
	{name: "etcd restored", plane: true, blinds: true, begin: restoreStore},
	{name: "line cut", blinds: true, begin: trouble(wire.Trouble{Cut: true})},
	{name: "line silent", blinds: true, begin: trouble(wire.Trouble{Silent: true})},
	{name: "watches stalled", blinds: true, begin: trouble(wire.Trouble{StallWatches: true})},
	{name: "watches cut", blinds: true, begin: cutWatches},
	{name: "watches expired", blinds: true, begin: expireWatches},
	{name: "slow line", blinds: true, begin: slowLine},
	{name: "refusals", blinds: true, begin: refusals},
	{name: "replica killed", begin: killReplica},
	{name: "replica frozen", blinds: true, begin: freezeReplica},
	{name: "clock jumps", jumps: true, begin: jumpClock},
}

func killServer(_ context.Context, w *world, _ *member, _ *rand.Rand) (func(context.Context) error, error) {
	server, err := w.plane.Server()
	if err != nil {
		return nil, err
	}
	return server.Start, server.Kill()
}

func freezeStore(_ context.Context, w *world, _ *member, _ *rand.Rand) (func(context.Context) error, error) {
	store, err := w.plane.Store()
	if err != nil {
		return nil, err
	}
	server, err := w.plane.Server()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return errors.Join(store.Thaw(), store.Ready(ctx), server.Ready(ctx))
	}, store.Freeze()
}

// restoreStore keeps a copy of etcd's data, and puts it back in the end: all that was written meanwhile is lost, as when somebody restores a
// cluster from a backup.
func restoreStore(ctx context.Context, w *world, _ *member, _ *rand.Rand) (func(context.Context) error, error) {
	data, backup := w.plane.StoreDirectory(), filepath.Join(w.scratch, "backup")
	copied := func() error {
		return errors.Join(os.RemoveAll(backup), os.CopyFS(backup, os.DirFS(data)))
	}
	return func(context.Context) error {
			return w.plane.Stopped(ctx, func() error {
				defer w.watches.beginAnew()
				return errors.Join(os.RemoveAll(data), os.CopyFS(data, os.DirFS(backup)))
			})
		}, w.plane.Stopped(ctx, func() error {
			w.checker.BackupTaken(time.Now())
			return copied()
		})
}

// trouble makes a line fail.
func trouble(made wire.Trouble) func(context.Context, *world, *member, *rand.Rand) (func(context.Context) error, error) {
	return func(_ context.Context, _ *world, m *member, _ *rand.Rand) (func(context.Context) error, error) {
		return m.makeTrouble(made)
	}
}

func (m *member) makeTrouble(made wire.Trouble) (func(context.Context) error, error) {
	m.line.Make(made)
	return func(context.Context) error { m.line.Make(wire.Trouble{}); return nil }, nil
}

// cutWatches ends all connections every now and then.
func cutWatches(_ context.Context, _ *world, m *member, _ *rand.Rand) (func(context.Context) error, error) {
	done := make(chan struct{})
	go func() {
		for {
			m.line.CutNow()
			select {
			case <-done:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	return func(context.Context) error { close(done); return nil }, nil
}

// expireWatches cuts the watches every now and then and refuses to go on with them from where they were, as API servers do that were started again
// one by one.
func expireWatches(_ context.Context, _ *world, m *member, _ *rand.Rand) (func(context.Context) error, error) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			m.line.Make(wire.Trouble{ExpireWatches: true})
			m.line.CutNow()
			select {
			case <-done:
				return
			case <-time.After(time.Second):
			}
		}
	})
	return func(context.Context) error {
		close(done)
		running.Wait()
		m.line.Make(wire.Trouble{})
		return nil
	}, nil
}

func slowLine(_ context.Context, _ *world, m *member, random *rand.Rand) (func(context.Context) error, error) {
	return m.makeTrouble(wire.Trouble{Delay: time.Duration(50+random.IntN(950)) * time.Millisecond})
}

func refusals(_ context.Context, _ *world, m *member, random *rand.Rand) (func(context.Context) error, error) {
	defer m.line.CutNow()
	return m.makeTrouble(wire.Trouble{
		Share: 0.2 + 0.6*random.Float64(), Random: fork(random),
		Refusals: []wire.Refusal{wire.TooManyRequests, wire.InternalError, wire.Unavailable, wire.Conflict},
	})
}

func killReplica(_ context.Context, w *world, m *member, _ *rand.Rand) (func(context.Context) error, error) {
	return func(ctx context.Context) error { return w.launch(ctx, m) }, m.kill()
}

func freezeReplica(_ context.Context, _ *world, m *member, _ *rand.Rand) (func(context.Context) error, error) {
	frozen := m.running()
	return func(context.Context) error { return frozen.Thaw() }, frozen.Freeze()
}

// jumpClock has the clock of a replica's machine jump by an hour now and then, forward and back.
func jumpClock(_ context.Context, _ *world, m *member, random *rand.Rand) (func(context.Context) error, error) {
	done, ended := make(chan struct{}), make(chan error)
	jumps := fork(random)
	go func() {
		var err error
		for {
			jump := jumpy.Forward
			if jumps.IntN(2) == 0 {
				jump = jumpy.Back
			}
			err = errors.Join(err, m.running().Signal(jump))
			select {
			case <-done:
				ended <- err
				return
			case <-time.After(time.Duration(jumps.Int64N(int64(longestJump)))):
			}
		}
	}()
	return func(context.Context) error { close(done); return <-ended }, nil
}

// longestJump is how long a clock at most keeps what it was set to, while it jumps.
const longestJump = 600 * time.Millisecond

// fork is a source of chance of its own: requests come in no order that a seed could give.
func fork(random *rand.Rand) *rand.Rand {
	return rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
}
