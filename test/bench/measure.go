package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// Options say what to measure with.
type Options struct {
	// Operator is the path of the operator's binary.
	Operator string
	// Progress is told what goes on.
	Progress io.Writer
}

// Measure measures cases and hands each one over as soon as it is done: those that need no cluster, and then cluster by cluster.
func Measure(ctx context.Context, options Options, cases []Case, done func(results.Case) error) error {
	for _, in := range []place{nowhere, shared, audited, empty} {
		chosen := slices.DeleteFunc(slices.Clone(cases), func(c Case) bool { return c.in != in })
		if len(chosen) == 0 {
			continue
		}
		slices.SortStableFunc(chosen, func(a, b Case) int { return a.services - b.services })
		if err := measureTogether(ctx, options, in, chosen, done); err != nil {
			return err
		}
	}
	return nil
}

// measureTogether measures cases in one world.
func measureTogether(ctx context.Context, options Options, in place, cases []Case, done func(results.Case) error) (err error) {
	w := &world{options: options}
	if in != nowhere {
		if w, err = newWorld(ctx, options, in == audited); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, w.stop(ctx)) }()
	for _, c := range cases {
		measured, err := w.measure(ctx, c)
		if ctx.Err() != nil {
			return fmt.Errorf("case %s was broken off: %w", c.Name, context.Cause(ctx))
		}
		if err != nil {
			return fmt.Errorf("case %s: %w%s", c.Name, err, w.operatorLog())
		}
		if err := done(measured); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) measure(ctx context.Context, c Case) (results.Case, error) {
	if err := w.grow(ctx, c.services); err != nil {
		return results.Case{}, err
	}
	start := time.Now()
	measured, err := c.run(ctx, w, c.Rounds)
	measured.Name, measured.Title = c.Name, c.Title
	if err == nil {
		fmt.Fprintf(w.options.Progress, "%s, %.0f s: %s\n", c.Name, time.Since(start).Seconds(), describe(measured))
	}
	return measured, err
}

// describe tells of a case in a line.
func describe(c results.Case) string {
	text := ""
	for _, party := range []struct {
		name string
		seen *results.Distribution
	}{{"ours", c.Ours}, {"built-in", c.BuiltIn}} {
		if d := party.seen; d != nil {
			text += fmt.Sprintf("%s %.1f / %.1f / %.1f / %.1f ms (p50 / p90 / p99 / max of %d); ", party.name, d.P50, d.P90, d.P99, d.Max, d.Count)
		}
	}
	for _, figure := range c.Figures {
		text += fmt.Sprintf("%s %.4g %s; ", figure.Name, figure.Value, figure.Unit)
	}
	return text
}
