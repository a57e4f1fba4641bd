package apiserver

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
)

// vandalPause is what lets the operator mend most of what is done to it.
const vandalPause = 10 * time.Millisecond

// vandal does one thing after the other to an object until it is stopped.
func (w *world) vandal(deeds ...func()) (stop func()) {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(w.ctx)
	DeferCleanup(cancel)
	var working sync.WaitGroup
	random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 1))
	working.Go(func() {
		defer GinkgoRecover()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(vandalPause):
				deeds[random.IntN(len(deeds))]()
			}
		}
	})
	return func() { cancel(); working.Wait() }
}

// spoil is a deed: an edit of the leader's slice or, if edit is nil, its deletion. That it is just gone or changed is all the same.
func (w *world) spoil(edit func(*discoveryv1.EndpointSlice)) func() {
	return func() {
		slice := &discoveryv1.EndpointSlice{}
		if admin.Get(w.ctx, w.key("my-app-leader-ipv4"), slice) != nil {
			return
		}
		if edit == nil {
			_ = admin.Delete(w.ctx, slice)
			return
		}
		edit(slice)
		_ = admin.Update(w.ctx, slice)
	}
}

// readyLeader is a poll of the Pod that my-app's slice, if there is one, routes to.
func (w *world) readyLeader() string {
	slice := &discoveryv1.EndpointSlice{}
	if admin.Get(w.ctx, w.key("my-app-leader-ipv4"), slice) != nil || !hasReadyEndpoint(slice) {
		return ""
	}
	return slice.Endpoints[0].TargetRef.Name
}

// writtenEpoch is the epoch of my-app's slice as the operator wrote it; 0 if it is another's writing now.
func (w *world) writtenEpoch() int64 {
	slice := &discoveryv1.EndpointSlice{}
	if admin.Get(w.ctx, w.key("my-app-leader-ipv4"), slice) != nil || leaderservice.SliceEdited(slice) {
		return 0
	}
	return leaderservice.EpochOf(slice)
}

// mended is whether my-app's leader Service and slice belong together, are as the operator wrote them, and say the same.
func (w *world) mended() bool {
	service, slice := &corev1.Service{}, &discoveryv1.EndpointSlice{}
	if admin.Get(w.ctx, w.key("my-app-leader"), service) != nil || admin.Get(w.ctx, w.key("my-app-leader-ipv4"), slice) != nil {
		return false
	}
	copied, _ := leaderservice.RecordOf(nil, service, nil)
	return metav1.IsControlledBy(slice, service) && hasReadyEndpoint(slice) &&
		!leaderservice.SliceEdited(slice) && !leaderservice.ServiceEdited(service) &&
		copied == leaderservice.WrittenRecord(slice)
}

// epochs are the Pods that the operator has written with each epoch of my-app, and whether an epoch came after a higher one.
func (h *history) epochs() (pods map[int64]map[types.UID]bool, wentBack []string) {
	pods = map[int64]map[types.UID]bool{}
	var highest int64
	before := map[leaderservice.Record]bool{}
	for _, event := range h.events {
		slice, ok := event.Object.(*discoveryv1.EndpointSlice)
		if !ok || slice.Name != "my-app-leader-ipv4" || event.Type == watch.Deleted {
			continue
		}
		record := leaderservice.WrittenRecord(slice)
		if record.Epoch == 0 || leaderservice.SliceEdited(slice) {
			continue // somebody else's writing
		}
		if record.Epoch < highest && before[record] {
			continue // put back from a backup by somebody else
		}
		before[record] = true
		if record.Epoch < highest {
			wentBack = append(wentBack, fmt.Sprintf("%d after %d", record.Epoch, highest))
		}
		highest = max(highest, record.Epoch)
		if pods[record.Epoch] == nil {
			pods[record.Epoch] = map[types.UID]bool{}
		}
		pods[record.Epoch][record.LeaderUID] = true
	}
	return pods, wentBack
}

var _ = Describe("The epoch, while somebody does all he can to the objects (contract 2)", func() {
	// As a slice that was put back may route elsewhere too, not each change of who leads is one of the operator's. There have to be so many.
	const changes, elections = 40, 13
	DescribeTable("never goes back and is never two Pods':", func(deeds func(w *world) []func()) {
		w := newWorld()
		w.aService("my-app").createLed("a", "b", "c")
		seen := w.startHistory()
		stop := w.vandal(deeds(w)...)
		began := time.Now()
		for i := 0; i < changes || w.writtenEpoch() < elections; i++ {
			Expect(time.Since(began)).To(BeNumerically("<", 3*time.Minute), "%d changes of who leads, epoch %d", i, w.writtenEpoch())
			var pod string
			Eventually(func() string { pod = w.readyLeader(); return pod }).Should(BeElementOf("a", "b", "c"))
			w.setReady(pod, false)
			Eventually(w.readyLeader).Should(And(Not(BeEmpty()), Not(Equal(pod))))
			w.setReady(pod, true)
		}
		stop()
		Eventually(w.mended).Should(BeTrue())
		pods, wentBack := seen.until(w).epochs()
		Expect(wentBack).To(BeEmpty())
		Expect(len(pods)).To(BeNumerically(">=", elections), "changes of leader")
		for epoch, leaders := range pods {
			Expect(leaders).To(HaveLen(1), fmt.Sprintf("epoch %d", epoch))
		}
	},
		Entry("the slice deleted and its labels taken away", func(w *world) []func() {
			return []func(){
				w.spoil(nil),
				w.spoil(func(s *discoveryv1.EndpointSlice) { delete(s.Labels, discoveryv1.LabelManagedBy) }),
				w.spoil(func(s *discoveryv1.EndpointSlice) { s.Labels = nil }),
			}
		}),
		Entry("an older slice put in its place, its owner taken away", func(w *world) []func() {
			old := w.slice("my-app-leader-ipv4")
			return []func(){
				w.spoil(nil),
				// Not both: without either, a slice is somebody else's, and stays as it is.
				w.spoil(func(s *discoveryv1.EndpointSlice) {
					if s.Annotations[contract.AnnotationApplied] != "" {
						s.OwnerReferences = nil
					}
				}),
				w.spoil(func(s *discoveryv1.EndpointSlice) {
					if len(s.OwnerReferences) > 0 {
						delete(s.Annotations, contract.AnnotationApplied)
					}
				}),
				w.spoil(func(s *discoveryv1.EndpointSlice) {
					s.Annotations, s.Endpoints, s.Labels = maps.Clone(old.Annotations), old.Endpoints, maps.Clone(old.Labels)
				}),
			}
		}),
		Entry("the slice emptied, its record overwritten, both objects deleted", func(w *world) []func() {
			return []func(){
				w.spoil(nil),
				w.spoil(func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil }),
				w.spoil(func(s *discoveryv1.EndpointSlice) { s.Annotations = nil }),
				w.spoil(func(s *discoveryv1.EndpointSlice) {
					metav1.SetMetaDataAnnotation(&s.ObjectMeta, contract.AnnotationLeaderEpoch, "1")
				}),
				func() {
					service := &corev1.Service{}
					if admin.Get(w.ctx, w.key("my-app-leader"), service) == nil {
						_ = client.IgnoreNotFound(admin.Delete(w.ctx, service))
					}
				},
			}
		}),
	)
})
