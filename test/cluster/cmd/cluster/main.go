// Command cluster starts, shows and ends a Kubernetes cluster on this machine, and makes its parts fail.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/zen-lead/zen-lead/test/cluster"
)

const usage = `usage: cluster COMMAND, on the cluster in the folder .cluster (or $CLUSTER_DIRECTORY)
  up                          start what does not run
  down                        end everything and remove all traces
  status                      what runs
  build                       build the programs only
  load ARCHIVE...             import images into all nodes
  kubectl                     print the path of kubectl
  cut NODE / mend NODE        unplug a node's network, plug it in again
  power-off NODE              all that runs on the node is gone at once
  power-on NODE               start it again, with the disk that it had
  stop MACHINE DAEMON         kill a daemon and keep it down, such as: stop control-plane kube-apiserver
  start MACHINE DAEMON        let it run again
  kill-container NODE ID      kill a container's first process from outside
`

// arguments is how many each command takes; -1: any number.
var arguments = map[string]int{
	"up": 0, "down": 0, "status": 0, "build": 0, "kubectl": 0, "load": -1, "cut": 1, "mend": 1, "power-off": 1, "power-on": 1,
	"stop": 2, "start": 2, "kill-container": 2, cluster.MachineCommand: 2,
}

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, words []string) error {
	if len(words) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("no command was given")
	}
	command, rest := words[0], words[1:]
	if count, known := arguments[command]; !known || count >= 0 && count != len(rest) {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("%q: no such command, or a wrong number of arguments", words)
	}
	if command == cluster.MachineCommand { // what a machine runs, not for people
		return cluster.Cluster{Directory: rest[0]}.Machine(rest[1], os.Stdin)
	}
	here, err := directory()
	if err != nil {
		return err
	}
	switch command {
	case "up":
		if err := here.Up(ctx, os.Stderr); err != nil {
			return err
		}
		return here.Status(ctx, os.Stdout)
	case "down":
		return here.Down(ctx)
	case "status":
		return here.Status(ctx, os.Stdout)
	case "cut":
		return here.Cut(ctx, rest[0])
	case "mend":
		return here.Mend(ctx, rest[0])
	case "power-off":
		return powerOff(here, rest[0])
	case "stop":
		return here.StopDaemon(rest[0], rest[1])
	case "start":
		return here.StartDaemon(rest[0], rest[1])
	}
	return runWithPrograms(ctx, here, command, rest)
}

// runWithPrograms runs the commands that need the cluster's programs.
func runWithPrograms(ctx context.Context, here cluster.Cluster, command string, rest []string) error {
	programs, err := cluster.Programs(ctx, os.Stderr)
	if err != nil {
		return err
	}
	switch command {
	case "load":
		return here.Load(ctx, programs, rest...)
	case "power-on":
		return here.PowerOn(ctx, rest[0], programs)
	case "kill-container":
		return here.KillContainer(ctx, programs, rest[0], rest[1])
	case "kubectl":
		fmt.Println(programs.Kubectl())
	}
	return nil
}

func powerOff(here cluster.Cluster, name string) error {
	if !slices.Contains(cluster.Nodes, name) {
		return fmt.Errorf("there is no node %q, only %v", name, cluster.Nodes)
	}
	return here.PowerOff(name)
}

func directory() (cluster.Cluster, error) {
	path := os.Getenv("CLUSTER_DIRECTORY")
	if path == "" {
		path = ".cluster"
	}
	absolute, err := filepath.Abs(path)
	return cluster.Cluster{Directory: absolute}, err
}
