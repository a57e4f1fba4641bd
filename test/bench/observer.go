package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// longest is how long anything may take that is waited for, on a slow, busy machine.
const longest = 3 * time.Minute

// watchTimeout is how long the API server keeps our one watch open. It closes others after half an hour or an hour.
const watchTimeout = 24 * time.Hour

// observer sees all EndpointSlices of the cluster through one watch at a time, the operator's and the built-in controller's alike,
// and stamps what is waited for when it arrives.
type observer struct {
	mutex    sync.Mutex
	services map[types.NamespacedName]*routes
	last     time.Time // when the last event arrived

	version string        // the resourceVersion that the watch has come to; belongs to who follows it
	ended   chan struct{} // closed when nothing is watched any longer, because of failure
	failure error
}

// routes are the Pods that a Service's slices list as ready, and who waits for a change of them.
type routes struct {
	slices  map[string][]types.UID // by slice
	waiting []*sight
}

// sight is the first time that the ready Pods of a Service meet a condition.
type sight struct {
	what string
	met  func(ready []types.UID) bool
	at   time.Time // set once done is closed
	done chan struct{}
}

// observe watches until the context ends.
func observe(ctx context.Context, clients kubernetes.Interface, progress io.Writer) (*observer, error) {
	o := newObserver()
	open := func(from string) (watch.Interface, error) {
		events, err := clients.DiscoveryV1().EndpointSlices(metav1.NamespaceAll).Watch(ctx,
			metav1.ListOptions{ResourceVersion: from, TimeoutSeconds: ptr.To(int64(watchTimeout.Seconds()))})
		if err != nil {
			return nil, fmt.Errorf("watching EndpointSlices: %w", err)
		}
		return events, nil
	}
	events, err := open("")
	if err != nil {
		return nil, err
	}
	go o.keepWatching(ctx, events, open, progress)
	return o, nil
}

func newObserver() *observer {
	return &observer{services: map[types.NamespacedName]*routes{}, ended: make(chan struct{})}
}

// keepWatching notes what a watch brings, and what those bring that go on after it, until the context ends or there is none.
func (o *observer) keepWatching(ctx context.Context, events watch.Interface, open func(from string) (watch.Interface, error), progress io.Writer) {
	defer close(o.ended)
	for {
		if o.failure = o.follow(events); o.failure != nil || ctx.Err() != nil {
			return
		}
		// The API server throws off watchers that cannot keep up, and does not say so. All events are still to be had.
		fmt.Fprintln(progress, "  The API server has ended the observer's watch, which goes on: what comes now is stamped late, for all parties alike")
		if events, o.failure = open(o.version); o.failure != nil {
			return
		}
	}
}

// follow notes what a watch brings until it ends.
func (o *observer) follow(events watch.Interface) error {
	defer events.Stop()
	for event := range events.ResultChan() {
		at := time.Now()
		slice, ok := event.Object.(*discoveryv1.EndpointSlice)
		if !ok {
			return fmt.Errorf("the watch of EndpointSlices has ended with %s: %v", event.Type, event.Object)
		}
		o.note(slice, at, event.Type == watch.Deleted)
		o.version = slice.ResourceVersion
	}
	return nil
}

// note takes down what a slice lists as ready, and stamps what that brings about. Only IPv4 counts: all Services have it.
func (o *observer) note(slice *discoveryv1.EndpointSlice, at time.Time, deleted bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.last = at
	if slice.AddressType != discoveryv1.AddressTypeIPv4 {
		return
	}
	of := o.of(types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]})
	if deleted {
		delete(of.slices, slice.Name)
	} else {
		of.slices[slice.Name] = readyIn(slice)
	}
	if len(of.waiting) > 0 {
		ready := of.ready()
		of.waiting = slices.DeleteFunc(of.waiting, func(s *sight) bool { return s.look(ready, at) })
	}
}

// of is a Service's entry, made where there is none. The mutex is held.
func (o *observer) of(service types.NamespacedName) *routes {
	found := o.services[service]
	if found == nil {
		found = &routes{slices: map[string][]types.UID{}}
		o.services[service] = found
	}
	return found
}

func readyIn(slice *discoveryv1.EndpointSlice) []types.UID {
	var ready []types.UID
	for i := range slice.Endpoints {
		if endpoint := &slice.Endpoints[i]; endpoint.TargetRef != nil && ptr.Deref(endpoint.Conditions.Ready, true) {
			ready = append(ready, endpoint.TargetRef.UID)
		}
	}
	return ready
}

func (r *routes) ready() []types.UID {
	var ready []types.UID
	for _, listed := range r.slices {
		ready = append(ready, listed...)
	}
	return ready
}

// look is whether the condition is met, and stamps it.
func (s *sight) look(ready []types.UID, at time.Time) bool {
	if !s.met(ready) {
		return false
	}
	s.at = at
	close(s.done)
	return true
}

// ready are the Pods that a Service's slices list as ready now.
func (o *observer) ready(service types.NamespacedName) []types.UID {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if found := o.services[service]; found != nil {
		return found.ready()
	}
	return nil
}

// expect begins to look for the first time that a Service's ready Pods meet a condition; that may be now.
func (o *observer) expect(service types.NamespacedName, what string, met func(ready []types.UID) bool) *sight {
	s := &sight{what: service.String() + " " + what, met: met, done: make(chan struct{})}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	of := o.of(service)
	if !s.look(of.ready(), time.Now()) {
		of.waiting = append(of.waiting, s)
	}
	return s
}

// wait returns when the event arrived that met the condition.
func (o *observer) wait(ctx context.Context, s *sight) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	select {
	case <-s.done:
		return s.at, nil
	case <-o.ended:
		return time.Time{}, errors.Join(errors.New("the observer has stopped"), o.failure)
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("waiting until %s: %w", s.what, ctx.Err())
	}
}

// quiet waits until no event has arrived for a while: nothing straggles from one round into the next.
func (o *observer) quiet(ctx context.Context, while time.Duration) error {
	for {
		o.mutex.Lock()
		left := while - time.Since(o.last)
		o.mutex.Unlock()
		if left <= 0 {
			return nil
		}
		if err := pause(ctx, left); err != nil {
			return err
		}
	}
}

// pause waits: what is measured is time.
func pause(ctx context.Context, duration time.Duration) error {
	select {
	case <-time.After(duration):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
