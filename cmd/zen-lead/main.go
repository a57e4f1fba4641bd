// Command zen-lead is the operator. It turns flags and environment into options and starts the manager; the rest is in
// package controllers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/zen-lead/zen-lead/controllers"
)

// Stamped by the linker: -X main.version=1.2.3 -X main.commit=abcdef0.
var (
	version = "dev"
	commit  = "unknown"
)

func main() {
	err := run(ctrl.SetupSignalHandler(), os.Args[1:], os.Environ(), os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "zen-lead:", err)
		os.Exit(1)
	}
}

// findCluster reads how to reach the API server. It is called before there is a log, in which controller-runtime says a part of what is wrong.
func findCluster() (*rest.Config, error) {
	found, err := config.GetConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, errors.New("no access to a cluster: no kubeconfig (--kubeconfig, KUBECONFIG, ~/.kube/config), and this is no Pod with a service account")
	case err != nil:
		return nil, fmt.Errorf("no access to a cluster: %w", err)
	}
	return found, nil
}

func run(ctx context.Context, arguments []string, environment environment, out io.Writer) error {
	options, err := parseOptions(arguments, environment, out)
	if err != nil {
		return err
	}
	if options.showVersion {
		_, err := fmt.Fprintf(out, "zen-lead %s (commit %s)\n", version, commit)
		return err
	}
	if options.check != "" {
		return checkMetrics(ctx, options.check, out)
	}
	restConfig, err := findCluster()
	if err != nil {
		return err
	}
	logger := zap.New(zap.UseFlagOptions(&options.log))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	options.Registerer = metrics.Registry
	manager, err := controllers.NewManager(ctx, restConfig, options.Options)
	if err != nil {
		return err
	}
	go limitGarbage(ctx)
	logger.Info("Starting", "version", version, "commit", commit, "namespaces", options.describeNamespaces())
	return manager.Start(ctx)
}
