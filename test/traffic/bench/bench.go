package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// longest is how long anything may take on a slow, busy machine.
const longest = 4 * time.Minute

// Options say where to measure, and with what.
type Options struct {
	Kubeconfig string
	Kubectl    string
	// Image holds the traffic program.
	Image string
	// OperatorNamespace is where Zen-Lead runs; it watches all namespaces.
	OperatorNamespace string
	// ClusterCommand is the path of the command that makes our own cluster's machines fail; empty on another cluster.
	ClusterCommand string
	// Rate is in requests a second, of each stream.
	Rate int
	// Progress is where each round is told.
	Progress io.Writer
}

// Bench is a namespace with an application and its clients.
type Bench struct {
	options      Options
	clients      kubernetes.Interface
	objects      client.Client
	machines     machines
	namespace    string
	app          application
	control      control
	histories    *histories
	stopWatching func()
	client       string   // the Pod that measures
	nodes        []string // the first one is the client's
}

// Open creates the namespace and waits until application and clients are ready. Close removes it.
func Open(ctx context.Context, options Options, name string, stateful bool) (*Bench, error) {
	config, err := clientcmd.BuildConfigFromFlags("", options.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	b := &Bench{options: options, machines: machines{options.ClusterCommand}, app: application{name: name, stateful: stateful}}
	if b.clients, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if b.objects, err = client.New(config, client.Options{}); err != nil {
		return nil, err
	}
	if err := b.create(ctx); err != nil {
		return b, err
	}
	return b, b.waitForAll(ctx)
}

func (b *Bench) create(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "traffic-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	if err := b.objects.Create(ctx, namespace); err != nil {
		return err
	}
	b.namespace = namespace.Name
	b.control = control{b.clients, b.namespace}
	if err := b.findNodes(ctx); err != nil {
		return err
	}
	avoided := ""
	if len(b.nodes) > 2 { // two must be left, or losing one loses the application
		avoided = b.nodes[0]
	}
	var err error
	watching, stop := context.WithCancel(context.WithoutCancel(ctx)) // until Close
	b.stopWatching = stop
	if b.histories, err = watchLeaders(watching, ctx.Done(), b.clients, b.namespace); err != nil {
		return err
	}
	objects := slices.Concat(electionObjects(b.namespace), clientObjects(b.namespace, b.options.Image),
		b.app.objects(b.namespace, b.options.Image, avoided))
	for _, object := range objects {
		if err := b.objects.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %s: %w", object.GetName(), err)
		}
	}
	return nil
}

func (b *Bench) findNodes(ctx context.Context) error {
	nodes, err := b.clients.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		if !slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }) {
			b.nodes = append(b.nodes, node.Name)
		}
	}
	if len(b.nodes) == 0 {
		return errors.New("the cluster has no node that takes Pods")
	}
	return nil
}

// waitForAll waits until every Pod of application and clients is ready, and none is on its way out.
func (b *Bench) waitForAll(ctx context.Context) error {
	return b.wait(ctx, "all Pods are ready", func(ctx context.Context) (bool, error) {
		pods, err := b.clients.CoreV1().Pods(b.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, nil //nolint:nilerr // the API server may be on its way back
		}
		ready := map[string]int{}
		for i := range pods.Items {
			pod := &pods.Items[i]
			if !podReady(pod) {
				return false, nil
			}
			ready[pod.Labels[appLabel]]++
			if pod.Labels[appLabel] == clientName && pod.Spec.NodeName == b.nodes[0] {
				b.client = pod.Name
			}
		}
		return ready[b.app.name] == replicas && ready[clientName] == len(b.nodes) && b.client != "", nil
	})
}

// rolledOut tells whether all Pods are those of the newest revision.
func (b *Bench) rolledOut(ctx context.Context) (bool, error) {
	key := client.ObjectKey{Namespace: b.namespace, Name: b.app.name}
	if b.app.stateful {
		var set appsv1.StatefulSet
		err := b.objects.Get(ctx, key, &set)
		return set.Status.ObservedGeneration >= set.Generation && set.Status.UpdatedReplicas == replicas &&
			set.Status.ReadyReplicas == replicas && set.Status.CurrentRevision == set.Status.UpdateRevision, err
	}
	var deployment appsv1.Deployment
	err := b.objects.Get(ctx, key, &deployment)
	return deployment.Status.ObservedGeneration >= deployment.Generation && deployment.Status.UpdatedReplicas == replicas &&
		deployment.Status.ReadyReplicas == replicas && deployment.Status.Replicas == replicas, err
}

// Close removes everything and waits until it is gone.
func (b *Bench) Close(ctx context.Context) error {
	if b.namespace == "" {
		return nil
	}
	if b.stopWatching != nil {
		b.stopWatching()
	}
	namespaces := b.clients.CoreV1().Namespaces()
	if err := namespaces.Delete(ctx, b.namespace, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return b.wait(ctx, "the namespace is gone", func(ctx context.Context) (bool, error) {
		_, err := namespaces.Get(ctx, b.namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}

func (b *Bench) wait(ctx context.Context, what string, condition wait.ConditionWithContextFunc) error {
	if err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, longest, true, condition); err != nil {
		return fmt.Errorf("waiting until %s: %w", what, err)
	}
	return nil
}

// pod returns one Pod of the application.
func (b *Bench) pod(ctx context.Context, name string) (*corev1.Pod, error) {
	return b.clients.CoreV1().Pods(b.namespace).Get(ctx, name, metav1.GetOptions{})
}

// leader is the Pod that the leader Service routes to.
func (b *Bench) leader() string { return b.histories.leader(b.app.leaderService()) }
