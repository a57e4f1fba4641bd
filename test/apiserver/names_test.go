package apiserver

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("The leader Service's name (contract 1)", func() {
	It("is the one that is asked for", func() {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationLeaderServiceName, "primary").create()
		w.aPod("my-app", "a").create()
		w.routes("primary", "a", 1)
		Expect(w.made("my-app")()).To(And(HaveLen(2), HaveKey("Service primary"), HaveKey("EndpointSlice primary-ipv4")))
	})

	It("changes without a gap, and the leader stays", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.setReady("a", true)

		seen := w.startHistory()
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "primary")
		w.routes("primary", "b", 2)
		w.onlyMade("primary")
		Expect(seen.until(w).leaderless()).To(BeEmpty())
		Eventually(w.eventsOf("my-app", contract.EventLeaderServiceDeleted)).Should(ConsistOf(ContainSubstring("my-app-leader")))
		Expect(w.eventsOf("my-app", contract.EventLeaderChanged)()).To(HaveLen(1))

		w.unannotate("my-app", contract.AnnotationLeaderServiceName)
		w.routes("my-app-leader", "b", 2)
		w.onlyMade("my-app-leader")
	})

	It("changes without a gap again and again", func() {
		w := newLedWorld()
		seen := w.startHistory()
		for _, name := range []string{"one", "two", "three", "one", "my-app-leader"} {
			w.annotate("my-app", contract.AnnotationLeaderServiceName, name)
			// A name that is used again may still be that of the former leader Service, which is about to go: no more than this is read of it.
			Eventually(w.leaderOf(name, discoveryv1.AddressTypeIPv4)).Should(Equal([]string{"a"}))
		}
		w.onlyMade("my-app-leader")
		w.routes("my-app-leader", "a", 1)
		Expect(seen.until(w).leaderless()).To(BeEmpty())
	})

	It("changes while the operator is down", func() {
		w := newLedWorld()
		w.stopOperator()
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "primary")
		seen := w.startHistory()
		w.startOperator()
		w.routes("primary", "a", 1)
		w.onlyMade("primary")
		Expect(seen.until(w).leaderless()).To(BeEmpty())
	})
})

var _ = Describe("A leader Service name that is not valid (contract 1)", func() {
	DescribeTable("is reported, and nothing is made", func(name string) {
		w := newWorld()
		w.aService("my-app").with(contract.AnnotationLeaderServiceName, name).create()
		w.aPod("my-app", "a").create()
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(ConsistOf(
			ContainSubstring(contract.AnnotationLeaderServiceName)))
		Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(Equal(1.0))
		w.nothingMade("my-app")

		w.annotate("my-app", contract.AnnotationLeaderServiceName, "primary")
		w.routes("primary", "a", 1)
		Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(Equal(0.0))
	},
		Entry("if it is empty", ""),
		Entry("if it has capitals", "Primary"),
		Entry("if it begins with a digit", "1st"),
		Entry("if it begins with a hyphen", "-primary"),
		Entry("if it ends with a hyphen", "primary-"),
		Entry("if it has a dot", "primary.my-app"),
		Entry("if it has an underscore", "primary_app"),
		Entry("if it has a space", "primary "),
		Entry("if it is not ASCII", "primär"),
		Entry("if it is too long", strings.Repeat("x", 64)),
		Entry("if it is the source's own", "my-app"),
	)

	DescribeTable("typed over a working one leaves that at work until it is mended", func(name string) {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		w.annotate("my-app", contract.AnnotationLeaderServiceName, name)
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(HaveLen(1))
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.onlyMade("my-app-leader")

		w.annotate("my-app", contract.AnnotationLeaderServiceName, "primary")
		w.routes("primary", "b", 2)
		w.onlyMade("primary")
	},
		Entry("if it is malformed", "Primary!"),
		Entry("if it is the source's own", "my-app"),
	)

	It("left from before a restart keeps the working one at work", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		w.stopOperator()
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "Primary!")
		w.setReady("a", false)
		w.startOperator()
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})
})

var _ = Describe("The default name (contract 1)", func() {
	It("works with 63 characters", func() {
		w := newWorld()
		source := strings.Repeat("s", 63-len(contract.DefaultLeaderServiceSuffix))
		w.aService(source).create()
		w.aPod(source, "a").create()
		w.switched(source, "a", 1, contract.ReasonElected)
	})

	DescribeTable("is reported where it is too long, and nothing is made until there is another", func(length int) {
		w := newWorld()
		source := strings.Repeat("s", length)
		w.aService(source).create()
		w.aPod(source, "a").create()
		Eventually(w.eventsOf(source, contract.EventInvalidAnnotation)).Should(ConsistOf(
			ContainSubstring(contract.AnnotationLeaderServiceName)))
		w.nothingMade(source)

		w.annotate(source, contract.AnnotationLeaderServiceName, "primary")
		w.routes("primary", "a", 1)
	},
		Entry("by one character", 64-len(contract.DefaultLeaderServiceSuffix)),
		Entry("because the source's has as many as can be", 63),
	)
})

// onlyMade asserts that nothing remains of the leader Services of my-app but one, with its slice.
func (w *world) onlyMade(leaderService string) {
	GinkgoHelper()
	Eventually(w.made("my-app")).Should(And(
		HaveLen(2), HaveKey("Service "+leaderService), HaveKey("EndpointSlice "+leaderService+"-ipv4")))
	Expect(w.exists(&corev1.Service{}, leaderService)()).To(BeTrue())
}
