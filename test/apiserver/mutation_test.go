package apiserver

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
)

const mutatedZone = "by-policy"

// mutateSlices has the API server set the zone of the first endpoint of each slice of the world's namespace, whoever writes it.
func (w *world) mutateSlices() {
	GinkgoHelper()
	needs("MutatingAdmissionPolicies of version v1", "1.36")
	policy := &admissionv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}, Spec: admissionv1.MutatingAdmissionPolicySpec{
		FailurePolicy:      ptr.To(admissionv1.Ignore),
		ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
		MatchConstraints:   w.matching(discoveryv1.GroupName, "endpointslices", admissionv1.Create, admissionv1.Update),
		MatchConditions:    []admissionv1.MatchCondition{{Name: "routes", Expression: "has(object.endpoints) && object.endpoints.size() > 0"}},
		Mutations: []admissionv1.Mutation{{
			PatchType: admissionv1.PatchTypeJSONPatch,
			JSONPatch: &admissionv1.JSONPatch{Expression: `[JSONPatch{op: "add", path: "/endpoints/0/zone", value: "` + mutatedZone + `"}]`},
		}},
	}}
	binding := &admissionv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: w.namespace},
		Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: w.namespace},
	}
	w.createForNow(policy, binding)
	Eventually(func() *string {
		slice := w.aSlice("probe", nil)
		Expect(admin.Create(w.ctx, slice, client.DryRunAll)).To(Succeed())
		return slice.Endpoints[0].Zone
	}).Should(HaveValue(Equal(mutatedZone)), "the API server takes a while to know of a policy")
}

var _ = Describe("Slices that an admission policy changes as they are written", func() {
	It("fail over, with status and Events", func() {
		w := newQuietWorld()
		w.mutateSlices()
		w.startOperator()
		w.aService("my-app").createLed("a", "b")
		w.settled("my-app")
		for range 3 {
			w.nudge("my-app", "b")
		}
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Expect(w.slice("my-app-leader-ipv4").Endpoints[0].Zone).To(HaveValue(Equal(mutatedZone)))
		Eventually(w.eventsOf("my-app", contract.EventLeaderChanged)).Should(HaveLen(1))
	})
})
