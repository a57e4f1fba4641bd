package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// sequential makes leaders fail one after another, each of a Service picked at random.
func (w *world) sequential(ctx context.Context, kind string, rounds int) (results.Case, error) {
	var seen times
	for round := range rounds {
		m := w.members[w.random.IntN(len(w.members))]
		if _, err := w.once(ctx, m, kind, &seen); err != nil {
			return results.Case{}, fmt.Errorf("failover %d of %d: %w", round+1, rounds, err)
		}
	}
	result := seen.result()
	result.Figures = []results.Figure{{Name: results.FigureFirst, Value: seen.first(), Unit: results.UnitShare}}
	return result, nil
}

// once makes a leader fail, notes the times, and mends it.
func (w *world) once(ctx context.Context, m *member, kind string, seen *times) (*failover, error) {
	f, err := w.prepare(m, kind)
	if err != nil {
		return nil, err
	}
	if err := f.strike(ctx); err != nil {
		return nil, err
	}
	if err := seen.note(ctx, w.seen, f); err != nil {
		return nil, err
	}
	if err := w.restore(ctx, f); err != nil {
		return nil, err
	}
	return f, w.settle(ctx, m)
}

// times are what failovers took both parties, in milliseconds.
type times struct {
	ours, builtIn []float64
}

// note waits for both parties.
func (t *times) note(ctx context.Context, seen *observer, f *failover) error {
	moved, dropped, err := f.wait(ctx, seen)
	if err != nil {
		return err
	}
	t.ours = append(t.ours, milliseconds(moved.Sub(f.struck)))
	t.builtIn = append(t.builtIn, milliseconds(dropped.Sub(f.struck)))
	return nil
}

// first is in how many of the failovers ours was first, in percent.
func (t *times) first() float64 {
	first := 0
	for i := range t.ours {
		if t.ours[i] < t.builtIn[i] {
			first++
		}
	}
	return 100 * float64(first) / float64(max(1, len(t.ours)))
}

func (t *times) result() results.Case {
	ours, builtIn := results.DistributionOf(t.ours), results.DistributionOf(t.builtIn)
	return results.Case{Ours: &ours, BuiltIn: &builtIn}
}

func milliseconds(duration time.Duration) float64 { return float64(duration.Nanoseconds()) / 1e6 }
