package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/workqueue"

	"github.com/zen-lead/zen-lead/test/bench/replica"
	"github.com/zen-lead/zen-lead/test/controlplane"
	"github.com/zen-lead/zen-lead/test/workload"
)

const (
	namespace      = "soak"
	leaseNamespace = "kube-system"
	operatorUser   = "zen-lead-soak"
	podsEach       = 2
	makers         = 16
)

// Options are what a run can be told.
type Options struct {
	// Binary is the operator's.
	Binary string
	// Services is how many there are, PerSecond how many changes are made in a second, on average.
	Services  int
	PerSecond float64
	// Warmup is the time before the first reading that counts, Measured the time after it, and Every how often there is one.
	Warmup, Measured, Every time.Duration
	Seed                    uint64
	// Output takes what the run has to say, Log what the replicas say.
	Output, Log io.Writer
}

// world is the control plane, the replicas, and the Services that change.
type world struct {
	Options
	plane     *controlplane.ControlPlane
	replicas  []*replica.Replica
	churn     *churn
	directory string
}

// Run makes changes for the given time, and returns how what the replicas hold has developed. The error is not of what they hold.
func Run(ctx context.Context, options Options) (found *Result, err error) {
	w := &world{Options: options}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	churning, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- w.churn.run(churning, rand.New(rand.NewPCG(options.Seed, 0)), options.PerSecond) }()
	readings, err := w.watch(ctx, ended)
	if err != nil {
		return nil, err
	}
	end()
	if err := <-ended; err != nil {
		return nil, err
	}
	right, err := w.rightAgain(ctx)
	if err != nil {
		return nil, err
	}
	return w.result(readings, right), nil
}

// begin starts the control plane and the replicas, and makes the Services.
func (w *world) begin(ctx context.Context) (err error) {
	if w.plane, err = controlplane.Start(ctx, w.Output); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(w.plane.Config)
	if err != nil {
		return err
	}
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, made, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := w.startReplicas(ctx); err != nil {
		return err
	}
	w.churn = &churn{Pods: &workload.Pods{Client: client, Namespace: namespace}, made: map[string]int{}}
	fmt.Fprintf(w.Output, "Making %d Services...\n", w.Services)
	failures := make([]error, w.Services)
	for place := range w.Services {
		w.churn.services = append(w.churn.services, &member{place: place})
	}
	workqueue.ParallelizeUntil(ctx, makers, w.Services, func(place int) {
		failures[place] = w.churn.MakeService(ctx, w.churn.services[place].name(), podsEach, corev1.IPv4Protocol)
	})
	return errors.Join(failures...)
}

// startReplicas starts two replicas with the rights of config/rbac.
func (w *world) startReplicas(ctx context.Context) error {
	_, kubeconfig, err := w.plane.AddUser(operatorUser)
	if err != nil {
		return err
	}
	if err := w.plane.GrantOperator(ctx, operatorUser, namespace, leaseNamespace); err != nil {
		return err
	}
	if w.directory, err = os.MkdirTemp("", "zen-lead-soak-"); err != nil {
		return err
	}
	path := filepath.Join(w.directory, "kubeconfig")
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		return err
	}
	for range 2 {
		started, err := replica.Start(context.WithoutCancel(ctx), replica.Options{
			Binary: w.Binary, Kubeconfig: path, Namespaces: []string{namespace}, LeaseNamespace: leaseNamespace, LeaderElection: true, Log: w.Log,
		})
		if err != nil {
			return err
		}
		w.replicas = append(w.replicas, started)
		if err := started.WaitReady(ctx); err != nil {
			return err
		}
	}
	return w.replicas[0].WaitActing(ctx)
}

func (w *world) close() error {
	var failures []error
	for _, r := range w.replicas {
		failures = append(failures, r.Kill())
	}
	if w.plane != nil {
		failures = append(failures, w.plane.Stop())
	}
	if w.directory != "" {
		failures = append(failures, os.RemoveAll(w.directory))
	}
	return errors.Join(failures...)
}
