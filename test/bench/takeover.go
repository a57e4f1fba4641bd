package bench

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/test/bench/replica"
	"github.com/zen-lead/zen-lead/test/bench/results"
)

const (
	// takeoverRounds is how often the acting replica is ended: as many as the bars ask for.
	takeoverRounds   = 50
	takeoverServices = 20
	// metricTakeovers counts the decisions of a replica that does not act first, see contract 5.
	metricTakeovers = "zen_lead_takeovers_total"
)

// ending is how the acting replica is lost.
type ending struct {
	end func(*replica.Replica) error
	// orphansLease says that the replica leaves the Lease in its own name.
	orphansLease bool
}

// takeoverCases are those in which the acting replica ends together with a leader.
func takeoverCases() []Case {
	killed := ending{end: (*replica.Replica).Kill, orphansLease: true}
	// It is told so, and the leader fails at once: whether it still acts, and when it gives its Lease up, is what matters.
	terminated := ending{end: (*replica.Replica).Stop}
	return []Case{
		takeoverCase(results.CaseTakeoverKill, "The acting replica is killed (SIGKILL), and a leader fails at once", killed),
		takeoverCase(results.CaseTakeoverTerminate, "The acting replica is told to end (SIGTERM), and a leader fails at once", terminated),
		{Name: results.CaseTakeoverBurst, Title: "The acting replica is killed (SIGKILL), and 500 leaders of one node fail at once, 500 Services", Rounds: 5,
			services: 500, run: func(ctx context.Context, w *world, rounds int) (results.Case, error) {
				return w.takeoverBursts(ctx, 500, rounds, killed)
			}},
	}
}

func takeoverCase(name, title string, of ending) Case {
	return Case{
		Name: name, Title: title, Rounds: takeoverRounds, services: takeoverServices,
		run: func(ctx context.Context, w *world, rounds int) (results.Case, error) {
			return w.takeovers(ctx, rounds, of)
		},
	}
}

// takeovers measures failovers undisturbed, with two replicas, and then as many that each begin with the acting replica's end.
func (w *world) takeovers(ctx context.Context, rounds int, of ending) (result results.Case, err error) {
	p := &pair{world: w, ending: of}
	defer func() { err = errors.Join(err, p.endStandby()) }()
	if err := p.complete(ctx); err != nil {
		return result, err
	}
	undisturbed, err := w.sequential(ctx, results.KindReadiness, rounds)
	if err != nil {
		return result, fmt.Errorf("undisturbed: %w", err)
	}
	for round := range rounds {
		if err := p.round(ctx); err != nil {
			return result, fmt.Errorf("round %d of %d: %w", round+1, rounds, err)
		}
	}
	result = p.measured.result()
	result.Figures = []results.Figure{
		{Name: results.FigureUndisturbed, Value: undisturbed.Ours.P50, Unit: results.UnitMilliseconds},
		{Name: results.FigureUndisturbedP99, Value: undisturbed.Ours.P99, Unit: results.UnitMilliseconds},
		{Name: results.FigureUndisturbedBuiltIn, Value: undisturbed.BuiltIn.P50, Unit: results.UnitMilliseconds},
		{Name: results.FigureTakenOver, Value: float64(p.takenOver), Unit: results.UnitOne},
	}
	return result, nil
}

// pair is the world's operator, which acts first, and a warm standby.
type pair struct {
	*world
	ending
	standby   *replica.Replica // nil while there is none
	measured  times
	takenOver int // rounds
}

// complete starts a standby, waits until it is one, and lets its start pass.
func (p *pair) complete(ctx context.Context) (err error) {
	if p.standby, err = p.operator.launch(ctx); err != nil {
		return fmt.Errorf("starting a standby: %w", err)
	}
	if err := inTime(ctx, p.standby.WaitReady); err != nil {
		return err
	}
	return p.rest(ctx)
}

// endStandby leaves the acting replica alone, as other cases expect.
func (p *pair) endStandby() error {
	if p.standby == nil {
		return nil
	}
	return p.standby.Kill() // it has nothing to hand over
}

// round ends the acting replica, has a leader fail at once, and makes the pair whole again.
func (p *pair) round(ctx context.Context) error {
	f, err := p.prepare(p.members[p.random.IntN(len(p.members))], results.KindReadiness)
	if err != nil {
		return err
	}
	before, err := p.standby.Metric(ctx, metricTakeovers)
	if err != nil {
		return err
	}
	return p.loseActing(func(former *replica.Replica) []func() error {
		return []func() error{
			func() error { return p.end(former) },
			func() error { return f.strike(ctx) },
			func() error { return p.measured.note(ctx, p.seen, f) },
			func() error { return p.succeed(ctx, former) },
			func() error { return p.countTakeover(ctx, before) },
			func() error { return p.restore(ctx, f) },
			func() error { return p.settle(ctx, f.member) },
			func() error { return p.complete(ctx) },
		}
	})
}

// loseActing puts the standby in the acting replica's place and takes the steps that end the former one. That is not left behind if
// one of them fails.
func (p *pair) loseActing(steps func(former *replica.Replica) []func() error) error {
	former := p.operator.replica
	p.operator.replica, p.standby = p.standby, nil
	for _, step := range steps(former) {
		if err := step(); err != nil {
			return errors.Join(err, former.Kill())
		}
	}
	return nil
}

// takeoverBursts measures bursts that each begin with the acting replica's end.
func (w *world) takeoverBursts(ctx context.Context, leaders, rounds int, of ending) (result results.Case, err error) {
	p := &pair{world: w, ending: of}
	defer func() { err = errors.Join(err, p.endStandby()) }()
	if err := p.complete(ctx); err != nil {
		return result, err
	}
	var total times
	for round := range rounds {
		if err := p.burst(ctx, leaders, &total); err != nil {
			return result, fmt.Errorf("burst %d of %d: %w", round+1, rounds, err)
		}
	}
	return burstResult(&p.measured, &total), nil
}

// burst ends the acting replica, has many leaders on one node fail at once, and makes the pair whole again.
func (p *pair) burst(ctx context.Context, leaders int, total *times) error {
	node, chosen, err := p.choose(leaders)
	if err != nil {
		return err
	}
	if err := p.gather(ctx, chosen, node); err != nil {
		return fmt.Errorf("gathering leaders on one node: %w", err)
	}
	b, err := p.prepareBurst(chosen)
	if err != nil {
		return err
	}
	return p.loseActing(func(former *replica.Replica) []func() error {
		return []func() error{
			func() error { return p.end(former) },
			func() error { return b.strike(ctx) },
			func() error { return b.note(ctx, &p.measured, total) },
			func() error { return p.succeed(ctx, former) },
			func() error { return b.mend(ctx) },
			func() error { return p.complete(ctx) },
		}
	})
}

// countTakeover counts the round if the standby decided before it acted first.
func (p *pair) countTakeover(ctx context.Context, before float64) error {
	after, err := p.operator.replica.Metric(ctx, metricTakeovers)
	if after > before {
		p.takenOver++
	}
	return err
}

// succeed waits until the former acting replica is gone and the standby acts in its place.
func (p *pair) succeed(ctx context.Context, former *replica.Replica) error {
	gone := func() error { return inTime(ctx, former.Wait) }
	if p.orphansLease {
		gone = func() error { return p.releaseLease(ctx) } // it is gone, and that it was killed is no failure
	}
	if err := gone(); err != nil {
		return err
	}
	return inTime(ctx, p.operator.replica.WaitActing)
}

// releaseLease takes the Lease from a replica that was killed, as an administrator: it would run out by itself after 15 s. The failover
// has been measured by then; this only shortens the wait for the next round.
func (p *pair) releaseLease(ctx context.Context) error {
	_, err := p.clients.CoordinationV1().Leases(operatorNamespace).Patch(ctx, controllers.Name, types.MergePatchType,
		[]byte(`{"spec":{"holderIdentity":""}}`), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("releasing the Lease of a replica that was killed: %w", err)
	}
	return nil
}

// inTime bounds a wait.
func inTime(ctx context.Context, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	return wait(ctx)
}
