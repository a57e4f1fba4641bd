package apiserver

import (
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// largestExact is the largest epoch that was ever believed.
const largestExact = "9007199254740991"

// forge edits what is ours in an object as somebody does who means to be believed.
func (w *world) forge(object client.Object, name string, annotations map[string]string) {
	GinkgoHelper()
	Expect(admin.Get(w.ctx, w.key(name), object)).To(Succeed())
	merged := object.GetAnnotations()
	for key, value := range annotations {
		if value == "" {
			delete(merged, key)
		} else {
			merged[key] = value
		}
	}
	object.SetAnnotations(merged)
	Expect(admin.Update(w.ctx, object)).To(Succeed())
}

// written is the record that my-app's slice bears as the operator wrote it.
func (w *world) written() leaderservice.Record {
	return leaderservice.WrittenRecord(w.slice("my-app-leader-ipv4"))
}

var _ = Describe("What somebody else writes into the record (contract 2)", func() {
	DescribeTable("is put back, and the epoch goes on from where it was:", func(forge func(w *world)) {
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		for range 3 {
			w.failsOver("my-app")
		}
		Eventually(w.mended).Should(BeTrue())
		before := w.written()

		forge(w)
		Eventually(w.mended).Should(BeTrue())
		Expect(w.written()).To(Equal(before))
		w.failsOver("my-app")
		Expect(w.written().Epoch).To(Equal(before.Epoch + 1))
	},
		Entry("the epoch raised, the fingerprint taken away", func(w *world) {
			w.forge(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", map[string]string{
				contract.AnnotationApplied: "", contract.AnnotationLeaderEpoch: largestExact})
		}),
		Entry("the epoch raised, another version's fingerprint", func(w *world) {
			w.forge(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", map[string]string{
				contract.AnnotationApplied: "v9-x", contract.AnnotationLeaderEpoch: "500"})
		}),
		Entry("the epoch raised, the fingerprint of the version before", func(w *world) {
			w.forge(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", map[string]string{
				contract.AnnotationApplied: "v1-0123456789abcdef", contract.AnnotationLeaderEpoch: "500"})
		}),
		Entry("another leader's name, the fingerprint taken away", func(w *world) {
			w.forge(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", map[string]string{
				contract.AnnotationApplied: "", contract.AnnotationLeaderPodName: "somebody", contract.AnnotationLeaderPodUID: "else"})
		}),
		Entry("the copy's epoch raised, with another version's fingerprint, and the slice deleted", func(w *world) {
			w.forge(&corev1.Service{}, "my-app-leader", map[string]string{
				contract.AnnotationApplied: "v9-x", contract.AnnotationLeaderEpoch: "500"})
			Expect(client.IgnoreNotFound(admin.Delete(w.ctx, w.slice("my-app-leader-ipv4")))).To(Succeed())
		}),
	)

	It("is put back where it is the slice of a count that has ended, of the same epoch", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		w.failsOver("my-app")
		former, record := w.slice("my-app-leader-ipv4"), w.written()
		w.annotate("my-app", contract.AnnotationEnabled, "false")
		w.nothingMade("my-app")
		w.setReady(record.LeaderName, false)
		w.annotate("my-app", contract.AnnotationEnabled, "true")
		Eventually(w.mended).Should(BeTrue())
		w.failsOver("my-app")
		w.setReady(record.LeaderName, true)
		Eventually(w.mended).Should(BeTrue())
		before, slice := w.written(), w.slice("my-app-leader-ipv4")
		Expect(before.Epoch).To(Equal(record.Epoch))

		slice.Annotations, slice.Endpoints, slice.OwnerReferences = former.Annotations, former.Endpoints, former.OwnerReferences
		Expect(admin.Update(w.ctx, slice)).To(Succeed())
		Eventually(w.mended).Should(BeTrue())
		Expect(w.written()).To(Equal(before))
	})
})

var _ = Describe("A source that opts out and in again at once", func() {
	It("begins a new count, which no replica takes for the former one", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		w.startStandby(atOnce)
		for round := range 8 {
			for range 3 {
				w.failsOver("my-app")
			}
			former := w.service("my-app-leader").UID
			w.annotate("my-app", contract.AnnotationEnabled, "false")
			time.Sleep(time.Duration(round) * 5 * time.Millisecond) // as long as it takes to deal with it, more or less
			w.annotate("my-app", contract.AnnotationEnabled, "true")
			Eventually(w.mended).Should(BeTrue())
			if w.service("my-app-leader").UID == former {
				continue // nobody has dealt with it: the count goes on
			}
			Expect(w.written().Epoch).To(BeNumerically("<", 4))
			w.failsOver("my-app")
			epoch := w.written().Epoch
			Consistently(func() int64 { return w.written().Epoch }).WithTimeout(time.Second).Should(Equal(epoch), "round "+strconv.Itoa(round))
		}
	})
})

var _ = Describe("Slices that are deleted while the acting replica is behind", func() {
	It("come back with the epoch that they had", func() {
		line := newLine()
		w := newWorld()
		var services []string
		for i := range 6 {
			name := "app-" + strconv.Itoa(i)
			services = append(services, name)
			w.aService(name).createLed(name+"-a", name+"-b", name+"-c")
		}
		w.stopOperator()
		w.startOperator(line.wire)
		w.startStandby(atOnce)
		for _, name := range services {
			w.settled(name)
		}
		for range 4 {
			for _, resource := range []string{"pods", "services", "endpointslices"} {
				line.stall(resource)
			}
			for _, name := range services {
				w.failsOver(name)
				w.failsOver(name)
				w.statusFollows(name)
			}
			epochs := map[string]int64{}
			for _, name := range services {
				slice := w.slice(name + "-leader-ipv4")
				epochs[name] = leaderservice.WrittenRecord(slice).Epoch
				Expect(admin.Delete(w.ctx, slice)).To(Succeed())
			}
			seen := w.startHistory()
			for _, resource := range []string{"pods", "services", "endpointslices"} {
				line.thaw(resource)
			}
			for _, name := range services {
				Eventually(w.exists(&discoveryv1.EndpointSlice{}, name+"-leader-ipv4")).Should(BeTrue())
				w.statusFollows(name)
			}
			for _, event := range seen.until(w).events {
				if slice, ok := event.Object.(*discoveryv1.EndpointSlice); ok && metav1.GetControllerOf(slice) != nil {
					name := slice.Labels[contract.LabelSourceService]
					if epochs[name] > 0 {
						Expect(leaderservice.WrittenRecord(slice).Epoch).To(BeNumerically(">=", epochs[name]), name)
					}
				}
			}
		}
	})
})
