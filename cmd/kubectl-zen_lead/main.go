// Command kubectl-zen_lead is `kubectl zen-lead`, see package plugin.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/zen-lead/zen-lead/cmd/kubectl-zen_lead/plugin"
)

// Stamped by the linker: -X main.version=1.2.3 -X main.commit=abcdef0.
var (
	version = "dev"
	commit  = "unknown"
)

func main() {
	klog.SetLogger(logr.Discard()) // what matters is told by the commands themselves
	logf.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends it at once
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	os.Exit(plugin.Run(ctx, streams, plugin.Version{Version: version, Commit: commit}, os.Args[1:]))
}
