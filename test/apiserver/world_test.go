package apiserver

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// world is one test's namespace, with an operator that watches it.
type world struct {
	ctx       context.Context
	namespace string
	operator  *operator
	clock     clock.PassiveClock
	addresses atomic.Int64
}

// operator is a running operator.
type operator struct {
	registry *prometheus.Registry
	stop     context.CancelFunc
	done     chan error
}

// newWorld makes a namespace and starts an operator in it.
func newWorld() *world {
	w := newQuietWorld()
	w.startOperator()
	return w
}

// newQuietWorld makes a namespace without an operator.
func newQuietWorld() *world {
	GinkgoHelper()
	w := &world{ctx: context.Background(), clock: clock.RealClock{}}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "t-"}}
	Expect(admin.Create(w.ctx, namespace)).To(Succeed())
	w.namespace = namespace.Name
	grant(w.ctx, w.namespace, controlplane.RoleWatched)
	Eventually(w.mayWork).Should(BeTrue())
	DeferCleanup(func() {
		w.stopOperator()
		Expect(client.IgnoreNotFound(admin.Delete(w.ctx, namespace))).To(Succeed())
	})
	return w
}

// mayWork is whether the API server has taken notice of the operator's rights.
func (w *world) mayWork() bool {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               operatorUser,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: w.namespace, Verb: "list", Resource: "pods"},
	}}
	Expect(admin.Create(w.ctx, review)).To(Succeed())
	return review.Status.Allowed
}

// newLedWorld makes a world in which my-app is opted in and its Pod a leads.
func newLedWorld() *world {
	GinkgoHelper()
	w := newWorld()
	w.aService("my-app").create()
	w.aPod("my-app", "a").create()
	w.switched("my-app", "a", 1, contract.ReasonElected)
	return w
}

func (w *world) startOperator() {
	GinkgoHelper()
	Expect(w.operator).To(BeNil())
	ctx, cancel := context.WithCancel(w.ctx)
	started := &operator{registry: prometheus.NewRegistry(), stop: cancel, done: make(chan error, 1)}
	manager, err := controllers.NewManager(ctx, operatorConfig, controllers.Options{
		Namespaces:              []string{w.namespace},
		MetricsBindAddress:      "0",
		HealthProbeBindAddress:  "0",
		MaxConcurrentReconciles: 4,
		Clock:                   w.clock,
		Registerer:              started.registry,
		SkipNameValidation:      true,
	})
	Expect(err).NotTo(HaveOccurred())
	go func() { started.done <- manager.Start(ctx) }()
	w.operator = started
}

func (w *world) stopOperator() {
	GinkgoHelper()
	if w.operator == nil {
		return
	}
	w.operator.stop()
	Eventually(w.operator.done).WithTimeout(30 * time.Second).Should(Receive(Succeed()))
	w.operator = nil
}

// Objects.

func (w *world) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.namespace, Name: name}
}

func (w *world) service(name string) *corev1.Service {
	GinkgoHelper()
	service := &corev1.Service{}
	Expect(admin.Get(w.ctx, w.key(name), service)).To(Succeed())
	return service
}

func (w *world) slice(name string) *discoveryv1.EndpointSlice {
	GinkgoHelper()
	slice := &discoveryv1.EndpointSlice{}
	Expect(admin.Get(w.ctx, w.key(name), slice)).To(Succeed())
	return slice
}

// exists returns a poll of whether an object exists.
func (w *world) exists(object client.Object, name string) func() bool {
	return func() bool {
		err := admin.Get(w.ctx, w.key(name), object)
		if !apierrors.IsNotFound(err) {
			Expect(err).NotTo(HaveOccurred())
		}
		return err == nil
	}
}

// change applies a change to an object, again if somebody else was faster.
func change[T client.Object](w *world, object T, name string, apply func(T)) {
	GinkgoHelper()
	Eventually(func() error {
		if err := admin.Get(w.ctx, w.key(name), object); err != nil {
			return err
		}
		apply(object)
		return admin.Update(w.ctx, object)
	}).Should(Succeed())
}

func (w *world) annotate(service, key, value string) {
	GinkgoHelper()
	change(w, &corev1.Service{}, service, func(s *corev1.Service) { metav1.SetMetaDataAnnotation(&s.ObjectMeta, key, value) })
}

func (w *world) unannotate(service, key string) {
	GinkgoHelper()
	change(w, &corev1.Service{}, service, func(s *corev1.Service) { delete(s.Annotations, key) })
}

// respec changes the spec of my-app.
func (w *world) respec(apply func(*corev1.ServiceSpec)) {
	GinkgoHelper()
	change(w, &corev1.Service{}, "my-app", func(s *corev1.Service) { apply(&s.Spec) })
}

// deleteService deletes a Service.
func (w *world) deleteService(name string, options ...client.DeleteOption) {
	GinkgoHelper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
	Expect(admin.Delete(w.ctx, service, options...)).To(Succeed())
}

// made returns a poll of what was made for a source, as "Service name" and "EndpointSlice name", and its resourceVersions.
func (w *world) made(source string) func() map[string]string {
	return func() map[string]string {
		mark := client.MatchingLabels{contract.LabelSourceService: source}
		var services corev1.ServiceList
		Expect(admin.List(w.ctx, &services, client.InNamespace(w.namespace), mark)).To(Succeed())
		var slices discoveryv1.EndpointSliceList
		Expect(admin.List(w.ctx, &slices, client.InNamespace(w.namespace), mark)).To(Succeed())
		made := map[string]string{}
		for _, service := range services.Items {
			made["Service "+service.Name] = service.ResourceVersion
		}
		for _, slice := range slices.Items {
			made["EndpointSlice "+slice.Name] = slice.ResourceVersion
		}
		return made
	}
}

// nothingMade asserts that nothing exists that was made for a source, and that nothing appears.
func (w *world) nothingMade(source string) {
	GinkgoHelper()
	Eventually(w.made(source)).Should(BeEmpty())
	Consistently(w.made(source)).WithTimeout(300 * time.Millisecond).Should(BeEmpty())
}

// What users see.

// leader returns a poll of the Pod names that the IPv4 slice of the leader Service routes to as ready.
func (w *world) leader(service string) func() []string {
	return w.leaderOf(service+"-leader", discoveryv1.AddressTypeIPv4)
}

func (w *world) leaderOf(leaderService string, addressType discoveryv1.AddressType) func() []string {
	return func() []string {
		slice := &discoveryv1.EndpointSlice{}
		if err := admin.Get(w.ctx, w.key(contract.SliceName(leaderService, addressType)), slice); err != nil {
			return []string{"no slice"}
		}
		names := []string{}
		for _, endpoint := range slice.Endpoints {
			if *endpoint.Conditions.Ready {
				names = append(names, endpoint.TargetRef.Name)
			} else {
				names = append(names, endpoint.TargetRef.Name+" (not ready)")
			}
		}
		return names
	}
}

// endpoint returns a poll of the IPv4 slice's one endpoint with its conditions, such as "a ready serving" or
// "a serving terminating"; empty if there is none.
func (w *world) endpoint(service string) func() string {
	return func() string {
		GinkgoHelper()
		slice := w.slice(service + "-leader-ipv4")
		if len(slice.Endpoints) == 0 {
			return ""
		}
		Expect(slice.Endpoints).To(HaveLen(1))
		endpoint := slice.Endpoints[0]
		text := endpoint.TargetRef.Name
		for _, condition := range []struct {
			name  string
			holds *bool
		}{{"ready", endpoint.Conditions.Ready}, {"serving", endpoint.Conditions.Serving}, {"terminating", endpoint.Conditions.Terminating}} {
			if *condition.holds {
				text += " " + condition.name
			}
		}
		return text
	}
}

// routes asserts that a leader Service comes to route to the Pod alone, as the how many-th leader.
func (w *world) routes(leaderService, pod string, epoch int) {
	GinkgoHelper()
	Eventually(w.leaderOf(leaderService, discoveryv1.AddressTypeIPv4)).Should(Equal([]string{pod}))
	Eventually(w.status(leaderService, contract.AnnotationLeaderEpoch)).Should(Equal(fmt.Sprint(epoch)))
	Eventually(w.status(leaderService, contract.AnnotationLeaderPodName)).Should(Equal(pod))
	slice := w.slice(contract.SliceName(leaderService, discoveryv1.AddressTypeIPv4))
	Expect(slice.Annotations).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, fmt.Sprint(epoch)))
}

// status returns a poll of one of the leader Service's annotations.
func (w *world) status(leaderService, key string) func() string {
	return func() string {
		service := &corev1.Service{}
		if admin.Get(w.ctx, w.key(leaderService), service) != nil {
			return ""
		}
		return service.Annotations[key]
	}
}

func (w *world) epoch(service string) func() string {
	return w.status(service+"-leader", contract.AnnotationLeaderEpoch)
}

// switched asserts that the Pod comes to lead, as the how many-th leader and why, and that the leader Service says so.
func (w *world) switched(service, pod string, epoch int, reason contract.Reason) {
	GinkgoHelper()
	Eventually(w.leader(service)).Should(Equal([]string{pod}))
	Eventually(w.status(service+"-leader", contract.AnnotationLeaderPodName)).Should(Equal(pod))
	annotations := w.service(service + "-leader").Annotations
	Expect(annotations).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, fmt.Sprint(epoch)))
	Expect(annotations).To(HaveKeyWithValue(contract.AnnotationLeaderReason, string(reason)))
	Expect(w.slice(service + "-leader-ipv4").Annotations).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, fmt.Sprint(epoch)))
}

// events lists the notes of the Events about an object, counting repetitions, as "Reason: note".
func (w *world) events(kind, name string) func() []string {
	return func() []string {
		var list eventsv1.EventList
		Expect(admin.List(w.ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
		notes := []string{}
		for _, event := range list.Items {
			if event.Regarding.Kind != kind || event.Regarding.Name != name {
				continue
			}
			note := event.Reason + ": " + event.Note
			if event.Series != nil {
				note += fmt.Sprintf(" (%d times)", event.Series.Count)
			}
			notes = append(notes, note)
		}
		return notes
	}
}

// eventsOf lists the notes of one reason on the Service.
func (w *world) eventsOf(service, reason string) func() []string {
	return func() []string {
		notes := []string{}
		for _, note := range w.events("Service", service)() {
			if found, is := strings.CutPrefix(note, reason+": "); is {
				notes = append(notes, found)
			}
		}
		return notes
	}
}

// metric returns a poll of a metric's value with these labels ("service=my-app"); -1 if there is no such series. The values
// of several series are added up.
func (w *world) metric(name string, labels ...string) func() float64 {
	return func() float64 {
		families, err := w.operator.registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		sum, found := 0.0, false
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				if family.GetName() == name && hasLabels(metric, labels) {
					sum, found = sum+value(metric), true
				}
			}
		}
		if !found {
			return -1
		}
		return sum
	}
}

// elections returns a poll of how often it was decided who leads the Service.
func (w *world) elections(service string) func() float64 {
	return w.metric("zen_lead_elections_total", "service="+service)
}

// nudge has it decided again who leads the Service, by a change of a Pod that concerns nobody.
func (w *world) nudge(service, pod string) {
	GinkgoHelper()
	before := w.elections(service)()
	change(w, &corev1.Pod{}, pod, func(p *corev1.Pod) {
		metav1.SetMetaDataLabel(&p.ObjectMeta, "nudged", fmt.Sprint(time.Now().UnixNano()))
	})
	Eventually(w.elections(service)).Should(BeNumerically(">", before))
}

// settled waits until the operator has nothing more to do for a Service.
func (w *world) settled(service string) {
	GinkgoHelper()
	last, since := -1.0, time.Now()
	Eventually(func() time.Duration {
		if now := w.elections(service)(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since)
	}).Should(BeNumerically(">", 300*time.Millisecond))
}

func hasLabels(metric *dto.Metric, labels []string) bool {
	present := map[string]bool{}
	for _, pair := range metric.GetLabel() {
		present[pair.GetName()+"="+pair.GetValue()] = true
	}
	for _, label := range labels {
		if !present[label] {
			return false
		}
	}
	return true
}

func value(metric *dto.Metric) float64 {
	switch {
	case metric.GetCounter() != nil:
		return metric.GetCounter().GetValue()
	case metric.GetGauge() != nil:
		return metric.GetGauge().GetValue()
	}
	return float64(metric.GetHistogram().GetSampleCount())
}
