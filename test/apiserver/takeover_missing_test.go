package apiserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers"
	"github.com/zen-lead/zen-lead/controllers/contract"
)

// deleteLeaderService deletes my-app's leader Service, if there is one; the garbage collector deletes its slices.
func (w *world) deleteLeaderService() {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-app-leader"}}
	Expect(client.IgnoreNotFound(admin.Delete(w.ctx, service))).To(Succeed())
}

// renewLease has whoever holds the operator's Lease renew it until he is stopped, and do nothing else.
func (w *world) renewLease() (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		defer GinkgoRecover()
		for ctx.Err() == nil {
			change(w, &coordinationv1.Lease{}, controllers.Name, func(lease *coordinationv1.Lease) { lease.Spec.RenewTime = ptr.To(metav1.NowMicro()) })
			select {
			case <-ctx.Done():
			case <-time.After(500 * time.Millisecond):
			}
		}
	})
	stop = func() { cancel(); renewing.Wait() }
	DeferCleanup(stop)
	return stop
}

var _ = Describe("A standby makes a leader Service again that somebody deletes while nobody acts (contract 2 and 6)", func() {
	It("with its leader and epoch, from which a replica that is started later goes on", func() {
		w, standby := newAbandonedWorld(takeoverDelay, "b")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		seen := w.startHistory()
		former := w.service("my-app-leader").UID
		w.deleteLeaderService()
		Eventually(func() bool {
			again := &corev1.Service{}
			return admin.Get(w.ctx, w.key("my-app-leader"), again) == nil && again.UID != former
		}).Should(BeTrue())
		Eventually(w.sliceBelongsToService).Should(BeTrue())
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		Eventually(w.eventsOf("my-app", contract.EventManualEditReverted)).Should(ContainElement(ContainSubstring("my-app-leader was deleted by somebody else")))
		Expect(standby.takeovers()).To(BeNumerically(">=", 3), "the leader, the Service, its slice")

		standby.end()
		w.startOperator()
		w.setReady("a", true)
		w.failsOver("my-app")
		w.switched("my-app", "a", 3, contract.ReasonNotReady)
		w.came(seen, "b 2", "a 3")
	})

	It("each time, whoever else does so too", func() {
		w, _ := newAbandonedWorld(atOnce, "b", "c")
		w.startStandby(10 * time.Millisecond)
		seen := w.startHistory()
		for range 10 {
			w.deleteLeaderService()
			Eventually(w.mended).Should(BeTrue())
			w.failsOver("my-app")
		}
		Eventually(w.mended).Should(BeTrue())
		pods, wentBack := seen.until(w).epochs()
		Expect(wentBack).To(BeEmpty())
		for epoch, leaders := range pods {
			Expect(leaders).To(HaveLen(1), fmt.Sprintf("epoch %d", epoch))
		}
	})

	It("not before it has seen how far its epoch had come", func() {
		line := newLine()
		w, other := newAbandonedWorld(takeoverDelay, "b")
		w.startStandby(takeoverDelay, line.wire)
		line.stall("endpointslices")
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
		other.end()
		w.deleteLeaderService()
		Consistently(w.exists(&corev1.Service{}, "my-app-leader")).WithTimeout(5 * shortly).Should(BeFalse())
		line.thaw("endpointslices")
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})

	It("though it may not have seen how far, once the acting replica has not renewed its Lease in time", func() {
		const renewDeadline = 10 * time.Second // or it ends; source: controllers/replica_lock.go
		line, w := newLine(), newWorld()
		w.aService("my-app").createLed("a")
		w.stopOperator()
		standby := w.startStandby(takeoverDelay, line.wire)
		stop := w.renewLease()
		reconnected := line.reconnects()
		line.cut()
		w.deleteLeaderService()
		Eventually(w.exists(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4")).Should(BeFalse())
		line.mend()
		reconnected()
		Consistently(w.exists(&corev1.Service{}, "my-app-leader")).WithTimeout(5 * time.Second).Should(BeFalse())
		stop()
		Eventually(w.exists(&corev1.Service{}, "my-app-leader")).WithTimeout(4 * renewDeadline).Should(BeTrue())
		w.switched("my-app", "a", 1, contract.ReasonElected)
		Expect(standby.takeovers()).To(BeNumerically("==", 2), "the Service, and its slice")
	})

	It("not if the Service opts out too", func() {
		w, standby := newAbandonedWorld(shortly / 2)
		w.deleteLeaderService()
		w.unannotate("my-app", contract.AnnotationEnabled)
		Consistently(w.exists(&corev1.Service{}, "my-app-leader")).WithTimeout(2 * shortly).Should(BeFalse())
		Expect(standby.takeovers()).To(BeZero())
	})

	It("not if nothing is known of one, as of a Service that opts in", func() {
		w, standby := newAbandonedWorld(atOnce)
		w.aService("coming").create()
		w.aPod("coming", "coming-pod").create()
		Consistently(w.exists(&corev1.Service{}, "coming-leader")).WithTimeout(shortly).Should(BeFalse())
		Expect(standby.takeovers()).To(BeZero())
	})

	It("not while somebody else's Service has its name, which is left alone", func() {
		const delay = time.Second // long enough for somebody to make a Service meanwhile
		w, standby := newAbandonedWorld(delay)
		w.deleteLeaderService()
		foreign := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "my-app-leader"},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}},
		}
		Expect(admin.Create(w.ctx, foreign)).To(Succeed())
		Consistently(standby.takeovers).WithTimeout(2 * delay).Should(BeZero())
		w.leftAlone(foreign)

		Expect(admin.Delete(w.ctx, foreign)).To(Succeed())
		w.switched("my-app", "a", 1, contract.ReasonElected)
	})
})

var _ = Describe("Replicas that have counted without knowing of one another (contract 2 and 6)", func() {
	It("agree on one leader and one epoch, which is higher than either's", func() {
		line := newLine()
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		w.stopOperator()
		remembering := w.startStandby(atOnce, line.wire)
		reconnected := line.reconnects()
		line.cut()
		w.deleteLeaderService()
		Eventually(w.exists(&discoveryv1.EndpointSlice{}, "my-app-leader-ipv4")).Should(BeFalse())
		w.setReady("a", false)
		w.startOperator()
		w.switched("my-app", "b", 1, contract.ReasonElected)
		w.setReady("a", true)

		line.mend()
		reconnected()
		w.switched("my-app", "a", 2, contract.ReasonElected)
		Expect(remembering.takeovers()).To(BeNumerically("==", 1))
		Consistently(w.epoch("my-app")).WithTimeout(2 * time.Second).Should(Equal("2"))
		Expect(w.leader("my-app")()).To(Equal([]string{"a"}))
		w.failsOver("my-app")
		w.switched("my-app", "b", 3, contract.ReasonNotReady)
	})
})
