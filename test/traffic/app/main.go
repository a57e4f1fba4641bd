// Command traffic is both ends of the traffic measurements: `traffic serve` is the single-active application that clients
// use, `traffic drive` is the clients, and `traffic sleep` is what a preStop hook of the application may run. It is one static binary,
// which runs without root and writes no file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// endSignals ask a process to end: a terminal does, and the kubelet.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

var errUsage = errors.New("usage: traffic serve|drive [flags], where -h lists the flags, or traffic sleep DURATION")

func main() {
	if err := runUntilTold(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}

func runUntilTold(arguments []string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), endSignals...)
	defer cancel()
	return run(ctx, arguments)
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errUsage
	}
	switch arguments[0] {
	case "serve":
		return serve(ctx, arguments[1:])
	case "drive":
		return drive(ctx, arguments[1:])
	case "sleep":
		return sleep(ctx, arguments[1:])
	}
	return errUsage
}

// sleep waits for as long as its argument says, or until it is told to end.
func sleep(ctx context.Context, arguments []string) error {
	if len(arguments) != 1 {
		return errUsage
	}
	wait, err := time.ParseDuration(arguments[0])
	if err != nil {
		return fmt.Errorf("how long to sleep: %w", err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
	return nil
}
