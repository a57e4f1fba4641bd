// Command programs builds or fetches what the monitoring tests run, and prints where it is: `programs debian` Prometheus, promtool
// and Alertmanager, `programs prometheus` the newest Prometheus and promtool, `programs operator` prometheus-operator, `programs crds` the folder of its CRDs.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zen-lead/zen-lead/test/binaries"
)

func main() {
	directory, err := find(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "programs:", err)
		os.Exit(1)
	}
	fmt.Println(directory)
}

func find(ctx context.Context, arguments []string) (string, error) {
	if len(arguments) == 1 {
		switch arguments[0] {
		case "debian":
			return binaries.Monitoring(ctx, os.Stderr)
		case "operator":
			return binaries.PrometheusOperator.Build(ctx, os.Stderr)
		case "prometheus":
			return binaries.Prometheus.Build(ctx, os.Stderr)
		case "crds":
			source, err := binaries.PrometheusOperator.Source(ctx)
			return filepath.Join(source, "example", "prometheus-operator-crd"), err
		}
	}
	return "", fmt.Errorf("usage: programs debian|prometheus|operator|crds")
}
