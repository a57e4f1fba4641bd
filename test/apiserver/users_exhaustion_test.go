package apiserver

import (
	"context"
	"fmt"
	"slices"
	"strconv"
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
	"github.com/zen-lead/zen-lead/test/controlplane"
)

const (
	// attackers is how many Services one user has, and atATime how many of them he writes at a time.
	attackers, atATime = 1000, 8
	// editsAtLeast is how many edits there have to be for the spec to say anything.
	editsAtLeast = 2000
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

// flood edits a user's Services until it is stopped, as fast as he can, and counts the edits.
func (w *world) flood(user client.Client) (edits *atomic.Int64, stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	edits = &atomic.Int64{}
	var workers sync.WaitGroup
	for worker := range atATime {
		workers.Go(func() {
			defer GinkgoRecover()
			for i := worker; ctx.Err() == nil; i += atATime {
				service := &corev1.Service{}
				service.Namespace, service.Name = w.namespace, fmt.Sprintf("flood-%d", i%attackers)
				patch := fmt.Sprintf(`{"metadata":{"annotations":%s}}`, floodOf[i/attackers%len(floodOf)])
				if user.Patch(ctx, service, client.RawPatch(types.MergePatchType, []byte(patch))) == nil {
					edits.Add(1)
				}
			}
		})
	}
	return edits, func() {
		cancel()
		workers.Wait()
	}
}

// memoryLimit is what config/manager/deployment.yaml lets the operator have.
const memoryLimit = 256 << 20

// value returns a poll of a metric of the replica; labels are as Prometheus writes them. -1 if there is no such series.
func (r *replica) value(series, token string) func() float64 {
	return func() float64 {
		_, body := get("https://"+r.metrics+"/metrics", token)
		_, rest, found := strings.Cut(body, "\n"+series+" ")
		line, _, _ := strings.Cut(rest, "\n")
		value, err := strconv.ParseFloat(line, 64)
		if !found || err != nil {
			return -1
		}
		return value
	}
}

// seriesOf returns a poll of the series that the replica's metrics have of a namespace.
func (r *replica) seriesOf(namespace, token string) func() []string {
	return func() []string {
		_, body := get("https://"+r.metrics+"/metrics", token)
		return slices.DeleteFunc(strings.Split(body, "\n"), func(line string) bool {
			return !strings.Contains(line, `namespace="`+namespace+`"`)
		})
	}
}

// startMeasured starts a process of the operator that acts, and returns it with a token that may read its metrics.
func (w *world) startMeasured() (*replica, string) {
	GinkgoHelper()
	GinkgoT().Setenv("KUBE_CACHE_MUTATION_DETECTOR", "false") // it keeps a copy of whatever was cached
	grant(w.ctx, w.namespace, controlplane.RoleSystem)
	scraper := w.token("scraper")
	w.allowScraping("scraper")
	kubeconfig := kubeconfigOf(operatorUser)
	r := w.startReplica(kubeconfig)
	Eventually(r.acts(scraper)).Should(BeTrue())
	return r, scraper
}

// eventsPerReason counts the Events, with those that were counted up, by the object that they are about and their reason.
func (w *world) eventsPerReason() map[string]int {
	GinkgoHelper()
	told := map[string]int{}
	for _, event := range w.allEvents() {
		object := event.Regarding.Kind + " " + event.Regarding.Name + " " + event.Reason
		told[object]++
		if event.Series != nil {
			told[object] += int(event.Series.Count)
		}
	}
	return told
}

var _ = Describe("A user who has many Services and edits them as fast as he can (SECURITY.md)", Label("slow"), func() {
	It("does not keep others from failing over, and neither series nor Events nor memory grow without end", func(_ SpecContext) {
		w := newQuietWorld()
		operator, scraper := w.startMeasured()
		w.aService("my-app").create()
		w.aPod("my-app", "a").create()
		w.aPod("my-app", "b").create()
		w.aPod("flood", "flood").create()
		Eventually(w.leader("my-app")).Should(HaveLen(1))
		user := w.aUser(editServices)
		inParallel(attackers, func(i int) {
			w.aService(fmt.Sprintf("flood-%d", i)).spec(func(s *corev1.ServiceSpec) { s.Selector = map[string]string{"app": "flood"} }).createAs(user)
		})
		services := operator.value(`zen_lead_services{namespace="`+w.namespace+`"}`, scraper)
		Eventually(services).WithTimeout(3 * time.Minute).WithPolling(time.Second).Should(BeNumerically("==", attackers+1))
		series, memory := operator.seriesOf(w.namespace, scraper), operator.value("process_resident_memory_bytes", scraper)

		edits, stop := w.flood(user)
		failovers, mostSeries, mostMemory := 0, 0, 0.0
		for begin := time.Now(); failovers < 20 || time.Since(begin) < 30*time.Second || edits.Load() < editsAtLeast; failovers++ {
			w.failsOverWithin(time.Minute, "my-app")
			mostSeries, mostMemory = max(mostSeries, len(series())), max(mostMemory, memory())
		}
		stop()
		GinkgoWriter.Printf("%d failovers of another one's Service during %d edits of %d; at most %d series and %.0f MiB\n",
			failovers, edits.Load(), attackers, mostSeries, mostMemory/(1<<20))
		Expect(mostSeries).To(BeNumerically("<=", (attackers+1)*metrics.MostSeriesPerService+1))
		Expect(mostMemory).To(BeNumerically("<", memoryLimit))

		By("Events")
		told := w.eventsPerReason()
		Expect(told).To(HaveKey(HavePrefix("Service flood-0 ")))
		for object, count := range told {
			Expect(count).To(BeNumerically("<=", eventsAtMost), object)
		}

		By("what is left when he opts out")
		inParallel(attackers, func(i int) {
			changeAs(user, w, &corev1.Service{}, fmt.Sprintf("flood-%d", i), func(s *corev1.Service) { s.Annotations = nil })
		})
		Eventually(services).WithTimeout(3 * time.Minute).WithPolling(time.Second).Should(BeNumerically("==", 1))
		Eventually(series).WithTimeout(time.Minute).ShouldNot(ContainElement(ContainSubstring(`service="flood-`)))
		w.failsOverWithin(time.Minute, "my-app")
	}, NodeTimeout(15*time.Minute))

	It("has no more Events of one Service written than a few, however often he edits it", func() {
		w := newLedWorld()
		user := w.aUser(editServices)
		for i := range 150 {
			changeAs(user, w, &corev1.Service{}, "my-app", func(s *corev1.Service) {
				s.Annotations[contract.AnnotationSticky] = fmt.Sprint("no ", i)
			})
		}
		w.calm()
		Expect(w.eventsPerReason()["Service my-app "+contract.EventInvalidAnnotation]).To(And(BeNumerically(">", 20), BeNumerically("<=", eventsAtMost)))
		w.aPod("my-app", "b").create()
		w.setReady("a", false)
		w.switched("my-app", "b", 2, contract.ReasonNotReady)
	})

	It("does not fill the operator's memory with annotations", func(_ SpecContext) {
		w := newQuietWorld()
		operator, scraper := w.startMeasured()
		user := w.aUser(editServices)
		const services = 300
		memory := operator.value("go_memstats_heap_alloc_bytes", scraper)
		before := memory()
		inParallel(services, func(i int) {
			w.aService(fmt.Sprintf("flood-%d", i)).with(contract.AnnotationPreferredLeader, strings.Repeat("p", 250<<10)).createAs(user)
		})
		counted := operator.value(`zen_lead_services{namespace="`+w.namespace+`"}`, scraper)
		Eventually(counted).WithTimeout(3 * time.Minute).WithPolling(time.Second).Should(BeNumerically("==", services))
		w.calm()
		GinkgoWriter.Printf("memory: %.0f MiB before, %.0f MiB with %d MiB of annotations\n", before/(1<<20), memory()/(1<<20), services*250>>10)
		Eventually(memory).WithTimeout(time.Minute).Should(BeNumerically("<", before+16<<20), "once the garbage is collected")
	}, NodeTimeout(15*time.Minute))
})

// eventsAtMost is what controllers.eventBudget lets through at once, and some for the minutes that a spec takes.
const eventsAtMost = 60
