// Command bench-traffic measures what clients see when a leader fails, on the cluster of KUBECONFIG, and prints tables.
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

	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/test/measurement"
	"github.com/zen-lead/zen-lead/test/traffic/bench"
	"github.com/zen-lead/zen-lead/test/traffic/results"
)

type options struct {
	bench.Options
	cases   string
	rounds  int
	output  string
	command string
}

func main() {
	o := options{}
	flag.StringVar(&o.Kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "path of the administrator's kubeconfig")
	flag.StringVar(&o.Kubectl, "kubectl", "kubectl", "path of kubectl")
	flag.StringVar(&o.Image, "image", "traffic:dev", "image of the traffic program")
	flag.StringVar(&o.OperatorNamespace, "operator-namespace", "zen-lead-system", "where Zen-Lead runs; it must watch all namespaces")
	flag.StringVar(&o.ClusterCommand, "cluster", "", "path of the command that makes our own cluster's machines fail; without it those cases are left out")
	flag.IntVar(&o.Rate, "rate", 500, "requests a second, of each of the nine streams")
	flag.StringVar(&o.cases, "cases", "", "comma-separated names of the cases to measure; all by default")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds of each case; 0: as many as each case asks for")
	flag.StringVar(&o.output, "output", "", "file for the results as JSON; cases that it has and that are not measured now stay in it")
	flag.StringVar(&o.command, "command", "make bench-traffic", "how to tell others to repeat this")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench-traffic: unexpected argument %q: everything is set by flags (see -help)\n", flag.Arg(0))
		os.Exit(2)
	}
	logf.SetLogger(klog.Background())
	o.Progress = os.Stderr
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-traffic:", err)
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
	measured.Command, measured.Rate, measured.Machine = o.command, o.Rate, measurement.Machine()
	built := measurement.Commit(ctx)
	if measured.Kubernetes, err = bench.KubernetesVersion(o.Kubeconfig); err != nil {
		return err
	}
	for _, stateful := range []bool{false, true} {
		chosen := slices.DeleteFunc(slices.Clone(cases), func(c bench.Case) bool { return c.Stateful != stateful })
		if err := bench.Measure(ctx, o.Options, chosen, stateful, func(c results.Case) error {
			c.Date, c.Commit = time.Now().UTC().Truncate(time.Second), built
			put(measured, c)
			return measurement.Write(o.output, measured) // each case: a run that is broken off has not been for nothing
		}); err != nil {
			return err
		}
	}
	fmt.Println(measured.Markdown())
	var broken []error
	for _, bar := range measured.Bars() {
		if !bar.Held {
			broken = append(broken, fmt.Errorf("not held: %s (%s)", bar.Text, bar.Measured))
		}
	}
	return errors.Join(broken...)
}

func choose(o options) ([]bench.Case, error) {
	all := bench.Cases()
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
		switch {
		case names != nil && !slices.Contains(names, c.Name):
		case c.OwnCluster && o.ClusterCommand == "":
			fmt.Fprintf(o.Progress, "Left out, as it needs our own cluster's machines: %s\n", c.Title)
		default:
			chosen = append(chosen, c)
		}
	}
	return chosen, measurement.CheckRounds(o.rounds)
}

// put adds a case to the results, in place of what was measured of it before.
func put(measured *results.Results, c results.Case) {
	measured.Cases = slices.DeleteFunc(measured.Cases, func(old results.Case) bool { return old.Name == c.Name })
	measured.Cases = append(measured.Cases, c)
	order := bench.Cases()
	place := func(name string) int {
		return slices.IndexFunc(order, func(c bench.Case) bool { return c.Name == name })
	}
	slices.SortFunc(measured.Cases, func(a, b results.Case) int { return place(a.Name) - place(b.Name) })
}
