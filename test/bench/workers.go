package bench

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/util/workqueue"
)

// toldEvery is how often people are told how far a long job is.
const toldEvery = 5 * time.Second

// job is something done many times over.
type job struct {
	what     string
	count    int
	workers  int
	progress io.Writer // may be nil
}

// run calls do once for each number below count, by several workers, and returns the first error.
func (j job) run(ctx context.Context, do func(ctx context.Context, number int) error) error {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done atomic.Int64
	told := j.tell(working, &done)
	workqueue.ParallelizeUntil(working, j.workers, j.count, func(number int) {
		if err := do(working, number); err != nil {
			stop(err)
			return
		}
		done.Add(1)
	})
	err := context.Cause(working)
	stop(nil)
	told.Wait()
	if err != nil {
		return fmt.Errorf("%s: %w", j.what, err)
	}
	return nil
}

// tell tells how far the job is until the context ends.
func (j job) tell(ctx context.Context, done *atomic.Int64) *sync.WaitGroup {
	var told sync.WaitGroup
	if j.progress == nil {
		return &told
	}
	told.Go(func() {
		for pause(ctx, toldEvery) == nil {
			fmt.Fprintf(j.progress, "  %s: %d of %d\n", j.what, done.Load(), j.count)
		}
	})
	return &told
}
