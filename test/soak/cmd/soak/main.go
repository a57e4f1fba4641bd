// Command soak runs test/soak: see there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zen-lead/zen-lead/test/measurement"
	"github.com/zen-lead/zen-lead/test/soak"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	options := soak.Options{Output: os.Stderr}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.StringVar(&options.Binary, "binary", "bin/zen-lead", "The operator's `path`.")
	flags.IntVar(&options.Services, "services", 1000, "How many Services, of two Pods each.")
	flags.Float64Var(&options.PerSecond, "per-second", 4, "How many changes in a second, on average.")
	flags.DurationVar(&options.Warmup, "warmup", 5*time.Minute, "How long to make changes before the first reading.")
	flags.DurationVar(&options.Measured, "measured", 2*time.Hour, "How long to measure.")
	flags.DurationVar(&options.Every, "every", time.Minute, "How often to look at the replicas.")
	flags.Uint64Var(&options.Seed, "seed", uint64(time.Now().Unix()), "What the changes are made from.")
	output := flags.String("output", "", "A `file` for the results as JSON.")
	command := flags.String("command", "make soak", "How to tell others to repeat this.")
	log := flags.String("log", "", "A `file` for what the replicas say.")
	if err := measurement.ParseFlags(flags, arguments); err != nil {
		return err
	}
	if options.Services < 1 || options.PerSecond <= 0 || options.Every <= 0 {
		return fmt.Errorf("-services, -per-second and -every must be more than 0")
	}
	if least := 3 * options.Every; options.Measured < least {
		return fmt.Errorf("MEASURED (-measured) must be at least %s, to have three readings, not %s", least, options.Measured)
	}
	said, err := measurement.Create(*log)
	if err != nil {
		return err
	}
	defer said.Close() //nolint:errcheck // others write to it
	options.Log = said
	began := measurement.Begin(ctx, *command)
	found, err := soak.Run(ctx, options)
	if err != nil {
		return err
	}
	found.Run = began.Ended()
	fmt.Println(found.Markdown())
	if err := measurement.Write(*output, found); err != nil {
		return err
	}
	return found.Err()
}
