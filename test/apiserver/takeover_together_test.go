package apiserver

import (
	"fmt"
	"math/rand/v2"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// losses are what can happen to a leader.
var losses = []func(w *world, pod string){
	func(w *world, pod string) { w.setReady(pod, false) },
	becomes(inPhase(corev1.PodFailed)),
	becomes(withAddress()),
	(*world).terminate,
	(*world).remove,
}

// replace has a Pod made again under its name, Ready for a minute, once the former one is gone.
func (w *world) replace(app, pod string) {
	GinkgoHelper()
	former := &corev1.Pod{}
	former.Namespace, former.Name = w.namespace, pod
	Expect(client.IgnoreNotFound(admin.Delete(w.ctx, former, client.GracePeriodSeconds(0)))).To(Succeed())
	Eventually(w.exists(&corev1.Pod{}, pod)).Should(BeFalse())
	w.aPod(app, pod).create()
}

var _ = Describe("Replicas that act at the same time (contract 6)", func() {
	const services, rounds = 6, 20

	DescribeTable("move the leader once each time it is lost, and never fight:",
		func(join func(w *world)) {
			w := newWorld()
			names := []string{}
			for i := range services {
				name := fmt.Sprintf("app-%d", i)
				names = append(names, name)
				w.aService(name).createLed(name+"-a", name+"-b", name+"-c", name+"-d")
			}
			join(w)
			seen := w.startHistory()
			random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 1))
			for range rounds {
				lost := map[string]string{}
				for _, i := range random.Perm(services) {
					name := names[i]
					lost[name] = w.leader(name)()[0]
					losses[random.IntN(len(losses))](w, lost[name])
				}
				for name, pod := range lost {
					Eventually(w.leader(name)).Should(And(HaveLen(1), Not(ContainElement(HavePrefix(pod)))), name)
					w.replace(name, pod)
				}
			}
			for _, name := range names {
				w.statusFollows(name)
			}
			w.nobodyIsSaidToHaveEdited(names...)
			seen.until(w)
			for _, name := range names {
				Expect(seen.succession(name+"-leader", discoveryv1.AddressTypeIPv4)).To(And(
					HaveLen(1+rounds), Not(ContainElement(HavePrefix("- ")))), name)
			}
		},
		Entry("two that act", func(w *world) { w.start() }),
		Entry("one that acts and a hasty standby", func(w *world) { w.startStandby(atOnce) }),
		Entry("one that acts and a standby that is as fast as it", func(w *world) { w.startStandby(10 * time.Millisecond) }),
		Entry("two that act and a hasty standby", func(w *world) {
			w.start()
			w.startStandby(atOnce)
		}),
		Entry("two hasty standbys", func(w *world) {
			w.startStandby(atOnce)
			w.startStandby(atOnce)
			w.stopOperator()
		}),
	)
})
