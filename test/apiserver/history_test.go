package apiserver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// history is what happens to the Services and EndpointSlices of a namespace, revision by revision. A poll could miss a gap
// that is short, and see one that never was, because it reads the two kinds one after the other.
type history struct {
	stop    context.CancelFunc
	reading sync.WaitGroup
	mutex   sync.Mutex
	events  []watch.Event
}

// startHistory begins with what exists.
func (w *world) startHistory() *history {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(w.ctx)
	DeferCleanup(cancel)
	h := &history{stop: cancel}
	watcher, err := client.NewWithWatch(plane.Config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	for _, list := range []client.ObjectList{&corev1.ServiceList{}, &discoveryv1.EndpointSliceList{}} {
		stream, err := watcher.Watch(ctx, list, client.InNamespace(w.namespace))
		Expect(err).NotTo(HaveOccurred())
		h.reading.Go(func() {
			for event := range stream.ResultChan() {
				h.add(event)
			}
		})
	}
	return h
}

func (h *history) add(event watch.Event) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if event.Type != watch.Error { // it is what stopping looks like
		h.events = append(h.events, event)
	}
}

// until ends the history with what is the case now.
func (h *history) until(w *world) *history {
	GinkgoHelper()
	end := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, GenerateName: "end-"},
		Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}}}
	last := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, GenerateName: "end-"},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{}}
	for _, object := range []client.Object{end, last} {
		Expect(admin.Create(w.ctx, object)).To(Succeed())
		Eventually(h.shows).WithArguments(object).Should(BeTrue())
		Expect(admin.Delete(w.ctx, object)).To(Succeed())
	}
	h.stop()
	h.reading.Wait()
	slices.SortStableFunc(h.events, func(a, b watch.Event) int { return cmp.Compare(revision(a), revision(b)) })
	return h
}

func (h *history) shows(object client.Object) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.ContainsFunc(h.events, func(event watch.Event) bool {
		return event.Object.(client.Object).GetUID() == object.GetUID()
	})
}

// leaderless lists the revisions after which no leader Service had a slice of its own with a ready endpoint, from the first
// on after which one had.
func (h *history) leaderless() []string {
	services, ready := map[string]bool{}, map[string]string{}
	led, gaps := false, []string{}
	for _, event := range h.events {
		switch object := event.Object.(type) {
		case *corev1.Service:
			services[string(object.UID)] = event.Type != watch.Deleted
		case *discoveryv1.EndpointSlice:
			delete(ready, object.Name)
			if event.Type != watch.Deleted && hasReadyEndpoint(object) {
				ready[object.Name] = ownerUID(object)
			}
		}
		leads := false
		for _, owner := range ready {
			leads = leads || services[owner]
		}
		if led && !leads {
			gaps = append(gaps, fmt.Sprintf("%s %T %s", event.Type, event.Object, event.Object.(client.Object).GetName()))
		}
		led = led || leads
	}
	return gaps
}

func hasReadyEndpoint(slice *discoveryv1.EndpointSlice) bool {
	return strings.HasSuffix(slice.Name, "-ipv4") && len(slice.Endpoints) == 1 && *slice.Endpoints[0].Conditions.Ready
}

func ownerUID(object metav1.Object) string {
	if owner := metav1.GetControllerOf(object); owner != nil {
		return string(owner.UID)
	}
	return ""
}

func revision(event watch.Event) int {
	number, err := strconv.Atoi(event.Object.(client.Object).GetResourceVersion())
	Expect(err).NotTo(HaveOccurred())
	return number
}
