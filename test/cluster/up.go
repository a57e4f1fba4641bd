package cluster

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

//go:embed coredns.yaml
var coreDNSManifest string

// Up starts what does not run yet and returns when nodes and name server are ready.
func (c Cluster) Up(ctx context.Context, progress io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("nodes need root: containers, network namespaces and mounts of their own")
	}
	if err := errors.Join(c.checkBridge(), c.checkFolder()); err != nil {
		return err
	}
	programs, err := Programs(ctx, progress)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := c.startMachines(ctx, programs); err != nil {
		return err
	}
	fmt.Fprintf(progress, "Control plane and %d nodes are starting; waiting for kube-apiserver...\n", len(Nodes))
	clients, err := c.clients()
	if err != nil {
		return err
	}
	if err := waitFor(ctx, "kube-apiserver is ready", func(ctx context.Context) (bool, error) {
		_, err := clients.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, nil
	}); err != nil {
		return err
	}
	fmt.Fprintf(progress, "  %4.1f s: the API serves; importing images...\n", time.Since(start).Seconds())
	if err := c.prepareImages(ctx, programs); err != nil {
		return err
	}
	if err := c.startCoreDNS(ctx, programs); err != nil {
		return err
	}
	if err := c.WaitReady(ctx, clients); err != nil {
		return err
	}
	fmt.Fprintf(progress, "  %4.1f s: %d nodes and the name server are ready.\n", time.Since(start).Seconds(), len(Nodes))
	return nil
}

func (c Cluster) startMachines(ctx context.Context, programs Binaries) error {
	if err := errors.Join(os.MkdirAll(c.Directory, 0o755), c.rememberHost(), c.makeCredentials(), c.layBridge(ctx), c.removeHolds()); err != nil {
		return err
	}
	if c.machineProcess(controlPlaneMachine) == 0 {
		if err := c.startControlPlane(ctx, programs); err != nil {
			return err
		}
	}
	for _, name := range Nodes {
		if err := c.PowerOn(ctx, name, programs); err != nil {
			return err
		}
		if err := c.Mend(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (c Cluster) prepareImages(ctx context.Context, programs Binaries) error {
	archives, err := c.makeImages(ctx, programs)
	if err != nil {
		return err
	}
	for _, name := range Nodes {
		if err := waitFor(ctx, "containerd answers on "+name, func(ctx context.Context) (bool, error) {
			return c.ctr(ctx, programs, name, "version") == nil, nil
		}); err != nil {
			return err
		}
	}
	return c.Load(ctx, programs, archives...)
}

func (c Cluster) startCoreDNS(ctx context.Context, programs Binaries) error {
	values := struct{ Domain, DNS, Image string }{clusterDomain, dnsService, coreDNSImage}
	if err := fill("coredns.yaml", coreDNSManifest, c.Directory, values); err != nil {
		return err
	}
	return run(ctx, programs.Kubectl(), "--kubeconfig="+c.Kubeconfig(), "apply", "--server-side",
		"--filename", filepath.Join(c.Directory, "coredns.yaml"))
}

func (c Cluster) clients() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS, config.Timeout = -1, 10*time.Second
	return kubernetes.NewForConfig(config)
}

// WaitReady waits until all nodes are Ready and the name server runs.
func (c Cluster) WaitReady(ctx context.Context, clients kubernetes.Interface) error {
	err := waitFor(ctx, "all nodes are Ready", func(ctx context.Context) (bool, error) {
		found, err := clients.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		return err == nil && len(found.Items) == len(Nodes) && !slices.ContainsFunc(found.Items, func(n corev1.Node) bool { return !isReady(n) }), nil
	})
	if err != nil {
		return err
	}
	return waitFor(ctx, "the name server runs", func(ctx context.Context) (bool, error) {
		deployment, err := clients.AppsV1().Deployments(metav1.NamespaceSystem).Get(ctx, "coredns", metav1.GetOptions{})
		return err == nil && isComplete(deployment), nil
	})
}

func isComplete(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Status.AvailableReplicas == *d.Spec.Replicas
}

func isReady(node corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

func waitFor(ctx context.Context, what string, condition wait.ConditionWithContextFunc) error {
	if err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, readinessTimeout, true, condition); err != nil {
		return fmt.Errorf("waiting until %s: %w", what, err)
	}
	return nil
}
