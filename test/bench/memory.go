package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

const (
	memoryServices = 1000
	memoryCrowd    = 50000

	// Memory has settled when so many readings in a row differ by no more than the tolerance; the garbage collector and the
	// return of pages to the machine take their time.
	memoryReadings  = 15
	memoryInterval  = 2 * time.Second
	memoryTolerance = 1 << 20
	memoryPatience  = 3 * time.Minute
)

// residents are the operator's resident memory, in bytes, at the stages of the case.
type residents struct {
	empty, services, crowd, restarted float64
}

// memory looks at the operator's memory as the cluster grows, and after a start in the grown cluster.
func (w *world) memory(ctx context.Context) (results.Case, error) {
	var resident residents
	for _, stage := range []struct {
		reach func(context.Context) error
		bytes *float64
	}{
		{func(context.Context) error { return nil }, &resident.empty},
		{func(ctx context.Context) error { return w.grow(ctx, memoryServices) }, &resident.services},
		{func(ctx context.Context) error { return w.growCrowd(ctx, memoryCrowd) }, &resident.crowd},
		{w.restartOperator, &resident.restarted},
	} {
		if err := stage.reach(ctx); err != nil {
			return results.Case{}, err
		}
		settled, err := w.settledMemory(ctx)
		if err != nil {
			return results.Case{}, err
		}
		*stage.bytes = float64(settled)
	}
	spent, err := w.operator.replica.CPUTime()
	if err != nil {
		return results.Case{}, err
	}
	size, err := w.crowdSize(ctx)
	return results.Case{Figures: append(resident.figures(),
		results.Figure{Name: results.FigureUnrelatedPods, Value: memoryCrowd, Unit: results.UnitOne},
		results.Figure{Name: results.FigurePodSize, Value: size / (1 << 10), Unit: results.UnitKiB},
		results.Figure{Name: results.FigureCPUOfStart, Value: milliseconds(spent), Unit: results.UnitMilliseconds},
	)}, err
}

func (r residents) figures() []results.Figure {
	mebibytes := func(name string, bytes float64) results.Figure {
		return results.Figure{Name: name, Value: bytes / (1 << 20), Unit: results.UnitMiB}
	}
	kibibytes := func(name string, bytes float64) results.Figure {
		return results.Figure{Name: name, Value: bytes / (1 << 10), Unit: results.UnitKiB}
	}
	return []results.Figure{
		mebibytes(results.FigureResidentEmpty, r.empty),
		mebibytes(results.FigureResidentServices, r.services),
		mebibytes(results.FigureResidentPods, r.crowd),
		mebibytes(results.FigureResidentPodsRestarted, r.restarted),
		kibibytes(results.FigurePerService, (r.services-r.empty)/memoryServices),
		// The worse of the two: Pods that came while the process ran, and those that it found. What is above the empty process
		// is shared out between Services and Pods.
		kibibytes(results.FigurePerPod, (max(r.crowd, r.restarted)-r.services)/memoryCrowd),
	}
}

func (w *world) restartOperator(ctx context.Context) error {
	if err := w.operator.stop(ctx); err != nil {
		return err
	}
	return w.operator.start(ctx)
}

// settledMemory waits until the operator's resident memory no longer changes, in bytes. If it goes on changing the last
// reading counts.
func (w *world) settledMemory(ctx context.Context) (int64, error) {
	var lowest, highest, last int64
	alike := 0
	for begun := time.Now(); alike < memoryReadings && time.Since(begun) < memoryPatience; {
		if err := pause(ctx, memoryInterval); err != nil {
			return 0, err
		}
		reading, err := w.operator.replica.ResidentBytes()
		if err != nil {
			return 0, err
		}
		last = reading
		lowest, highest = min(lowest, reading), max(highest, reading)
		if alike++; alike == 1 || highest-lowest > memoryTolerance {
			lowest, highest, alike = reading, reading, 1
		}
	}
	fmt.Fprintf(w.options.Progress, "The operator has %.1f MiB of memory\n", float64(last)/(1<<20))
	return last, nil
}
