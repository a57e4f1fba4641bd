package cluster

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Status tells what runs.
func (c Cluster) Status(ctx context.Context, out io.Writer) error {
	running := false
	for _, name := range append([]string{controlPlaneMachine}, Nodes...) {
		process := c.machineProcess(name)
		if process == 0 {
			fmt.Fprintf(out, "%-14s off\n", name)
			continue
		}
		running = true
		cable := ""
		if node, err := findNode(name); err == nil {
			cable = ", network " + node.cableState()
		}
		fmt.Fprintf(out, "%-14s on (process %d)%s: %s\n", name, process, cable, strings.Join(c.daemons(process), ", "))
	}
	if !running {
		fmt.Fprintln(out, "No cluster is up; `make cluster-up` starts one.")
		return nil
	}
	clients, err := c.clients()
	if err != nil {
		return err
	}
	found, err := clients.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		fmt.Fprintln(out, "The API server does not answer:", err)
		return nil
	}
	for _, node := range found.Items {
		state := "NotReady"
		if isReady(node) {
			state = "Ready"
		}
		fmt.Fprintf(out, "%-14s %s, %s, %s\n", node.Name, state, node.Status.NodeInfo.KubeletVersion, node.Status.NodeInfo.ContainerRuntimeVersion)
	}
	fmt.Fprintf(out, "export KUBECONFIG=%q\n", c.Kubeconfig())
	return nil
}

// daemons are the names of a machine's daemons that run.
func (c Cluster) daemons(machine int) []string {
	var names []string
	for _, process := range processes() {
		if name, parent := nameAndParent(process); parent == machine && !strings.HasPrefix(name, "containerd-shim") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
