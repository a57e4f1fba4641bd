package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// burstWriters is how many writes of a burst are under way at a time: a node's kubelet or the node controller is no faster.
const burstWriters = 50

// bursts makes many leaders on one node fail at once, again and again.
func (w *world) bursts(ctx context.Context, leaders, rounds int) (results.Case, error) {
	var seen, total times
	for round := range rounds {
		node, chosen, err := w.choose(leaders)
		if err != nil {
			return results.Case{}, err
		}
		if err := w.gather(ctx, chosen, node); err != nil {
			return results.Case{}, fmt.Errorf("gathering leaders on one node: %w", err)
		}
		if err := w.oneBurst(ctx, chosen, &seen, &total); err != nil {
			return results.Case{}, fmt.Errorf("burst %d of %d: %w", round+1, rounds, err)
		}
	}
	return burstResult(&seen, &total), nil
}

// burstResult is the times of each, and as figures those of all together.
func burstResult(seen, total *times) results.Case {
	result := seen.result()
	ours, builtIn := total.result().Ours, total.result().BuiltIn
	result.Figures = []results.Figure{
		{Name: results.FigureTotalOurs, Value: ours.P50, Unit: results.UnitMilliseconds},
		{Name: results.FigureTotalBuiltIn, Value: builtIn.P50, Unit: results.UnitMilliseconds},
	}
	return result
}

// burstsOfPair are bursts with a warm standby beside, which takes over what the acting replica does not get to in time.
func (w *world) burstsOfPair(ctx context.Context, leaders, rounds int) (result results.Case, err error) {
	p := &pair{world: w}
	defer func() { err = errors.Join(err, p.endStandby()) }()
	if err := p.complete(ctx); err != nil {
		return result, err
	}
	if result, err = w.bursts(ctx, leaders, rounds); err != nil {
		return result, err
	}
	takenOver, err := p.standby.Metric(ctx, metricTakeovers)
	result.Figures = append(result.Figures, results.Figure{
		Name: results.FigureBurstTakenOver, Value: takenOver / float64(rounds), Unit: results.UnitOne,
	})
	return result, err
}

// choose picks Services at random, those first whose leaders are on the node that most leaders are on.
func (w *world) choose(leaders int) (node int, chosen []*member, err error) {
	var byNode [podsPerService][]*member
	for _, number := range w.random.Perm(len(w.members)) {
		place, err := w.leaderOf(w.members[number])
		if err != nil {
			return 0, nil, err
		}
		byNode[place] = append(byNode[place], w.members[number])
	}
	if len(byNode[1]) > len(byNode[0]) {
		node = 1
	}
	candidates := slices.Concat(byNode[node], byNode[1-node])
	return node, candidates[:leaders], nil
}

// gather moves leaders that are elsewhere to a node, by having them fail.
func (w *world) gather(ctx context.Context, members []*member, node int) error {
	var elsewhere []*member
	for _, m := range members {
		place, err := w.leaderOf(m)
		if err != nil {
			return err
		}
		if place != node {
			elsewhere = append(elsewhere, m)
		}
	}
	var ignored times
	return w.oneBurst(ctx, elsewhere, &ignored, &ignored)
}

// oneBurst makes leaders fail at once, notes the times of each and of all together, and mends them.
func (w *world) oneBurst(ctx context.Context, members []*member, seen, total *times) error {
	if len(members) == 0 {
		return nil
	}
	b, err := w.prepareBurst(members)
	if err != nil {
		return err
	}
	if err := b.strike(ctx); err != nil {
		return err
	}
	if err := b.note(ctx, seen, total); err != nil {
		return err
	}
	return b.mend(ctx)
}

// burst is many failovers at once.
type burst struct {
	*world
	members   []*member
	failovers []*failover
}

func (w *world) prepareBurst(members []*member) (*burst, error) {
	b := &burst{world: w, members: members}
	for _, m := range members {
		f, err := w.prepare(m, results.KindReadiness)
		if err != nil {
			return nil, err
		}
		b.failovers = append(b.failovers, f)
	}
	return b, nil
}

// strike makes the leaders fail.
func (b *burst) strike(ctx context.Context) error {
	failing := job{what: "making leaders fail", count: len(b.failovers), workers: burstWriters}
	return failing.run(ctx, func(ctx context.Context, number int) error { return b.failovers[number].strike(ctx) })
}

// note waits until all have moved, and notes the times of each and of all together.
func (b *burst) note(ctx context.Context, seen, total *times) error {
	var moved, dropped, first time.Time
	for _, f := range b.failovers {
		if err := seen.note(ctx, b.seen, f); err != nil {
			return err
		}
		moved, dropped = later(moved, f.moved.at), later(dropped, f.dropped.at)
		if first.IsZero() || f.struck.Before(first) {
			first = f.struck
		}
	}
	total.ours = append(total.ours, milliseconds(moved.Sub(first)))
	total.builtIn = append(total.builtIn, milliseconds(dropped.Sub(first)))
	return nil
}

// mend makes the former leaders ready again, and waits for rest.
func (b *burst) mend(ctx context.Context) error {
	mending := job{what: "making former leaders ready again", count: len(b.failovers), workers: writers}
	if err := mending.run(ctx, func(ctx context.Context, number int) error { return b.restore(ctx, b.failovers[number]) }); err != nil {
		return err
	}
	if err := b.settle(ctx, b.members...); err != nil {
		return err
	}
	return b.rest(ctx)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
