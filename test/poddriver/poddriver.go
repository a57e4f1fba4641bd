package poddriver

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// AnnotationReady on a Pod sets its readiness: "true" or "false".
const AnnotationReady = "zen-lead.io/pod-ready"

// Options are what a driver can be started with.
type Options struct {
	// Namespace is the one whose Pods are driven; empty for all.
	Namespace string
	// Nodes are bound to in turn. They must exist.
	Nodes []string
	// StartDelay is from the binding of a Pod until it is Ready, StopDelay from its deletion until it is gone.
	StartDelay, StopDelay time.Duration
}

// driver reconciles Pods.
type driver struct {
	client    client.Client
	options   Options
	addresses atomic.Int64

	mutex sync.Mutex
	since map[types.UID]time.Time // when a delay began
}

// Start drives Pods until the context ends. It returns once it has begun.
func Start(ctx context.Context, restConfig *rest.Config, options Options) error {
	skip := true
	managed := manager.Options{
		Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Controller: config.Controller{SkipNameValidation: &skip},
	}
	if options.Namespace != "" {
		managed.Cache.DefaultNamespaces = map[string]cache.Config{options.Namespace: {}}
	}
	mgr, err := manager.New(restConfig, managed)
	if err != nil {
		return fmt.Errorf("creating the Pod driver: %w", err)
	}
	d := &driver{client: mgr.GetClient(), options: options, since: map[types.UID]time.Time{}}
	c, err := controller.New("poddriver", mgr, controller.Options{Reconciler: d, MaxConcurrentReconciles: 4})
	if err != nil {
		return fmt.Errorf("creating the Pod driver: %w", err)
	}
	pods := source.Kind(mgr.GetCache(), &corev1.Pod{}, &handler.TypedEnqueueRequestForObject[*corev1.Pod]{})
	if err := c.Watch(pods); err != nil {
		return fmt.Errorf("watching Pods: %w", err)
	}
	go mgr.Start(ctx) //nolint:errcheck // ends with the context
	return nil
}

// Reconcile takes a Pod one step on.
func (d *driver) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	pod := &corev1.Pod{}
	if err := d.client.Get(ctx, request.NamespacedName, pod); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	var wait time.Duration
	var err error
	switch {
	case pod.DeletionTimestamp != nil:
		wait, err = d.after(pod.UID+"/stop", d.options.StopDelay, func() error { return d.stop(ctx, pod) })
	case pod.Spec.NodeName == "":
		err = d.bind(ctx, pod)
	case pod.Status.Phase == "" || pod.Status.Phase == corev1.PodPending:
		wait, err = d.after(pod.UID+"/start", d.options.StartDelay, func() error { return d.run(ctx, pod) })
	case pod.Status.Phase == corev1.PodRunning:
		err = d.followAnnotation(ctx, pod)
	}
	// Somebody else was faster: the watch brings what he has done.
	return reconcile.Result{RequeueAfter: wait}, ignoreRace(err)
}

// after calls a function once the delay that began with the first call for this key is over; until then it returns what is
// left of it.
func (d *driver) after(key types.UID, delay time.Duration, call func() error) (time.Duration, error) {
	d.mutex.Lock()
	if d.since[key].IsZero() {
		d.since[key] = time.Now()
	}
	left := delay - time.Since(d.since[key])
	d.mutex.Unlock()
	if left > 0 {
		return left, nil
	}
	err := call()
	if err == nil {
		d.mutex.Lock()
		defer d.mutex.Unlock()
		delete(d.since, key)
	}
	return 0, err
}

func (d *driver) bind(ctx context.Context, pod *corev1.Pod) error {
	node := d.options.Nodes[int(d.addresses.Add(1))%len(d.options.Nodes)]
	return d.client.SubResource("binding").Create(ctx, pod, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: node},
	})
}

func (d *driver) run(ctx context.Context, pod *corev1.Pod) error {
	running := pod.DeepCopy()
	number := d.addresses.Add(1)
	running.Status.Phase = corev1.PodRunning
	running.Status.PodIP = fmt.Sprintf("10.244.%d.%d", number/250%250, number%250+1)
	running.Status.PodIPs = []corev1.PodIP{{IP: running.Status.PodIP}, {IP: fmt.Sprintf("fd00:244::%x", number+1)}}
	started := metav1.Now()
	running.Status.StartTime = &started
	setReady(running, pod.Annotations[AnnotationReady] != "false")
	return d.client.Status().Update(ctx, running)
}

func (d *driver) stop(ctx context.Context, pod *corev1.Pod) error {
	return d.client.Delete(ctx, pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID})
}

func (d *driver) followAnnotation(ctx context.Context, pod *corev1.Pod) error {
	wanted := pod.Annotations[AnnotationReady]
	if wanted != "true" && wanted != "false" || (wanted == "true") == isReady(pod) {
		return nil
	}
	updated := pod.DeepCopy()
	setReady(updated, wanted == "true")
	return d.client.Status().Update(ctx, updated)
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func setReady(pod *corev1.Pod, ready bool) {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		condition := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}
		if kind == corev1.ContainersReady || kind == corev1.PodReady {
			condition.Status = status
		}
		set(pod, condition)
	}
	pod.Status.ContainerStatuses = nil
	for _, container := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Ready: ready, Started: &ready,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
		})
	}
}

func set(pod *corev1.Pod, condition corev1.PodCondition) {
	for i, existing := range pod.Status.Conditions {
		if existing.Type == condition.Type {
			if existing.Status != condition.Status {
				pod.Status.Conditions[i] = condition
			}
			return
		}
	}
	pod.Status.Conditions = append(pod.Status.Conditions, condition)
}

func ignoreRace(err error) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
