package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/zen-lead/zen-lead/controllers"
)

// machines are what the nodes and the control plane run on, if that is our own cluster: then these can fail.
type machines struct {
	command string // path of the cluster command; empty on a foreign cluster
}

func (m machines) do(ctx context.Context, arguments ...string) error {
	if m.command == "" {
		return errors.New("only our own cluster's machines can be made to fail")
	}
	return runCommand(ctx, m.command, arguments...)
}

func runCommand(ctx context.Context, name string, arguments ...string) error {
	said, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, bytes.TrimSpace(said))
	}
	return nil
}

// killContainer kills the process of a Pod's first container with SIGKILL, from outside.
func (b *Bench) killContainer(ctx context.Context, namespace, name string) error {
	pod, err := b.clients.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(pod.Status.ContainerStatuses) == 0 {
		return fmt.Errorf("the Pod %s has no container yet", name)
	}
	_, id, _ := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	return b.machines.do(ctx, "kill-container", pod.Spec.NodeName, id)
}

// drain evicts all Pods from a node, whosever they are, and returns when they are gone.
func (b *Bench) drain(ctx context.Context, node string) error {
	return runCommand(ctx, b.options.Kubectl, "--kubeconfig="+b.options.Kubeconfig, "drain", node,
		"--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=3m")
}

func (b *Bench) uncordon(ctx context.Context, node string) error {
	return runCommand(ctx, b.options.Kubectl, "--kubeconfig="+b.options.Kubeconfig, "uncordon", node)
}

// actingOperator is the operator's Pod that holds its Lease.
func (b *Bench) actingOperator(ctx context.Context) (*corev1.Pod, error) {
	lease, err := b.clients.CoordinationV1().Leases(b.options.OperatorNamespace).Get(ctx, controllers.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	holder := ""
	if lease.Spec.HolderIdentity != nil {
		holder = *lease.Spec.HolderIdentity
	}
	pods, err := b.clients.CoreV1().Pods(b.options.OperatorNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range pods.Items {
		if strings.HasPrefix(holder, pods.Items[i].Name) {
			return &pods.Items[i], nil
		}
	}
	return nil, fmt.Errorf("no Pod holds the operator's Lease, but %q", holder)
}

// stopAPI stops the API server for a time and returns once it serves again.
func (b *Bench) stopAPI(ctx context.Context, duration time.Duration) error {
	if err := b.machines.do(ctx, "stop", "control-plane", "kube-apiserver"); err != nil {
		return err
	}
	select {
	case <-time.After(duration):
	case <-ctx.Done():
	}
	if err := b.machines.do(context.WithoutCancel(ctx), "start", "control-plane", "kube-apiserver"); err != nil {
		return err
	}
	return b.wait(ctx, "the API server serves again", func(ctx context.Context) (bool, error) {
		_, err := b.clients.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, nil
	})
}

// operatorReady tells whether all replicas of the operator are ready.
func (b *Bench) operatorReady(ctx context.Context) (bool, error) {
	deployments, err := b.clients.AppsV1().Deployments(b.options.OperatorNamespace).List(ctx, metav1.ListOptions{})
	if err != nil || len(deployments.Items) == 0 {
		return false, nil //nolint:nilerr // the API server may be on its way back
	}
	status := deployments.Items[0].Status
	return status.ReadyReplicas == *deployments.Items[0].Spec.Replicas && status.Replicas == status.ReadyReplicas, nil
}
