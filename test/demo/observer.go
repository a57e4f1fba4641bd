package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// observer sees the EndpointSlices of one namespace through one watch, ours and the built-in controller's alike, and
// remembers when each came to route to which Pods.
type observer struct {
	mutex   sync.Mutex
	slices  map[string]sighting
	changed chan struct{} // closed and replaced at every change
}

// sighting is a slice as it was last seen.
type sighting struct {
	service string
	ready   map[types.UID]string // Pod names
	at      time.Time
}

func observe(ctx context.Context, clients kubernetes.Interface, namespace string) (*observer, error) {
	watch, err := clients.DiscoveryV1().EndpointSlices(namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("watching EndpointSlices: %w", err)
	}
	o := &observer{slices: map[string]sighting{}, changed: make(chan struct{})}
	go func() {
		defer watch.Stop()
		for event := range watch.ResultChan() {
			if slice, ok := event.Object.(*discoveryv1.EndpointSlice); ok {
				o.note(slice, time.Now(), event.Type == "DELETED")
			}
		}
	}()
	return o, nil
}

func (o *observer) note(slice *discoveryv1.EndpointSlice, at time.Time, deleted bool) {
	seen := sighting{service: slice.Labels[discoveryv1.LabelServiceName], ready: map[types.UID]string{}, at: at}
	for _, endpoint := range slice.Endpoints {
		if endpoint.TargetRef != nil && endpoint.Conditions.Ready != nil && *endpoint.Conditions.Ready {
			seen.ready[endpoint.TargetRef.UID] = endpoint.TargetRef.Name
		}
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if deleted {
		delete(o.slices, slice.Name)
	} else {
		o.slices[slice.Name] = seen
	}
	close(o.changed)
	o.changed = make(chan struct{})
}

// routes is whether a Service's IPv4 slices route to a Pod, and when they were last seen to change.
func (o *observer) routes(service string, pod types.UID) (bool, time.Time) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	found, at := false, time.Time{}
	for _, seen := range o.slices {
		if seen.service != service {
			continue
		}
		if _, ready := seen.ready[pod]; ready {
			found = true
		}
		if seen.at.After(at) {
			at = seen.at
		}
	}
	return found, at
}

// leader is the Pod that a leader Service routes to; empty for none.
func (o *observer) leader(service string) (types.UID, string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, seen := range o.slices {
		if seen.service == service {
			for uid, name := range seen.ready {
				return uid, name
			}
		}
	}
	return "", ""
}

// until waits for a condition, looked at whenever a slice changes, and returns when the change that met it was seen.
func (o *observer) until(ctx context.Context, what string, met func() (bool, time.Time)) (time.Time, error) {
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for {
		o.mutex.Lock()
		changed := o.changed
		o.mutex.Unlock()
		if ok, at := met(); ok {
			return at, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-deadline.C:
			return time.Time{}, fmt.Errorf("waited 30 s in vain until %s", what)
		}
	}
}

// dropped waits until a Service no longer routes to the Pod.
func (o *observer) dropped(ctx context.Context, service string, pod *corev1.Pod) (time.Time, error) {
	return o.until(ctx, service+" no longer routes to "+pod.Name, func() (bool, time.Time) {
		routes, at := o.routes(service, pod.UID)
		return !routes, at
	})
}

// moved waits until a leader Service routes to another Pod than this.
func (o *observer) moved(ctx context.Context, service string, from types.UID) (time.Time, error) {
	return o.until(ctx, service+" has another leader", func() (bool, time.Time) {
		uid, _ := o.leader(service)
		_, at := o.routes(service, uid)
		return uid != "" && uid != from, at
	})
}

// serves waits until a Service routes to the Pod.
func (o *observer) serves(ctx context.Context, service string, pod *corev1.Pod) (time.Time, error) {
	return o.until(ctx, service+" routes to "+pod.Name, func() (bool, time.Time) { return o.routes(service, pod.UID) })
}
