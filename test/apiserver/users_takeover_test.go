package apiserver

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// createAs makes the Service as somebody else than the administrator.
func (b *serviceBuilder) createAs(user client.Client) *corev1.Service {
	GinkgoHelper()
	Expect(user.Create(b.w.ctx, b.service)).To(Succeed())
	return b.service
}

var _ = Describe("A user who may edit the Services of one namespace and nothing else (SECURITY.md)", func() {
	It("can neither write EndpointSlices nor a Pod's status, nor anything in another namespace", func() {
		w, other := newLedWorld(), newQuietWorld()
		user := w.aUser(editServices)
		pod := w.aPod("my-app", "b").create()
		pod.Status.PodIP = "10.9.9.9"
		elsewhere := other.aService("my-app").service
		slice := w.aSlice("forged", map[string]string{discoveryv1.LabelServiceName: "my-app-leader"})
		for what, err := range map[string]error{
			"create a slice": user.Create(w.ctx, slice), "change a slice": user.Update(w.ctx, w.slice("my-app-leader-ipv4")),
			"delete a slice": user.Delete(w.ctx, w.slice("my-app-leader-ipv4")), "write a Pod's status": user.Status().Update(w.ctx, pod),
			"create a Service elsewhere": user.Create(w.ctx, elsewhere),
		} {
			Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%s: %v", what, err)
		}
	})

	It("has the operator write nothing in another namespace, whatever he names", func() {
		w, victim := newQuietWorld(), newQuietWorld()
		w.startOperator(func(options *controllers.Options, _ *rest.Config) {
			options.Namespaces = []string{w.namespace, victim.namespace}
		})
		victim.operator = w.operator
		DeferCleanup(func() { victim.operator = nil })
		foreign := victim.aPod("my-app", "a").create()
		source := victim.aService("my-app").create()
		victim.switched("my-app", "a", 1, contract.ReasonElected)
		victim.calm()
		written := len(victim.writes())

		user := w.aUser(editServices)
		names := []string{victim.namespace + "/my-app", "my-app." + victim.namespace, "../" + victim.namespace + "/services/my-app"}
		for i, name := range names {
			service := w.aService([]string{"one", "two", "three"}[i]).with(contract.AnnotationLeaderServiceName, name).
				with(contract.AnnotationPreferredLeader, name).with(contract.AnnotationFollowLease, name).
				labelled(contract.LabelManagedBy, contract.ManagedBy).labelled(contract.LabelSourceService, "my-app")
			service.createAs(user)
			Eventually(w.eventsOf(service.service.Name, contract.EventInvalidAnnotation)).ShouldNot(BeEmpty())
		}
		owned := w.aService("owned").labelled(contract.LabelManagedBy, contract.ManagedBy)
		ownedBy(owned.service, source)
		owned.createAs(user) // and the garbage collector deletes it
		w.aService("my-app").with(contract.AnnotationPreferredLeader, foreign.Name).createAs(user)
		Eventually(w.leader("my-app")).Should(BeEmpty(), "a leader Service here, for nobody")
		w.calm()
		Expect(victim.writes()[written:]).To(BeEmpty())
		Expect(victim.leader("my-app")()).To(Equal([]string{"a"}))
	})

	DescribeTable("does not take over a Service that is there already:", func(taken string) {
		w := newLedWorld()
		w.aService("plain").notOptedIn().create()
		w.aPod("evil", "foreign").create()
		user := w.aUser(editServices)
		w.calm()
		plain, leaderService := w.service("plain"), w.service("my-app-leader")
		w.aService("evil").with(contract.AnnotationLeaderServiceName, taken).createAs(user)
		Eventually(w.eventsOf("evil", contract.EventNameConflict)).Should(ConsistOf(HavePrefix("Service " + taken + " ")))
		w.leftAlone(plain)
		w.leftAlone(leaderService)
		Expect(w.made("evil")()).To(BeEmpty())
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	},
		Entry("another one's", "plain"),
		Entry("one that is opted in itself", "my-app"),
		Entry("another one's leader Service", "my-app-leader"),
	)

	It("does not get slices of others changed or deleted by labels that the built-in controller copies to them", func() {
		w := newLedWorld()
		user := w.aUser(editServices)
		w.aPod("bystander", "foreign").create()
		bystander := w.aService("bystander").notOptedIn().create()
		var builtIn discoveryv1.EndpointSliceList
		ofBystander := client.MatchingLabels{discoveryv1.LabelServiceName: "bystander"}
		changeAs(user, w, &corev1.Service{}, "bystander", func(s *corev1.Service) {
			s.Labels = map[string]string{
				contract.LabelManagedBy: contract.ManagedBy, contract.LabelSliceManagedBy: contract.ManagedBy,
				contract.LabelSourceService: "my-app", discoveryv1.LabelServiceName: "my-app-leader",
			}
			s.OwnerReferences = nil
		})
		Eventually(func() []discoveryv1.EndpointSlice {
			Expect(admin.List(w.ctx, &builtIn, client.InNamespace(w.namespace), ofBystander,
				client.MatchingLabels{contract.LabelSourceService: "my-app"})).To(Succeed())
			return builtIn.Items
		}).Should(HaveLen(1), "the label is on the built-in controller's slice")
		Expect(builtIn.Items[0].Labels).To(HaveKeyWithValue(contract.LabelSliceManagedBy, Not(Equal(contract.ManagedBy))))
		w.caughtUp()
		w.leftAlone(&builtIn.Items[0])
		Expect(w.service("bystander").UID).To(Equal(bystander.UID))
		w.routes("my-app-leader", "a", 1)
	})

	It("is left alone with a Service that he makes another one's by an owner reference and labels", func() {
		w := newLedWorld()
		user := w.aUser(editServices)
		forged := w.aService("forged").notOptedIn().labelled(contract.LabelManagedBy, contract.ManagedBy)
		ownedBy(forged.service, w.service("my-app"))
		service := forged.createAs(user)
		w.caughtUp()
		w.leftAlone(service)
		w.routes("my-app-leader", "a", 1)
	})

	It("can raise the epoch of a leader Service by a forged record, and it never goes back", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		user := w.aUser(editServices)
		record := leaderservice.Record{
			LeaderName: "a", LeaderUID: "another", Epoch: 1 << 62, LastSwitch: time.Now(), Reason: contract.ReasonElected, Published: true,
		}
		w.forgeRecord(user, record)
		Eventually(w.epoch("my-app")).Should(Equal("4611686018427387905"), "who was forged is lost, and another is elected")
		Expect(w.leader("my-app")()).To(HaveLen(1))
		w.failsOver("my-app")
		Eventually(w.epoch("my-app")).Should(Equal("4611686018427387906"))

		record.Epoch = 1<<63 - 1
		w.forgeRecord(user, record)
		Eventually(w.epoch("my-app")).Should(Equal("9223372036854775807"))
		w.failsOver("my-app")
		Consistently(w.epoch("my-app")).WithTimeout(shortly).Should(Equal("9223372036854775807"))
	})

	It("does not stop failovers or the status by filling the leader Service with annotations", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		user := w.aUser(editServices)
		changeAs(user, w, &corev1.Service{}, "my-app-leader", func(s *corev1.Service) { fillAnnotations(s) })
		for epoch := range 10 {
			w.failsOver("my-app")
			Eventually(w.status("my-app-leader", contract.AnnotationLeaderEpoch)).Should(Equal([]string{
				"2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}[epoch]))
		}
		Expect(w.metric("zen_lead_api_writes_total", "code=422")()).To(BeNumerically("==", noSeries))
	})
})

var _ = Describe("A user who may edit EndpointSlices too (SECURITY.md)", func() {
	It("gets what he routes past the leader put back", func() {
		w := newSecondTermWorld()
		user := w.aUser(editSlices)
		changeAs(user, w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
			s.Endpoints[0].Addresses = []string{"10.9.9.9"}
		})
		w.revertedOnce("EndpointSlice my-app-leader-ipv4")
	})

	It("has a slice of his own for the leader Service left alone, and it is reported", func() {
		w := newLedWorld()
		slice := w.aSlice("bypass", map[string]string{
			discoveryv1.LabelServiceName: "my-app-leader", contract.LabelSliceManagedBy: contract.ManagedBy, contract.LabelSourceService: "my-app",
		})
		slice.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(w.service("my-app-leader"), corev1.SchemeGroupVersion.WithKind("Service"))}
		Expect(w.aUser(editSlices).Create(w.ctx, slice)).To(Succeed())
		w.conflictReported("EndpointSlice bypass")
		w.leftAlone(slice)
	})

	It("does not stop failovers by filling the slice with annotations", func() {
		w := newLedWorld()
		w.aPod("my-app", "b").create()
		changeAs(w.aUser(editSlices), w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) { fillAnnotations(s) })
		for range 10 {
			w.failsOver("my-app")
		}
		Eventually(w.epoch("my-app")).Should(Equal("11"))
		Expect(w.metric("zen_lead_api_writes_total", "code=422")()).To(BeNumerically("==", noSeries))
	})
})
