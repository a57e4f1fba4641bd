package apiserver

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/zen-lead/zen-lead/controllers/contract"
	"github.com/zen-lead/zen-lead/controllers/leaderservice"
	"github.com/zen-lead/zen-lead/controllers/metrics"
)

// hostileValues are what somebody may type who wants to be seen elsewhere than in his annotation.
var hostileValues = map[string]string{
	"newlines":               "true\n{\"level\":\"error\",\"msg\":\"forged\"}\r\n",
	"terminal escapes":       "\x1b[2J\x1b]0;owned\a",
	"other controls":         "\x00\x01\x7f\u0085\u2028",
	"text that runs back":    "\u202eeurt",
	"quotes and backslashes": `"\'` + "`${x}{{.}}%s%n%!",
	"no UTF-8":               "\xff\xfe\xc3\x28",
	"a metric's end":         "x\"} 1\nzen_lead_acting 1\n",
	"100 KiB":                strings.Repeat("x", 100<<10),
	"100 KiB of newlines":    strings.Repeat("\n", 100<<10),
}

// allEvents are the notes of all Events of the namespace.
func (w *world) allEvents() []eventsv1.Event {
	GinkgoHelper()
	var list eventsv1.EventList
	Expect(admin.List(w.ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
	return list.Items
}

func isPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(letter rune) bool { return !unicode.IsPrint(letter) })
}

// seriesWithNamespace counts the series of the operator's own metrics that have the world's namespace, and checks their labels.
func (w *world) seriesWithNamespace() int {
	GinkgoHelper()
	families, err := w.operator.registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	count := 0
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if !hasLabels(metric, []string{"namespace=" + w.namespace}) {
				continue
			}
			count++
			for _, label := range metric.GetLabel() {
				Expect(len(label.GetValue())).To(BeNumerically("<=", 253), label.GetName())
				Expect(isPrintable(label.GetValue())).To(BeTrue(), "%s=%q", label.GetName(), label.GetValue())
			}
		}
	}
	return count
}

var _ = Describe("Hostile values in annotations (contract 1, 4 and 5)", func() {
	for name, value := range hostileValues {
		It("are reported in one short printable line and leave the leader, with "+name, func() {
			w := newLedWorld()
			user := w.aUser(editServices)
			keys := append(contract.SettingKeys()[1:], contract.Prefix+"no-such-setting")
			for _, key := range keys {
				changeAs(user, w, &corev1.Service{}, "my-app", func(s *corev1.Service) { metav1.SetMetaDataAnnotation(&s.ObjectMeta, key, value) })
				Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(BeNumerically("==", 1), key)
				changeAs(user, w, &corev1.Service{}, "my-app", func(s *corev1.Service) { delete(s.Annotations, key) })
				Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(BeZero(), key)
			}
			Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(HaveLen(len(keys)), "the API server accepts each Event")
			for _, event := range w.allEvents() {
				Expect(len(event.Note)).To(BeNumerically("<=", 1024))
				Expect(isPrintable(event.Note) && isPrintable(event.Action)).To(BeTrue(), "%q %q", event.Action, event.Note)
			}
			Expect(w.seriesWithNamespace()).To(BeNumerically("<=", metrics.MostSeriesPerService+1))
			w.routes("my-app-leader", "a", 1)
		})
	}

	It("are told of no more than a few though there are thousands of keys, and make no series", func() {
		w := newLedWorld()
		changeAs(w.aUser(editServices), w, &corev1.Service{}, "my-app", func(s *corev1.Service) {
			for key := range many(2000) {
				s.Annotations[contract.Prefix+strings.TrimPrefix(key, "example.com/")] = ""
			}
		})
		Eventually(w.metric("zen_lead_invalid_annotations", "service=my-app")).Should(BeNumerically("==", contract.MaxUnknownKeys))
		Eventually(w.eventsOf("my-app", contract.EventInvalidAnnotation)).Should(HaveLen(13))
		Expect(w.seriesWithNamespace()).To(BeNumerically("<=", metrics.MostSeriesPerService+1))
	})
})

var _ = Describe("Hostile values in a forged record (contract 4 and 5)", func() {
	hostileRecord := func(value string) leaderservice.Record {
		return leaderservice.Record{LeaderName: value, LeaderUID: "another", Epoch: 7, LastSwitch: time.Now(), Reason: contract.ReasonElected, Published: true}
	}
	soundEvents := func(w *world) {
		GinkgoHelper()
		Eventually(w.eventsOf("my-app", contract.EventLeaderElected)).ShouldNot(BeEmpty())
		w.calm()
		for _, event := range w.allEvents() {
			Expect(len(event.Note)).To(BeNumerically("<=", 1024))
			Expect(isPrintable(event.Note)).To(BeTrue(), "%q", event.Note)
		}
		w.seriesWithNamespace()
	}

	for name, value := range hostileValues {
		if !utf8.ValidString(value) {
			continue // it would be another one by the time it is read, and the fingerprint would not belong to it
		}
		It("are not passed on, on the leader Service, with "+name, func() {
			w := newLedWorld()
			w.forgeRecord(w.aUser(editServices), hostileRecord(value))
			Eventually(w.status("my-app-leader", contract.AnnotationLeaderPodName)).Should(Equal("a"))
			soundEvents(w)
		})

		It("are not passed on, on the slice, with "+name, func() {
			w := newLedWorld()
			changeAs(w.aUser(editSlices), w, &discoveryv1.EndpointSlice{}, "my-app-leader-ipv4", func(s *discoveryv1.EndpointSlice) {
				forged, _ := leaderservice.UpdatedSlice(s, leaderservice.Route{
					Source: w.service("my-app"), Service: w.service("my-app-leader"), Record: hostileRecord(value),
				})
				*s = *forged
			})
			Eventually(w.status("my-app-leader", contract.AnnotationLeaderPodName)).Should(Equal("a"))
			Eventually(w.leader("my-app")).Should(Equal([]string{"a"}))
			soundEvents(w)
		})
	}
})
