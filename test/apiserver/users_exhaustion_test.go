package apiserver

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

const (
	// attackers is how many Services one user has, and atATime how many of them he writes at a time.
	attackers, atATime = 1000, 8
	// flipsAtLeast is how many edits have to have been made for the spec to say anything.
	flipsAtLeast = 2000
)

// inParallel does something for each number below count, a few at a time.
func inParallel(count int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range atATime {
		workers.Go(func() {
			defer GinkgoRecover()
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}

// floodOf is the annotations of one Service as a user may set them one after the other: in and out, names, bad values, all he can write.
var floodOf = []string{
	`{"zen-lead.io/enabled":"true"}`, `{"zen-lead.io/sticky":"no"}`, `{"zen-lead.io/sticky":"never"}`, `{"zen-lead.io/leader-service-name":"my-app-leader"}`,
	`{"zen-lead.io/leader-service-name":null}`, `{"zen-lead.io/enabled":"yes"}`, `{"zen-lead.io/enabled":null}`,
	`{"zen-lead.io/enabled":"true","zen-lead.io/sticky":null}`, `{"zen-lead.io/x":"` + strings.Repeat("x", 20<<10) + `"}`, `{"zen-lead.io/x":null}`,
}

// flood edits a user's Services until it is stopped, as fast as he can, and returns what stops it and says how many edits there were.
func (w *world) flood(user client.Client) (stop func() int64) {
	ctx, cancel := context.WithCancel(w.ctx)
	var flips atomic.Int64
	var workers sync.WaitGroup
	for worker := range atATime {
		workers.Go(func() {
			defer GinkgoRecover()
			for i := worker; ctx.Err() == nil; i += atATime {
				service := &corev1.Service{}
				service.Namespace, service.Name = w.namespace, fmt.Sprintf("flood-%d", i%attackers)
				patch := fmt.Sprintf(`{"metadata":{"annotations":%s}}`, floodOf[i/attackers%len(floodOf)])
				if user.Patch(ctx, service, client.RawPatch(types.MergePatchType, []byte(patch))) == nil {
					flips.Add(1)
				}
			}
		})
	}
	return func() int64 {
		cancel()
		workers.Wait()
		return flips.Load()
	}
}

// heap is how much memory is in use, in bytes.
func heap() uint64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}

var _ = Describe("A user who edits 1,000 Services of his as fast as he can (SECURITY.md)", Label("slow"), func() {
	It("does not keep others from failing over, and neither series nor Events nor memory grow without end", func() {
		w := newWorld()
		w.aService("my-app").createLed("a", "b")
		user := w.aUser(editServices)
		w.aPod("flood", "flood").create()
		inParallel(attackers, func(i int) {
			w.aService(fmt.Sprintf("flood-%d", i)).spec(func(s *corev1.ServiceSpec) { s.Selector = map[string]string{"app": "flood"} }).createAs(user)
		})
		Eventually(w.metric("zen_lead_services")).WithTimeout(2 * time.Minute).Should(BeNumerically("==", attackers+1))
		w.calm()
		before := heap()

		stop := w.flood(user)
		failovers := 0
		for begin := time.Now(); failovers < 20 || time.Since(begin) < 20*time.Second; failovers++ {
			w.failsOver("my-app")
			if failovers%5 == 0 {
				Expect(w.seriesWithNamespace()).To(BeNumerically("<=", (attackers+1)*metrics.MostSeriesPerService+1))
			}
		}
		flips := stop()
		GinkgoWriter.Printf("%d failovers during %d edits\n", failovers, flips)
		Expect(flips).To(BeNumerically(">=", flipsAtLeast))

		By("Events")
		w.calm()
		told := map[string]int{}
		for _, event := range w.allEvents() {
			told[event.Regarding.Kind+" "+event.Regarding.Name]++
			if event.Series != nil {
				told[event.Regarding.Kind+" "+event.Regarding.Name] += int(event.Series.Count)
			}
		}
		Expect(told).To(HaveKey("Service flood-0"))
		for object, count := range told {
			Expect(count).To(BeNumerically("<=", 60), object)
		}

		By("what is left when he opts out")
		inParallel(attackers, func(i int) {
			changeAs(user, w, &corev1.Service{}, fmt.Sprintf("flood-%d", i), func(s *corev1.Service) {
				s.Annotations = map[string]string{"example.com/fill": strings.Repeat("x", 10)}
			})
		})
		Eventually(w.metric("zen_lead_services")).WithTimeout(2 * time.Minute).Should(BeNumerically("==", 1))
		Eventually(w.seriesWithNamespace).Should(BeNumerically("<=", metrics.MostSeriesPerService+1))
		w.calm()
		after := heap()
		GinkgoWriter.Printf("memory: %d MiB opted in, %d MiB after the flood and out\n", before>>20, after>>20)
		Expect(after).To(BeNumerically("<", before+64<<20))
		w.failsOver("my-app")
	})

	It("does not fill the operator's memory with 200 KiB of annotations on each", func() {
		w := newWorld()
		user := w.aUser(editServices)
		const services = 200
		w.calm()
		before := heap()
		inParallel(services, func(i int) {
			service := w.aService(fmt.Sprintf("flood-%d", i)).with(contract.AnnotationPreferredLeader, strings.Repeat("p", 200<<10))
			service.createAs(user)
			service.service = nil
		})
		Eventually(w.metric("zen_lead_services")).WithTimeout(2 * time.Minute).Should(BeNumerically("==", services))
		w.calm()
		GinkgoWriter.Printf("memory: %d MiB before, %d MiB with %d MiB of annotations\n", before>>20, heap()>>20, services*200>>10)
		Expect(heap()).To(BeNumerically("<", before+16<<20))
	})
})
