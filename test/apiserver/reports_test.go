package apiserver

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

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

// metric returns a poll of a metric of the world's operator.
func (w *world) metric(name string, labels ...string) func() float64 {
	return func() float64 { return w.operator.metric(name, labels...)() }
}

// metric returns a poll of a metric's value with these labels ("service=my-app"); -1 if there is no such series. The values
// of several series are added up.
func (o *operator) metric(name string, labels ...string) func() float64 {
	return func() float64 {
		families, err := o.registry.Gather()
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
