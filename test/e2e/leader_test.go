package e2e

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// leader returns a poll of the Pods that the leader Service's slices route to as ready.
func (w *world) leader(service string) func() []string {
	return w.routed(service + "-leader")
}

// routed returns a poll of the Pods that a leader Service of any name routes to as ready.
func (w *world) routed(leaderService string) func() []string {
	return func() []string {
		slices, err := w.slices(leaderService)
		if err != nil {
			return []string{err.Error()}
		}
		leaders := []string{}
		for _, slice := range slices {
			for _, endpoint := range slice.Endpoints {
				if *endpoint.Conditions.Ready {
					leaders = append(leaders, endpoint.TargetRef.Name)
				}
			}
		}
		return leaders
	}
}

// slices are the EndpointSlices that kube-proxy takes for a Service's.
func (w *world) slices(service string) ([]discoveryv1.EndpointSlice, error) {
	list := &discoveryv1.EndpointSliceList{}
	err := admin.List(ctx, list, client.InNamespace(w.namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service})
	return list.Items, err
}

// elects asserts that one Pod comes to lead, and returns its name.
func (w *world) elects(service string) string {
	GinkgoHelper()
	Eventually(w.leader(service)).Should(HaveLen(1))
	return w.leader(service)()[0]
}

// moves asserts that another Pod comes to lead for that reason, that the leader Service says so and that new connections
// come to reach it alone. It returns its name.
func (w *world) moves(service, from string, reason contract.Reason) string {
	GinkgoHelper()
	Eventually(w.leader(service)).Should(And(HaveLen(1), Not(ContainElement(from))), "after %s", from)
	next := w.leader(service)()[0]
	Eventually(w.annotations(service + "-leader")).Should(And(
		HaveKeyWithValue(contract.AnnotationLeaderPodName, next),
		HaveKeyWithValue(contract.AnnotationLeaderReason, string(reason)),
	))
	w.reaches(service, next)
	return next
}

// reaches asserts that new connections to the leader Service come to reach that Pod alone.
func (w *world) reaches(service, leader string) {
	GinkgoHelper()
	reachesAt(w.address(service+"-leader"), leader)
}

// reachesAt asserts that new connections to an address come to reach that Pod alone.
func reachesAt(address, leader string) {
	GinkgoHelper()
	Eventually(runningClient.answers).WithArguments(record.ModeNew, address, 20).Should(Equal([]string{leader}))
}

// goes asserts that nothing remains of a leader Service.
func (w *world) goes(leaderService string) {
	GinkgoHelper()
	Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(ctx, w.key(leaderService), &corev1.Service{}))
	}).Should(BeTrue())
	Eventually(w.slices).WithArguments(leaderService).Should(BeEmpty())
}

func (w *world) annotations(service string) func() map[string]string {
	return func() map[string]string {
		GinkgoHelper()
		return w.service(service).Annotations
	}
}
