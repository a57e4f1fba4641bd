// Command controlplane runs the embedded control plane until it is interrupted.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	build := len(os.Args) == 2 && os.Args[1] == "build"
	if len(os.Args) > 1 && !build {
		return fmt.Errorf("unknown arguments %q: there is only \"build\", which builds the binaries and prints where they are", os.Args[1:])
	}
	if build {
		programs, err := controlplane.Binaries(ctx, os.Stderr)
		fmt.Println(programs.Etcd, programs.APIServer, programs.ControllerManager, programs.Kubectl)
		return err
	}
	start := time.Now()
	plane, err := controlplane.Start(ctx, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Printf("The control plane is up after %.1f s. In another terminal:\n\n  export KUBECONFIG=%s\n  alias kubectl=%s\n\nCtrl-C stops it.\n",
		time.Since(start).Seconds(), plane.Kubeconfig, plane.Kubectl)
	<-ctx.Done()
	fmt.Println("Stopping...")
	return plane.Stop()
}
