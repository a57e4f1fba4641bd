package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/results"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// flushTime is for how long the operator must have asked for nothing until all that it had to write is taken to be written.
const flushTime = 2 * time.Second

// calls counts what failovers cost the API server, and what the operator asks for at rest.
func (w *world) calls(ctx context.Context, rounds int, rest time.Duration) (results.Case, error) {
	audit, err := controlplane.OpenAudit(w.plane.AuditLog, operatorUser)
	if err != nil {
		return results.Case{}, err
	}
	defer audit.Close()                              //nolint:errcheck // it is only read
	if _, err := w.flushed(ctx, audit); err != nil { // of what came before
		return results.Case{}, err
	}
	var struck []time.Time
	for range rounds {
		f, err := w.once(ctx, w.members[w.random.IntN(len(w.members))], results.KindReadiness, &times{})
		if err != nil {
			return results.Case{}, err
		}
		struck = append(struck, f.struck)
	}
	failing, err := w.flushed(ctx, audit)
	if err != nil {
		return results.Case{}, err
	}
	journal, err := readJournal(w.plane.AuditLog, operatorUser)
	if err != nil {
		return results.Case{}, err
	}
	if err := pause(ctx, rest); err != nil {
		return results.Case{}, err
	}
	resting, err := audit.Requests()
	if err != nil {
		return results.Case{}, err
	}
	figures := failoverCalls(failing, float64(rounds))
	figures[0].Value = float64(journal.untilMoved(struck)) / float64(rounds)
	return results.Case{Figures: append(figures, restCalls(resting, rest)...)}, nil
}

// failoverCalls begins with the writes until the traffic has moved, which the counts do not tell.
func failoverCalls(c callCount, rounds float64) []results.Figure {
	return append([]results.Figure{
		{Name: results.FigureWritesBeforeMoved, Unit: results.UnitWrites},
		{Name: results.FigureWritesPerFailover, Value: c.writes() / rounds, Unit: results.UnitWrites},
		{Name: results.FigureEventsPerFailover, Value: c.written(resourceEvents) / rounds, Unit: results.UnitWrites},
		{Name: results.FigureReadsPerFailover, Value: c.reads() / rounds, Unit: results.UnitCalls},
	}, c.figures(rounds, "for each failover")...)
}

func restCalls(c callCount, rest time.Duration) []results.Figure {
	minutes := rest.Minutes()
	return append([]results.Figure{
		{Name: results.FigureWritesAtRest, Value: (c.writes() + c.written(resourceEvents)) / minutes, Unit: results.UnitWrites},
		{Name: results.FigureLeaseWritesAtRest, Value: c.written(resourceLeases) / minutes, Unit: results.UnitWrites},
		{Name: results.FigureReadsAtRest, Value: c.reads() / minutes, Unit: results.UnitCalls},
	}, c.figures(minutes, "in a minute at rest")...)
}

// flushed returns the calls since the last look, once nothing but the Lease has been asked for during a while: Events are
// written later than all else.
func (w *world) flushed(ctx context.Context, audit *controlplane.Audit) (callCount, error) {
	total := callCount{}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for {
		if err := pause(ctx, flushTime); err != nil {
			return nil, fmt.Errorf("waiting until the operator asks for nothing any more: %w", err)
		}
		requests, err := audit.Requests()
		if err != nil {
			return nil, err
		}
		more := callCount(requests)
		total.add(more)
		if more.writes()+more.written(resourceEvents)+more.reads() == 0 {
			return total, nil
		}
	}
}
