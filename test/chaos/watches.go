package chaos

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/zen-lead/zen-lead/test/chaos/checker"
)

// again is how soon a watch that has ended is tried again. The checker must see everything, so it waits for nothing.
const again = 20 * time.Millisecond

// markerName is the Pod and the slice whose versions tell how far the watches have come.
const markerName = "chaos-marker"

// watches brings the checker every version of Pods and slices, straight from the API server.
type watches struct {
	admin   kubernetes.Interface
	checker *checker.Checker

	mutex   sync.Mutex
	era     int
	restart map[string]context.CancelFunc
	marks   map[string]string // the value that the marker was last seen with, by kind
	markers atomic.Int64
	// gaps is how often versions may have been missed, because the API server no longer had them.
	gaps atomic.Int64
}

// kind is one of the two kinds.
type kind struct {
	name  string
	list  func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func startWatches(ctx context.Context, admin kubernetes.Interface, judge *checker.Checker) *watches {
	w := &watches{admin: admin, checker: judge, restart: map[string]context.CancelFunc{}, marks: map[string]string{}}
	pods, slices := admin.CoreV1().Pods(namespace), admin.DiscoveryV1().EndpointSlices(namespace)
	for _, k := range []kind{
		{"pods", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return pods.List(ctx, o) }, pods.Watch},
		{"slices", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return slices.List(ctx, o) }, slices.Watch},
	} {
		go w.follow(ctx, k)
	}
	return w
}

// follow lists and watches until the context ends: from where the last watch ended or, in a new era, from the beginning.
func (w *watches) follow(ctx context.Context, k kind) {
	from, era := "", 0
	for ctx.Err() == nil {
		var err error
		if now := w.currentEra(); now != era {
			from, era = "", now
		}
		if from == "" {
			from, err = w.listAll(ctx, k, era)
		}
		if err == nil {
			from, err = w.watchFrom(ctx, k, from, era)
		}
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			w.gaps.Add(1)
			w.beginAnew()
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

func (w *watches) currentEra() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.era
}

func (w *watches) listAll(ctx context.Context, k kind, era int) (from string, err error) {
	list, err := k.list(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	err = meta.EachListItem(list, func(object runtime.Object) error {
		return w.take(watch.Event{Type: watch.Added, Object: object}, era, true)
	})
	return list.(metav1.ListInterface).GetResourceVersion(), err
}

// watchFrom watches until the watch ends, and returns where it did; empty if it has to begin anew.
func (w *watches) watchFrom(ctx context.Context, k kind, from string, era int) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.mutex.Lock()
	w.restart[k.name] = cancel
	w.mutex.Unlock()
	stream, err := k.watch(ctx, metav1.ListOptions{ResourceVersion: from, AllowWatchBookmarks: true})
	if err != nil {
		return from, err
	}
	defer stream.Stop()
	for event := range stream.ResultChan() {
		if event.Type == watch.Error {
			return from, apierrors.FromObject(event.Object)
		}
		object, err := meta.Accessor(event.Object)
		if err != nil {
			return from, err
		}
		from = object.GetResourceVersion()
		if err := w.take(event, era, false); err != nil {
			return from, err
		}
	}
	return from, nil
}

func (w *watches) take(event watch.Event, era int, listed bool) error {
	if event.Type == watch.Bookmark {
		return nil
	}
	object, err := meta.Accessor(event.Object)
	if err != nil {
		return err
	}
	revision, err := strconv.ParseInt(object.GetResourceVersion(), 10, 64)
	if err != nil {
		return fmt.Errorf("reading a resourceVersion: %w", err)
	}
	at := checker.Version{Era: era, Revision: revision, Seen: time.Now(), Deleted: event.Type == watch.Deleted, Listed: listed}
	if object.GetName() == markerName {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.marks[fmt.Sprintf("%T", event.Object)] = object.GetLabels()["mark"]
		return nil
	}
	switch object := event.Object.(type) {
	case *corev1.Pod:
		w.checker.Pod(object, at)
	case *discoveryv1.EndpointSlice:
		w.checker.Slice(object, at)
	}
	return nil
}

// caughtUp waits until the checker has been brought everything that is there now.
func (w *watches) caughtUp(ctx context.Context) error {
	mark := strconv.FormatInt(w.markers.Add(1), 10)
	labels := map[string]string{"mark": mark}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: markerName, Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: markerName, Labels: labels}, AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{}}
	if err := w.putMarker(ctx, pod, slice); err != nil {
		return err
	}
	return until(ctx, func(context.Context) bool {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		return w.marks["*v1.Pod"] == mark && w.marks["*v1.EndpointSlice"] == mark
	})
}

func (w *watches) putMarker(ctx context.Context, pod *corev1.Pod, slice *discoveryv1.EndpointSlice) error {
	pods, slices := w.admin.CoreV1().Pods(namespace), w.admin.DiscoveryV1().EndpointSlices(namespace)
	if existing, err := pods.Get(ctx, markerName, metav1.GetOptions{}); err == nil {
		existing.Labels = pod.Labels
		if _, err := pods.Update(ctx, existing, metav1.UpdateOptions{}); err != nil {
			return err
		}
	} else if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return err
	}
	if existing, err := slices.Get(ctx, markerName, metav1.GetOptions{}); err == nil {
		existing.Labels = slice.Labels
		_, err = slices.Update(ctx, existing, metav1.UpdateOptions{})
		return err
	}
	_, err := slices.Create(ctx, slice, metav1.CreateOptions{})
	return err
}

// beginAnew begins a new era: everything is listed anew.
func (w *watches) beginAnew() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.era++
	for _, cancel := range w.restart {
		cancel()
	}
}
