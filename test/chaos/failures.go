package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/zen-lead/zen-lead/test/workload"
)

const (
	// failEvery is how often a Pod fails, on average.
	failEvery = 50 * time.Millisecond
	// longestRecovery is after what time at most a Pod that failed is well again.
	longestRecovery = 1500 * time.Millisecond
	// spoiledOf is of how many failures one is no Pod's, but something done to what the operator has made.
	spoiledOf = 10
)

// failing has Pods fail and slices be spoiled at random until it is told to end. All Pods that have failed are well again then, at once.
func (w *world) failing(ctx context.Context, random *rand.Rand, done <-chan struct{}) (failed, spoiled int) {
	busy := map[string]bool{}
	mutex := &sync.Mutex{}
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case <-done:
			return failed, spoiled
		case <-ctx.Done():
			return failed, spoiled
		case <-time.After(time.Duration(random.Int64N(int64(2 * failEvery)))):
		}
		if random.IntN(spoiledOf) == 0 {
			number, spoils := random.IntN(len(w.services)), workload.Spoils
			if isDualStack(number) {
				spoils = slices.Concat(spoils, workload.DualStackSpoils)
			}
			service, spoil := w.services[number], spoils[random.IntN(len(spoils))]
			spoiled++
			running.Go(func() {
				w.insist(ctx, func(ctx context.Context) error { return spoil.Do(ctx, w.pods, service) })
			})
			continue
		}
		pod := workload.Name(w.services[random.IntN(len(w.services))], random.IntN(podsEach))
		way, pause := workload.Failures[random.IntN(len(workload.Failures))], time.Duration(random.Int64N(int64(longestRecovery)))
		mutex.Lock()
		taken := busy[pod]
		busy[pod] = true
		mutex.Unlock()
		if taken {
			continue
		}
		failed++
		running.Go(func() {
			w.insist(ctx, func(ctx context.Context) error { return way.Fail(w.pods, ctx, pod) })
			select {
			case <-done:
			case <-time.After(pause):
			}
			w.insist(ctx, func(ctx context.Context) error { return way.Recover(w.pods, ctx, pod) })
			mutex.Lock()
			defer mutex.Unlock()
			delete(busy, pod)
		})
	}
}

// insist tries until it succeeds: the API server may be away.
func (w *world) insist(ctx context.Context, do func(context.Context) error) {
	_ = until(ctx, func(ctx context.Context) bool {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		return do(ctx) == nil
	})
}

// until polls until something is the case or the context ends.
func until(ctx context.Context, is func(context.Context) bool) error {
	return wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) { return is(ctx), nil })
}
