package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"

	"github.com/zen-lead/zen-lead/test/controlplane"
)

const (
	// failEvery is how often a Pod fails, on average.
	failEvery = 50 * time.Millisecond
	// longestRecovery is after what time at most a Pod that failed is well again.
	longestRecovery = 1500 * time.Millisecond
)

// failure is a way in which a Pod fails and, after a while, is well again.
type failure struct {
	name    string
	fail    func(*world, context.Context, string) error
	recover func(*world, context.Context, string) error
}

var failures = []failure{
	{"not ready", func(w *world, ctx context.Context, pod string) error { return w.setReady(ctx, pod, false) },
		func(w *world, ctx context.Context, pod string) error { return w.setReady(ctx, pod, true) }},
	{"deleted", (*world).deletePod, (*world).remakePod},
	{"terminating", (*world).terminatePod, (*world).remakePod},
	{"finished", (*world).finishPod, (*world).remakePod},
}

// failing has Pods fail at random until it is told to end, and then waits until all are well again.
func (w *world) failing(ctx context.Context, random *rand.Rand, done <-chan struct{}) (failed int) {
	busy := map[string]bool{}
	mutex := &sync.Mutex{}
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case <-done:
			return failed
		case <-ctx.Done():
			return failed
		case <-time.After(time.Duration(random.Int64N(int64(2 * failEvery)))):
		}
		pod := fmt.Sprintf("%s-%d", w.services[random.IntN(len(w.services))], random.IntN(podsEach))
		way, pause := failures[random.IntN(len(failures))], time.Duration(random.Int64N(int64(longestRecovery)))
		mutex.Lock()
		taken := busy[pod]
		busy[pod] = true
		mutex.Unlock()
		if taken {
			continue
		}
		failed++
		running.Go(func() {
			w.insist(ctx, func(ctx context.Context) error { return way.fail(w, ctx, pod) })
			time.Sleep(pause)
			w.insist(ctx, func(ctx context.Context) error { return way.recover(w, ctx, pod) })
			mutex.Lock()
			defer mutex.Unlock()
			delete(busy, pod)
		})
	}
}

// insist tries until it succeeds: the API server may be away.
func (w *world) insist(ctx context.Context, do func(context.Context) error) {
	_ = until(ctx, func(ctx context.Context) bool {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		return do(ctx) == nil
	})
}

// until polls until something is the case or the context ends.
func until(ctx context.Context, is func(context.Context) bool) error {
	return wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) { return is(ctx), nil })
}

// makePod makes a Pod that is ready, as a kubelet would report it.
func (w *world) makePod(ctx context.Context, service, name string) error {
	pods := w.admin.CoreV1().Pods(namespace)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": service}},
		Spec:       corev1.PodSpec{NodeName: controlplane.Nodes[0], Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
	made, err := pods.Create(ctx, pod, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) { // an answer was lost
		made, err = pods.Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	number := w.addresses.Add(1)
	made.Status.Phase = corev1.PodRunning
	made.Status.PodIP = fmt.Sprintf("10.244.%d.%d", number/250%250, number%250+1)
	made.Status.PodIPs = []corev1.PodIP{{IP: made.Status.PodIP}}
	made.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	_, err = pods.UpdateStatus(ctx, made, metav1.UpdateOptions{})
	return err
}

func (w *world) setReady(ctx context.Context, name string, ready bool) error {
	return w.changeStatus(ctx, name, func(status *corev1.PodStatus) {
		status.Conditions[0].Status, status.Conditions[0].LastTransitionTime = corev1.ConditionFalse, metav1.Now()
		if ready {
			status.Conditions[0].Status = corev1.ConditionTrue
		}
	})
}

func (w *world) finishPod(ctx context.Context, name string) error {
	return w.changeStatus(ctx, name, func(status *corev1.PodStatus) { status.Phase = corev1.PodFailed })
}

// changeStatus changes a Pod's status; one that is gone, because etcd was restored, is made again by whoever recovers it.
func (w *world) changeStatus(ctx context.Context, name string, change func(*corev1.PodStatus)) error {
	pods := w.admin.CoreV1().Pods(namespace)
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return w.makePod(ctx, serviceOf(name), name)
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

func (w *world) deletePod(ctx context.Context, name string) error {
	now := int64(0)
	err := w.admin.CoreV1().Pods(namespace).Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &now})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// terminatePod deletes a Pod as a user does: it is there, and terminating, until somebody says that it has ended.
func (w *world) terminatePod(ctx context.Context, name string) error {
	grace := int64(30)
	err := w.admin.CoreV1().Pods(namespace).Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &grace})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// remakePod puts a Pod that is well in place of one that is not.
func (w *world) remakePod(ctx context.Context, name string) error {
	if err := w.deletePod(ctx, name); err != nil {
		return err
	}
	return w.makePod(ctx, serviceOf(name), name)
}
