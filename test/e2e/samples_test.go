package e2e

import (
	"net"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/test/traffic/record"
)

// Each sample is applied with the commands at its top, which wait for what they show; then one Pod is reached, and what the sample is
// for is seen.
var _ = Describe("Of config/samples", func() {
	It("my-app leads to one of its Pods", func(ctx SpecContext) {
		w := newWorld()
		w.apply(ctx, "my-app.yaml")
		w.oneIsReached("my-app-leader", 80)
		Expect(w.readyPods("my-app")()).To(HaveLen(3))
	}, SpecTimeout(2*deadline))

	It("the scheduler's leader moves once in a rolling update, to a Pod of the new version", func(ctx SpecContext) {
		w := newWorld()
		w.apply(ctx, "scheduler.yaml")
		Eventually(w.annotations("scheduler-leader")).Should(HaveKeyWithValue(contract.AnnotationLeaderEpoch, "2"))
		leader := w.oneIsReached("scheduler-leader", 80)
		Expect(w.readyPods("scheduler")()).To(And(HaveLen(2), ContainElement(leader)), "only those of the new version are left")
		Expect(w.annotations("scheduler-leader")()).To(HaveKeyWithValue(contract.AnnotationLeaderEpoch, "2"))
	}, SpecTimeout(2*deadline))

	It("both ports of the vendor's program reach the same Pod", func(ctx SpecContext) {
		w := newWorld()
		w.apply(ctx, "vendor.yaml")
		leader := w.oneIsReached("vendor-leader", 27000)
		reachesAt(w.portOf("vendor-leader", 27001), leader)
		Eventually(runningClient.answers).WithArguments(record.ModeNew, w.portOf("vendor", 27001), 50).Should(HaveLen(2),
			"the plain Service leads to both Pods")
	}, SpecTimeout(2*deadline))

	It("the primary of the database is who holds its Lease, and has moved with it", func(ctx SpecContext) {
		w := newWorld()
		w.apply(ctx, "postgres.yaml")
		primary := w.oneIsReached("postgres-primary", 5432)
		lease := &coordinationv1.Lease{}
		Expect(admin.Get(ctx, w.key("postgres"), lease)).To(Succeed())
		Expect(lease.Spec.HolderIdentity).To(HaveValue(Equal(primary)))
		Eventually(w.readyPods("postgres")).Should(HaveLen(2))
		Eventually(runningClient.answers).WithArguments(record.ModeNew, w.portOf("postgres", 5432), 50).Should(HaveLen(2), "for reading")

		By("appointing the other one, though nothing has failed")
		other := map[string]string{"postgres-0": "postgres-1", "postgres-1": "postgres-0"}[primary]
		w.change(lease, "postgres", func() { lease.Spec.HolderIdentity = &other })
		Eventually(w.annotations("postgres-primary")).Should(And(
			HaveKeyWithValue(contract.AnnotationLeaderPodName, other),
			HaveKeyWithValue(contract.AnnotationLeaderReason, string(contract.ReasonLeaseMoved)),
		))
		reachesAt(w.portOf("postgres-primary", 5432), other)
	}, SpecTimeout(2*deadline))

	It("the StatefulSet's leader Service has a virtual IP, which the headless one has not", func(ctx SpecContext) {
		w := newWorld()
		w.apply(ctx, "statefulset.yaml")
		Expect(w.service("ledger").Spec.ClusterIP).To(Equal(corev1.ClusterIPNone))
		Expect(net.ParseIP(w.service("ledger-leader").Spec.ClusterIP)).NotTo(BeNil())
		Expect(w.oneIsReached("ledger-leader", 80)).To(Equal("ledger-0"))
	}, SpecTimeout(2*deadline))

	It("the gateway has a slice for each family, with the same Pod", func(ctx SpecContext) {
		w := newWorld()
		w.apply(ctx, "dual-stack.yaml")
		leader := w.oneIsReached("gateway-leader", 80)
		if len(w.service("gateway").Spec.IPFamilies) < 2 {
			Skip("this cluster has one family; test/apiserver has applied the same sample with two")
		}
		slices, err := w.slices("gateway-leader")
		Expect(err).NotTo(HaveOccurred())
		Expect(slices).To(HaveLen(2))
		Expect(w.leader("gateway")()).To(Equal([]string{leader, leader}))
	}, SpecTimeout(2*deadline))

	It("the queue was switched over, for no other reason, and the leader stays", func(ctx SpecContext) {
		w := newWorld()
		w.apply(ctx, "switchover.yaml")
		Expect(w.oneIsReached("queue-leader", 80)).To(Equal("queue-1"))
		Expect(w.service("queue").Annotations).NotTo(HaveKey(contract.AnnotationPreferredLeader))
		Expect(w.annotations("queue-leader")()).To(And(
			HaveKeyWithValue(contract.AnnotationLeaderReason, string(contract.ReasonPreferred)),
			HaveKeyWithValue(contract.AnnotationLeaderEpoch, "2"),
		))
	}, SpecTimeout(2*deadline))
})

// oneIsReached asserts that a leader Service routes to one Pod, and that new connections reach that one alone. It returns its name.
func (w *world) oneIsReached(leaderService string, port int) string {
	GinkgoHelper()
	var leader string
	Eventually(func(g Gomega) {
		slices, err := w.slices(leaderService)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(slices).To(HaveEach(HaveField("Endpoints", HaveLen(1))))
		g.Expect(slices).To(ContainElement(HaveField("AddressType", discoveryv1.AddressTypeIPv4)))
		leader = slices[0].Endpoints[0].TargetRef.Name
	}).Should(Succeed())
	reachesAt(w.portOf(leaderService, port), leader)
	return leader
}

// portOf is the address of a port of a Service.
func (w *world) portOf(service string, port int) string {
	return net.JoinHostPort(service+"."+w.namespace+".svc", strconv.Itoa(port))
}
