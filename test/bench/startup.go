package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/results"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// metricServices counts the opted-in Services that a replica has dealt with since its start, see contract 5.
const metricServices = "zen_lead_services"

// checkedInterval is how often that is asked for: with thousands of Services the metrics are long, and reading them costs.
const checkedInterval = 500 * time.Millisecond

// startup starts the operator where all Services are there, and a leader has failed while it was away.
func (w *world) startup(ctx context.Context, rounds int) (results.Case, error) {
	var decided, checked []float64
	calls := callCount{}
	for range rounds {
		one, err := w.oneStart(ctx, &decided, &checked)
		if err != nil {
			return results.Case{}, err
		}
		calls.add(one)
	}
	return results.Case{Figures: append([]results.Figure{
		{Name: results.FigureFirstDecision, Value: results.DistributionOf(decided).P50, Unit: results.UnitMilliseconds},
		{Name: results.FigureAllChecked, Value: results.DistributionOf(checked).P50, Unit: results.UnitMilliseconds},
		{Name: results.FigureCallsAtStart, Value: calls.all() / float64(rounds), Unit: results.UnitCalls},
		{Name: results.FigureWritesAtStart, Value: calls.writes() / float64(rounds), Unit: results.UnitWrites},
	}, calls.figures(float64(rounds), "at a start")...)}, nil
}

// oneStart returns the calls to the API server until all Services had been checked.
func (w *world) oneStart(ctx context.Context, decided, checked *[]float64) (callCount, error) {
	if err := w.operator.stop(ctx); err != nil {
		return nil, err
	}
	f, err := w.failUnnoticed(ctx, w.members[w.random.IntN(len(w.members))])
	if err != nil {
		return nil, err
	}
	audit, err := controlplane.OpenAudit(w.plane.AuditLog, operatorUser)
	if err != nil {
		return nil, err
	}
	defer audit.Close() //nolint:errcheck // it is only read

	start := time.Now()
	if w.operator.replica, err = w.operator.launch(ctx); err != nil {
		return nil, err
	}
	moved, err := w.seen.wait(ctx, f.moved)
	if err != nil {
		return nil, err
	}
	if err := w.allChecked(ctx); err != nil {
		return nil, err
	}
	*decided = append(*decided, milliseconds(moved.Sub(start)))
	*checked = append(*checked, milliseconds(time.Since(start)))
	calls, err := audit.Requests()
	if err != nil {
		return nil, err
	}
	if err := w.restore(ctx, f); err != nil {
		return nil, err
	}
	return calls, w.settle(ctx, f.member)
}

// failUnnoticed has a leader fail while the operator is away, and waits until that is old news.
func (w *world) failUnnoticed(ctx context.Context, m *member) (*failover, error) {
	f, err := w.prepare(m, results.KindReadiness)
	if err != nil {
		return nil, err
	}
	if err := f.strike(ctx); err != nil {
		return nil, err
	}
	if _, err := w.seen.wait(ctx, f.dropped); err != nil {
		return nil, err
	}
	return f, w.seen.quiet(ctx, calm)
}

// allChecked waits until the operator has dealt with every Service.
func (w *world) allChecked(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for {
		count, err := w.operator.replica.Metric(ctx, metricServices)
		if err == nil && int(count) == len(w.members) {
			return nil
		}
		if pause(ctx, checkedInterval) != nil {
			return fmt.Errorf("waiting until the operator has checked all Services: it says %v of %d (%w)", count, len(w.members), err)
		}
	}
}
