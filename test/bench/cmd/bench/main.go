// Command bench measures the operator against the built-in EndpointSlice controller on an embedded control plane, prints
// tables, and fails if a bar does not hold.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/test/bench"
	"github.com/zen-lead/zen-lead/test/bench/results"
	"github.com/zen-lead/zen-lead/test/binaries"
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
	measured, err := earlier(o.output)
	if err != nil {
		return err
	}
	measured.Command, measured.Machine, measured.Kubernetes = o.command, machine(), binaries.KubernetesVersion
	built := commit(ctx)
	if err := bench.Measure(ctx, o.Options, cases, func(c results.Case) error {
		c.Date, c.Commit = time.Now().UTC().Truncate(time.Second), built
		return keep(measured, c, o.output)
	}); err != nil {
		return err
	}
	fmt.Println(measured.Markdown())
	if o.short {
		return complete(measured, cases)
	}
	return judge(measured)
}

// judge fails with the bars that do not hold. What was left out now, and has not been measured before, is no failure.
func judge(measured *results.Results) error {
	var broken []error
	for _, bar := range measured.Bars() {
		if !bar.Held && !bar.Missing {
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
	names := strings.Split(o.cases, ",")
	for _, name := range names {
		if o.cases != "" && !slices.ContainsFunc(all, func(c bench.Case) bool { return c.Name == name }) {
			return nil, fmt.Errorf("there is no case %q; there are %s", name, namesOf(all))
		}
	}
	var chosen []bench.Case
	for _, c := range all {
		if o.rounds > 0 {
			c.Rounds = o.rounds
		}
		if o.cases == "" || slices.Contains(names, c.Name) {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

func namesOf(cases []bench.Case) string {
	var names []string
	for _, c := range cases {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// earlier are the results that a file has already.
func earlier(path string) (*results.Results, error) {
	found := &results.Results{}
	content, err := os.ReadFile(path)
	if path == "" || errors.Is(err, os.ErrNotExist) {
		return found, nil
	}
	return found, errors.Join(err, json.Unmarshal(content, found))
}

// keep adds a case to the results, and writes these: a run that is broken off has not been for nothing.
func keep(measured *results.Results, c results.Case, path string) error {
	measured.Put(c)
	if path == "" {
		return nil
	}
	content, err := json.MarshalIndent(measured, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o600)
}

func commit(ctx context.Context) string {
	said, err := exec.CommandContext(ctx, "git", "describe", "--always", "--exclude=*", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(said))
}

func machine() string {
	return fmt.Sprintf("one machine with %d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
