package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

func TestAJobIsDoneForEachNumberOnce(t *testing.T) {
	var done [100]atomic.Int64
	err := job{what: "counting", count: len(done), workers: 7}.run(t.Context(), func(_ context.Context, number int) error {
		done[number].Add(1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for number := range done {
		if times := done[number].Load(); times != 1 {
			t.Errorf("number %d was done %d times", number, times)
		}
	}
}

func TestAJobEndsWithItsFirstError(t *testing.T) {
	broken := errors.New("broken")
	var tried atomic.Int64
	err := job{what: "breaking", count: 1000, workers: 2}.run(t.Context(), func(context.Context, int) error {
		tried.Add(1)
		return broken
	})
	if !errors.Is(err, broken) || tried.Load() > 4 {
		t.Errorf("%v after %d", err, tried.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (job{what: "nothing", count: 1, workers: 1}).run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
