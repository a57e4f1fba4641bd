package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

var _ = Describe("Somebody else's Service under the leader Service's name (contract 2)", func() {
	It("is left alone and reported once, and replaced as soon as it is gone", func() {
		w := newWorld()
		foreign := w.aService("my-app-leader").notOptedIn().labelled("team", "blue").create()
		w.aService("my-app").create()
		w.aPod("my-app", "a").create()
		w.conflictReported("Service my-app-leader")
		w.leftAlone(foreign)
		Expect(w.made("my-app")()).To(BeEmpty())

		w.deleteService("my-app-leader")
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(Equal(0.0))
	})

	It("is left alone though it bears our marks but for the owner", func() {
		w := newWorld()
		other := w.aService("other").notOptedIn().create()
		service := w.aService("my-app-leader").notOptedIn().labelled(contract.LabelManagedBy, contract.ManagedBy).
			labelled(contract.LabelSourceService, "my-app")
		ownedBy(service.service, other)
		foreign := service.create()
		w.aService("my-app").create()
		w.aPod("my-app", "a").create()
		w.conflictReported("Service my-app-leader")
		w.leftAlone(foreign)
	})

	It("is not told again after a pass that changed nothing", func() {
		w := newWorld()
		w.aService("my-app-leader").notOptedIn().create()
		w.aService("my-app").create()
		w.conflictReported("Service my-app-leader")
		w.aPod("my-app", "a").create()
		w.annotate("my-app", contract.AnnotationSticky, "false")
		Consistently(w.eventsOf("my-app", contract.EventNameConflict)).Should(ConsistOf(Not(ContainSubstring("times"))))
	})

	It("lets the former name go on routing when it is in the way of a renaming", func() {
		w := newLedWorld()
		foreign := w.aService("primary").notOptedIn().create()
		w.aPod("my-app", "b").create()
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "primary")
		w.conflictReported("Service primary")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.leftAlone(foreign)

		w.deleteService("primary")
		w.routes("primary", "b", 2)
		w.onlyMade("primary")
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(Equal(0.0))
	})
})

var _ = Describe("Somebody else's Service that belongs to a Service (contract 2)", func() {
	child := func(w *world, parent *corev1.Service) *corev1.Service {
		service := w.aService("child").notOptedIn()
		ownedBy(service.service, parent)
		return service.create()
	}

	It("is left alone where the owner is opted in", func() {
		w := newLedWorld()
		foreign := child(w, w.service("my-app"))
		w.caughtUp()
		w.leftAlone(foreign)
	})

	DescribeTable("is left alone where the owner is not opted in", func(set func(*serviceBuilder) *serviceBuilder) {
		w := newQuietWorld()
		foreign := child(w, set(w.aService("parent")).create())
		w.startOperator()
		w.caughtUp()
		w.leftAlone(foreign)
	},
		Entry("and never was", (*serviceBuilder).notOptedIn),
		Entry("because the annotation says so", func(s *serviceBuilder) *serviceBuilder {
			return s.with(contract.AnnotationEnabled, "false")
		}),
	)
})

var _ = Describe("Somebody else's EndpointSlice under a name of ours (contract 2)", func() {
	DescribeTable("is left alone and reported once, and replaced as soon as it is gone", func(labels map[string]string, owned bool) {
		w := newWorld()
		slice := w.aSlice("my-app-leader-ipv4", labels)
		if owned {
			ownedBy(slice, w.aService("other").notOptedIn().create())
		}
		Expect(admin.Create(w.ctx, slice)).To(Succeed())
		w.aService("my-app").create()
		w.aPod("my-app", "a").create()
		w.conflictReported("EndpointSlice my-app-leader-ipv4")
		w.leftAlone(slice)
		Expect(w.exists(&corev1.Service{}, "my-app-leader")()).To(BeFalse())

		Expect(admin.Delete(w.ctx, slice)).To(Succeed())
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(Equal(0.0))
	},
		Entry("without any mark", nil, false),
		Entry("as another controller's", map[string]string{discoveryv1.LabelManagedBy: "example.org"}, true),
		Entry("as zen-lead's, of another owner", map[string]string{
			discoveryv1.LabelManagedBy: "zen-lead", contract.LabelSourceService: "my-app"}, true),
		Entry("as zen-lead's, of nobody", map[string]string{discoveryv1.LabelManagedBy: "zen-lead"}, false),
		Entry("with traffic for the leader Service", map[string]string{discoveryv1.LabelServiceName: "my-app-leader"}, false),
	)

	It("lets the former name go on routing when it is in the way of a renaming", func() {
		w := newLedWorld()
		slice := w.aSlice("primary-ipv4", nil)
		Expect(admin.Create(w.ctx, slice)).To(Succeed())
		w.aPod("my-app", "b").create()
		w.annotate("my-app", contract.AnnotationLeaderServiceName, "primary")
		w.conflictReported("EndpointSlice primary-ipv4")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		w.leftAlone(slice)

		Expect(admin.Delete(w.ctx, slice)).To(Succeed())
		w.routes("primary", "b", 2)
		w.onlyMade("primary")
	})

	It("is reported if it routes past the leader under another name", func() {
		w := newLedWorld()
		slice := w.aSlice("bypass", map[string]string{discoveryv1.LabelServiceName: "my-app-leader"})
		Expect(admin.Create(w.ctx, slice)).To(Succeed())
		w.conflictReported("EndpointSlice bypass")
		w.leftAlone(slice)
		w.switched("my-app", "a", 1, contract.ReasonElected)

		Expect(admin.Delete(w.ctx, slice)).To(Succeed())
		Eventually(w.metric("zen_lead_name_conflict", "service=my-app")).Should(Equal(0.0))
	})
})

var _ = Describe("A leader Service that was orphaned with its source (contract 2)", func() {
	orphan := client.PropagationPolicy(metav1.DeletePropagationOrphan)

	It("is left alone, and taken up again by a source of that name", func() {
		w := newLedWorld()
		w.stopOperator()
		w.deleteService("my-app", orphan)
		Eventually(w.exists(&corev1.Service{}, "my-app")).Should(BeFalse())
		orphaned := w.service("my-app-leader")
		Expect(orphaned.OwnerReferences).To(BeEmpty())
		w.startOperator()
		w.leftAlone(orphaned)

		source := w.aService("my-app").create()
		Eventually(func() bool { return metav1.IsControlledBy(w.service("my-app-leader"), source) }).Should(BeTrue())
		w.routes("my-app-leader", "a", 1)
		Expect(w.service("my-app-leader").UID).To(Equal(orphaned.UID))
	})

	It("is left alone also while the operator looks on", func() {
		w := newLedWorld()
		leaderService := w.service("my-app-leader")
		w.deleteService("my-app", orphan)
		Eventually(w.exists(&corev1.Service{}, "my-app")).Should(BeFalse())
		Consistently(w.exists(leaderService, "my-app-leader")).Should(BeTrue())
	})
})

// aSlice is an EndpointSlice that routes somewhere else.
func (w *world) aSlice(name string, labels map[string]string) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: w.namespace, Name: name, Labels: labels},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.9.9.9"}}},
	}
}

// ownedBy gives an object an owner that exists, for the garbage collector's sake.
func ownedBy(object metav1.Object, owner *corev1.Service) {
	object.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, corev1.SchemeGroupVersion.WithKind("Service"))})
}

// conflictReported asserts that my-app's users hear, once, that an object is in the way.
func (w *world) conflictReported(object string) {
	GinkgoHelper()
	Eventually(w.eventsOf("my-app", contract.EventNameConflict)).Should(ConsistOf(HavePrefix(object + " ")))
	Expect(w.metric("zen_lead_name_conflict", "service=my-app")()).To(Equal(1.0))
}

// caughtUp waits until the operator has made something new, and has therefore seen what was there before.
func (w *world) caughtUp() {
	GinkgoHelper()
	w.caughtUpWith("caught-up")
}

// caughtUpWith does the same under a name of its own.
func (w *world) caughtUpWith(name string) {
	GinkgoHelper()
	w.aService(name).create()
	w.aPod(name, name).create()
	w.switched(name, name, 1, contract.ReasonElected)
}

// leftAlone asserts that nobody changes or deletes an object.
func (w *world) leftAlone(object client.Object) {
	GinkgoHelper()
	gvk, err := admin.GroupVersionKindFor(object)
	Expect(err).NotTo(HaveOccurred())
	current := &unstructured.Unstructured{}
	current.SetGroupVersionKind(gvk)
	Consistently(func() (string, error) {
		err := admin.Get(w.ctx, client.ObjectKeyFromObject(object), current)
		return current.GetResourceVersion(), err
	}).WithTimeout(300e6).Should(Equal(object.GetResourceVersion()))
}
