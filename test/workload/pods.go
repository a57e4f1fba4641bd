// Package workload makes Services with Pods against an API server that has no kubelets, and has Pods fail and be well again as kubelets
// would report it.
package workload

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

// appLabel is by what Services select their Pods; its value is the Service's name.
const appLabel = "app"

// Pods makes Pods of the Services of one namespace. It is safe for use by several at once, each of which has Pods of its own.
type Pods struct {
	Client    kubernetes.Interface
	Namespace string
	// DualStack is whether they have an IPv6 address too.
	DualStack bool
	// addresses is how many have been given away.
	addresses atomic.Int64
}

// Selector is how a Service selects its Pods.
func Selector(service string) map[string]string { return map[string]string{appLabel: service} }

// Name is that of a Pod of a Service.
func Name(service string, number int) string { return fmt.Sprintf("%s-%d", service, number) }

func serviceOf(pod string) string { return pod[:strings.LastIndex(pod, "-")] }

// Make makes a Pod that is ready. One of that name that is there already is made ready instead: an answer may have been lost.
func (p *Pods) Make(ctx context.Context, name string) error {
	pods := p.Client.CoreV1().Pods(p.Namespace)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: Selector(serviceOf(name))},
		Spec:       corev1.PodSpec{NodeName: controlplane.Nodes[0], Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
	made, err := pods.Create(ctx, pod, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		made, err = pods.Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	number := p.addresses.Add(1)
	made.Status.Phase = corev1.PodRunning
	made.Status.PodIP = fmt.Sprintf("10.244.%d.%d", number/250%250, number%250+1)
	made.Status.PodIPs = []corev1.PodIP{{IP: made.Status.PodIP}}
	if p.DualStack {
		made.Status.PodIPs = append(made.Status.PodIPs, corev1.PodIP{IP: fmt.Sprintf("fd00:244::%x", number)})
	}
	made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	_, err = pods.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	return err
}

// SetReady has its readiness probe succeed or fail.
func (p *Pods) SetReady(ctx context.Context, name string, ready bool) error {
	return p.changeStatus(ctx, name, func(status *corev1.PodStatus) {
		status.Conditions[0].Status, status.Conditions[0].LastTransitionTime = corev1.ConditionFalse, metav1.Now()
		if ready {
			status.Conditions[0].Status = corev1.ConditionTrue
		}
	})
}

// Finish has its containers end.
func (p *Pods) Finish(ctx context.Context, name string) error {
	return p.changeStatus(ctx, name, func(status *corev1.PodStatus) { status.Phase = corev1.PodFailed })
}

// changeStatus changes a Pod's status; one that is gone, because etcd was restored, is made.
func (p *Pods) changeStatus(ctx context.Context, name string, change func(*corev1.PodStatus)) error {
	pods := p.Client.CoreV1().Pods(p.Namespace)
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return p.Make(ctx, name)
		}
		if err != nil {
			return err
		}
		if len(pod.Status.Conditions) == 0 { // it was restored to the moment before its first status
			pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady}}
		}
		change(&pod.Status)
		_, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		return err
	})
}

// Delete deletes it at once, as if it had been forced.
func (p *Pods) Delete(ctx context.Context, name string) error { return p.delete(ctx, name, 0) }

// Terminate deletes it as a user does: it is there, and terminating, until somebody deletes it at once.
func (p *Pods) Terminate(ctx context.Context, name string) error { return p.delete(ctx, name, 30) }

func (p *Pods) delete(ctx context.Context, name string, graceSeconds int64) error {
	err := p.Client.CoreV1().Pods(p.Namespace).Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &graceSeconds})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// Remake puts a Pod that is well in place of one that is not.
func (p *Pods) Remake(ctx context.Context, name string) error {
	if err := p.Delete(ctx, name); err != nil {
		return err
	}
	return p.Make(ctx, name)
}
