package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/traffic/figures"
)

// histories are who was meant to lead and what Services route to, since the watch began.
type histories struct {
	mutex   sync.Mutex
	leaders map[string][]figures.Leader    // by Service or Lease
	slices  map[string]map[string][]string // Pods by Service and EndpointSlice
	routes  map[string][]route             // by Service
}

// route says which Pods a Service routes to from a time on.
type route struct {
	at      time.Time
	version int64 // the slice's resourceVersion, which orders writes
	pods    []string
}

// watchLeaders watches a namespace's EndpointSlices and Leases until the context ends. It returns once it has seen all, or gives up.
func watchLeaders(ctx context.Context, giveUp <-chan struct{}, clients kubernetes.Interface, namespace string) (*histories, error) {
	h := &histories{leaders: map[string][]figures.Leader{}, slices: map[string]map[string][]string{}, routes: map[string][]route{}}
	factory := informers.NewSharedInformerFactoryWithOptions(clients, 0, informers.WithNamespace(namespace))
	endpoints := factory.Discovery().V1().EndpointSlices().Informer()
	leases := factory.Coordination().V1().Leases().Informer()
	if _, err := endpoints.AddEventHandler(handler(h.slice)); err != nil {
		return nil, err
	}
	if _, err := leases.AddEventHandler(handler(h.lease)); err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(giveUp, endpoints.HasSynced, leases.HasSynced) {
		return nil, fmt.Errorf("watching namespace %s took too long", namespace)
	}
	return h, nil
}

// handler calls a function for every version of an object, and with gone for the last one.
func handler[T any](see func(object T, gone bool)) cache.ResourceEventHandler {
	call := func(object any, gone bool) {
		if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = last.Obj
		}
		if typed, ok := object.(T); ok {
			see(typed, gone)
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { call(object, false) },
		UpdateFunc: func(_, object any) { call(object, false) },
		DeleteFunc: func(object any) { call(object, true) },
	}
}

func (h *histories) slice(slice *discoveryv1.EndpointSlice, gone bool) {
	service := slice.Labels[discoveryv1.LabelServiceName]
	version, _ := strconv.ParseInt(slice.ResourceVersion, 10, 64)
	pods := []string(nil)
	if !gone {
		pods = routedTo(slice)
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.slices[service] == nil {
		h.slices[service] = map[string][]string{}
	}
	h.slices[service][slice.Name] = pods
	h.routes[service] = append(h.routes[service], route{
		time.Now(), version, slices.Concat(slices.Collect(maps.Values(h.slices[service]))...),
	})
	if slice.Labels[discoveryv1.LabelManagedBy] != contract.ManagedBy {
		return
	}
	leader := ""
	if len(pods) > 0 {
		leader = pods[0]
	}
	switched, _ := time.Parse(time.RFC3339Nano, slice.Annotations[contract.AnnotationLeaderLastSwitchTime])
	h.add(service, leader, switched)
}

// routedTo are the Pods that kube-proxy sends new connections to: the ready ones, else those that serve while they terminate.
func routedTo(slice *discoveryv1.EndpointSlice) []string {
	var ready, serving []string
	for _, endpoint := range slice.Endpoints {
		if endpoint.TargetRef == nil {
			continue
		}
		if ptr.Deref(endpoint.Conditions.Ready, true) {
			ready = append(ready, endpoint.TargetRef.Name)
		} else if ptr.Deref(endpoint.Conditions.Serving, false) && ptr.Deref(endpoint.Conditions.Terminating, false) {
			serving = append(serving, endpoint.TargetRef.Name)
		}
	}
	if len(ready) > 0 {
		return ready
	}
	return serving
}

func (h *histories) lease(lease *coordinationv1.Lease, gone bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	holder, acquired := ptr.Deref(lease.Spec.HolderIdentity, ""), time.Time{}
	if gone {
		holder = ""
	}
	if lease.Spec.AcquireTime != nil {
		acquired = lease.Spec.AcquireTime.Time
	}
	h.add(leaseKey(lease.Name), holder, acquired)
}

// leaseKey tells a Lease's history from that of a Service of the same name.
func leaseKey(name string) string { return "lease/" + name }

// add notes a leader. The change may have been on its way to us for a while: if the writer says when it was made, that counts.
func (h *histories) add(key, pod string, made time.Time) {
	history := h.leaders[key]
	at := time.Now()
	if last := len(history) - 1; last >= 0 {
		if history[last].Pod == pod {
			return
		}
		if made.After(history[last].At) && made.Before(at) {
			at = made
		}
	}
	h.leaders[key] = append(history, figures.Leader{At: at, Pod: pod})
}

// of is the history of a Service or Lease so far.
func (h *histories) of(key string) []figures.Leader {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.Clone(h.leaders[key])
}

// leader is who leads now by a history; empty for none.
func (h *histories) leader(key string) string {
	history := h.of(key)
	if len(history) == 0 {
		return ""
	}
	return history[len(history)-1].Pod
}

// routed are the Pods that a Service routes to now.
func (h *histories) routed(service string) []string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if all := h.routes[service]; len(all) > 0 {
		return all[len(all)-1].pods
	}
	return nil
}

// healed is when a Service routed to a Pod again that it had dropped after a time; zero if it did not.
func (h *histories) healed(service, pod string, after time.Time) time.Time {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	dropped := false
	for _, route := range h.routes[service] {
		routed := slices.Contains(route.pods, pod)
		if route.at.After(after) && dropped && routed {
			return route.at
		}
		dropped = dropped || route.at.After(after) && !routed
	}
	return time.Time{}
}

// dropped is when a Service stopped to route to the failed Pod.
func (h *histories) dropped(service string, fault figures.Fault) (at route, found bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, route := range h.routes[service] {
		if route.at.After(fault.At) && !slices.Contains(route.pods, fault.Pod) {
			return route, true
		}
	}
	return route{}, false
}

// during describes a history from one time to another, for people.
func during(history []figures.Leader, window figures.Window) string {
	words := []string(nil)
	for i, leader := range history {
		if leader.At.After(window.To) || i+1 < len(history) && history[i+1].At.Before(window.From) {
			continue
		}
		name := leader.Pod
		if name == "" {
			name = "nobody"
		}
		words = append(words, fmt.Sprintf("%+.3fs %s", leader.At.Sub(window.From).Seconds(), name))
	}
	return strings.Join(words, ", ")
}
