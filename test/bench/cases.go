package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// Case is one thing that is measured.
type Case struct {
	// Name is the case's in results and on the command line.
	Name string
	// Title is what people read.
	Title string
	// Rounds is how often it is measured, where that is a question.
	Rounds int

	// in is where it is measured.
	in place
	// services is how many Services there must be.
	services int
	run      func(ctx context.Context, w *world, rounds int) (results.Case, error)
}

// place is where cases are measured.
type place int

const (
	// shared is a cluster that grows from case to case.
	shared place = iota
	// audited is another one, whose API server logs every request and not only the operator's.
	audited
	// empty is one in which nothing has been before.
	empty
	// nowhere needs no cluster.
	nowhere
)

// failovers is how many a sequential case measures: the 99th percentile is then the eleventh longest.
const failovers = 1000

// Cases are all cases.
func Cases() []Case {
	var all []Case
	for _, services := range []int{20, 500, 5000} {
		for _, kind := range []string{results.KindReadiness, results.KindDeletion} {
			all = append(all, sequentialCase(kind, services, failovers))
		}
	}
	return slices.Concat(all, takeoverCases(), []Case{
		burstCase(100, 500, 10),
		burstCase(500, 500, 5),
		burstCase(2000, 5000, 3),
		{Name: results.CaseBurstOfPair, Title: "500 leaders of one node are no longer ready at once, 500 Services, with a standby beside", Rounds: 5,
			services: 500, run: func(ctx context.Context, w *world, rounds int) (results.Case, error) {
				return w.burstsOfPair(ctx, 500, rounds)
			}},
		callsCase(50, time.Minute),
		{Name: results.CaseTimeline, Title: "What the API server does in a failover and when, 20 Services, every request logged", Rounds: failovers,
			services: 20, in: audited,
			run: func(ctx context.Context, w *world, rounds int) (results.Case, error) { return w.timeline(ctx, rounds) }},
		{Name: results.CaseStartup, Title: "The operator starts with 5,000 Services there, of which one leader has failed meanwhile", Rounds: 3,
			services: 5000, run: func(ctx context.Context, w *world, rounds int) (results.Case, error) { return w.startup(ctx, rounds) }},
		{Name: results.CaseMemory, Title: "Memory: 1,000 Services and 50,000 other Pods", in: empty,
			run: func(ctx context.Context, w *world, _ int) (results.Case, error) { return w.memory(ctx) }},
		{Name: results.CaseCPU, Title: "Processor time: 1,000 Services and 50,000 other Pods, of which 200 change each second", in: empty,
			run: func(ctx context.Context, w *world, _ int) (results.Case, error) { return w.cpu(ctx) }},
		{Name: results.CaseMicro, Title: "Go benchmarks: from a Pod's event to the decision, among 5,000 Services", in: nowhere,
			run: func(ctx context.Context, w *world, _ int) (results.Case, error) { return micro(ctx, w.options) }},
	})
}

// ShortCases are those that tell in little time whether the benchmark works.
func ShortCases() []Case {
	return []Case{
		sequentialCase(results.KindReadiness, 20, 50),
		sequentialCase(results.KindDeletion, 20, 50),
		burstCase(100, 100, 1),
		callsCase(20, 10*time.Second),
	}
}

func sequentialCase(kind string, services, rounds int) Case {
	titles := map[string]string{
		results.KindReadiness: "The leader is no longer ready, %d Services",
		results.KindDeletion:  "The leader is deleted gracefully, %d Services",
	}
	return Case{
		Name: results.SequentialName(kind, services), Title: fmt.Sprintf(titles[kind], services), Rounds: rounds, services: services,
		run: func(ctx context.Context, w *world, rounds int) (results.Case, error) {
			return w.sequential(ctx, kind, rounds)
		},
	}
}

func burstCase(leaders, services, rounds int) Case {
	return Case{
		Name:   results.BurstName(leaders),
		Title:  fmt.Sprintf("%d leaders of one node are no longer ready at once, %d Services", leaders, services),
		Rounds: rounds, services: services,
		run: func(ctx context.Context, w *world, rounds int) (results.Case, error) {
			return w.bursts(ctx, leaders, rounds)
		},
	}
}

func callsCase(rounds int, rest time.Duration) Case {
	return Case{
		Name: results.CaseCalls, Title: "Calls to the API server, 20 Services", Rounds: rounds, services: 20,
		run: func(ctx context.Context, w *world, rounds int) (results.Case, error) {
			return w.calls(ctx, rounds, rest)
		},
	}
}
