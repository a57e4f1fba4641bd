// Command chaos runs test/chaos: see there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/test/chaos"
	"github.com/zen-lead/zen-lead/test/chaos/jumpy"
	"github.com/zen-lead/zen-lead/test/measurement"
)

func main() {
	klog.SetLogger(logr.Discard()) // watches that end are what is wanted
	logf.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	options := chaos.Options{Output: os.Stdout}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.StringVar(&options.Binary, "binary", "bin/zen-lead", "The operator's `path`, for -shipped.")
	shipped := flags.Bool("shipped", false, "Run the operator as it is shipped, whose clock does not jump.")
	flags.Uint64Var(&options.Seed, "seed", uint64(time.Now().Unix()), "What faults and failures are made from.")
	flags.IntVar(&options.Rounds, "rounds", 10, "How many rounds of faults.")
	flags.IntVar(&options.Services, "services", 20, "How many Services, of three Pods each.")
	flags.DurationVar(&options.Longest, "longest", 5*time.Second, "How long a fault may be; at least 1s.")
	flags.DurationVar(&options.RightWithin, "right-within", 2*time.Second, "How soon after the last fault every slice has to be right.")
	flags.DurationVar(&options.Tolerance, "tolerance", time.Second, "For how long a Pod may have failed when it comes to lead, if nothing keeps replicas from knowing.")
	names := flags.String("faults", "", "Names of the faults to choose from, comma separated; empty for all.")
	output := flags.String("output", "", "A `file` for the results as JSON.")
	command := flags.String("command", "make chaos", "How to tell others to repeat this.")
	log := flags.String("log", "", "A `file` for what the replicas say.")
	if err := measurement.ParseFlags(flags, arguments); err != nil {
		return err
	}
	if *names != "" {
		for name := range strings.SplitSeq(*names, ",") {
			options.Faults = append(options.Faults, strings.TrimSpace(name))
		}
	}
	options.Jumpy = !*shipped
	if err := options.Check(); err != nil { // before minutes of building
		return err
	}
	said, err := measurement.Create(*log)
	if err != nil {
		return err
	}
	defer said.Close() //nolint:errcheck // others write to it
	options.Log = said
	if !*shipped {
		directory, err := os.MkdirTemp("", "zen-lead-jumpy-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(directory) }()
		fmt.Fprintln(os.Stderr, "Building the operator with a clock that can jump (the first time several minutes: all of it is compiled again)...")
		if options.Binary, err = jumpy.Build(ctx, ".", directory, os.Stderr); err != nil {
			return err
		}
	}
	began := measurement.Begin(ctx, *command)
	found, err := chaos.Run(ctx, options)
	if err != nil {
		return err
	}
	found.Run = began.Ended()
	if err := measurement.Write(*output, found); err != nil {
		return err
	}
	if len(found.Wrong) > 0 {
		return fmt.Errorf("%d things were wrong:\n%s", len(found.Wrong), strings.Join(found.Wrong, "\n"))
	}
	return nil
}
