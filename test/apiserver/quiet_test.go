package apiserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/controlplane"
)

// requests are what the operator has asked the API server for in this namespace, by the server's own audit log.
func (w *world) requests() []auditv1.Event {
	GinkgoHelper()
	events, err := controlplane.ReadAudit(plane.AuditLog, operatorUser, w.namespace)
	Expect(err).NotTo(HaveOccurred())
	return slices.DeleteFunc(events, func(e auditv1.Event) bool { return e.ObjectRef == nil || e.ObjectRef.Namespace != w.namespace })
}

// writes are the requests that are not reads, such as "update services my-app-leader".
func (w *world) writes() []string {
	GinkgoHelper()
	writes := []string{}
	for _, request := range w.requests() {
		if !slices.Contains([]string{"get", "list", "watch"}, request.Verb) {
			writes = append(writes, fmt.Sprintf("%s %s %s", request.Verb, request.ObjectRef.Resource, request.ObjectRef.Name))
		}
	}
	return writes
}

// writesSince returns a poll of the writes after the first so many, without those of Events.
func (w *world) writesSince(count int) func() []string {
	return func() []string {
		GinkgoHelper()
		return slices.DeleteFunc(w.writes()[count:], func(write string) bool { return strings.Contains(write, " events ") })
	}
}

// calm waits until the operator has not written for a second.
func (w *world) calm() {
	GinkgoHelper()
	last, since := -1, time.Now()
	Eventually(func() time.Duration {
		if now := len(w.writes()); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since)
	}).WithTimeout(5*time.Minute).WithPolling(100*time.Millisecond).Should(BeNumerically(">", time.Second), "it has as much to write as a test gives it")
}

// seriesOf returns a poll of the names of the world's operator's metrics that have a series of the Service.
func (w *world) seriesOf(service string) func() []string {
	return func() []string { return w.operator.seriesOf(service)() }
}

// seriesOf returns a poll of the names of the metrics that have a series of the Service.
func (o *operator) seriesOf(service string) func() []string {
	return func() []string {
		families, err := o.registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		names := []string{}
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				if hasLabels(metric, []string{"service=" + service}) {
					names = append(names, family.GetName())
				}
			}
		}
		return names
	}
}

var _ = Describe("Quiet: while nothing changes (house rule 5, contract 4)", func() {
	It("nothing is written, with 50 Services for a minute", Label("slow"), func() {
		const services = 50
		w := newWorld()
		for i := range services {
			name := fmt.Sprintf("app-%02d", i)
			w.aPod(name, name+"-a").create()
			w.aPod(name, name+"-b").create()
			w.aService(name).create()
		}
		for i := range services {
			name := fmt.Sprintf("app-%02d", i)
			w.switched(name, name+"-a", 1, contract.ReasonElected)
		}
		w.calm()
		written := w.writes()
		Expect(len(written)).To(BeNumerically(">=", 3*services), "the audit log shows the operator's writes")
		Consistently(w.writes).WithTimeout(time.Minute).WithPolling(5 * time.Second).Should(HaveLen(len(written)))
	})

	It("no Event repeats, though a bad value, a conflict and the want of a candidate last", func() {
		w := newWorld()
		w.aService("taken").notOptedIn().create()
		w.aService("my-app").createLed("a", "b")
		w.annotate("my-app", contract.AnnotationSticky, "no")
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "taken")
		w.setReady("b", false)
		w.setReady("a", false)
		for _, reason := range []string{contract.EventInvalidAnnotation, contract.EventNameConflict, contract.EventNoEligiblePod} {
			Eventually(w.eventsOf("my-app", reason)).ShouldNot(BeEmpty())
		}
		w.calm()
		told := w.events("Service", "my-app")()
		for range 10 {
			w.nudge("my-app", "a")
		}
		Consistently(w.events("Service", "my-app")).WithTimeout(500 * time.Millisecond).Should(ConsistOf(told))
		for _, reason := range []string{contract.EventInvalidAnnotation, contract.EventNameConflict} {
			Expect(w.eventsOf("my-app", reason)()).To(ConsistOf(Not(ContainSubstring("times"))))
		}
	})
})

var _ = Describe("The cost of a change (house rule 5)", func() {
	DescribeTable("is two writes, the slice before the leader Service's status, when the leader is",
		func(candidates []string, lose func(w *world, pod string)) {
			w := newWorld()
			w.aService("my-app").createLed("a", candidates...)
			w.calm()
			before := len(w.writes())
			lose(w, "a")
			cost := w.writesSince(before)
			Eventually(cost).Should(HaveLen(2))
			w.calm()
			Expect(cost()).To(Equal([]string{"update endpointslices my-app-leader-ipv4", "update services my-app-leader"}))
		},
		Entry("not ready, with a successor", []string{"b"}, func(w *world, pod string) { w.setReady(pod, false) }),
		Entry("not ready, without", nil, func(w *world, pod string) { w.setReady(pod, false) }),
		Entry("terminating, with a successor", []string{"b"}, (*world).terminate),
		Entry("failed, with a successor", []string{"b"}, becomes(inPhase("Failed"))),
	)

	It("is one write for an address that changes", func() {
		w := newWorld()
		w.aService("my-app").createLed("a")
		w.calm()
		before := len(w.writes())
		w.setStatus("a", func(status *corev1.PodStatus) { status.PodIP, status.PodIPs[0].IP = "10.9.9.9", "10.9.9.9" })
		Eventually(w.writesSince(before)).Should(HaveLen(1))
		w.calm()
		Expect(w.writesSince(before)()).To(Equal([]string{"update endpointslices my-app-leader-ipv4"}))
	})

	It("is a creation of the leader Service and of its slice for a Service that opts in", func() {
		w := newWorld()
		w.aPod("my-app", "a").create()
		w.aService("my-app").create()
		w.switched("my-app", "a", 1, contract.ReasonElected)
		w.calm()
		Expect(w.writesSince(0)()).To(Equal([]string{
			"create services my-app-leader", "create endpointslices my-app-leader-ipv4", "update services my-app-leader",
		}))
	})
})

var _ = Describe("The series of a Service (contract 5)", func() {
	DescribeTable("disappear when it",
		func(leave func(w *world)) {
			w := newWorld()
			w.aService("my-app").createLed("a", "b")
			w.aService("other").createLed("c")
			w.setReady("a", false)
			w.switched("my-app", "b", 2, contract.ReasonNotReady)
			Expect(len(w.seriesOf("my-app")())).To(BeNumerically(">", 5))
			leave(w)
			Eventually(w.seriesOf("my-app")).Should(BeEmpty())
			Consistently(w.seriesOf("my-app")).WithTimeout(shortly).Should(BeEmpty())
			Expect(w.seriesOf("other")()).NotTo(BeEmpty())
			Expect(w.metric("zen_lead_services")()).To(BeNumerically("==", 1))
		},
		Entry("opts out", removeAnnotation),
		Entry("sets false", setFalse),
		Entry("is deleted", deleteSource),
	)

	It("but for those of its annotations disappear when it cannot have a leader Service any longer", func() {
		w := newLedWorld()
		w.respec(externalName)
		Eventually(w.seriesOf("my-app")).Should(ConsistOf("zen_lead_invalid_annotations"))
	})

	It("disappear with a bad value that kept it from opting in", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationEnabled, "yes").create()
		Eventually(w.seriesOf("my-app")).Should(ConsistOf("zen_lead_invalid_annotations"))
		deleteSource(w)
		Eventually(w.seriesOf("my-app")).Should(BeEmpty())
	})
})

var _ = Describe("The operator's rights (contract 6)", func() {
	It("are enough: nothing it asks for is forbidden, in a life with everything in it", func() {
		w := newWorld()
		w.aService("taken").notOptedIn().create()
		w.aService("my-app").createLed("a", "b")
		w.terminate("a")
		w.switched("my-app", "b", 2, contract.ReasonTerminating)
		w.deleteService("my-app-leader")
		Eventually(w.sliceBelongsToService).Should(BeTrue())
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "taken")
		Eventually(w.eventsOf("my-app", contract.EventNameConflict)).ShouldNot(BeEmpty())
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "primary")
		w.onlyMade("primary")
		w.aLease("laptop")
		w.annotate("my-app", contract.AnnotationFollowLease, "my-lease")
		Eventually(w.metric("zen_lead_endpoint_ready", "service=my-app")).Should(BeZero())
		w.unannotate("my-app", contract.AnnotationEnabled)
		w.nothingMade("my-app")
		w.calm()

		Expect(w.requests()).NotTo(BeEmpty())
		for _, request := range w.requests() {
			if request.ResponseStatus != nil {
				Expect(request.ResponseStatus.Code).NotTo(BeEquivalentTo(http.StatusForbidden), "%s %v", request.Verb, request.ObjectRef)
			}
		}
	})
})
