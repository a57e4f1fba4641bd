package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/tools/benchmark/parse"

	"github.com/zen-lead/zen-lead/test/bench/results"
)

// microPackages have the Go benchmarks of what lies between a Pod's event and the write of a slice. They are run from the root of
// the tree.
var microPackages = []string{"./controllers", "./controllers/election"}

// micro runs the Go benchmarks. They need no control plane.
func micro(ctx context.Context, options Options) (results.Case, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"test", "-run", "^$", "-bench", ".", "-benchmem"}, microPackages...)...)
	said := &bytes.Buffer{}
	command.Stdout, command.Stderr = said, os.Stderr
	fmt.Fprintln(options.Progress, "Running the Go benchmarks (the first time compiles them)...")
	if err := command.Run(); err != nil {
		return results.Case{}, fmt.Errorf("running the Go benchmarks: %w\n%s", err, said)
	}
	measured, err := parse.ParseSet(said)
	if err != nil {
		return results.Case{}, fmt.Errorf("reading the Go benchmarks: %w", err)
	}
	return results.Case{Figures: microFigures(measured)}, nil
}

// microFigures are the benchmarks in the order in which they ran.
func microFigures(measured parse.Set) []results.Figure {
	var all []*parse.Benchmark
	for _, runs := range measured {
		all = append(all, runs...)
	}
	slices.SortFunc(all, func(a, b *parse.Benchmark) int { return a.Ord - b.Ord })
	var figures []results.Figure
	for _, one := range all {
		name := benchmarkTitle(one.Name)
		figures = append(figures,
			results.Figure{Name: name, Value: one.NsPerOp / 1e3, Unit: results.UnitMicroseconds},
			results.Figure{Name: name + ", allocations", Value: float64(one.AllocsPerOp), Unit: results.UnitOne},
			results.Figure{Name: name + ", allocated", Value: float64(one.AllocedBytesPerOp) / (1 << 10), Unit: results.UnitKiB},
		)
	}
	return figures
}

// benchmarkTitle makes words of BenchmarkOfSomething/else-2, whose number is that of the cores.
func benchmarkTitle(name string) string {
	name = strings.TrimPrefix(name, "Benchmark")
	if at := strings.LastIndex(name, "-"); at > 0 {
		name = name[:at]
	}
	name = strings.NewReplacer("/", ", ", "_", " ").Replace(name)
	words := &strings.Builder{}
	for i, letter := range name {
		if i > 0 && letter >= 'A' && letter <= 'Z' && name[i-1] != ' ' {
			words.WriteByte(' ')
		}
		words.WriteRune(letter)
	}
	return words.String()
}
