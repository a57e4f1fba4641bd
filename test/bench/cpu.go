package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

const (
	cpuPeriod = 30 * time.Second
	// crowdUpdates is how many Pods of the crowd change each second.
	crowdUpdates = 200
)

// cpu looks at what the operator takes of a core at rest, and while Pods that are none of its business change.
func (w *world) cpu(ctx context.Context) (results.Case, error) {
	if err := w.grow(ctx, memoryServices); err != nil {
		return results.Case{}, err
	}
	if err := w.growCrowd(ctx, memoryCrowd); err != nil {
		return results.Case{}, err
	}
	if _, err := w.settledMemory(ctx); err != nil { // it is still busy with what came last
		return results.Case{}, err
	}
	rest, _, err := w.share(ctx, func(ctx context.Context) error { return pause(ctx, cpuPeriod) })
	if err != nil {
		return results.Case{}, err
	}
	var updates atomic.Int64
	busy, took, err := w.share(ctx, func(ctx context.Context) error { return w.stirCrowd(ctx, &updates) })
	return results.Case{Figures: []results.Figure{
		{Name: results.FigureCPUAtRest, Value: rest, Unit: results.UnitPercent},
		{Name: results.FigureCPUUnderUpdates, Value: busy, Unit: results.UnitPercent},
		{Name: results.FigureUpdatesASecond, Value: float64(updates.Load()) / took.Seconds(), Unit: results.UnitOne},
	}}, err
}

// share is what the operator takes of a core while something goes on, in percent, and how long that took.
func (w *world) share(ctx context.Context, during func(context.Context) error) (percent float64, took time.Duration, err error) {
	before, err := w.operator.replica.CPUTime()
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := during(ctx); err != nil {
		return 0, 0, err
	}
	took = time.Since(start)
	after, err := w.operator.replica.CPUTime()
	return 100 * (after - before).Seconds() / took.Seconds(), took, err
}

// stirCrowd makes Pods of the crowd unready, each once, evenly spread over time: of all updates of a Pod those that
// concern its readiness are what the operator may not ignore before it knows whose Pod it is.
func (w *world) stirCrowd(ctx context.Context, updates *atomic.Int64) error {
	total := int(cpuPeriod.Seconds() * crowdUpdates)
	start := time.Now()
	stirring := job{what: "changing other Pods", count: total, workers: writers, progress: w.options.Progress}
	return stirring.run(ctx, func(ctx context.Context, number int) error {
		due := start.Add(time.Duration(number) * time.Second / crowdUpdates)
		if err := pause(ctx, time.Until(due)); err != nil {
			return err
		}
		target := crowdNumber(w.stirred.Add(1) - 1)
		if int(target) >= w.crowd {
			return fmt.Errorf("all %d Pods have been changed already", w.crowd)
		}
		_, err := w.clients.CoreV1().Pods(target.namespace()).Patch(ctx, target.name(), types.StrategicMergePatchType,
			readinessPatch(corev1.ConditionFalse, time.Now()), metav1.PatchOptions{FieldManager: "kubelet"}, "status")
		updates.Add(1)
		return err
	})
}
