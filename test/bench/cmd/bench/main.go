// Command bench measures the operator against the built-in EndpointSlice controller on an embedded control plane, prints
// tables, and fails if a bar does not hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/test/bench"
	"github.com/zen-lead/zen-lead/test/bench/results"
	"github.com/zen-lead/zen-lead/test/binaries"
	"github.com/zen-lead/zen-lead/test/measurement"
)

type options struct {
	bench.Options
	cases   string
	rounds  int
	output  string
	command string
	short   bool
}

func main() {
	o := options{}
	flag.StringVar(&o.Operator, "operator", "bin/zen-lead", "path of the operator's binary")
	flag.StringVar(&o.cases, "cases", "", "comma-separated names of the cases to measure; all by default")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds of each case; 0: as many as each case asks for")
	flag.StringVar(&o.output, "output", "", "file for the results as JSON; cases that it has and that are not measured now stay in it")
	flag.StringVar(&o.command, "command", "make bench", "how to tell others to repeat this")
	flag.BoolVar(&o.short, "short", false, "measure a few cases in little time and judge no bar")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench: unexpected argument %q: everything is set by flags (see -help)\n", flag.Arg(0))
		os.Exit(2)
	}
	klog.SetLogger(logr.Discard())
	logf.SetLogger(logr.Discard())
	o.Progress = os.Stderr
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	cases, err := choose(o)
	if err != nil {
		return err
	}
	measured := &results.Results{}
	if err := measurement.Read(o.output, measured); err != nil {
		return err
	}
	measured.Command, measured.Machine, measured.Kubernetes = o.command, measurement.Machine(), binaries.KubernetesVersion
	built := measurement.Commit(ctx)
	if err := bench.Measure(ctx, o.Options, cases, func(c results.Case) error {
		c.Date, c.Commit = time.Now().UTC().Truncate(time.Second), built
		measured.Put(c)
		return measurement.Write(o.output, measured) // each case: a run that is broken off has not been for nothing
	}); err != nil {
		return err
	}
	fmt.Println(measured.Markdown())
	if o.short {
		return complete(measured, cases)
	}
	return judge(measured, cases)
}

// judge fails with the bars on these cases that do not hold. What is left out now is no failure of this run.
func judge(measured *results.Results, cases []bench.Case) error {
	var broken []error
	for _, bar := range measured.Bars() {
		if !bar.Held && !bar.Missing && slices.ContainsFunc(cases, func(c bench.Case) bool { return slices.Contains(bar.Cases, c.Name) }) {
			broken = append(broken, fmt.Errorf("not held: %s (%s)", bar.Text, bar.Measured))
		}
	}
	return errors.Join(broken...)
}

// complete fails if a case was not measured.
func complete(measured *results.Results, cases []bench.Case) error {
	var missing []error
	for _, c := range cases {
		if _, ok := measured.Find(c.Name); !ok {
			missing = append(missing, fmt.Errorf("not measured: %s", c.Name))
		}
	}
	return errors.Join(missing...)
}

func choose(o options) ([]bench.Case, error) {
	all := bench.Cases()
	if o.short {
		all = bench.ShortCases()
	}
	known := make([]string, 0, len(all))
	for _, c := range all {
		known = append(known, c.Name)
	}
	names, err := measurement.Chosen(o.cases, known)
	if err != nil {
		return nil, err
	}
	var chosen []bench.Case
	for _, c := range all {
		if o.rounds > 0 {
			c.Rounds = o.rounds
		}
		if names == nil || slices.Contains(names, c.Name) {
			chosen = append(chosen, c)
		}
	}
	return chosen, measurement.CheckRounds(o.rounds)
}
