// Command traffic is both ends of the traffic measurements: `traffic serve` is the single-active application that clients
// use, `traffic drive` is the clients. It is one static binary, which runs without root and writes no file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// endSignals ask a process to end: a terminal does, and the kubelet.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

var errUsage = errors.New("usage: traffic serve|drive [flags]; -h lists a command's flags")

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
	}
	return errUsage
}
